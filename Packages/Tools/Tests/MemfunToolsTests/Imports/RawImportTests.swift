import MemfunTools
import Testing

@Suite("Imports as written")
struct RawImportTests {
  private func show(_ text: String, _ language: Language) -> [String] {
    facts(text, language).imports.map { raw in
      "\(raw.line) \(raw.kind) \(raw.text)"
        + (raw.level > 0 ? " ^\(raw.level)" : "")
        + (raw.members.isEmpty ? "" : " [" + raw.members.joined(separator: " ") + "]")
    }
  }

  @Test("Python: all forms, in any block, over lines, and never from strings")
  func python() {
    let text = """
      '''import no'''
      import a.b as c, d  # import e
      from . import (f as g,  # h
        i,
      )
      try: import j
      except ImportError:
          from ..k.l import *
      x = "import m"; from n import o
      from p \\
        import q
      y = yield_from_import
      """
    #expect(
      show(text, .python) == [
        "2 pythonImport a.b", "2 pythonImport d", "3 pythonFrom . ^1 [f i]", "6 pythonImport j",
        "8 pythonFrom ..k.l ^2 [*]", "9 pythonFrom n [o]", "10 pythonFrom p [q]",
      ])
  }

  @Test("JavaScript and TypeScript: static, type, re-export, require and dynamic")
  func script() {
    let text = """
      import a from './a'
      import { b,
        c } from "b"
      import './d.css'; import type { E } from './e'
      export * from './f'
      export { g } from './g'
      export type { H } from './h'
      const i = require('i'), j = await import('./j')
      import k = require('k')
      const no = x.from('l'), alsoNo = y.require('m') // import 'n'
      `import 'o'`; import(p); import.meta.url
      export const q = 'r'
      import * as s from 's'
      """
    #expect(
      show(text, .typescript) == [
        "1 module ./a", "3 module b", "4 module ./d.css", "4 moduleType ./e", "5 module ./f", "6 module ./g",
        "7 moduleType ./h", "8 require i", "8 dynamicImport ./j", "9 require k", "13 module s",
      ])
  }

  @Test("Go: single, block, renamed, and the package clause")
  func go() {
    let text = "// a\npackage main\n\nimport \"fmt\"\nimport (\n  m \"a/b\"\n  _ `c`\n)\nvar x = \"no\"\n"
    #expect(show(text, .go) == ["4 goImport fmt", "6 goImport a/b", "7 goImport c"])
    #expect(facts(text, .go).module == "main")
  }

  @Test("Rust: use trees as full paths, modules and crates")
  func rust() {
    let text = """
      extern crate a;
      pub(crate) use b::{self, c::{D, e as f}, g::*};
      #[path = "x/y.rs"]
      mod h;
      pub mod i;
      #[cfg(test)]
      mod tests {
        use super::*;
      }
      """
    #expect(
      show(text, .rust) == [
        "1 rustExternCrate a", "2 rustUse b::{self, c::{D, e as f}, g::*} [b b::c::D b::c::e b::g::*]",
        "4 rustMod h [x/y.rs]", "5 rustMod i", "8 rustUse super::* ^1 [super::*]",
      ])
  }

  @Test("Java, C and Swift")
  func others() {
    #expect(
      show("package a.b;\nimport c.D;\nimport static e.F.*;\nclass G { String h = \"import i;\"; }\n", .java)
        == ["2 javaImport c.D", "3 javaStaticImport e.F.*"])
    #expect(
      show("#include <a/b.h>\n  # include \"c.h\" // d\n// #include \"e.h\"\nchar *f = \"#include\";\n", .c)
        == ["1 angleInclude a/b.h", "2 quotedInclude c.h"])
    #expect(
      show(
        "import A\n@testable import B\npublic import struct C.D\n#if os(Linux)\nimport E\n#endif\nlet f = x.import\n",
        .swift) == ["1 swiftImport A", "2 swiftImport B", "3 swiftImport C.D", "5 swiftImport E"])
  }

  @Test("markers are whole words in comments, in capitals or with a colon")
  func markers() {
    func show(_ text: String, _ language: Language) -> [String] {
      facts(text, language).markers.map { "\($0.line) \($0.kind.rawValue) \($0.text)" }
    }
    #expect(
      show(
        "// TODO: a b\nlet x = \"TODO\" // todo no\n/* FIXME(me): c */\n/*\n * hack: d\n*/\n// XTODO TODOS XXX\n",
        .swift)
        == ["1 TODO a b", "3 FIXME (me): c", "5 HACK d", "7 XXX "])
    #expect(show("'''TODO no'''\nx = '# TODO no'  # TODO yes\n", .python) == ["2 TODO yes"])
    #expect(show("a: 1 # FIXME b\n", .yaml) == ["1 FIXME b"])
    #expect(show("<!-- TODO x -->\n", .html) == ["1 TODO x"])
    #expect(facts("// TODO " + String(repeating: "é", count: 500), .c).markers[0].text.count == 200)
  }
}
