import MemfunTools
import Testing

@Suite("Tests and the code they exercise")
struct TestMapperTests {
  private func links(
    _ files: [(String, Language, SourceFile.Role)], edges: [(Int32, Int32)] = [], inline: Set<Int> = []
  ) -> [String] {
    let sources = files.map { SourceFile(path: $0.0, language: $0.1, role: $0.2, bytes: 1) }
    let facts = files.indices.map { index in
      var facts = FileFacts()
      if inline.contains(index) { facts.traits = .inlineTests }
      return facts
    }
    return TestMapper.links(
      files: sources, facts: facts, dependencies: edges.map { Dependency(from: $0.0, to: $0.1) }
    ).map { "\($0.test)-\($0.code) \($0.evidence)" }
  }

  @Test(
    "naming conventions",
    arguments: [
      ("pkg/foo_test.go", "pkg/foo.go", Language.go), ("tests/test_foo.py", "src/foo.py", .python),
      ("Tests/AppTests/FooTests.swift", "Sources/App/Foo.swift", .swift),
      ("src/foo.spec.ts", "src/foo.ts", .typescript), ("src/foo.test.js", "src/foo.ts", .javascript),
      ("src/test/java/a/FooTest.java", "src/main/java/a/Foo.java", .java),
      ("tests/foo.rs", "src/foo.rs", .rust),
      ("test/foo_test.cc", "src/foo.cc", .cpp), ("a/TestFoo.java", "a/Foo.java", .java),
    ] as [(String, String, Language)])
  func names(test: String, code: String, language: Language) {
    let codeLanguage = code.hasSuffix(".ts") ? Language.typescript : language
    #expect(links([(test, language, .test), (code, codeLanguage, .source)]) == ["0-1 name"])
  }

  @Test("imports are stronger than names, and other languages do not match")
  func evidence() {
    #expect(
      links(
        [
          ("test_a.py", .python, .test), ("a.py", .python, .source), ("b.py", .python, .source),
          ("a.go", .go, .source),
        ], edges: [(0, 1), (0, 2)]) == ["0-1 imports", "0-2 imports"])
  }

  @Test("of several files with the name the nearest is meant, and of two equally near ones none")
  func nearest() {
    let files: [(String, Language, SourceFile.Role)] = [
      ("tests/x/test_a.py", .python, .test), ("src/x/a.py", .python, .source),
      ("src/y/a.py", .python, .source),
    ]
    #expect(links(files) == ["0-1 name"])
    #expect(links([("tests/test_a.py", .python, .test)] + files.dropFirst()).isEmpty)
  }

  @Test("who includes a header in a test exercises the file that implements it")
  func headers() {
    let files: [(String, Language, SourceFile.Role)] = [
      ("tests/unit1.c", .c, .test), ("lib/send.h", .c, .source), ("lib/send.c", .c, .source),
      ("other/send.c", .c, .source), ("include/only.hpp", .cpp, .source), ("src/only.cc", .cpp, .source),
      ("lib/never.h", .c, .source), ("lib/never.c", .c, .source),
    ]
    #expect(
      links(files, edges: [(0, 1), (0, 4)]) == ["0-1 imports", "0-2 imports", "0-4 imports", "0-5 imports"])
  }

  @Test("Rust tests inside a file belong to that file")
  func inline() {
    #expect(links([("src/a.rs", .rust, .source)], inline: [0]) == ["0-0 imports"])
    #expect(facts("#[cfg(test)]\nmod tests {}\n", .rust).traits == .inlineTests)
    #expect(facts("#[tokio::test]\nasync fn a() {}\n", .rust).traits == .inlineTests)
    #expect(facts("let a = b[test];\n", .rust).traits == [])
  }
}
