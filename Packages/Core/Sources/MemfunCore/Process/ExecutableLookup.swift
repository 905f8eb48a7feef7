import Glibc

extension Subprocess {
  /// The absolute path of the program that `name` stands for.
  ///
  /// A name with a slash is a path, relative to the parent's folder. Any other name is looked up in
  /// the absolute folders of the search path. Relative and empty entries are skipped on purpose: they
  /// would let a file in the analysed project take the place of `git`.
  ///
  /// - Parameter searchPath: folders with colons between; nil means `PATH` of this process.
  /// - Throws: `.notFound` with what was searched, `.notExecutable` when only unusable files have the name.
  public static func locate(
    _ name: String, searchPath: String? = nil
  ) throws(SubprocessError) -> String {
    if name.utf8.contains(UInt8(ascii: "/")) {
      let path = absolute(name)
      switch inspect(path) {
      case .usable: return path
      case .missing: throw .notFound(program: name, searched: [path])
      case .unusable(let reason): throw .notExecutable(path: path, reason: reason)
      }
    }
    let folders = (searchPath ?? getenv("PATH").map { String(cString: $0) } ?? defaultSearchPath)
      .split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    var unusable: SubprocessError?
    if !name.isEmpty {
      for folder in folders {
        let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
        switch inspect(path) {
        case .usable: return path
        case .missing: continue
        case .unusable(let reason):
          if unusable == nil { unusable = .notExecutable(path: path, reason: reason) }
        }
      }
    }
    throw unusable ?? .notFound(program: name, searched: folders)
  }

  private static let defaultSearchPath = "/usr/local/bin:/usr/bin:/bin"

  private enum Inspection {
    case usable, missing
    case unusable(String)
  }

  private static func inspect(_ path: String) -> Inspection {
    var status = stat()
    guard stat(path, &status) == 0 else {
      return errno == EACCES ? .unusable("no permission to look into its folder") : .missing
    }
    guard status.st_mode & S_IFMT == S_IFREG else { return .unusable("it is not a regular file") }
    guard access(path, X_OK) == 0 else { return .unusable("it has no execute permission") }
    return .usable
  }

  private static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    // The child may start in another folder, where a relative path would mean another file.
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }
}
