import Glibc
import MemfunCore

/// The system calls of file blobs, with their errors in the runtime's words. They block.
enum BlobFile {
  static func error(_ failure: SystemCallError) -> RuntimeError {
    switch failure.code {
    case ENOSPC, EDQUOT: .storageFull(path: failure.object ?? "")
    default: .unavailable(reason: "\(failure.what): \(failure.object ?? "")")
    }
  }

  static func open(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(RuntimeError) -> Int32 {
    while true {
      let descriptor = Glibc.open(path, flags | O_CLOEXEC, mode)
      if descriptor >= 0 { return descriptor }
      if errno != EINTR { throw error(SystemCallError("open", on: path)) }
    }
  }

  /// The status of a regular file; nil when there is nothing.
  ///
  /// - Throws: `RuntimeError.corrupted` when something else has its name.
  static func status(_ path: String) throws(RuntimeError) -> stat? {
    var status = stat()
    if lstat(path, &status) != 0 {
      if errno == ENOENT { return nil }
      throw error(SystemCallError("stat", on: path))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .corrupted(path: path, detail: "a blob's name belongs to something that is no regular file")
    }
    return status
  }

  static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(RuntimeError) {
    let code = bytes.withUnsafeBytes { bytes -> Int32 in
      var offset = 0
      while offset < bytes.count {
        let count = write(descriptor, bytes.baseAddress.unsafelyUnwrapped + offset, bytes.count - offset)
        if count > 0 { offset += count } else if errno != EINTR { return errno }
      }
      return 0
    }
    if code != 0 { throw error(SystemCallError("write", on: path, code: code)) }
  }

  static func readAll(_ range: Range<Int>, of descriptor: Int32, path: String) throws(RuntimeError) -> [UInt8]
  {
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
      while filled < range.count {
        let count = pread(
          descriptor, buffer.baseAddress.unsafelyUnwrapped + filled, range.count - filled,
          off_t(range.lowerBound + filled))
        if count > 0 {
          filled += count
        } else if count == 0 {
          return
        } else if errno != EINTR {
          code = errno
          return
        }
      }
    }
    if code != 0 { throw error(SystemCallError("read", on: path, code: code)) }
    guard bytes.count == range.count else {
      throw .corrupted(path: path, detail: "the file became shorter while it was open")
    }
    return bytes
  }

  static func makeFolder(_ path: String) throws(RuntimeError) {
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw error(SystemCallError("mkdir", on: path)) }
  }

  static func rename(_ path: String, to target: String) throws(RuntimeError) {
    if Glibc.rename(path, target) != 0 { throw error(SystemCallError("rename", on: target)) }
  }

  /// Removes a file; one that is gone already is as good.
  static func remove(_ path: String) throws(RuntimeError) {
    if unlink(path) != 0, errno != ENOENT { throw error(SystemCallError("unlink", on: path)) }
  }

  static func sync(_ descriptor: Int32, path: String) throws(RuntimeError) {
    // EINVAL: a file system without that operation for folders.
    if fsync(descriptor) != 0, errno != EINVAL { throw error(SystemCallError("fsync", on: path)) }
  }

  static func syncFolder(_ path: String) throws(RuntimeError) {
    let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    try sync(descriptor, path: path)
  }

  /// The names in a folder but `.` and `..`; none when the folder is not there.
  static func names(in folder: String) throws(RuntimeError) -> [String] {
    guard let stream = opendir(folder) else {
      if errno == ENOENT { return [] }
      throw error(SystemCallError("opendir", on: folder))
    }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
      errno = 0
    }
    if errno != 0 { throw error(SystemCallError("readdir", on: folder)) }
    return names
  }

  /// Runs `body` while the store's lock is held, shared by writers or by a collection alone.
  static func locked<Result>(_ root: String, exclusively: Bool, _ body: () throws -> Result) throws -> Result
  {
    let path = root + "/lock"
    let descriptor = try open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
    defer { close(descriptor) }
    while flock(descriptor, exclusively ? LOCK_EX : LOCK_SH) != 0 {
      if errno != EINTR { throw error(SystemCallError("flock", on: path)) }
    }
    return try body()
  }
}

extension stat {
  /// When the content was last written, or the file last touched.
  var modified: Timestamp {
    Timestamp(nanoseconds: Int64(st_mtim.tv_sec) * 1_000_000_000 + Int64(st_mtim.tv_nsec))
  }
}
