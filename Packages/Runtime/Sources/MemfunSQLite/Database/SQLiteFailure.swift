import CSQLite
import Glibc
import MemfunCore
import MemfunRuntime

/// What SQLite's result codes mean to the runtime.
enum SQLiteFailure {
  /// - Parameters:
  ///   - code: the (extended) result code.
  ///   - message: SQLite's own words.
  ///   - systemCode: the errno of the last failed system call, 0 when there was none.
  static func error(code: Int32, message: String, systemCode: Int32, path: String) -> RuntimeError {
    switch code & 0xFF {
    case SQLITE_FULL: .storageFull(path: path)
    case SQLITE_IOERR where systemCode == ENOSPC || systemCode == EDQUOT: .storageFull(path: path)
    case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupted(path: path, detail: message)
    case SQLITE_BUSY, SQLITE_LOCKED:
      .unavailable(
        reason: "another program has held the lock of \(path) for more than "
          + "\(Connection.busyTimeoutMilliseconds / 1000) s")
    case SQLITE_READONLY: .unavailable(reason: "\(path) cannot be written: \(message)")
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
      .unavailable(reason: "\(path) cannot be opened: \(message)\(text(systemCode))")
    default: .unavailable(reason: "\(path): \(message) (SQLite code \(code))\(text(systemCode))")
    }
  }

  private static func text(_ systemCode: Int32) -> String {
    systemCode == 0 ? "" : ", \(SystemCallError("open", code: systemCode).reason)"
  }
}

extension RuntimeError {
  /// What was thrown inside this module, where everything is a `RuntimeError`.
  init(any error: any Error) {
    self =
      error as? RuntimeError
      ?? .unavailable(reason: (error as? any MemfunError)?.what ?? String(describing: error))
  }
}
