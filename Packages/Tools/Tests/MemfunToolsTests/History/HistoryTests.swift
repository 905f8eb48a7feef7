import Glibc
import MemfunCore
import Testing

@testable import MemfunTools

@Suite("Reading git's log")
struct GitLogParserTests {
  private func parse(_ text: String, chunk: Int = .max) -> ChurnLog {
    var parser = GitLogParser()
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start &+ min(chunk, bytes.count))
      bytes[start..<end].withUnsafeBytes { parser.consume($0) }
      start = end
    }
    return parser.log
  }

  private let sample =
    "\u{1}300\u{2}Ada\0\n3\t1\tnew.c\0-\t-\tlogo.png\0"
    + "\u{1}250\u{2}Bo\0"
    + "\u{1}200\u{2}Bo\0\n1\t1\t\0old.c\0new.c\0"
    + "\u{1}100\u{2}Ada\0\n10\t0\told.c\0"

  @Test("changes are added up by file and author, wherever the output is cut", arguments: [Int.max, 1, 2, 7])
  func addsUp(chunk: Int) {
    let log = parse(sample, chunk: chunk)
    #expect(log.commits == 3)
    #expect(log.oldest == 100)
    #expect(log.authors == [.init(name: "Ada", commits: 2), .init(name: "Bo", commits: 1)])
    #expect(
      log.files == [
        "new.c": .init(commits: 3, lines: 16, authors: [(0, 2), (1, 1)]),
        "logo.png": .init(commits: 1, lines: 0, authors: [(0, 1)]),
      ])
  }

  @Test("what is no log does no harm")
  func garbage() {
    var random = SeededRandom(seed: 3)
    let pieces = ["\0", "\t", "\u{1}", "\u{2}", "\n", "9", "-", "a", "99999999999"]
    for _ in 0..<500 {
      _ = parse((0..<40).map { _ in pieces.randomElement(using: &random)! }.joined(), chunk: 5)
    }
  }
}

@Suite("The history of a folder")
struct HistoryTests {
  private static let day = 86_400
  private static let now = 1_750_000_000

  private func build(_ folder: String, cache: String? = nil, days: Int? = 365) async throws -> CodeMap {
    var options = isolatedOptions(cache: cache)
    options.churnDays = days
    let clock = ManualTimeSource(start: Timestamp(seconds: Int64(Self.now)))
    return try await CodeMapBuilder(options: options, time: clock).build(folder)
  }

  private func repository() async throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try await folder.git("init", "-q")
    try folder.write("src/a.py", "def a(x):\n    if x:\n        return 1\n")
    try folder.write("other.py", "y = 1\n")
    try await folder.git("add", ".")
    try await folder.git("commit", "-qm", "old", at: Self.now - 400 * Self.day)
    try folder.write("src/a.py", "def a(x):\n    if x:\n        return 2\n")
    try await folder.git("commit", "-qam", "two", at: Self.now - 20 * Self.day)
    try await folder.git("mv", "src/a.py", "src/b.py")
    try await folder.git("commit", "-qm", "rename", at: Self.now - 10 * Self.day)
    return folder
  }

  @Test("commits in the window are counted under a file's newest name; hot spots follow")
  func window() async throws {
    let folder = try await repository()
    let map = try await build(folder.path)
    let file = try #require(map.files.first { $0.path == "src/b.py" })
    #expect(file.commits == 2)
    #expect(file.churnedLines == 2)
    #expect(file.hotSpotScore == 1)
    let history = try #require(map.history)
    #expect(history.commits == 2)
    #expect(history.authors == [.init(name: "Ada", commits: 2)])
    #expect(history.windowDays == 365)
    #expect(!history.isDirty && !history.isShallow)
    #expect(history.ownership.count == 1)
    #expect(try await build(folder.path, days: nil).history?.commits == 3)
  }

  @Test("a subfolder has the history of its own files, and edits show as dirty")
  func subfolder() async throws {
    let folder = try await repository()
    try folder.write("src/b.py", "changed\n")
    let map = try await build(folder.path + "/src", days: nil)
    #expect(map.files.map(\.path) == ["b.py"])
    #expect(map.files[0].commits == 3)
    #expect(map.history?.isDirty == true)
  }

  @Test("names follow .mailmap, and the kept log is not used after it changes")
  func mailmap() async throws {
    let folder = try await repository()
    let cache = try TemporaryFolder()
    #expect(try await build(folder.path, cache: cache.path).history?.authors.map(\.name) == ["Ada"])
    try folder.write(".mailmap", "Ada Lovelace <ada@example.org>\n")
    #expect(try await build(folder.path, cache: cache.path).history?.authors.map(\.name) == ["Ada Lovelace"])
  }

  @Test("a kept log answers as long as the revision stays and no commit leaves the window")
  func keptLog() {
    var log = ChurnLog()
    log.oldest = 500
    func question(_ head: String, _ since: Int64?) -> ChurnCache.Question {
      ChurnCache.Question(head: head, since: since, mailmap: ContentHash(low: 0, high: 0), isShallow: false)
    }
    func holds(_ earlier: ChurnCache.Question, _ later: ChurnCache.Question) -> Bool {
      ChurnCache.holds(log, asked: earlier, for: later)
    }
    #expect(holds(question("a", 100), question("a", 200)))
    #expect(holds(question("a", 100), question("a", 500)))
    #expect(!holds(question("a", 100), question("a", 501)))
    #expect(!holds(question("a", 100), question("a", 99)))
    #expect(!holds(question("a", 100), question("b", 200)))
    #expect(!holds(question("a", nil), question("a", 200)))
    #expect(holds(question("a", nil), question("a", nil)))
    let decoded = ChurnCache.decode(ChurnCache.encode(log, for: question("a", 100)))
    #expect(decoded?.0 == question("a", 100))
    #expect(decoded?.1 == log)
  }

  @Test("a repository without commits, and a folder without repository, have no history")
  func nothing() async throws {
    let folder = try TemporaryFolder()
    #expect(try await build(folder.path).history == nil)
    try await folder.git("init", "-q")
    let map = try await build(folder.path)
    #expect(map.history == nil)
    #expect(map.notes.map(\.kind) == ["git.no_commits"])
  }

  @Test("a shallow clone says so")
  func shallow() async throws {
    let folder = try await repository()
    let clone = try TemporaryFolder()
    try await clone.git("clone", "-q", "--depth", "1", "file://" + folder.path, "c")
    let map = try await build(clone.path + "/c", days: nil)
    #expect(map.history?.isShallow == true)
    #expect(map.notes.contains { $0.kind == "git.shallow" })
  }

  @Test("a worktree has the history of its branch")
  func worktree() async throws {
    let folder = try await repository()
    let other = try TemporaryFolder()
    try await folder.git("worktree", "add", "-q", other.path + "/w")
    try folder.write(".git/info/exclude", "other.py\n")
    let map = try await build(other.path + "/w", days: nil)
    #expect(map.history?.commits == 3)
    #expect(map.files.map(\.path) == ["other.py", "src/b.py"], "tracked files stay although excluded")
  }

  @Test("nothing that a repository's configuration names is run")
  func hostileConfiguration() async throws {
    let folder = try await repository()
    let trap = folder.path + "/.git/trap"
    let program = folder.path + "/.git/evil"
    try folder.write(".git/evil", "#!/bin/sh\necho run >> '\(trap)'\ncat\n")
    chmod(program, 0o755)
    for hook in ["post-index-change", "reference-transaction", "post-checkout"] {
      try folder.write(".git/hooks/\(hook)", "#!/bin/sh\necho \(hook) >> '\(trap)'\n")
      chmod(folder.path + "/.git/hooks/\(hook)", 0o755)
    }
    try folder.write(".gitattributes", "*.py filter=evil diff=evil\nother.py filter=e=vil\n")
    try await folder.git("add", ".gitattributes")
    try await folder.git("commit", "-qm", "attributes", at: Self.now - 5 * Self.day)
    unlink(trap)
    for (key, value) in [
      ("core.fsmonitor", program), ("core.pager", program), ("pager.log", "true"), ("diff.external", program),
      ("diff.evil.textconv", program), ("diff.evil.command", program), ("filter.evil.clean", program),
      ("filter.evil.smudge", program), ("filter.evil.process", program), ("filter.evil.required", "true"),
      ("filter.e=vil.clean", program), ("filter.e=vil.required", "true"),
      ("log.showSignature", "true"), ("gpg.program", program), ("core.sshCommand", program),
      ("core.askPass", program), ("credential.helper", program), ("alias.log", "!" + program),
    ] {
      try await folder.git("config", key, value)
    }
    // Same size, other times: git must look at the content, which is where a filter would run.
    try folder.write("src/b.py", "def a(x):\n    if x:\n        return 3\n")
    try folder.write("other.py", "y = 2\n")
    let map = try await build(folder.path, days: nil)
    #expect(map.history?.isDirty == true)
    #expect(map.history?.commits == 4)
    #expect(access(trap, F_OK) != 0, "a program of the repository was run")
  }

  @Test("a repository that claims files elsewhere is not believed")
  func foreignWorktree() async throws {
    let folder = try await repository()
    try await folder.git("config", "core.worktree", "/tmp")
    let map = try await build(folder.path)
    #expect(map.history == nil)
    #expect(map.notes.contains { $0.kind == "git.failed" })
    #expect(map.files.contains { $0.path == "src/b.py" })
  }
}
