import Glibc

/// The git repository that a folder belongs to, found by looking at the folders above it.
///
/// Nothing is run and nothing of the repository's configuration is believed here; `GitCommand` asks git
/// itself for what it needs.
struct EnclosingRepository: Sendable {
  /// The folder that holds `.git`.
  let top: String
  /// Where the parts that all worktrees share lie; `info/exclude` is one of them.
  let commonDirectory: String

  /// - Parameter folder: an absolute path without symbolic links.
  /// - Returns: nil when no folder above has a `.git`.
  init?(around folder: String) {
    var current = folder
    while true {
      if let common = Self.commonDirectory(at: current) {
        top = current
        commonDirectory = common
        return
      }
      guard current != "/", let slash = current.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
      current = slash == current.startIndex ? "/" : String(current[..<slash])
    }
  }

  /// The shared directory of the repository whose working tree is at `folder`; nil when it has none.
  static func commonDirectory(at folder: String) -> String? {
    let git = folder == "/" ? "/.git" : folder + "/.git"
    var status = stat()
    guard stat(git, &status) == 0 else { return nil }
    if status.st_mode & S_IFMT == S_IFDIR {
      // An empty folder of that name is no repository.
      return access(git + "/HEAD", F_OK) == 0 ? git : nil
    }
    // A worktree or a submodule: the file says where its directory is, and that one may say more.
    guard status.st_mode & S_IFMT == S_IFREG, let text = SmallFile.read(git, limit: 8192),
      let directory = path(in: text, after: "gitdir: ", relativeTo: folder),
      access(directory + "/HEAD", F_OK) == 0
    else { return nil }
    guard let shared = SmallFile.read(directory + "/commondir", limit: 8192),
      let common = path(in: shared, after: "", relativeTo: directory)
    else { return directory }
    return common
  }

  private static func path(in text: [UInt8], after prefix: String, relativeTo folder: String) -> String? {
    guard text.starts(with: prefix.utf8) else { return nil }
    let line = text.dropFirst(prefix.utf8.count).prefix { $0 != UInt8(ascii: "\n") && $0 != 0x0D }
    guard !line.isEmpty, let path = String(validating: line, as: UTF8.self) else { return nil }
    return path.hasPrefix("/") ? path : folder + "/" + path
  }
}

/// Reads small files that are part of a tree's description.
enum SmallFile {
  /// The content of a regular file; nil when there is none, it cannot be read, or it is larger.
  ///
  /// - Parameters:
  ///   - path: relative to `folder`.
  ///   - folder: an open folder; the current one by default.
  ///   - limit: in bytes.
  ///   - followsLinks: false refuses a symbolic link, as git does for ignore files.
  static func read(
    _ path: String, in folder: Int32 = AT_FDCWD, limit: Int, followsLinks: Bool = true
  ) -> [UInt8]? {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followsLinks ? 0 : O_NOFOLLOW)
    let file = openat(folder, path, flags)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      Int(status.st_size) <= limit
    else { return nil }
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      let chunk = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, count in
        var got = Glibc.read(file, buffer.baseAddress, 16_384)
        while got < 0, errno == EINTR { got = Glibc.read(file, buffer.baseAddress, 16_384) }
        count = max(0, got)
      }
      if chunk.isEmpty { return bytes }
      bytes += chunk
    }
    return nil
  }
}
