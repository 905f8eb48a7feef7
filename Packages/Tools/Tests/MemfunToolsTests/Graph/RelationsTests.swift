import MemfunTools
import Testing

@Suite("What follows from all files together")
struct RelationsTests {
  @Test("imports, dependencies, cycles, duplicates and test links of one tree")
  func relations() {
    let block = (0..<12).map { "    total = combine(total, step_\($0))\n" }.joined()
    let texts: [(String, SourceFile.Role, String)] = [
      ("pkg/__init__.py", .source, ""), ("pkg/a.py", .source, "from . import b\ndef f(total):\n" + block),
      ("pkg/b.py", .source, "from .a import f\ndef g(total):\n" + block),
      ("pkg/gen.py", .generated, "def h(total):\n" + block), ("tests/test_b.py", .test, "import pkg.b\n"),
    ]
    var map = CodeMap(root: "/tree")
    map.files = texts.map { SourceFile(path: $0.0, language: .python, role: $0.1, bytes: $0.2.utf8.count) }
    map.relate(facts: texts.map { facts($0.2, .python) }, manifests: [:])
    #expect(map.imports.map(\.target) == [.files([2]), .files([1]), .files([2])])
    #expect(
      map.dependencies == [
        Dependency(from: 1, to: 2), Dependency(from: 2, to: 1), Dependency(from: 4, to: 2),
      ])
    #expect(map.cycles == [[1, 2]])
    #expect(map.testLinks == [TestLink(test: 4, code: 2, evidence: .imports)])
    #expect(map.duplicates.map(\.places.count) == [2])
    #expect(map.duplicates.first?.places.first == .init(file: 1, startLine: 3, endLine: 14))
  }

  @Test("files of one Go package are no cycle, packages that need each other are")
  func goCycles() {
    let texts: [(String, String)] = [
      ("go.mod", ""), ("p/a.go", "package p\nfunc A() { B() }\n"),
      ("p/b.go", "package p\nfunc B() { A() }\n"),
      ("q/c.go", "package q\nimport \"m/r\"\nfunc C() { r.D() }\n"),
      ("r/d.go", "package r\nimport \"m/q\"\nfunc D() { q.C() }\n"),
    ]
    var map = CodeMap(root: "/tree")
    map.files = texts.map {
      SourceFile(path: $0.0, language: $0.0.hasSuffix(".go") ? .go : nil, role: .source, bytes: 1)
    }
    map.relate(facts: texts.map { facts($0.1, .go) }, manifests: ["go.mod": Array("module m\n".utf8)])
    #expect(map.dependencies.contains(Dependency(from: 1, to: 2)))
    #expect(map.cycles == [[3, 4]])
  }
}
