import MemfunCore

/// Failures that belong to the frame around the commands.
enum CommandFailure: MemfunError, Equatable {
  /// A signal ended the command before it was done.
  case interrupted(Interruption)
  /// `--cwd` names something that is no folder to work in.
  case workingDirectory(String, reason: String)
  /// An error without a description for people: a defect of the program.
  case unexpected(String)

  /// The signal that ended a command.
  enum Interruption: String, Sendable {
    case interrupt = "SIGINT"
    case termination = "SIGTERM"

    var exitCode: ExitCode { self == .interrupt ? .interrupted : .terminated }
  }

  var kind: String {
    switch self {
    case .interrupted(.interrupt): "interrupted"
    case .interrupted(.termination): "terminated"
    case .workingDirectory: "usage.working_directory"
    case .unexpected: "internal"
    }
  }

  var what: String {
    switch self {
    case .interrupted(let signal): "ended by \(signal.rawValue)"
    case .workingDirectory(_, let reason): "cannot work in the folder of --cwd: \(reason)"
    case .unexpected(let text): "unexpected error: \(text)"
    }
  }

  var location: String? {
    if case .workingDirectory(let path, _) = self { path } else { nil }
  }

  var remedy: String? {
    switch self {
    case .interrupted: nil
    case .workingDirectory: "name a folder that exists and that you may enter"
    case .unexpected: "please report this with the command line and the output of 'memfun doctor'"
    }
  }

  var exitCode: ExitCode {
    switch self {
    case .interrupted(let signal): signal.exitCode
    case .workingDirectory: .usage
    case .unexpected: .taskFailed
    }
  }

  var isRetryable: Bool {
    if case .interrupted = self { true } else { false }
  }
}
