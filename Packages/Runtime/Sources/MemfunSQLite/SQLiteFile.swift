import Glibc
import MemfunCore
import MemfunRuntime

/// The care of a tier T1 file: what `memfun db` offers. The calls block; they are for a program that
/// does nothing else meanwhile, or for a thread of its own.
public struct SQLiteFile: Sendable {
  /// The database file.
  public let path: String

  /// - Parameter path: the file given to `Runtime.sqlite`.
  public init(path: String) { self.path = path }

  /// What is in the file.
  public struct Statistics: Sendable, Equatable {
    /// The size of the file, and of the write-ahead log beside it, in bytes.
    public var fileBytes: Int64 = 0, logBytes: Int64 = 0
    /// Bytes inside the file that hold nothing; `vacuum` gives them back.
    public var freeBytes: Int64 = 0
    /// How many there are of each.
    public var messages = 0, topics = 0, groups = 0, keys = 0, tasks = 0
    /// The last schema step that was applied.
    public var schema = ""
  }

  /// Checks everything: structure, indexes and the checksum of each message, value and task.
  ///
  /// - Returns: one line a finding; none when the file is sound.
  /// - Throws: `RuntimeError.unavailable` when the file cannot be read; `.corrupted` when it is no
  ///   database at all.
  public func check() throws -> [String] {
    let database = try openExisting()
    var findings = try database.all("PRAGMA integrity_check(100)") { $0.text(0) }.filter { $0 != "ok" }
    findings += try database.all("PRAGMA foreign_key_check") {
      "table \($0.text(0)) has a row without its parent"
    }
    // A row whose checksum does not match is a finding, not the end of the search.
    func examine(_ body: () throws -> Void) {
      do { try body() } catch { findings.append(RuntimeError(any: error).what) }
    }
    try database.each("SELECT seq, subject, time, headers, checksum, payload FROM message") { row in
      examine { _ = try MessageRow.read(row, path: path) }
      return true
    }
    for (low, high) in try ranges(database, "SELECT min(revision), max(revision) FROM entry") {
      var from = low
      while from <= high {
        examine { _ = try EntryRow.changes(database, after: UInt64(clamping: from - 1), limit: 1) }
        guard
          let next = try database.first(
            "SELECT revision FROM entry WHERE revision > ?1 ORDER BY revision LIMIT 1", .integer(from),
            row: { $0.integer(0) })
        else { break }
        from = next
      }
    }
    let tasks = try database.all("SELECT id FROM task") { $0.blob(0) }
    for id in tasks { examine { _ = try TaskRow.load(TaskRow.id(id, path: path), database) } }
    return findings
  }

  private func ranges(_ database: Connection, _ sql: StaticString) throws -> [(Int64, Int64)] {
    try database.all(sql) { $0.isNull(0) ? nil : ($0.integer(0), $0.integer(1)) }.compactMap(\.self)
  }

  /// Copies the database as of one moment; others may go on working. The copy is complete or absent.
  ///
  /// - Parameter target: must not exist.
  public func backUp(to target: String) throws {
    if access(target, F_OK) == 0 {
      throw RuntimeError.illegalArgument(name: "target", reason: "\(target) exists")
    }
    let part = target + ".part"
    _ = unlink(part)
    do {
      try requireFile()
      try Connection(path: path, mode: .copier).backUp(to: part)
      try Self.synchronise(part)
    } catch {
      _ = unlink(part)
      throw error
    }
    if rename(part, target) != 0 {
      throw RuntimeError.unavailable(reason: SystemCallError("rename", on: target).description(of: target))
    }
  }

  /// Puts a backup in the place of the file. The old file is kept as `<path>.corrupt-<seconds>`.
  /// Nobody may have the file open.
  ///
  /// - Returns: where the old file is; nil when there was none.
  /// - Throws: `RuntimeError.corrupted` when the backup itself is damaged; nothing changed then.
  public func restore(from backup: String, now: Timestamp) throws -> String? {
    let findings = try SQLiteFile(path: backup).check()
    if let first = findings.first { throw RuntimeError.corrupted(path: backup, detail: first) }
    let fresh = path + ".restore"
    _ = unlink(fresh)
    try SQLiteFile(path: backup).backUp(to: fresh)
    var old: String?
    if access(path, F_OK) == 0 {
      let kept = "\(path).corrupt-\(now.seconds)"
      if rename(path, kept) != 0 {
        throw RuntimeError.unavailable(reason: SystemCallError("rename", on: path).description(of: path))
      }
      // The log belongs to the file: left behind, it would be read into the new one.
      _ = rename(path + "-wal", kept + "-wal")
      _ = unlink(path + "-shm")
      old = kept
    }
    if rename(fresh, path) != 0 {
      throw RuntimeError.unavailable(reason: SystemCallError("rename", on: fresh).description(of: fresh))
    }
    return old
  }

  /// What is in the file.
  public func statistics() throws -> Statistics {
    let database = try openExisting()
    var numbers = Statistics()
    numbers.fileBytes = Self.size(path)
    numbers.logBytes = Self.size(path + "-wal")
    let page = try database.first("PRAGMA page_size") { $0.integer(0) } ?? 0
    numbers.freeBytes = (try database.first("PRAGMA freelist_count") { $0.integer(0) } ?? 0) * page
    numbers.messages = try database.first("SELECT count(*) FROM message") { $0.int(0) } ?? 0
    numbers.topics = try database.first("SELECT count(DISTINCT topic) FROM message") { $0.int(0) } ?? 0
    numbers.groups = try database.first("SELECT count(*) FROM consumer_group") { $0.int(0) } ?? 0
    numbers.keys = try database.first("SELECT count(*) FROM entry WHERE state = 0") { $0.int(0) } ?? 0
    numbers.tasks = try database.first("SELECT count(*) FROM task") { $0.int(0) } ?? 0
    numbers.schema =
      try database.first("SELECT name FROM migration ORDER BY ordinal DESC LIMIT 1") { $0.text(0) } ?? ""
    return numbers
  }

  /// Gives unused space back to the disk. Others wait meanwhile.
  public func vacuum() throws {
    try requireFile()
    let database = try Connection(path: path, mode: .writer)
    try database.run("VACUUM")
    try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
  }

  private func openExisting() throws -> Connection {
    try requireFile()
    return try Connection(path: path, mode: .reader)
  }

  private func requireFile() throws {
    if access(path, R_OK) != 0 {
      throw RuntimeError.unavailable(reason: SystemCallError("open", on: path).description(of: path))
    }
  }

  private static func size(_ path: String) -> Int64 {
    var about = stat()
    return stat(path, &about) == 0 ? Int64(about.st_size) : 0
  }

  private static func synchronise(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    defer { if file >= 0 { close(file) } }
    if file < 0 || fsync(file) != 0 {
      throw RuntimeError.unavailable(reason: SystemCallError("fsync", on: path).description(of: path))
    }
  }
}
