import Glibc

/// A regular file that the walk found, before anything of it was read.
struct WalkedFile: Sendable {
  /// Relative to the root.
  var path: String
  /// By name; the first line may tell more.
  var language: Language?
  /// By name, folders and `.gitattributes`.
  var role: SourceFile.Role
  /// How it looked when the walk passed.
  var stamp: FileStamp
  /// `.gitattributes` says it is not generated, whatever its first lines say.
  var isSurelyHandwritten: Bool
}

/// What identifies the state of a file without reading it.
struct FileStamp: Sendable, Equatable {
  /// Size in bytes, times in nanoseconds since 1970, inode number.
  var size: Int64, modified: Int64, changed: Int64, inode: UInt64

  init(_ status: stat) {
    size = Int64(status.st_size)
    modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    inode = UInt64(status.st_ino)
  }

  init(size: Int64, modified: Int64, changed: Int64, inode: UInt64) {
    self.size = size
    self.modified = modified
    self.changed = changed
    self.inode = inode
  }

  /// Whether a later change of the file must show in its stamp, given when it was read.
  ///
  /// A write in the same tick of the clock leaves the times as they are (git calls such an entry racy).
  /// File systems that keep whole seconds need a wider margin.
  func isSettled(whenReadAt instant: Int64) -> Bool {
    let hasFineTimes = modified % 1_000_000_000 != 0 || changed % 1_000_000_000 != 0
    let margin: Int64 = hasFineTimes ? 50_000_000 : 2_000_000_000
    return max(modified, changed) < instant &- margin
  }
}
