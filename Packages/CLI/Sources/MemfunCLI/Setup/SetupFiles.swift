import Glibc
import MemfunCore

/// Writes the files of a setup: all of them, or none.
struct SetupFiles {
  /// A file to write.
  struct File: Sendable, Equatable {
    let path: String
    let text: String
    /// Exact permissions; nil keeps those of an existing file.
    var mode: UInt32?
    /// Permissions of folders that have to be made for it.
    var folderMode: UInt32 = 0o777
  }

  /// What became of a file.
  enum Change: String, Sendable {
    case created, changed, unchanged
  }

  /// Writes each file as a whole. When one cannot be written, those before it get their old content
  /// back, new ones and their new folders are removed, and the error is thrown.
  static func write(_ files: [File]) throws -> [(path: String, change: Change)] {
    var undo: [() throws -> Void] = []
    var changes: [(path: String, change: Change)] = []
    do {
      for file in files {
        let old = try content(of: file.path)
        if old == Array(file.text.utf8), file.mode == nil || mode(of: file.path) == file.mode {
          changes.append((file.path, .unchanged))
          continue
        }
        let madeFolders = try makeFolders(above: file.path, mode: file.folderMode)
        undo.append { for folder in madeFolders.reversed() { rmdir(folder) } }
        let oldMode = mode(of: file.path)
        try AtomicFile.write(file.text, to: file.path, mode: file.mode)
        undo.append {
          if let old { try AtomicFile.write(old, to: file.path, mode: oldMode) } else { unlink(file.path) }
        }
        changes.append((file.path, old == nil ? .created : .changed))
      }
      return changes
    } catch {
      // The first error is the one to report; undoing goes as far as it can.
      for step in undo.reversed() { try? step() }
      throw error
    }
  }

  private static func content(of path: String) throws(FileError) -> [UInt8]? {
    var status = stat()
    return stat(path, &status) == 0 ? try WholeFile.read(path, maximumBytes: 16 << 20) : nil
  }

  private static func mode(of path: String) -> UInt32? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
  }

  /// The folders that had to be made, outermost first.
  private static func makeFolders(above path: String, mode: UInt32) throws(FileError) -> [String] {
    var missing: [String] = []
    var folder = path.parentFolder
    var status = stat()
    while !folder.isEmpty, folder != "/", folder != ".", stat(folder, &status) != 0 {
      missing.append(folder)
      folder = folder.parentFolder
    }
    if let deepest = missing.first { try Directory.create(deepest, mode: mode) }
    return missing.reversed()
  }
}

extension String {
  /// The path without its last part; "." when it has only one.
  var parentFolder: String {
    guard let slash = lastIndex(of: "/") else { return "." }
    return slash == startIndex ? "/" : String(self[..<slash])
  }
}
