import Testing

@testable import MemfunCore

@Suite("TOML documents")
struct TOMLDocumentTests {
  @Test("values come with their types and places")
  func values() throws {
    let text = """
      # comment
      [a]
      s = "héllo" # trailing
      i = 1_000
      f = 1.5
      b = true
      l = ["x", "y"]
      d = 2026-11-21
      """
    let table = try #require(try TOMLDocument(Array(text.utf8), source: "t").root["a"]?.node.table)
    #expect(table["s"]?.node.value == .string("héllo"))
    #expect(table["s"]?.node.region == SourceRegion(beginLine: 3, beginColumn: 5, endLine: 3, endColumn: 12))
    #expect(table["i"]?.node.value == .integer(1000))
    #expect(table["f"]?.node.value == .float(1.5))
    #expect(table["b"]?.node.value == .bool(true))
    #expect(table["d"]?.node.value == .date("2026-11-21"))
    #expect(table.members.map(\.key) == ["s", "i", "f", "b", "l", "d"])
  }

  @Test(
    "broken text is refused with line and column",
    arguments: [
      ("a = ", "t:1:"), ("[a]\nb = 1\nb = 2\n", "t:3:"), ("[a\n", "t:1:"), ("a = \"x", "t:1:"),
      ("x = 1 2", "t:1:"),
      ("a.b = 1\n[a]\nc = 2", "t:2:"),
    ])
  func broken(text: String, place: String) {
    let error = #expect(throws: ConfigurationProblem.self) { try TOMLDocument(Array(text.utf8), source: "t") }
    #expect(error?.location?.hasPrefix(place) == true, "\(error?.location ?? "nil")")
    #expect(error?.kind == "config.syntax")
  }

  @Test("invalid UTF-8 and NUL bytes are errors with their place")
  func invalidBytes() {
    let error = #expect(throws: ConfigurationProblem.self) {
      try TOMLDocument(Array("a = 1\nb = \"".utf8) + [0xFF, 0x22], source: "t")
    }
    #expect(error?.location == "t:2:6")
    #expect(throws: ConfigurationProblem.self) { try TOMLDocument(Array("a = 1\u{0}".utf8), source: "t") }
  }

  @Test("hostile nesting is an error and no crash")
  func nesting() {
    for text in [
      "a = " + String(repeating: "[", count: 100_000),
      "a = " + String(repeating: "{a=", count: 100_000),
      String(repeating: "a.", count: 300_000) + "a = 1",
      "[" + String(repeating: "a.", count: 300_000) + "a]",
      "\"#\"." + String(repeating: "a.", count: 300_000) + "a = 1",
      "a = " + String(repeating: "[\n{" + String(repeating: "b.", count: 500) + "b = ", count: 200),
      "'\"' = 1\n" + String(repeating: "a.", count: 300_000) + "a = 1",
      "s = \"\\\"\" # \"\n" + String(repeating: "a.", count: 300_000) + "a = 1",
      "s = \"\"\"\"\"\"\"\"\n" + String(repeating: "a.", count: 300_000) + "a = 1",
    ] {
      #expect(throws: ConfigurationProblem.self) { try TOMLDocument(Array(text.utf8), source: "t") }
    }
  }

  @Test("dots and brackets in strings and comments are no nesting")
  func noNesting() throws {
    let dots = String(repeating: ".", count: 5000)
    let brackets = String(repeating: "[{", count: 5000)
    let text = """
      # \(dots)\(brackets)
      a = "\(dots)\(brackets)" # \(dots)
      b = '\(brackets)'
      c = \"\"\"
      \(brackets) \\" " \(dots)\"\"\"
      d = \'\'\'\(dots)\'\'\'
      e = [1.5, 2.5, 3.5, 4.5, 1.5, 2.5, 3.5, 4.5, 1.5, 2.5, 3.5, 4.5, 1.5, 2.5, 3.5, 4.5, 1.5, 2.5]
      f.g.h = 1
      """
    #expect(try TOMLDocument(Array(text.utf8), source: "t").root.members.count == 6)
  }

  @Test(
    "text that trips the parser's own assertions is an error",
    arguments: [
      "[=", "[#", "[\n", "[[ ", "[[\t]]", "[ . ]", "=", "a.", "a. = 1", "[a.]", "{", "]", "a = {,}", "a = [,",
    ])
  func assertions(text: String) {
    #expect(throws: ConfigurationProblem.self) { try TOMLDocument(Array(text.utf8), source: "t") }
  }

  @Test("an empty file, a byte order mark and Windows line ends are read")
  func oddities() throws {
    #expect(try TOMLDocument([], source: "t").root.members.isEmpty)
    let text = [0xEF, 0xBB, 0xBF] + Array("[a]\r\nb = 1\r\n".utf8)
    #expect(try TOMLDocument(text, source: "t").root["a"]?.node.table?["b"]?.node.value == .integer(1))
  }

  @Test("a file over one megabyte is refused")
  func size() {
    let text = [UInt8](repeating: 0x23, count: TOMLDocument.maximumBytes + 1)
    #expect(throws: ConfigurationProblem.self) { try TOMLDocument(text, source: "t") }
  }
}
