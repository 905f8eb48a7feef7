/// Why a child could not be run. A child that ran and failed is a result, not an error.
public enum SubprocessError: MemfunError, Equatable {
  /// No file of that name; `searched` lists the folders or the one path that were looked at.
  case notFound(program: String, searched: [String])
  /// The file is there but cannot be run.
  case notExecutable(path: String, reason: String)
  /// The working directory cannot be entered.
  case badDirectory(path: String, reason: String)
  /// An argument, a variable or the program's name cannot be passed to a program.
  case badArgument(program: String, problem: String)
  /// The system refused to start or to watch the child.
  case spawnFailed(program: String, cause: SystemCallError)

  public var kind: String {
    switch self {
    case .notFound: "subprocess.not_found"
    case .notExecutable: "subprocess.not_executable"
    case .badDirectory: "subprocess.bad_directory"
    case .badArgument: "subprocess.bad_argument"
    case .spawnFailed: "subprocess.spawn_failed"
    }
  }

  public var what: String {
    switch self {
    case .notFound(let program, let searched):
      searched.isEmpty
        ? "the program \(program) was not found: PATH names no absolute folder"
        : "the program \(program) was not found (searched \(searched.joined(separator: ", ")))"
    case .notExecutable(_, let reason): "the program cannot be run: \(reason)"
    case .badDirectory(_, let reason): "the working directory cannot be entered: \(reason)"
    case .badArgument(_, let problem): "the program cannot be started: \(problem)"
    case .spawnFailed(_, let cause): "the program could not be started: \(cause.what)"
    }
  }

  public var location: String? {
    switch self {
    case .notFound(let program, _), .badArgument(let program, _), .spawnFailed(let program, _): program
    case .notExecutable(let path, _), .badDirectory(let path, _): path
    }
  }

  public var remedy: String? {
    switch self {
    case .notFound: "install it, or add its folder to PATH"
    case .notExecutable: "check the file's permissions (chmod +x) and the first line of a script"
    case .badDirectory: "check that the folder exists and may be entered"
    case .badArgument: "pass the data on standard input or in a file"
    case .spawnFailed(_, let cause): cause.remedy ?? "check the limits on processes and memory (ulimit -a)"
    }
  }
}
