import Glibc
import MemfunCore

/// The place a map is made of: an open folder, and perhaps one file in it.
final class AnalysedRoot: Sendable {
  /// Absolute, without symbolic links.
  let path: String
  /// Set when a single file is to be mapped: its name in the folder.
  let onlyFile: String?
  /// The open folder.
  let descriptor: Int32

  /// - Throws: `CodeMapError`.
  init(_ given: String) throws(CodeMapError) {
    guard let resolved = realpath(given, nil) else {
      let failure = SystemCallError("realpath", on: given)
      throw failure.code == ENOENT || failure.code == ENOTDIR
        ? .notFound(path: given) : .unreadable(path: given, reason: failure.reason)
    }
    defer { free(resolved) }
    guard
      let real = String(
        validating: UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)), as: UTF8.self)
    else { throw .unreadable(path: given, reason: "its path is not valid UTF-8") }
    var status = stat()
    guard stat(real, &status) == 0 else {
      throw .unreadable(path: given, reason: SystemCallError("stat").reason)
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      path = real
      onlyFile = nil
    case S_IFREG:
      // An absolute path has a slash.
      let slash = real.utf8.lastIndex(of: UInt8(ascii: "/"))!
      path = slash == real.startIndex ? "/" : String(real[..<slash])
      onlyFile = String(real[real.index(after: slash)...])
    default: throw .notAFolder(path: given)
    }
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .unreadable(path: given, reason: SystemCallError("open").reason)
    }
  }

  deinit { close(descriptor) }
}
