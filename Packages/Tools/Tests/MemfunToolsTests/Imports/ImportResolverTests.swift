import MemfunTools
import Testing

@Suite("What imports lead to")
struct ImportResolverTests {
  /// A tree in memory: paths with their text; manifests are recognised by name.
  private struct Tree {
    var paths: [String]
    var resolved: ResolvedImports

    init(_ texts: [String: String]) {
      paths = texts.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      var manifests: [String: [UInt8]] = [:]
      let files = paths.map { path -> SourceFile in
        if ImportResolver.isManifest(path: path) { manifests[path] = Array(texts[path]!.utf8) }
        return SourceFile(path: path, language: Self.language(path), role: .source, bytes: 0)
      }
      let facts = files.map { file in
        file.language.map { MemfunToolsTests.facts(texts[file.path]!, $0) } ?? FileFacts()
      }
      resolved = ImportResolver.resolve(files: files, facts: facts, manifests: manifests)
    }

    static func language(_ path: String) -> Language? {
      switch path.split(separator: ".").last {
      case "py": .python
      case "js", "jsx", "mjs": .javascript
      case "ts", "tsx": .typescript
      case "go": .go
      case "rs": .rust
      case "java": .java
      case "c", "h": .c
      case "cc", "hpp": .cpp
      case "swift": .swift
      default: nil
      }
    }

    /// `import -> files`, `-> external name` or `-> ?`, for the imports of one file.
    func imports(_ path: String) -> [String] {
      resolved.imports.filter { paths[Int($0.file)] == path }.map { item in
        switch item.target {
        case .files(let files): "\(item.name) -> " + files.map { paths[Int($0)] }.joined(separator: " ")
        case .external(let name): "\(item.name) -> external \(name)"
        case .unresolved: "\(item.name) -> ?"
        }
      }
    }

    var edges: [String] { resolved.dependencies.map { "\(paths[Int($0.from)]) > \(paths[Int($0.to)])" } }
  }

  @Test("Python: relative, submodules, source roots, external and unresolved")
  func python() {
    let tree = Tree([
      "src/app/__init__.py": "",
      "src/app/a.py": "from . import b, c\nfrom .sub.d import E\nfrom .gone import x\n",
      "src/app/b.py":
        "import os.path\nimport app.sub.d as d\nfrom app import c, VERSION\nfrom app.gone import y\n",
      "src/app/c.py": "", "src/app/sub/__init__.py": "from ..c import *\n", "src/app/sub/d.py": "",
      "tests/test_a.py": "from app.a import f\nimport helper\n", "tests/helper.py": "",
    ])
    #expect(
      tree.imports("src/app/a.py") == [
        ". -> src/app/b.py src/app/c.py", ".sub.d -> src/app/sub/d.py", ".gone -> ?",
      ])
    #expect(
      tree.imports("src/app/b.py") == [
        "os.path -> external os", "app.sub.d -> src/app/sub/d.py", "app -> src/app/__init__.py src/app/c.py",
        "app.gone -> ?",
      ])
    #expect(tree.imports("src/app/sub/__init__.py") == ["..c -> src/app/c.py"])
    #expect(tree.imports("tests/test_a.py") == ["app.a -> src/app/a.py", "helper -> tests/helper.py"])
  }

  @Test("JavaScript and TypeScript: extensions, index files, paths, workspaces and exports")
  func script() {
    let tree = Tree([
      "tsconfig.json":
        "{ // base\n \"compilerOptions\": { \"baseUrl\": \".\", \"paths\": { \"@/*\": [\"src/*\",], } } }",
      "src/a.ts":
        "import './b.js'\nimport '@/lib'\nimport 'react/jsx'\nimport '@s/x/y'\nimport './gone'\nimport 'fs'\nimport 'src/b'\n",
      "src/b.ts": "", "src/lib/index.tsx": "import {x} from '..'\n",
      "packages/p/package.json":
        "{\"name\": \"@o/p\", \"exports\": {\".\": {\"import\": \"./dist/main.js\"}, \"./u/*\": \"./src/u/*.ts\"}}",
      "packages/p/src/main.ts": "import '#i'\n", "packages/p/src/u/v.ts": "",
      "packages/q/package.json":
        "{\"name\": \"q\", \"main\": \"lib/q.js\", \"imports\": {\"#z\": \"./lib/q.js\"}}",
      "packages/q/lib/q.js": "import '@o/p'\nimport '@o/p/u/v'\nimport '#z'\nrequire('q')\n",
    ])
    #expect(
      tree.imports("src/a.ts") == [
        "./b.js -> src/b.ts", "@/lib -> src/lib/index.tsx", "react/jsx -> external react",
        "@s/x/y -> external @s/x", "./gone -> ?", "fs -> external fs", "src/b -> src/b.ts",
      ])
    #expect(tree.imports("src/lib/index.tsx") == [".. -> ?"])
    #expect(
      tree.imports("packages/q/lib/q.js") == [
        "@o/p -> packages/p/src/main.ts", "@o/p/u/v -> packages/p/src/u/v.ts", "#z -> packages/q/lib/q.js",
        "q -> packages/q/lib/q.js",
      ])
    #expect(tree.imports("packages/p/src/main.ts") == ["#i -> ?"])
    #expect(tree.resolved.notes.isEmpty)
    #expect(!tree.edges.contains("packages/q/lib/q.js > packages/q/lib/q.js"))
  }

  @Test("a broken manifest is a note, not a failure")
  func brokenManifest() {
    let tree = Tree(["package.json": "{\"name\": ", "a.js": "import './b'\n", "b.js": ""])
    #expect(tree.resolved.notes.map(\.kind) == ["manifest.invalid"])
    #expect(tree.imports("a.js") == ["./b -> b.js"])
  }

  @Test("Go: files that define what is used, side effects, replace, and names of the same package")
  func go() {
    let tree = Tree([
      "go.mod": "module example.org/m\n\ngo 1.22\n\nreplace (\n  example.org/r v1.0.0 => ./third/r\n)\n",
      "main.go":
        "package main\nimport (\n \"fmt\"\n \"example.org/m/p\"\n _ \"example.org/m/s\"\n \"example.org/r\"\n \"example.org/m/gone\"\n)\nfunc main() { fmt.Println(p.A, p.B(), r.R); helper() }\n",
      "helper.go": "package main\nfunc helper() {}\n",
      "p/a.go": "package p\nconst (\n A = 1\n Z = 2\n)\n", "p/b.go": "package p\nfunc B() int { return A }\n",
      "p/c.go": "package p\ntype C struct{}\n", "p/a_test.go": "package p\nfunc A2() {}\n",
      "s/x.go": "package s\n", "s/s.go": "package s\n", "third/r/r.go": "package r\nvar R = 1\n",
    ])
    #expect(
      tree.imports("main.go") == [
        "fmt -> external fmt", "example.org/m/p -> p/a.go p/b.go", "example.org/m/s -> s/s.go",
        "example.org/r -> third/r/r.go", "example.org/m/gone -> ?",
      ])
    #expect(tree.edges.contains("main.go > helper.go"))
    #expect(tree.edges.contains("p/b.go > p/a.go"))
    #expect(!tree.edges.contains("main.go > p/c.go"))
  }

  @Test("Rust: modules, crate, super, inline modules and crates of the workspace")
  func rust() {
    let tree = Tree([
      "Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\"]\n",
      "a/Cargo.toml": "[package]\nname = \"a-one\"\n",
      "b/Cargo.toml": "[package]\nname = \"b\" # b\n[dependencies]\na-one = { path = \"../a\" }\n",
      "a/src/lib.rs": "pub mod m;\nmod n;\nuse m::deep::X;\nuse std::fmt;\n",
      "a/src/m/mod.rs": "pub mod deep;\nuse super::n::Y;\nuse serde::Z;\n",
      "a/src/m/deep.rs":
        "use crate::n;\nuse super::super::n::{A, B};\nuse crate::C;\nuse self::inner::D;\nmod tests { use super::*; use super::super::W; }\n",
      "a/src/n.rs": "", "b/src/main.rs": "use a_one::m::deep::X;\nmod gone;\n",
      "a/tests/t.rs": "use a_one::n;\n", "a/tests/support/deep/wait.rs": "",
      "a/tests/u.rs":
        "mod support {\n  mod deep { pub mod wait; }\n}\nmod support2 { mod gone; }\nuse support::deep;\n",
    ])
    #expect(
      tree.imports("a/src/lib.rs") == [
        "m -> a/src/m/mod.rs", "n -> a/src/n.rs", "m::deep::X -> a/src/m/deep.rs", "std::fmt -> external std",
      ])
    #expect(
      tree.imports("a/src/m/mod.rs") == [
        "deep -> a/src/m/deep.rs", "super::n::Y -> a/src/n.rs", "serde::Z -> external serde",
      ])
    #expect(
      tree.imports("a/src/m/deep.rs") == [
        "crate::n -> a/src/n.rs", "super::super::n::{A, B} -> a/src/n.rs", "crate::C -> a/src/lib.rs",
        "self::inner::D -> a/src/m/deep.rs", "super::* -> a/src/m/deep.rs",
        "super::super::W -> a/src/m/mod.rs",
      ])
    #expect(tree.imports("b/src/main.rs") == ["a_one::m::deep::X -> a/src/m/deep.rs", "gone -> ?"])
    #expect(tree.imports("a/tests/t.rs") == ["a_one::n -> a/src/n.rs"])
    #expect(
      tree.imports("a/tests/u.rs").prefix(2) == [
        "support::deep::wait -> a/tests/support/deep/wait.rs", "support2::gone -> ?",
      ])
    #expect(!tree.edges.contains("a/src/m/mod.rs > a/src/m/deep.rs"), "a declaration is no use")
  }

  @Test("Rust: paths in code make edges but are no imports")
  func rustPaths() {
    let tree = Tree([
      "Cargo.toml": "[package]\nname = \"x\"\n",
      "src/main.rs": "mod a;\nmod b;\nfn main() { a::f(); let c: b::C = std::mem::take(d); e::g(); }\n",
      "src/a.rs":
        "fn f() { crate::b::f(); Foo::new(); }\n#[cfg(test)]\nmod tests { fn t() { super::f(); } }\n",
      "src/b.rs": "",
    ])
    #expect(tree.imports("src/main.rs") == ["a -> src/a.rs", "b -> src/b.rs"])
    #expect(tree.edges == ["src/a.rs > src/b.rs", "src/main.rs > src/a.rs", "src/main.rs > src/b.rs"])
  }

  @Test("Java: classes, nested classes, static members, wildcards and the same package")
  func java() {
    let tree = Tree([
      "src/main/java/a/A.java":
        "package a;\nimport b.B;\nimport b.B.Inner;\nimport static b.B.max;\nimport c.*;\nimport java.util.List;\nimport b.Gone;\nclass A { C x; D y; }\n",
      "src/main/java/a/D.java": "package a;\npublic class D {}\n",
      "src/main/java/b/B.java": "package b;\npublic class B {}\n",
      "src/main/java/c/C.java": "package c;\npublic class C {}\n",
      "src/main/java/c/E.java": "package c;\nenum E {}\n",
    ])
    #expect(
      tree.imports("src/main/java/a/A.java") == [
        "b.B -> src/main/java/b/B.java", "b.B.Inner -> src/main/java/b/B.java",
        "b.B.max -> src/main/java/b/B.java", "c.* -> src/main/java/c/C.java",
        "java.util.List -> external java.util.List", "b.Gone -> ?",
      ])
    #expect(tree.edges.contains("src/main/java/a/A.java > src/main/java/a/D.java"))
  }

  @Test("C and C++: beside the file, nearest by suffix, standard headers")
  func include() {
    let tree = Tree([
      "x/src/a.c":
        "#include \"a.h\"\n#include \"util/u.h\"\n#include <stdio.h>\n#include <x/pub.h>\n#include \"gone.h\"\n#include <zlib.h>\n#include \"../src/a.h\"\n",
      "x/src/a.h": "", "x/util/u.h": "", "y/util/u.h": "", "x/include/x/pub.h": "", "compat/stdio.h": "",
    ])
    #expect(
      tree.imports("x/src/a.c") == [
        "a.h -> x/src/a.h", "util/u.h -> x/util/u.h", "stdio.h -> external stdio.h",
        "x/pub.h -> x/include/x/pub.h", "gone.h -> ?", "zlib.h -> external zlib.h", "../src/a.h -> x/src/a.h",
      ])
  }

  @Test("Swift: types of the own module, types of imported modules, and no edge for what is ambiguous")
  func swift() {
    let tree = Tree([
      "Package.swift":
        "let package = Package(name: \"P\", targets: [.target(name: \"Core\", path: \"Kernel\"), .target(name: \"App\", dependencies: [.product(name: \"X\", package: \"Y\")])])\n",
      "Kernel/Token.swift": "public struct Token {}\n",
      "Kernel/Other.swift": "public enum Other { struct Hidden {} }\n",
      "Kernel/L.swift": "#if os(Linux)\nstruct Twice {}\n#endif\n", "Kernel/M.swift": "struct Twice {}\n",
      "Sources/App/A.swift":
        "import Core\nimport Glibc\nimport struct Core.Other\nlet a: Token = Helper.make(Twice.self)\n",
      "Sources/App/Helper.swift": "final class Helper { // Token\n  let b = \"Token\" }\nextension A2 {}\n",
    ])
    #expect(
      tree.imports("Sources/App/A.swift") == [
        "Core -> Kernel/Other.swift Kernel/Token.swift", "Glibc -> external Glibc",
        "Core.Other -> Kernel/Other.swift",
      ])
    #expect(
      tree.edges == [
        "Sources/App/A.swift > Kernel/Other.swift", "Sources/App/A.swift > Kernel/Token.swift",
        "Sources/App/A.swift > Sources/App/Helper.swift",
      ])
  }
}
