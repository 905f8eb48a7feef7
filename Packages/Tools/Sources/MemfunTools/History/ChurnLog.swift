/// How often, by how much and by whom files were changed: git's log, added up.
struct ChurnLog: Sendable, Equatable {
  /// Who made commits, in the order in which they were met, with the number of their commits.
  var authors: [History.Author] = []
  /// By path relative to the folder, as the file is called now.
  var files: [String: FileChurn] = [:]
  /// Commits that changed something in the folder.
  var commits = 0
  /// Committer time of the oldest commit, in seconds since 1970; `.max` when there is none.
  var oldest: Int64 = .max
  /// Why older commits are missing; nil when they are all there.
  var cutReason: String?

  /// The changes of one file.
  struct FileChurn: Sendable, Equatable {
    var commits: Int32 = 0
    /// Added and removed lines; binary changes have none.
    var lines: Int32 = 0
    /// Index in `authors` and number of commits.
    var authors: [(author: Int32, commits: Int32)] = []

    static func == (left: FileChurn, right: FileChurn) -> Bool {
      left.commits == right.commits && left.lines == right.lines
        && left.authors.elementsEqual(right.authors, by: { $0 == $1 })
    }
  }
}

/// Reads `git log -z --numstat` in `GitLogParser.format`, newest commit first, as it arrives.
///
/// Everything is separated by zero bytes. A commit is `\u{1}time\u{2}author`; a change is
/// `added TAB removed TAB path`, or, for a rename, an empty path followed by the old and the new one.
/// A renamed file's older changes are counted under its newest name.
struct GitLogParser: ~Copyable {
  /// For `--format`.
  static let format = "%x01%ct%x02%aN"

  private(set) var log = ChurnLog()
  private var token: [UInt8] = []
  private var authorIndex: [String: Int32] = [:]
  private var currentName: [String: String] = [:]
  private var commit: (author: Int32, time: Int64, isCounted: Bool)?
  private var rename: (lines: Int32, old: String?)?

  init() {}

  /// Takes the next piece of output.
  mutating func consume(_ chunk: UnsafeRawBufferPointer) {
    var start = 0
    for index in 0..<chunk.count where chunk[index] == 0 {
      token += chunk[start..<index]
      read()
      token.removeAll(keepingCapacity: true)
      start = index + 1
    }
    token += chunk[start...]
    // Longer than any path: not what was asked for. Nothing more of it is kept.
    if token.count > 1 << 20 { token.removeAll() }
  }

  private mutating func read() {
    if let (lines, old) = rename {
      let path = String(decoding: token, as: UTF8.self)
      guard let old else {
        rename = (lines, path)
        return
      }
      rename = nil
      let newest = currentName[path] ?? path
      // The old name now leads to the newest one, unless a newer file bears it again: that file's
      // changes were counted before, and older ones belong to this one.
      currentName[old] = newest
      count(lines, of: newest)
      return
    }
    var rest = token[...]
    while rest.first == 0x0A { rest.removeFirst() }
    guard let first = rest.first else { return }
    if first == 1 {
      readCommit(rest.dropFirst())
    } else {
      readChange(rest)
    }
  }

  private mutating func readCommit(_ header: ArraySlice<UInt8>) {
    let parts = header.split(separator: 2, maxSplits: 1, omittingEmptySubsequences: false)
    let time = Int64(String(decoding: parts[0], as: UTF8.self)) ?? 0
    let name = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
    let shown = name.isEmpty ? "(unknown)" : name
    let author =
      authorIndex[shown]
      ?? {
        let index = Int32(log.authors.count)
        log.authors.append(History.Author(name: shown, commits: 0))
        authorIndex[shown] = index
        return index
      }()
    commit = (author, time, false)
  }

  private mutating func readChange(_ line: ArraySlice<UInt8>) {
    let parts = line.split(separator: 0x09, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { return }
    // A dash stands for a binary file.
    let lines = (Self.number(parts[0]) ?? 0) &+ (Self.number(parts[1]) ?? 0)
    if parts[2].isEmpty {
      rename = (lines, nil)
    } else {
      let path = String(decoding: parts[2], as: UTF8.self)
      count(lines, of: currentName[path] ?? path)
    }
  }

  private mutating func count(_ lines: Int32, of path: String) {
    guard let commit else { return }
    if !commit.isCounted {
      log.commits += 1
      log.authors[Int(commit.author)].commits += 1
      log.oldest = min(log.oldest, commit.time)
      self.commit?.isCounted = true
    }
    var churn = log.files[path, default: ChurnLog.FileChurn()]
    churn.commits += 1
    churn.lines = Int32(clamping: Int64(churn.lines) + Int64(lines))
    if let place = churn.authors.firstIndex(where: { $0.author == commit.author }) {
      churn.authors[place].commits += 1
    } else {
      churn.authors.append((commit.author, 1))
    }
    log.files[path] = churn
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int32? {
    var value: Int32 = 0
    guard !digits.isEmpty else { return nil }
    for digit in digits {
      guard digit >= 0x30, digit <= 0x39 else { return nil }
      value = value > 200_000_000 ? value : value * 10 + Int32(digit - 0x30)
    }
    return value
  }
}
