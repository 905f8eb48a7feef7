import CLinux
import Glibc

/// Reads whole files into memory, with a cap, and notices when a file changes meanwhile.
///
/// The bytes are read and not mapped: when another process shortens a mapped file, the next access
/// beyond its new end kills the program (SIGBUS).
public enum WholeFile {
  /// The bytes of a regular file.
  ///
  /// A FIFO or a device is refused without waiting for a writer.
  ///
  /// - Parameters:
  ///   - path: symbolic links are followed.
  ///   - maximumBytes: a longer file is not read at all.
  /// - Throws: `.tooLarge`, `.changedWhileRead`, `.notRegularFile`, or the system's reason.
  public static func read(_ path: String, maximumBytes: Int = .max) throws(FileError) -> [UInt8] {
    try PathRules.check(path)
    let number = clinux_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
    if number < 0 { throw .last("open", on: path) }
    return try read(OwnedDescriptor(number), path: path, maximumBytes: maximumBytes)
  }

  /// The bytes of an open regular file, from its beginning.
  package static func read(
    _ file: consuming OwnedDescriptor, path: String, maximumBytes: Int = .max
  ) throws(FileError) -> [UInt8] {
    let before = try Fingerprint(file, path: path)
    guard before.isRegular else { throw .notRegularFile(path: path) }
    if before.size > maximumBytes { throw .tooLarge(path: path, limit: maximumBytes) }

    // One byte more than expected, so that the end of the file shows in the same pass. Files of
    // /proc say that they are empty: those are read in pieces.
    var bytes: [UInt8] = []
    var pieceSize = before.size > 0 ? before.size + 1 : 64 << 10
    while true {
      let count = try append(pieceSize, from: file, to: &bytes, path: path)
      if bytes.count > maximumBytes { throw .tooLarge(path: path, limit: maximumBytes) }
      if count < pieceSize { break }
      pieceSize = 64 << 10
    }
    let after = try Fingerprint(file, path: path)
    let hasExpectedSize = before.size == bytes.count || before.size == 0
    guard after == before, hasExpectedSize else { throw .changedWhileRead(path: path) }
    return bytes
  }

  /// Appends up to `count` bytes; fewer only at the end of the file.
  private static func append(
    _ count: Int, from file: borrowing OwnedDescriptor, to bytes: inout [UInt8], path: String
  ) throws(FileError) -> Int {
    let number = file.number
    var failure: FileError?
    let piece = [UInt8](unsafeUninitializedCapacity: count) { space, filled in
      while filled < count {
        let got = Glibc.read(number, space.baseAddress.unsafelyUnwrapped + filled, count - filled)
        if got > 0 {
          filled += got
        } else if got == 0 {
          return
        } else if errno != EINTR {
          failure = .last("read", on: path)
          return
        }
      }
    }
    if let failure { throw failure }
    if bytes.isEmpty { bytes = piece } else { bytes += piece }
    return piece.count
  }

  /// What changes when a file is written to.
  private struct Fingerprint: Equatable {
    let size: Int
    let isRegular: Bool
    private let modified: [Int]

    init(_ file: borrowing OwnedDescriptor, path: String) throws(FileError) {
      var status = stat()
      if fstat(file.number, &status) != 0 { throw .last("fstat", on: path) }
      size = Int(status.st_size)
      isRegular = status.st_mode & S_IFMT == S_IFREG
      modified = [
        status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
      ]
    }
  }
}

/// What every path must obey before it reaches a system call.
enum PathRules {
  /// C strings end at the first NUL byte, so the system would see another path than the caller.
  static func check(_ path: String) throws(FileError) {
    if path.isEmpty { throw .invalidPath(path: path, problem: "it is empty") }
    if path.utf8.contains(0) { throw .invalidPath(path: path, problem: "it contains a NUL byte") }
  }

  /// The folder and the name of the last component. The folder of `a` is `.`, that of `/a` is `/`.
  static func split(_ path: String) -> (folder: String, name: String) {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard let slash = path.lastIndex(of: "/") else { return (".", String(path)) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
  }
}
