import Glibc
import MemfunCore

/// Reads whole regular files below a folder, never more than a limit and never a moving target.
struct FileReader: Sendable {
  /// The open root; it belongs to the caller and outlives the reader.
  let rootFolder: Int32
  /// Larger files are not read.
  let limit: Int

  /// What a reading gave.
  enum Outcome {
    /// All bytes, and the stamp that they belong to.
    case bytes([UInt8], FileStamp)
    /// Nothing, and why.
    case failed(SkippedFile.Reason)
  }

  /// The present stamp of a file; nil when it is not there.
  func stamp(of path: String) -> FileStamp? {
    var status = stat()
    guard fstatat(rootFolder, path, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    return FileStamp(status)
  }

  /// Reads one file.
  ///
  /// The file is looked at before and after. When size, times or inode differ, or the number of bytes is
  /// not the size, somebody wrote to it meanwhile and nothing is returned: half of an old and half of a
  /// new state would be analysed as if it existed.
  func read(_ path: String) -> Outcome {
    // O_NONBLOCK: should a pipe have taken the file's place, opening it must not wait for a writer.
    let file = openat(rootFolder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else {
      switch errno {
      case ELOOP, ENXIO: return .failed(.specialFile)
      case ENOENT: return .failed(.changedWhileRead)
      default: return .failed(.unreadable(SystemCallError("open").reason))
      }
    }
    defer { close(file) }
    var before = stat()
    guard fstat(file, &before) == 0 else {
      return .failed(.unreadable(SystemCallError("fstat").reason))
    }
    guard before.st_mode & S_IFMT == S_IFREG else { return .failed(.specialFile) }
    let size = Int(before.st_size)
    guard size <= limit else { return .failed(.tooLarge(bytes: size, limit: limit)) }

    var failure: Int32 = 0
    // One byte more than the size: a file that has grown shows.
    let bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
      count = 0
      while count <= size {
        let got = Glibc.read(file, buffer.baseAddress! + count, size + 1 - count)
        if got > 0 {
          count += got
        } else if got == 0 {
          break
        } else if errno != EINTR {
          failure = errno
          break
        }
      }
    }
    if failure != 0 {
      return .failed(.unreadable(SystemCallError("read", code: failure).reason))
    }
    var after = stat()
    guard fstat(file, &after) == 0, bytes.count == size, FileStamp(before) == FileStamp(after) else {
      return .failed(.changedWhileRead)
    }
    return .bytes(bytes, FileStamp(before))
  }
}
