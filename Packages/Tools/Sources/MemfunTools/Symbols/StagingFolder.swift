import Glibc
import MemfunCore
import Synchronization

/// A private temporary folder with stand-ins for files that cannot be given to a tool as they are.
///
/// A name with a line feed cannot be passed in a list of lines, a script without ending is not
/// recognised by ast-grep, and a text in UTF-16 would be misread. Such files get a link or a converted
/// copy here, under a plain name. The folder and all in it goes away with its owner.
final class StagingFolder: Sendable {
  /// Its absolute path.
  let path: String
  /// An empty project file for ast-grep.
  var projectFile: String { path + "/sgconfig.yml" }
  private let count = Mutex(0)

  /// - Parameter parent: usually `TMPDIR`.
  /// - Throws: when no folder can be made there.
  init(in parent: String) throws(SystemCallError) {
    var template = Array((parent + "/memfun-map-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp", on: parent) }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    try write(Array("ruleDirs: []\n".utf8), to: path + "/sgconfig.yml")
  }

  deinit {
    // Nothing else knows the folder: what cannot be removed is left to the cleaning of TMPDIR.
    for name in (try? Self.names(in: path)) ?? [] { unlink(path + "/" + name) }
    rmdir(path)
  }

  /// A link to a file.
  func link(to target: String, ending: String) throws(SystemCallError) -> String {
    let name = next(ending)
    guard symlink(target, name) == 0 else { throw SystemCallError("symlink", on: name) }
    return name
  }

  /// A file with this text.
  func copy(of text: [UInt8], ending: String) throws(SystemCallError) -> String {
    let name = next(ending)
    try write(text, to: name)
    return name
  }

  private func next(_ ending: String) -> String {
    let number = count.withLock { count in
      count += 1
      return count
    }
    return "\(path)/\(number).\(ending)"
  }

  private func write(_ text: [UInt8], to name: String) throws(SystemCallError) {
    let file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw SystemCallError("open", on: name) }
    defer { close(file) }
    var written = 0
    while written < text.count {
      let got = text.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + written, text.count - written) }
      if got < 0, errno != EINTR { throw SystemCallError("write", on: name) }
      written += max(0, got)
    }
  }

  private static func names(in folder: String) throws(SystemCallError) -> [String] {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCallError("open", on: folder) }
    defer { close(descriptor) }
    let listing = try DirectoryListing(of: descriptor)
    return listing.entries.map { String(decoding: listing.bytes($0), as: UTF8.self) }
  }
}
