import CLinux
import Glibc

/// A folder below which paths of strangers (a model, a repository, a peer) may be resolved.
///
/// No path leads out of it: not by `..`, not as an absolute path, not through symbolic links or the
/// magic links of /proc. A link that stays inside is followed; an absolute link counts as leading out
/// even if it points back inside.
///
/// Checking a path first and opening it afterwards would be a race: between the two, somebody who can
/// write below the folder exchanges a component for a link. Here the kernel checks while it opens
/// (openat2(2) with `RESOLVE_BENEATH`, Linux 5.6), and where that call is missing, `BeneathWalk` opens
/// one component after the other without following links.
public final class RootedDirectory: Sendable {
  /// How paths are resolved.
  enum Resolution: Sendable { case kernel, walk }

  /// The folder's path as it was given; for messages.
  public let path: String
  let descriptor: OwnedDescriptor
  let resolution: Resolution

  /// Opens the folder. It stays the same one when it is renamed or replaced later.
  public convenience init(_ path: String) throws(FileError) {
    try self.init(path, resolution: nil)
  }

  /// - Parameter resolution: nil takes the kernel's where it works.
  init(_ path: String, resolution: Resolution?) throws(FileError) {
    try PathRules.check(path)
    let number = clinux_openat(AT_FDCWD, path, clinux_o_path | O_DIRECTORY, 0)
    if number < 0 {
      throw errno == ENOTDIR ? .notDirectory(path: path) : .last("open", on: path)
    }
    self.path = path
    descriptor = OwnedDescriptor(number)
    self.resolution = resolution ?? (Self.kernelResolves(number) ? .kernel : .walk)
  }

  /// Old kernels do not know openat2, and filters of system calls may refuse it.
  private static func kernelResolves(_ directory: Int32) -> Bool {
    let probe = clinux_openat2(directory, ".", clinux_o_path, 0, clinux_resolve_beneath)
    if probe >= 0 { close(probe) }
    return probe >= 0
  }

  // MARK: Operations

  /// The bytes of the regular file at `relative`. See `WholeFile.read`.
  public func read(_ relative: String, maximumBytes: Int = .max) throws(FileError) -> [UInt8] {
    let file = try open(relative, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
    return try WholeFile.read(file, path: relative, maximumBytes: maximumBytes)
  }

  /// Replaces or creates the file at `relative`, all or nothing. See `AtomicFile.write`.
  ///
  /// The folders above it must exist. A symbolic link is followed as long as it stays inside.
  public func write(
    _ bytes: [UInt8], to relative: String, mode: UInt32? = nil, durable: Bool = true
  ) throws(FileError) {
    var relative = relative
    for _ in 0..<AtomicFile.maximumLinks {
      try PathRules.check(relative)
      if relative.hasPrefix("/") { throw .escapesRoot(path: relative, root: path) }
      let (folder, name) = PathRules.split(relative)
      // Such a name is a folder, or leads to one.
      if name.isEmpty || name == "." || name == ".." || relative.hasSuffix("/") {
        _ = try open(relative, flags: clinux_o_path)
        throw .notRegularFile(path: relative)
      }
      let directory = try open(folder, flags: O_RDONLY | O_DIRECTORY)
      guard let target = try AtomicFile.linkTarget(name, in: directory, path: relative) else {
        return try AtomicFile.write(
          bytes, as: name, in: directory, path: relative, mode: mode, durable: durable)
      }
      if target.hasPrefix("/") { throw .escapesRoot(path: relative, root: path) }
      relative = "\(folder)/\(target)"
    }
    throw .system(SystemCallError("open", on: relative, code: ELOOP))
  }

  /// Makes the folder `relative` and those above it that are missing, all inside.
  public func createDirectory(_ relative: String, mode: UInt32 = 0o777) throws(FileError) {
    try PathRules.check(relative)
    if relative.hasPrefix("/") { throw .escapesRoot(path: relative, root: path) }
    var made = ""
    for name in relative.split(separator: "/") where name != "." {
      let parent = try open(made.isEmpty ? "." : made, flags: clinux_o_path | O_DIRECTORY)
      made += made.isEmpty ? String(name) : "/" + name
      if name == ".." { continue }
      if mkdirat(parent.number, String(name), mode_t(mode)) != 0, errno != EEXIST {
        throw .last("mkdir", on: relative)
      }
    }
    _ = try open(relative, flags: clinux_o_path | O_DIRECTORY)
  }

  /// Removes the file or the symbolic link `relative` itself (not what the link points to).
  public func removeFile(_ relative: String) throws(FileError) {
    try PathRules.check(relative)
    let (folder, name) = PathRules.split(relative)
    if relative.hasPrefix("/") { throw .escapesRoot(path: relative, root: path) }
    let directory = try open(folder, flags: clinux_o_path | O_DIRECTORY)
    if unlinkat(directory.number, name, 0) != 0 { throw .last("unlink", on: relative) }
  }

  /// The path below the root, without links, dots or double slashes, of something that exists; `.` for
  /// the root itself. For display and for rules; to open a file, use `open` with the original path.
  public func canonicalPath(of relative: String) throws(FileError) -> String {
    let place = try open(relative, flags: clinux_o_path)
    let root = try Self.currentPath(of: descriptor, shown: path)
    let full = try Self.currentPath(of: place, shown: relative)
    if full == root { return "." }
    let prefix = root == "/" ? "/" : root + "/"
    // It was moved out between the two look-ups.
    guard full.hasPrefix(prefix) else { throw .escapesRoot(path: relative, root: path) }
    return String(full.dropFirst(prefix.count))
  }

  private static func currentPath(
    of place: borrowing OwnedDescriptor, shown: String
  ) throws(FileError) -> String {
    let number = clinux_openat(
      AT_FDCWD, "/proc/self/fd/\(place.number)", clinux_o_path | O_NOFOLLOW, 0)
    if number < 0 { throw .last("open", on: shown) }
    return try SymbolicLink.target(of: OwnedDescriptor(number), path: shown)
  }

  // MARK: Opening

  /// Opens `relative` without leaving the root. Close-on-exec is always set.
  ///
  /// - Parameters:
  ///   - flags: those of open(2).
  ///   - mode: the permissions of a file that is made.
  /// - Throws: `.escapesRoot` when the path leads out, otherwise the system's reason.
  package func open(
    _ relative: String, flags: Int32, mode: UInt32 = 0o666
  ) throws(FileError) -> OwnedDescriptor {
    try PathRules.check(relative)
    if relative.hasPrefix("/") { throw .escapesRoot(path: relative, root: path) }
    switch resolution {
    case .kernel: return try openByKernel(relative, flags: flags, mode: mode_t(mode))
    case .walk:
      return try BeneathWalk(root: descriptor.number, path: path)
        .open(relative, flags: flags, mode: mode_t(mode))
    }
  }

  private func openByKernel(
    _ relative: String, flags: Int32, mode: mode_t
  ) throws(FileError) -> OwnedDescriptor {
    // EAGAIN: something on the way was renamed while a ".." was resolved, and the kernel could not be
    // sure. Whoever renames all the time must not make us loop all the time.
    for _ in 0..<64 {
      let number = clinux_openat2(descriptor.number, relative, flags, mode, clinux_resolve_beneath)
      if number >= 0 { return OwnedDescriptor(number) }
      switch errno {
      case EAGAIN, EINTR: continue
      case EXDEV: throw .escapesRoot(path: relative, root: path)
      default: throw .last("open", on: relative)
      }
    }
    throw .system(SystemCallError("open", on: relative, code: EAGAIN))
  }
}
