import CLinux
import Glibc
import MemfunCore
import MemfunRuntime

/// The files of one store, which lie beside each other, and what is asked of their place.
struct DatabaseFile: Sendable {
  /// The database itself.
  let path: String

  /// The page that the processes share (turns, clock).
  var shared: String { path + ".shared" }
  /// The folder of the processes' bells.
  var bells: String { path + ".bells" }
  /// Space that is given up when the disk is full.
  var ballast: String { path + ".ballast" }

  /// How much is kept in reserve. 4 MiB: a checkpoint of a full WAL of 1000 pages.
  static let ballastBytes: Int64 = 4 << 20

  private var folder: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// File systems whose locks do not hold among hosts or whose mapped pages are not shared.
  private static let refused: [Int64: String] = [
    0x6969: "nfs", 0x517B: "smb", 0xFF53_4D42: "cifs", 0xFE53_4D42: "smb2", 0x0102_1997: "9p",
    0x6573_5546: "fuse",
  ]

  /// - Throws: `RuntimeError.unsupportedFileSystem`, `.unavailable`.
  func checkFileSystem() throws {
    let type = clinux_file_system_type(folder)
    if type < 0 {
      throw RuntimeError.unavailable(reason: SystemCallError("statfs", on: folder).description(of: folder))
    }
    if let name = Self.refused[type] { throw RuntimeError.unsupportedFileSystem(path: path, type: name) }
  }

  /// Bytes that may still be written; nil when the system does not say.
  var freeBytes: Int64? {
    let bytes = clinux_free_bytes(folder)
    return bytes < 0 ? nil : bytes
  }

  /// Takes the reserve, if there is room for it. True: it is there.
  func fillBallast() -> Bool {
    if access(ballast, F_OK) == 0 { return true }
    guard let free = freeBytes, free > 4 * Self.ballastBytes else { return false }
    return clinux_reserve_file(ballast, Self.ballastBytes) == 0
  }

  /// Gives the reserve back to the disk.
  func dropBallast() {
    // When it was not there, there is nothing to give back.
    _ = unlink(ballast)
  }

  /// SQLite's own look at the structure of the file.
  ///
  /// - Throws: `RuntimeError.corrupted` with the first finding.
  static func quickCheck(_ database: Connection) throws {
    let finding = try database.first("PRAGMA quick_check(1)") { row in row.text(0) }
    if let finding, finding != "ok" { throw RuntimeError.corrupted(path: database.path, detail: finding) }
  }
}

extension SystemCallError {
  func description(of path: String) -> String { "\(path): \(reason)" }
}
