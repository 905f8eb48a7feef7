import Testing

@testable import MemfunCore

@Suite("Did you mean")
struct SuggestionTests {
  private let commands = ["analyze", "init", "config", "doctor", "models", "schema", "version"]

  @Test(
    "finds the name that was meant",
    arguments: [
      ("analyse", "analyze"), ("anlayze", "analyze"), ("Analyze", "analyze"), ("ana", "analyze"),
      ("conf", "config"),
      ("docter", "doctor"), ("model", "models"), ("verison", "version"), ("int", "init"),
      ("modelss", "models"),
    ])
  func found(name: String, meant: String) { #expect(Suggestion.closest(to: name, among: commands) == meant) }

  @Test("is silent when nothing is close", arguments: ["", "x", "zzzzzz", "deploy", "an", "日本"])
  func silent(name: String) { #expect(Suggestion.closest(to: name, among: commands) == nil) }

  @Test("prefers the closest one, and the first of equally close ones")
  func ties() {
    #expect(Suggestion.closest(to: "tost", among: ["test", "toast", "tost2"]) == "test")
    #expect(Suggestion.closest(to: "ab", among: ["aa", "ab"]) == "ab")
    #expect(Suggestion.closest(to: "a", among: []) == nil)
  }

  @Test(
    "counts insertions, deletions, substitutions and swaps of neighbours",
    arguments: [
      ("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1), ("ca", "abc", 3),
      ("abc", "abc", 0),
    ])
  func distance(left: String, right: String, distance: Int) {
    #expect(Suggestion.editDistance(Array(left), Array(right)) == distance)
    #expect(Suggestion.editDistance(Array(right), Array(left)) == distance)
  }
}
