import MemfunCore
import MemfunRuntime

/// How entries stand in the table: one row a key, whose number is its revision.
enum EntryRow {
  /// What a row stands for.
  private enum State: Int64 {
    case present = 0
    case deleted = 1
    case expired = 2
  }

  /// The present value, with expiry checked.
  static func get(_ key: StoreKey, _ database: Connection, now: Timestamp) throws -> StoreEntry? {
    let entry = try database.first(
      "SELECT revision, expires, checksum, value FROM entry WHERE key = ?1 AND state = 0",
      .text(key.escaped)
    ) { row in
      try Self.entry(
        key, revision: row.unsigned(0), expires: row.optionalTime(1), checksum: row.integer(2),
        value: row.blob(3), path: database.path)
    }
    guard let entry, entry.expires.map({ $0 > now }) ?? true else { return nil }
    return entry
  }

  /// Writes a value under a new revision, which is returned.
  static func put(
    _ key: StoreKey, _ value: [UInt8], expires: Timestamp?, in transaction: Transaction
  ) throws -> UInt64 {
    transaction.effects.due(expires)
    return try replace(key, state: .present, value: value, expires: expires, in: transaction)
  }

  static func delete(_ key: StoreKey, in transaction: Transaction) throws -> UInt64 {
    try replace(key, state: .deleted, value: [], expires: nil, in: transaction)
  }

  private static func replace(
    _ key: StoreKey, state: State, value: [UInt8], expires: Timestamp?, in transaction: Transaction
  ) throws -> UInt64 {
    try transaction.database.run(
      """
      INSERT OR REPLACE INTO entry(key, state, expires, changed, checksum, value)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      """, .text(key.escaped), .integer(state.rawValue), SQLValue(expires), SQLValue(transaction.now),
      Checksum.of(key.escaped, value), .blob(value))
    transaction.effects.change.insert(.entries)
    return UInt64(clamping: transaction.database.lastInsertedNumber)
  }

  /// Turns entries whose time has come into expired ones, each with a revision; at most `limit`.
  static func expire(in transaction: Transaction, limit: Int) throws {
    let due = try transaction.database.all(
      "SELECT key FROM entry WHERE expires IS NOT NULL AND expires <= ?1 ORDER BY expires, revision LIMIT ?2",
      SQLValue(transaction.now), SQLValue(limit)
    ) { try StoreKey(escaped: $0.text(0)) }
    for key in due { _ = try replace(key, state: .expired, value: [], expires: nil, in: transaction) }
  }

  /// Forgets what was deleted before `instant`: every watcher has heard of it by then.
  static func forget(before instant: Timestamp, in transaction: Transaction) throws {
    try transaction.database.run(
      "DELETE FROM entry WHERE state <> 0 AND changed < ?1", SQLValue(instant))
  }

  /// The number of the last change that was ever made.
  static func lastRevision(_ database: Connection) throws -> UInt64 {
    try database.first("SELECT seq FROM sqlite_sequence WHERE name = 'entry'") { $0.unsigned(0) } ?? 0
  }

  /// The keys below a prefix, sorted.
  static func keys(escapedPrefix: String, _ database: Connection, now: Timestamp) throws -> [StoreKey] {
    try database.all(
      """
      SELECT key FROM entry WHERE key >= ?1 AND key < ?2 AND state = 0 AND (expires IS NULL OR expires > ?3)
      ORDER BY key
      """, .text(escapedPrefix), .text(end(of: escapedPrefix)), SQLValue(now)
    ) { try StoreKey(escaped: $0.text(0)) }
  }

  /// The entries below a prefix, in the order of their revisions.
  static func present(escapedPrefix: String, _ database: Connection, now: Timestamp) throws -> [StoreEntry] {
    try database.all(
      """
      SELECT key, revision, expires, checksum, value FROM entry
      WHERE key >= ?1 AND key < ?2 AND state = 0 AND (expires IS NULL OR expires > ?3) ORDER BY revision
      """, .text(escapedPrefix), .text(end(of: escapedPrefix)), SQLValue(now)
    ) { row in
      try entry(
        StoreKey(escaped: row.text(0)), revision: row.unsigned(1), expires: row.optionalTime(2),
        checksum: row.integer(3), value: row.blob(4), path: database.path)
    }
  }

  /// Changes in order. Only the last one of each key is there; the others were replaced.
  static func changes(_ database: Connection, after revision: UInt64, limit: Int) throws -> [StateStoreModel
    .Change]
  {
    try database.all(
      """
      SELECT key, revision, state, expires, checksum, value FROM entry WHERE revision > ?1
      ORDER BY revision LIMIT ?2
      """, SQLValue(revision), SQLValue(limit)
    ) { row in
      let key = try StoreKey(escaped: row.text(0))
      let revision = row.unsigned(1)
      let kind: StateStoreModel.Change.Kind =
        switch State(rawValue: row.integer(2)) {
        case .present?:
          .put(
            try entry(
              key, revision: revision, expires: row.optionalTime(3), checksum: row.integer(4),
              value: row.blob(5), path: database.path))
        case .deleted?: .deleted
        case .expired?: .expired
        case nil:
          throw RuntimeError.corrupted(path: database.path, detail: "key \(key) has an unknown state")
        }
      return StateStoreModel.Change(key: key, revision: revision, kind: kind)
    }
  }

  private static func entry(
    _ key: StoreKey, revision: UInt64, expires: Timestamp?, checksum: Int64, value: [UInt8], path: String
  ) throws -> StoreEntry {
    try Checksum.check(Checksum.of(key.escaped, value), checksum, path: path, what: "key \(key)")
    return StoreEntry(key: key, value: value, revision: revision, expires: expires)
  }

  /// The first text after every one with this prefix. Escaped keys are ASCII, so that DEL is after all.
  private static func end(of prefix: String) -> String { prefix + "\u{7F}" }
}
