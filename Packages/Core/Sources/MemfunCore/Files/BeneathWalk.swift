import CLinux
import Glibc

/// Opens a path below a folder component by component, for kernels without openat2(2).
///
/// Why no race leads out: every step opens one name in a folder that is already open, without following
/// a link there (`O_NOFOLLOW`), so each folder reached was, at that moment, an entry of one that was
/// reached before. A link is read and its text put in front of the remaining components, which are
/// walked by the same rule. `..` is never given to the kernel, whose answer would change when a folder
/// is moved: it drops the last name and the way down is walked again from the root. What an attacker
/// can still do is to move a folder out of the root while we hold it open; the file then opened is one
/// that was inside when we entered, as with openat2.
struct BeneathWalk {
  private let root: Int32
  private let rootPath: String

  /// - Parameters:
  ///   - root: an open folder; the caller keeps it open.
  ///   - path: its path, for messages.
  init(root: Int32, path: String) {
    self.root = root
    rootPath = path
  }

  /// As open(2) with the given flags, but inside the root.
  func open(_ path: String, flags: Int32, mode: mode_t) throws(FileError) -> OwnedDescriptor {
    if path.utf8.count >= Int(PATH_MAX) { throw system(ENAMETOOLONG, path) }
    // Somebody who exchanges components all the time must not make us loop all the time.
    for _ in 0..<64 {
      if let file = try attempt(path, flags: flags, mode: mode) { return file }
    }
    throw system(EAGAIN, path)
  }

  /// Nil when something was exchanged during the walk, which then must begin again.
  private func attempt(
    _ path: String, flags: Int32, mode: mode_t
  ) throws(FileError) -> OwnedDescriptor? {
    var pending = Self.components(path)
    var names: [String] = []
    var folder = OwnedDescriptor(clinux_openat(root, ".", clinux_o_path | O_DIRECTORY, 0))
    if !folder.isOpen { throw .last("open", on: path) }
    var links = 0

    while let name = pending.popLast() {
      switch name {
      case ".": continue
      case "..":
        if names.isEmpty { throw .escapesRoot(path: path, root: rootPath) }
        names.removeLast()
        guard let again = try descend(names, path: path) else { return nil }
        folder = again
        continue
      default: break
      }

      let entry = OwnedDescriptor(clinux_openat(folder.number, name, clinux_o_path | O_NOFOLLOW, 0))
      let failure = entry.isOpen ? 0 : errno
      let isLast = pending.isEmpty
      if failure != 0 {
        guard failure == ENOENT, isLast, flags & O_CREAT != 0 else { throw system(failure, path) }
        return try openLast(name, in: folder, flags: flags, mode: mode, path: path)
      }
      var status = stat()
      if fstat(entry.number, &status) != 0 { throw .last("fstat", on: path) }

      switch status.st_mode & S_IFMT {
      case S_IFLNK:
        // These flags speak about the link itself, so open(2) decides what they mean.
        if isLast, flags & O_NOFOLLOW != 0 || flags & O_CREAT != 0 && flags & O_EXCL != 0 {
          return try openLast(name, in: folder, flags: flags, mode: mode, path: path)
        }
        links += 1
        if links > AtomicFile.maximumLinks { throw system(ELOOP, path) }
        let target = try SymbolicLink.target(of: entry, path: path)
        if target.hasPrefix("/") { throw .escapesRoot(path: path, root: rootPath) }
        if target.isEmpty { throw system(ENOENT, path) }
        pending += Self.components(target)
        if pending.count > Int(PATH_MAX) { throw system(ENAMETOOLONG, path) }
      case S_IFDIR where !isLast:
        names.append(name)
        folder = entry
      default:
        if !isLast { throw system(ENOTDIR, path) }
        return try openLast(name, in: folder, flags: flags, mode: mode, path: path)
      }
    }
    // The path ended in "." or "..", which is a folder that is open already.
    if flags & O_CREAT != 0 { throw system(EISDIR, path) }
    return try openLast(".", in: folder, flags: flags, mode: mode, path: path)
  }

  /// Nil when the last component has become a link in the meantime.
  private func openLast(
    _ name: String, in folder: borrowing OwnedDescriptor, flags: Int32, mode: mode_t, path: String
  ) throws(FileError) -> OwnedDescriptor? {
    let number = clinux_openat(folder.number, name, flags | O_NOFOLLOW, mode)
    if number < 0 {
      if errno == ELOOP, flags & O_NOFOLLOW == 0 { return nil }
      throw .last("open", on: path)
    }
    let file = OwnedDescriptor(number)
    if flags & clinux_o_path != 0, flags & O_NOFOLLOW == 0 {
      // O_PATH opens a link instead of failing.
      var status = stat()
      if fstat(number, &status) != 0 { throw .last("fstat", on: path) }
      if status.st_mode & S_IFMT == S_IFLNK { return nil }
    }
    return file
  }

  /// Walks down names that were folders a moment ago; nil when one of them no longer is.
  private func descend(_ names: [String], path: String) throws(FileError) -> OwnedDescriptor? {
    var folder = OwnedDescriptor(clinux_openat(root, ".", clinux_o_path | O_DIRECTORY, 0))
    if !folder.isOpen { throw .last("open", on: path) }
    for name in names {
      let next = OwnedDescriptor(
        clinux_openat(folder.number, name, clinux_o_path | O_DIRECTORY | O_NOFOLLOW, 0))
      if !next.isOpen {
        if errno == ENOENT || errno == ENOTDIR || errno == ELOOP { return nil }
        throw .last("open", on: path)
      }
      folder = next
    }
    return folder
  }

  /// The components in reverse, so that the next one is the last. A slash at the end asks for a folder,
  /// as does a "." after it.
  private static func components(_ path: String) -> [String] {
    var names = path.split(separator: "/").map(String.init)
    if path.hasSuffix("/") { names.append(".") }
    return names.reversed()
  }

  private func system(_ code: Int32, _ path: String) -> FileError {
    .system(SystemCallError("open", on: path, code: code))
  }
}
