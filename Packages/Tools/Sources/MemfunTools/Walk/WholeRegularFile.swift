import Glibc

/// Reads files whole: rules that are part of a tree's description, and caches.
enum WholeRegularFile {
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
    // One byte more than the size: whoever adds to it meanwhile is noticed.
    let size = Int(status.st_size)
    var isWhole = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
      count = 0
      while count <= size {
        let got = Glibc.read(file, buffer.baseAddress! + count, size + 1 - count)
        if got > 0 {
          count += got
        } else if got == 0 {
          isWhole = true
          break
        } else if errno != EINTR {
          break
        }
      }
    }
    return isWhole ? bytes : nil
  }
}
