import MemfunCore
import Testing

@testable import MemfunTools

@Suite("Ignore rules")
struct IgnoreRulesTests {
  private func verdict(_ rules: String, _ path: String, isFolder: Bool = false) -> IgnoreRules.Verdict {
    Array(path.utf8).withUnsafeBytes { IgnoreRules(Array(rules.utf8)).verdict($0, isFolder: isFolder) }
  }

  @Test(
    "a pattern matches what gitignore(5) says",
    arguments: [
      ("*.o", "a/b/c.o", true), ("*.o", "c.obj", false), ("/c.o", "c.o", true), ("/c.o", "a/c.o", false),
      ("a/b", "a/b", true), ("a/b", "x/a/b", false), ("**/b", "a/x/b", true), ("**/b", "b", true),
      ("a/**", "a/x/y", true), ("a/**", "a", false), ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true),
      ("a/*/b", "a/x/y/b", false), ("?.c", "x.c", true), ("?.c", "xy.c", false),
      ("[a-c].c", "b.c", true), ("[!a-c].c", "b.c", false), ("[[:digit:]]", "7", true),
      ("\\#x", "#x", true), ("#x", "#x", false), ("x ", "x", true), ("x\\ ", "x ", true),
      ("x\r", "x", true), ("[", "[", false), ("a\\", "a", false), ("foo**bar", "fooxbar", true),
      ("*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
    ])
  func patterns(pattern: String, path: String, matches: Bool) {
    #expect((verdict(pattern, path) == .ignored) == matches, "\(pattern) on \(path)")
  }

  @Test("a pattern with a slash at the end matches folders only")
  func folders() {
    #expect(verdict("build/", "a/build", isFolder: true) == .ignored)
    #expect(verdict("build/", "a/build") == .undecided)
  }

  @Test("the last matching pattern decides, and a deeper file before a higher one")
  func precedence() {
    #expect(verdict("*.c\n!keep.c", "keep.c") == .kept)
    #expect(verdict("!keep.c\n*.c", "keep.c") == .ignored)
    let top = IgnoreRules(Array("*.c".utf8))
    let deep = IgnoreRules(Array("!x.c".utf8), baseLength: 2, parent: top)
    Array("a/x.c".utf8).withUnsafeBytes { #expect(deep.verdict($0, isFolder: false) == .kept) }
    Array("a/y.c".utf8).withUnsafeBytes { #expect(deep.verdict($0, isFolder: false) == .ignored) }
  }

  @Test("random patterns and paths get the same answer from git check-ignore", arguments: 0..<40)
  func agreesWithGit(seed: Int) async throws {
    let folder = try TemporaryFolder()
    guard try await folder.git("init", "-q").succeeded else { return }
    var random = SeededRandom(seed: UInt64(seed) + 1)
    let pieces = [
      "a", "b", "ab", "*", "**", "?", "/", "/", "[ab]", "[!a]", "\\a", ".", "a*", "*b", " ", "\\ ",
    ]
    let names = ["a", "b", "ab", "ba", "a.b", "c", " a", "a "]
    var rules: [[String]] = []
    for _ in 0..<3 {
      rules.append(
        (0..<Int.random(in: 1...6, using: &random)).map { _ in
          let body = (0..<Int.random(in: 1...6, using: &random)).map { _ in
            pieces.randomElement(using: &random)!
          }
          return (Bool.random(using: &random) && Bool.random(using: &random) ? "!" : "") + body.joined()
        })
    }
    try folder.write(".gitignore", rules[0].joined(separator: "\n") + "\n")
    try folder.write("a/.gitignore", rules[1].joined(separator: "\n"))
    try folder.write("a/b/.gitignore", rules[2].joined(separator: "\r\n"))
    var files: Set<String> = []
    for _ in 0..<120 {
      let depth = Int.random(in: 1...4, using: &random)
      files.insert((0..<depth).map { _ in names.randomElement(using: &random)! }.joined(separator: "/"))
    }
    // A name cannot be a file and a folder at once.
    let all = files.filter { file in
      !files.contains { $0.hasPrefix(file + "/") } && file != "a" && file != "a/b"
    }
    for file in all { try folder.write(file, "x") }

    let listed = try await folder.git("ls-files", "-z", "-o", "--exclude-standard")
    #expect(listed.succeeded)
    let expected = listed.output.head.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    let repository = try #require(EnclosingRepository(around: folder.path))
    let root = try AnalysedRoot(folder.path)
    var walker = FileTreeWalker(
      root: root.path, rootFolder: root.descriptor, repository: repository, userIgnoreFile: nil, excludes: [])
    let found = try walker.walk().files.map(\.path)
    #expect(found.sorted() == expected.sorted(), "rules \(rules)")
  }
}

/// xorshift64*: the same sequence on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
}
