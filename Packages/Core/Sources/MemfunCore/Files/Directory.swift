import Glibc

/// Making folders.
public enum Directory {
  /// Makes the folder `path` and those above it that are missing. An existing folder is left as it is.
  ///
  /// - Parameter mode: the permissions of every folder that is made, less the bits of the umask; 0o700
  ///   for private data.
  /// - Throws: `.notDirectory` when something else has that name, or the system's reason.
  public static func create(_ path: String, mode: UInt32 = 0o777) throws(FileError) {
    try PathRules.check(path)
    if mkdir(path, mode_t(mode)) == 0 { return }
    switch errno {
    case ENOENT:
      let (folder, name) = PathRules.split(path)
      // A dangling symbolic link also reports ENOENT; its own folder exists, and so ends the recursion.
      if folder == path || name.isEmpty { throw .last("mkdir", on: path) }
      try create(folder, mode: mode)
      if mkdir(path, mode_t(mode)) == 0 || errno == EEXIST { return try requireDirectory(path) }
      throw .last("mkdir", on: path)
    case EEXIST: try requireDirectory(path)
    case EROFS, EACCES:
      // Some file systems give these reasons also for a folder that is there.
      let failure = FileError.last("mkdir", on: path)
      do throws(FileError) { try requireDirectory(path) } catch { throw failure }
    default: throw .last("mkdir", on: path)
    }
  }

  private static func requireDirectory(_ path: String) throws(FileError) {
    var status = stat()
    if stat(path, &status) != 0 { throw .last("stat", on: path) }
    if status.st_mode & S_IFMT != S_IFDIR { throw .notDirectory(path: path) }
  }
}
