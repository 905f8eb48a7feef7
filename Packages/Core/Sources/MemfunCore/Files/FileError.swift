import Glibc

/// Why a file could not be read, written or reached.
public enum FileError: MemfunError, Equatable {
  /// The system refused; the call, the path and the reason are inside.
  case system(SystemCallError)
  /// There is something at this path, but no regular file.
  case notRegularFile(path: String)
  /// There is something at this path, but no folder.
  case notDirectory(path: String)
  /// The file has more bytes than the caller accepts.
  case tooLarge(path: String, limit: Int)
  /// The file was written to while it was read, so the bytes may be a mixture.
  case changedWhileRead(path: String)
  /// The path, or a symbolic link on its way, leads out of the folder that it must stay in.
  case escapesRoot(path: String, root: String)
  /// The path cannot be the name of anything.
  case invalidPath(path: String, problem: String)
  /// Neither HOME nor the variable that would replace it names an absolute folder.
  case noHomeDirectory(variable: String)

  public var kind: String {
    switch self {
    case .system(let error): "file.\(error.call)"
    case .notRegularFile: "file.not_regular"
    case .notDirectory: "file.not_directory"
    case .tooLarge: "file.too_large"
    case .changedWhileRead: "file.changed_while_read"
    case .escapesRoot: "file.escapes_root"
    case .invalidPath: "file.invalid_path"
    case .noHomeDirectory: "file.no_home"
    }
  }

  public var what: String {
    switch self {
    case .system(let error): error.what
    case .notRegularFile: "this is not a regular file"
    case .notDirectory: "this is not a folder"
    case .tooLarge(_, let limit): "the file is larger than the limit of \(limit) bytes"
    case .changedWhileRead: "the file changed while it was read"
    case .escapesRoot(_, let root): "the path leads out of \(root)"
    case .invalidPath(_, let problem): "the path cannot be used: \(problem)"
    case .noHomeDirectory(let variable): "no home folder is known: neither \(variable) nor HOME is set"
    }
  }

  public var location: String? {
    switch self {
    case .system(let error): error.location
    case .notRegularFile(let path), .notDirectory(let path), .tooLarge(let path, _),
      .changedWhileRead(let path), .escapesRoot(let path, _), .invalidPath(let path, _):
      path
    case .noHomeDirectory: nil
    }
  }

  public var remedy: String? {
    switch self {
    case .system(let error): error.remedy
    case .notRegularFile: "give the path of a regular file"
    case .notDirectory: "give the path of a folder"
    case .tooLarge: "raise the limit, or leave the file out"
    case .changedWhileRead: "run the command again when nothing writes to the file"
    case .escapesRoot: "use a relative path that stays inside the folder"
    case .invalidPath: "correct the path"
    case .noHomeDirectory(let variable): "set HOME, or \(variable), to an absolute path"
    }
  }

  public var exitCode: ExitCode { if case .noHomeDirectory = self { .usage } else { .taskFailed } }

  public var isRetryable: Bool { if case .changedWhileRead = self { true } else { false } }

  /// The failure of the call that has just been made.
  static func last(_ call: String, on path: String) -> FileError {
    .system(SystemCallError(call, on: path))
  }
}
