import CSQLite
import MemfunCore
import MemfunRuntime

/// A value that SQL takes or gives.
enum SQLValue {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])

  init(_ value: String?) { self = value.map(SQLValue.text) ?? .null }
  init(_ value: [UInt8]?) { self = value.map(SQLValue.blob) ?? .null }
  init(_ value: Timestamp) { self = .integer(value.nanoseconds) }
  init(_ value: Timestamp?) { self = value.map { .integer($0.nanoseconds) } ?? .null }
  init(_ value: Int) { self = .integer(Int64(value)) }
  init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
  /// Numbers of messages and revisions come from SQLite's own counter, which ends at 2^63 − 1; a
  /// larger one that a caller makes up is after every one that exists.
  init(_ value: UInt64) { self = .integer(Int64(clamping: value)) }
}

/// One connection to the database file: the only type that sees SQLite's pointers.
///
/// It is used by one thread, the one that opened it; it is not `Sendable`, so that the compiler sees
/// to that. Statements are prepared once.
final class Connection {
  /// The database file.
  let path: String
  /// A statement failed since it was last cleared; what was done in this transaction must be undone.
  private(set) var hasFailed = false
  private let handle: OpaquePointer
  private var statements: [UnsafeRawPointer: OpaquePointer] = [:]

  /// How a connection is used.
  enum Mode {
    case writer, reader
    /// Reads, but may write another file (`VACUUM INTO`).
    case copier
  }

  /// Opens the file, which is made when it is missing and the mode is `.writer`.
  ///
  /// - Throws: `RuntimeError.unavailable`, `.corrupted`, `.storageFull`.
  init(path: String, mode: Mode, durability: Durability = .crash) throws {
    self.path = path
    var handle: OpaquePointer?
    // NOMUTEX: a connection never changes its thread. A reader opens for writing too, because WAL
    // needs the shared index; query_only keeps it from writing.
    let flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
      | (mode == .writer ? SQLITE_OPEN_CREATE : 0)
    let code = sqlite3_open_v2(path, &handle, flags, nil)
    guard code == SQLITE_OK, let handle else {
      let error = SQLiteFailure.error(
        code: code, message: String(cString: sqlite3_errstr(code)), systemCode: 0, path: path)
      sqlite3_close_v2(handle)
      throw error
    }
    self.handle = handle
    sqlite3_busy_timeout(handle, Self.busyTimeoutMilliseconds)
    _ = memfun_sqlite_set_defensive(handle)
    try execute("PRAGMA trusted_schema = OFF")
    try execute("PRAGMA cell_size_check = ON")
    try execute("PRAGMA foreign_keys = ON")
    switch mode {
    case .writer:
      try execute("PRAGMA journal_mode = WAL")
      try execute("PRAGMA synchronous = \(durability == .power ? "FULL" : "NORMAL")")
      try execute("PRAGMA wal_autocheckpoint = 1000")
      try execute("PRAGMA temp_store = MEMORY")
    case .reader:
      try execute("PRAGMA query_only = ON")
    case .copier: break
    }
  }

  /// How long SQLite waits for a foreign lock. Our own processes line up before (see `WriteTurn`), so
  /// this only meets other programs and holders that died or sleep.
  static let busyTimeoutMilliseconds: Int32 = 5000

  deinit {
    for statement in statements.values { sqlite3_finalize(statement) }
    sqlite3_close_v2(handle)
  }

  /// Forgets an earlier failure.
  func clearFailure() { hasFailed = false }

  /// Runs SQL without parameters whose rows do not matter.
  func execute(_ sql: String) throws {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw failure(code) }
  }

  /// Runs a statement that gives no rows.
  func run(_ sql: StaticString, _ values: SQLValue...) throws {
    let statement = try prepared(sql)
    defer { sqlite3_reset(statement) }
    try bind(values, to: statement)
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return }
      if code != SQLITE_ROW { throw failure(code) }
    }
  }

  /// The first row, or nil.
  func first<Result>(
    _ sql: StaticString, _ values: SQLValue..., row: (Row) throws -> Result
  ) throws -> Result? {
    let statement = try prepared(sql)
    defer { sqlite3_reset(statement) }
    try bind(values, to: statement)
    let code = sqlite3_step(statement)
    if code == SQLITE_DONE { return nil }
    if code != SQLITE_ROW { throw failure(code) }
    return try row(Row(statement: statement))
  }

  /// Every row.
  func all<Result>(
    _ sql: StaticString, _ values: SQLValue..., row: (Row) throws -> Result
  ) throws -> [Result] {
    let statement = try prepared(sql)
    defer { sqlite3_reset(statement) }
    try bind(values, to: statement)
    var results: [Result] = []
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return results }
      if code != SQLITE_ROW { throw failure(code) }
      results.append(try row(Row(statement: statement)))
    }
  }

  /// Rows while `row` says true.
  func each(
    _ sql: StaticString, _ values: SQLValue..., row: (Row) throws -> Bool
  ) throws {
    let statement = try prepared(sql)
    defer { sqlite3_reset(statement) }
    try bind(values, to: statement)
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return }
      if code != SQLITE_ROW { throw failure(code) }
      if try !row(Row(statement: statement)) { return }
    }
  }

  /// The rowid of the last insert.
  var lastInsertedNumber: Int64 { sqlite3_last_insert_rowid(handle) }
  /// How many rows the last statement changed.
  var changedRows: Int { Int(sqlite3_changes(handle)) }
  /// Whether a transaction is open.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Runs `body` in one read transaction: everything it reads is of one moment.
  func reading<Result>(_ body: () throws -> Result) throws -> Result {
    try run("BEGIN")
    do {
      let result = try body()
      try run("COMMIT")
      return result
    } catch {
      rollBack()
      throw error
    }
  }

  /// Undoes the open transaction, if there is one.
  func rollBack() {
    guard isInTransaction else { return }
    // It fails only when SQLite has rolled back by itself, which is what is wanted.
    try? run("ROLLBACK")
  }

  /// Copies the database, as of one moment, into a new file at `target`.
  func backUp(to target: String) throws {
    try run("VACUUM INTO ?1", .text(target))
  }

  private func prepared(_ sql: StaticString) throws -> OpaquePointer {
    let key = UnsafeRawPointer(sql.utf8Start)
    if let statement = statements[key] { return statement }
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(
      handle, UnsafeRawPointer(sql.utf8Start).assumingMemoryBound(to: CChar.self),
      Int32(sql.utf8CodeUnitCount), UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw failure(code) }
    statements[key] = statement
    return statement
  }

  private func bind(_ values: [SQLValue], to statement: OpaquePointer) throws {
    for (place, value) in values.enumerated() {
      let index = Int32(place + 1)
      let code =
        switch value {
        case .null: sqlite3_bind_null(statement, index)
        case .integer(let number): sqlite3_bind_int64(statement, index, number)
        case .real(let number): sqlite3_bind_double(statement, index, number)
        case .text(var text):
          text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
              // An empty string has no address; a null pointer would bind NULL.
              memfun_sqlite_bind_text(statement, index, $0.baseAddress ?? emptyText, UInt64($0.count))
            }
          }
        case .blob(let bytes):
          bytes.withUnsafeBytes {
            memfun_sqlite_bind_blob(statement, index, $0.baseAddress, UInt64($0.count))
          }
        }
      if code != SQLITE_OK { throw failure(code) }
    }
  }

  private func failure(_ code: Int32) -> RuntimeError {
    hasFailed = true
    return SQLiteFailure.error(
      code: code, message: String(cString: sqlite3_errmsg(handle)),
      systemCode: sqlite3_system_errno(handle), path: path)
  }
}

/// The address of an empty C string that lives for ever.
private nonisolated(unsafe) let emptyText: UnsafePointer<CChar> = {
  // Never written after it is made, so that every thread may read it.
  let place = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
  place.pointee = 0
  return UnsafePointer(place)
}()

/// The row that a statement stands on; valid inside the closure that gets it.
struct Row {
  fileprivate let statement: OpaquePointer

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
  func int(_ column: Int32) -> Int { Int(integer(column)) }
  func unsigned(_ column: Int32) -> UInt64 { UInt64(clamping: integer(column)) }
  func real(_ column: Int32) -> Double { sqlite3_column_double(statement, column) }
  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
  func time(_ column: Int32) -> Timestamp { Timestamp(nanoseconds: integer(column)) }

  func optionalTime(_ column: Int32) -> Timestamp? { isNull(column) ? nil : time(column) }
  func optionalInt(_ column: Int32) -> Int? { isNull(column) ? nil : int(column) }
  func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
  func optionalBlob(_ column: Int32) -> [UInt8]? { isNull(column) ? nil : blob(column) }

  func text(_ column: Int32) -> String {
    guard let start = sqlite3_column_text(statement, column) else { return "" }
    let size = Int(sqlite3_column_bytes(statement, column))
    return String(decoding: UnsafeBufferPointer(start: start, count: size), as: UTF8.self)
  }

  func blob(_ column: Int32) -> [UInt8] {
    guard let start = sqlite3_column_blob(statement, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
  }
}
