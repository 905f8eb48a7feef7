import MemfunTools
import Testing

@Suite("Cycles of a tree")
struct FileCyclesTests {
  private func cycles(_ texts: [(String, String)], _ language: Language, manifests: [String: String] = [:])
    -> [[FileID]]
  {
    let files = texts.map { SourceFile(path: $0.0, language: language, role: .source, bytes: 1) }
    let resolved = ImportResolver.resolve(
      files: files, facts: texts.map { facts($0.1, language) },
      manifests: manifests.mapValues { Array($0.utf8) })
    return DependencyGraph.fileCycles(files: files, dependencies: resolved.dependencies)
  }

  @Test("files that import each other are a cycle")
  func python() {
    let texts = [("p/__init__.py", ""), ("p/a.py", "from . import b\n"), ("p/b.py", "from .a import f\n")]
    #expect(cycles(texts, .python) == [[1, 2]])
  }

  @Test("files of one Go package are no cycle, packages that need each other are")
  func go() {
    let texts = [
      ("p/a.go", "package p\nfunc A() { B() }\n"), ("p/b.go", "package p\nfunc B() { A() }\n"),
      ("q/c.go", "package q\nimport \"m/r\"\nfunc C() { r.D() }\n"),
      ("r/d.go", "package r\nimport \"m/q\"\nfunc D() { q.C() }\n"),
    ]
    #expect(cycles(texts, .go, manifests: ["go.mod": "module m\n"]) == [[2, 3]])
  }
}
