import Glibc
import MemfunCore
import Synchronization

/// Asks git what happened to a folder.
struct HistoryReader: Sendable {
  /// What git told.
  struct Outcome: Sendable {
    /// Nil when there is no history to tell of; a note says why.
    var history: Facts?
    var notes: [Note] = []
  }

  /// The state of the working tree and the log.
  struct Facts: Sendable {
    var head: String
    var isDirty: Bool
    var isShallow: Bool
    var log: ChurnLog
  }

  private let git: GitCommand
  private let repository: EnclosingRepository
  private let options: CodeMapOptions

  /// Older commits than this are not looked at in one run.
  private static let maximumCommits = 100_000
  /// For questions that git answers at once.
  private static let shortTimeout = Duration.seconds(20)

  /// What git was asked before anything else.
  struct Configuration: Sendable {
    /// `core.excludesFile`, or where git looks for it by default.
    var userIgnoreFile: String?
  }

  /// - Throws: `SubprocessError` when git is not there.
  init(root: String, repository: EnclosingRepository, options: CodeMapOptions) throws(SubprocessError) {
    git = try GitCommand(options.git ?? "git", folder: root, environment: options.environment)
    self.repository = repository
    self.options = options
  }

  private init(_ other: HistoryReader, git: GitCommand) {
    self.git = git
    repository = other.repository
    options = other.options
  }

  /// Reads the configuration, and returns a reader that runs none of the filters it names.
  ///
  /// - Throws: `CancellationError`, `SubprocessError`.
  func configured() async throws -> (HistoryReader, Configuration) {
    let result = try await git.run(["config", "-z", "--list"], timeout: Self.shortTimeout)
    var names: [String] = []
    var configuration = Configuration()
    if result.succeeded {
      for entry in result.output.head.split(separator: 0) {
        let parts = entry.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(decoding: parts[0], as: UTF8.self)
        names.append(name)
        if name == "core.excludesfile", parts.count > 1 {
          configuration.userIgnoreFile = expand(String(decoding: parts[1], as: UTF8.self))
        }
      }
    }
    configuration.userIgnoreFile = configuration.userIgnoreFile ?? Self.defaultIgnoreFile(options.environment)
    var quiet = git
    quiet.disableFilters(namedIn: names)
    return (HistoryReader(self, git: quiet), configuration)
  }

  /// Where git looks for the user's ignore file when nothing is configured.
  static func defaultIgnoreFile(_ environment: [String: String]) -> String? {
    if let config = environment["XDG_CONFIG_HOME"], !config.isEmpty { return config + "/git/ignore" }
    return environment["HOME"].map { $0 + "/.config/git/ignore" }
  }

  private func expand(_ path: String) -> String {
    guard path.hasPrefix("~/"), let home = options.environment["HOME"] else { return path }
    return home + path.dropFirst(1)
  }

  /// Paths that are tracked although an ignore rule fits them, relative to the root.
  ///
  /// - Throws: `CancellationError`, `SubprocessError`.
  func trackedButIgnored() async throws -> [String] {
    let result = try await git.run(
      ["ls-files", "-z", "-c", "-i", "--exclude-standard"], timeout: Self.shortTimeout)
    guard result.succeeded, result.output.droppedBytes == 0 else { return [] }
    return result.output.head.split(separator: 0).compactMap { String(validating: $0, as: UTF8.self) }
  }

  /// Reads head, state and log.
  ///
  /// - Parameters:
  ///   - now: the end of the window, in seconds since 1970.
  ///   - store: where an earlier run's log is kept, and this one's will be.
  /// - Throws: `CancellationError`. Whatever git cannot do is in the notes.
  func read(now: Int64, store: CacheStore?) async throws -> Outcome {
    var outcome = Outcome()
    do {
      guard let head = try await readHead(&outcome) else { return outcome }
      async let status = git.run(
        ["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all"],
        output: .capture(head: 1, tail: 0), timeout: Self.shortTimeout)
      let since = options.churnDays.map { now - Int64(min(max(0, $0), 1_000_000)) * 86_400 }
      let question = ChurnCache.Question(
        head: head.revision, since: since, mailmap: mailmapHash(), isShallow: head.isShallow)
      let log: ChurnLog
      if let (earlier, kept) = store?.load("history").flatMap(ChurnCache.decode),
        ChurnCache.holds(kept, asked: earlier, for: question)
      {
        log = kept
      } else {
        log = try await readLog(since: since, &outcome)
        if log.cutReason == nil, let store {
          // A log that cannot be kept is read again next time; the note on the cache tells enough.
          try? store.save("history", body: ChurnCache.encode(log, for: question))
        }
      }
      let state = try await status
      outcome.history = Facts(
        head: head.revision, isDirty: !state.output.head.isEmpty, isShallow: head.isShallow, log: log)
      if head.isShallow {
        outcome.notes.append(
          Note(
            kind: "git.shallow",
            message: "the clone is shallow: commits before its cut are not counted as churn",
            remedy: "git fetch --unshallow"))
      }
    } catch let error as SubprocessError {
      outcome.notes.append(Self.failed(error.what))
    }
    return outcome
  }

  private func mailmapHash() -> ContentHash {
    FileInspector.hash(
      WholeRegularFile.read(repository.top + "/.mailmap", limit: 4 << 20, followsLinks: false) ?? [])
  }

  private func readHead(_ outcome: inout Outcome) async throws -> (revision: String, isShallow: Bool)? {
    let place = try await git.run(
      ["rev-parse", "--is-inside-work-tree", "--is-shallow-repository", "--show-toplevel"],
      timeout: Self.shortTimeout)
    let lines = place.output.text.split(separator: "\n").map(String.init)
    guard place.succeeded, lines.count == 3 else {
      outcome.notes.append(explain(place))
      return nil
    }
    guard lines[0] == "true" else {
      outcome.notes.append(Self.failed("the folder is inside a repository, but not in its working tree"))
      return nil
    }
    // A repository can claim (core.worktree) that its files are elsewhere.
    guard lines[2] == repository.top else {
      outcome.notes.append(
        Self.failed("the repository around the folder says that its files are in \(lines[2])"))
      return nil
    }
    let head = try await git.run(
      ["rev-parse", "--quiet", "--verify", "HEAD^{commit}"], timeout: Self.shortTimeout)
    guard head.succeeded else {
      outcome.notes.append(
        Note(kind: "git.no_commits", message: "the repository has no commit yet: there is no churn to show"))
      return nil
    }
    let revision = head.output.text.filter { !$0.isWhitespace }
    return (revision, lines[1] == "true")
  }

  private func readLog(since: Int64?, _ outcome: inout Outcome) async throws -> ChurnLog {
    let parser = Mutex(GitLogParser())
    var arguments = [
      "log", "-z", "--numstat", "--no-merges", "--relative", "--find-renames", "-l400", "--no-ext-diff",
      "--no-textconv", "--no-show-signature", "--no-color", "--ignore-submodules=all",
      "--max-count=\(Self.maximumCommits)", "--format=" + GitLogParser.format,
    ]
    if let since { arguments.append("--since=@\(max(0, since)) +0000") }
    let result = try await git.run(
      arguments + ["HEAD", "--", "."], output: .stream { chunk in parser.withLock { $0.consume(chunk) } },
      timeout: options.historyTimeout)
    var log = parser.withLock { $0.log }
    switch result.termination {
    case .exited(0):
      if log.commits >= Self.maximumCommits {
        log.cutReason = "only the newest \(Self.maximumCommits) commits were counted"
      }
    case .timedOut:
      log.cutReason =
        "git took longer than \(options.historyTimeout): only the newest \(log.commits) commits were counted"
    default: log.cutReason = "git log failed: \(Self.firstLine(result))"
    }
    if let reason = log.cutReason {
      outcome.notes.append(
        Note(
          kind: "git.cut", message: "the history is not complete: " + reason,
          remedy: "choose a shorter churn window"))
    }
    return log
  }

  private func explain(_ result: SubprocessResult) -> Note {
    let text = result.error.text
    if text.contains("dubious ownership") {
      return Note(
        kind: "git.ownership",
        message: "git refuses to read the repository because somebody else owns it: no churn, no authors",
        remedy: "if you trust it: git config --global --add safe.directory '\(repository.top)'")
    }
    return Self.failed(Self.firstLine(result))
  }

  private static func failed(_ reason: String) -> Note {
    Note(kind: "git.failed", message: "git could not tell the history: \(reason)")
  }

  private static func firstLine(_ result: SubprocessResult) -> String {
    if case .timedOut = result.termination { return "it did not answer in time" }
    return result.error.text.split(separator: "\n").first.map(String.init) ?? "\(result.termination)"
  }
}
