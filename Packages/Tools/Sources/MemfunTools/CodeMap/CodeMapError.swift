import MemfunCore

/// Why no map of a place could be made at all. What is wrong with single files is in `CodeMap.skipped`.
public enum CodeMapError: MemfunError, Equatable {
  /// Nothing is at the path.
  case notFound(path: String)
  /// The path is neither a folder nor a regular file.
  case notAFolder(path: String)
  /// The folder or the file cannot be read.
  case unreadable(path: String, reason: String)

  public var kind: String {
    switch self {
    case .notFound: "codemap.not_found"
    case .notAFolder: "codemap.not_a_folder"
    case .unreadable: "codemap.unreadable"
    }
  }

  public var what: String {
    switch self {
    case .notFound: "there is nothing at the path to analyse"
    case .notAFolder: "the path to analyse is neither a folder nor a regular file"
    case .unreadable(_, let reason): "the path to analyse cannot be read: \(reason)"
    }
  }

  public var location: String? {
    switch self {
    case .notFound(let path), .notAFolder(let path), .unreadable(let path, _): path
    }
  }

  public var remedy: String? {
    switch self {
    case .notFound: "check the spelling of the path"
    case .notAFolder: "name a folder, or one source file"
    case .unreadable: "check the permissions of the path and of the folders above it"
    }
  }

  public var exitCode: ExitCode { .usage }
}
