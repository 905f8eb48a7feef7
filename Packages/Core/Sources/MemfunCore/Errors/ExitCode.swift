/// What the process tells its caller when it ends.
///
/// The numbers are a public contract: they are printed in `memfun --help`, documented in
/// docs/exit-codes.md and tested from the outside.
public enum ExitCode: Int32, Sendable, CaseIterable {
  /// Everything that was asked for was done.
  case done = 0
  /// The task itself failed.
  case taskFailed = 1
  /// The command line or the configuration is wrong.
  case usage = 2
  /// A credential is missing or was refused.
  case authentication = 3
  /// An approval was needed and nobody could give it, or it was denied.
  case approval = 4
  /// A limit on turns or tool calls was reached.
  case turnLimit = 5
  /// A budget (tokens or money) was used up.
  case budget = 6
  /// The model provider or the network failed.
  case provider = 7
  /// A verification failed: tests, linters, or findings at or above `--fail-on`.
  case verification = 8
  /// The wall-clock limit was reached.
  case wallClock = 124
  /// SIGINT.
  case interrupted = 130
  /// SIGTERM.
  case terminated = 143

  /// One line for `--help` and the documentation.
  public var meaning: String {
    switch self {
    case .done: "done"
    case .taskFailed: "task failed"
    case .usage: "usage or configuration error"
    case .authentication: "authentication: key missing or refused"
    case .approval: "approval needed or denied"
    case .turnLimit: "turn or tool-call limit reached"
    case .budget: "budget limit reached (tokens or cost)"
    case .provider: "model provider or network failed"
    case .verification: "verification failed (tests, linters, findings at or above --fail-on)"
    case .wallClock: "wall-clock limit reached"
    case .interrupted: "interrupted (SIGINT)"
    case .terminated: "terminated (SIGTERM)"
    }
  }
}
