import MemfunRuntime
import Testing

@Suite("Names")
struct NamesTests {
  @Test(
    "a subject has 1 to 16 tokens of letters, digits, _ and -",
    arguments: ["a", "a.b-c.D_9", "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16"])
  func legalSubjects(text: String) throws {
    #expect(try Subject(text).description == text)
  }

  @Test(
    "other subjects are refused",
    arguments: [
      "", ".", "a.", ".a", "a..b", "a b", "ä", "a.*", "a.>", "a/b",
      "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17", String(repeating: "a", count: 201),
    ])
  func illegalSubjects(text: String) {
    #expect(throws: RuntimeError.self) { try Subject(text) }
  }

  @Test(
    "* is one token, > is one or more at the end",
    arguments: [
      ("a.*", "a.b", true), ("a.*", "a.b.c", false), ("a.*", "a", false), ("a.>", "a.b.c", true),
      ("a.>", "a", false),
      (">", "a", true), ("*.b", "a.b", true), ("*.b", "a.bc", false), ("ab", "a", false),
      ("a.*.c", "a.b.c", true),
    ])
  func patterns(pattern: String, subject: String, matches: Bool) throws {
    #expect(try SubjectPattern(pattern).matches(Subject(subject)) == matches)
  }

  @Test("illegal patterns are refused", arguments: ["a.>.b", "a.b*", "**", "", "a.>x"])
  func illegalPatterns(text: String) {
    #expect(throws: RuntimeError.self) { try SubjectPattern(text) }
  }

  @Test("any text makes a key and comes back", arguments: ["a/b", "ä ö", "50%_*", "x=y", "a\nb", "日本"])
  func keys(text: String) throws {
    let key = try StoreKey(text)
    #expect(key.description == text)
    #expect(try StoreKey(escaped: key.escaped) == key)
  }

  @Test(
    "keys at the edge of the rules are refused",
    arguments: ["", "/a", "a/", ".a", "a.", "a..b", String(repeating: "ä", count: 40)])
  func illegalKeys(text: String) {
    #expect(throws: RuntimeError.self) { try StoreKey(text) }
  }
}
