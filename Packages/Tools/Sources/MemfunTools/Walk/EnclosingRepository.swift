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
    guard status.st_mode & S_IFMT == S_IFREG, let text = WholeRegularFile.read(git, limit: 8192),
      let directory = path(in: text, after: "gitdir: ", relativeTo: folder),
      access(directory + "/HEAD", F_OK) == 0
    else { return nil }
    guard let shared = WholeRegularFile.read(directory + "/commondir", limit: 8192),
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
