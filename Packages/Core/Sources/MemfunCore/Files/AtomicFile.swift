import CLinux
import Glibc

/// Writes whole files so that a reader sees either the old bytes or the new ones, never a mixture,
/// whatever happens in between.
///
/// The bytes go to a temporary file in the same folder, which then takes the name of the old one
/// (rename(2)). Other hard links of the old file keep the old bytes; access lists and extended
/// attributes are not copied.
public enum AtomicFile {
  /// Replaces the content of `path`, or creates it.
  ///
  /// A symbolic link stays one: what it points to is written. An existing file keeps its permissions
  /// and, as far as the system lets us, its owner and group; where the group cannot be kept, it gets no
  /// more rights than everybody. A file that may not be written to is not replaced. On failure the
  /// old file is untouched and nothing is left behind.
  ///
  /// - Parameters:
  ///   - mode: the exact permissions, for example 0o600 for secrets; nil keeps those of an existing
  ///     file and otherwise takes 0o666 without the bits of the umask.
  ///   - durable: whether the bytes and the name are on the disk when the call returns.
  public static func write(
    _ bytes: [UInt8], to path: String, mode: UInt32? = nil, durable: Bool = true
  ) throws(FileError) {
    try PathRules.check(path)
    var path = path
    for _ in 0..<maximumLinks {
      let (folder, name) = PathRules.split(path)
      let number = clinux_openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0)
      if number < 0 { throw .last("open", on: folder) }
      let directory = OwnedDescriptor(number)
      guard let target = try linkTarget(name, in: directory, path: path) else {
        if path.hasSuffix("/") { throw .notRegularFile(path: path) }
        return try write(bytes, as: name, in: directory, path: path, mode: mode, durable: durable)
      }
      path = target.hasPrefix("/") ? target : "\(folder)/\(target)"
    }
    throw .system(SystemCallError("open", on: path, code: ELOOP))
  }

  /// Replaces or creates the text file `path`, in UTF-8.
  public static func write(
    _ text: String, to path: String, mode: UInt32? = nil, durable: Bool = true
  ) throws(FileError) {
    try write(Array(text.utf8), to: path, mode: mode, durable: durable)
  }

  /// How many symbolic links are followed in a row, as in the kernel.
  static let maximumLinks = 40

  /// Where the symbolic link `name` points to; nil when it is none or does not exist.
  static func linkTarget(
    _ name: String, in directory: borrowing OwnedDescriptor, path: String
  ) throws(FileError) -> String? {
    let number = clinux_openat(directory.number, name, clinux_o_path | O_NOFOLLOW, 0)
    if number < 0 {
      if errno == ENOENT { return nil }
      throw .last("open", on: path)
    }
    let link = OwnedDescriptor(number)
    var status = stat()
    if fstat(link.number, &status) != 0 { throw .last("fstat", on: path) }
    guard status.st_mode & S_IFMT == S_IFLNK else { return nil }
    return try SymbolicLink.target(of: link, path: path)
  }

  /// Replaces or creates `name`, which is no symbolic link, in an open folder.
  static func write(
    _ bytes: [UInt8], as name: String, in directory: borrowing OwnedDescriptor, path: String,
    mode: UInt32?, durable: Bool
  ) throws(FileError) {
    var old: stat?
    var status = stat()
    if fstatat(directory.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegularFile(path: path) }
      // rename(2) asks only for rights on the folder; a write-protected file is protected on purpose.
      if faccessat(directory.number, name, W_OK, 0) != 0 { throw .last("open", on: path) }
      old = status
    } else if errno != ENOENT {
      throw .last("stat", on: path)
    }

    let temporary = try createTemporary(
      in: directory, path: path, mode: mode == nil && old == nil ? 0o666 : 0o600)
    do throws(FileError) {
      try fill(temporary.file, with: bytes, path: path)
      try setAttributes(of: temporary.file, like: old, mode: mode, path: path)
      if durable, fsync(temporary.file.number) != 0 { throw .last("fsync", on: path) }
      if renameat(directory.number, temporary.name, directory.number, name) != 0 {
        throw .last("rename", on: path)
      }
    } catch {
      // The error that is thrown matters more than a temporary file that cannot be removed.
      unlinkat(directory.number, temporary.name, 0)
      throw error
    }
    // EINVAL: a file system that has no such operation for folders.
    if durable, fsync(directory.number) != 0, errno != EINVAL { throw .last("fsync", on: path) }
  }

  private struct Temporary: ~Copyable {
    let file: OwnedDescriptor
    let name: String
  }

  private static func createTemporary(
    in directory: borrowing OwnedDescriptor, path: String, mode: mode_t
  ) throws(FileError) -> Temporary {
    let random = SystemRandomSource()
    for _ in 0..<100 {
      let name = ".memfun-\(String(random.next(), radix: 36)).tmp"
      let number = clinux_openat(
        directory.number, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
      if number >= 0 { return Temporary(file: OwnedDescriptor(number), name: name) }
      if errno != EEXIST { throw .last("open", on: path) }
    }
    throw .system(SystemCallError("open", on: path, code: EEXIST))
  }

  private static func fill(
    _ file: borrowing OwnedDescriptor, with bytes: [UInt8], path: String
  ) throws(FileError) {
    let number = file.number
    let code = bytes.withUnsafeBytes { bytes -> Int32 in
      var offset = 0
      while offset < bytes.count {
        let count = Glibc.write(number, bytes.baseAddress.unsafelyUnwrapped + offset, bytes.count - offset)
        if count > 0 { offset += count } else if errno != EINTR { return errno }
      }
      return 0
    }
    if code != 0 { throw .system(SystemCallError("write", on: path, code: code)) }
  }

  private static func setAttributes(
    of file: borrowing OwnedDescriptor, like old: stat?, mode: UInt32?, path: String
  ) throws(FileError) {
    var bits = mode
    if let old {
      var kept = old.st_mode & 0o7777
      var new = stat()
      if fstat(file.number, &new) != 0 { throw .last("fstat", on: path) }
      if new.st_uid != old.st_uid || new.st_gid != old.st_gid,
        fchown(file.number, old.st_uid, old.st_gid) != 0
      {
        // Only root gives files away. The rights of another owner or group must not pass to ours.
        kept &= 0o0777
        if fchown(file.number, uid_t.max, old.st_gid) != 0 {
          kept = kept & ~0o070 | (kept & 0o007) << 3 & kept
        }
      }
      if bits == nil { bits = kept }
    }
    if let bits, fchmod(file.number, mode_t(bits)) != 0 { throw .last("fchmod", on: path) }
  }
}

/// Reading symbolic links that are already open.
enum SymbolicLink {
  /// The text of the link that an O_PATH descriptor stands for.
  static func target(of link: borrowing OwnedDescriptor, path: String) throws(FileError) -> String {
    let number = link.number
    var space = [CChar](repeating: 0, count: Int(PATH_MAX) + 2)
    let length = clinux_read_link(number, &space, space.count)
    if length < 0 { throw .last("readlink", on: path) }
    let bytes = space[..<length].map { UInt8(bitPattern: $0) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .invalidPath(path: path, problem: "a symbolic link on the way is not valid UTF-8")
    }
    return text
  }
}
