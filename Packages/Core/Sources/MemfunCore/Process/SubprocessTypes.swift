/// A program to run: what, with which arguments, where, and within which limits.
public struct Subprocess: Sendable {
  /// An absolute path, or a name that is looked up in `PATH` of the *parent's* environment.
  public var executable: String
  /// Arguments after the program's own name.
  public var arguments: [String]
  /// The child's whole environment: nothing is inherited that is not named here.
  public var environment: [String: String]
  /// The folder it starts in; nil keeps the parent's.
  public var workingDirectory: String?
  /// What it reads; `.none` is an empty input (`/dev/null`).
  public var input: Input
  /// What becomes of standard output.
  public var output: Output
  /// What becomes of standard error.
  public var error: Output
  /// SIGTERM goes to the whole process group after this time; nil never.
  public var timeout: Duration?
  /// SIGKILL follows SIGTERM after this time. Default 2 s.
  public var killGrace: Duration

  /// Standard input.
  public enum Input: Sendable {
    case none
    case bytes([UInt8])
  }

  /// Standard output or standard error.
  public enum Output: Sendable {
    /// Keeps the first `head` and the last `tail` bytes and counts what falls between.
    case capture(head: Int, tail: Int)
    /// Calls back with each piece, in order, on one thread that is not the cooperative pool's; the
    /// child is slowed down while the callback works. Nothing is kept.
    case stream(@Sendable (UnsafeRawBufferPointer) -> Void)
    /// Throws it away.
    case discard

    /// 1 MiB at the head, 64 KiB at the tail.
    public static let capture = Output.capture(head: 1 << 20, tail: 64 << 10)
  }

  /// - Parameter environment: defaults to `Subprocess.minimalEnvironment`.
  public init(
    _ executable: String, _ arguments: [String] = [],
    environment: [String: String] = Subprocess.minimalEnvironment,
    workingDirectory: String? = nil, input: Input = .none, output: Output = .capture,
    error: Output = .capture,
    timeout: Duration? = nil, killGrace: Duration = .seconds(2)
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.input = input
    self.output = output
    self.error = error
    self.timeout = timeout
    self.killGrace = killGrace
  }

  /// A search path, a home-less locale and nothing else: no secret of the parent reaches the child.
  public static let minimalEnvironment = [
    "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
  ]
}

/// How a child ended and what it wrote. A non-zero exit is a result, not an error.
public struct SubprocessResult: Sendable {
  /// The end of the child.
  public enum Termination: Sendable, Equatable {
    /// It returned this exit status (0–255).
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)
    /// It ran into `timeout` and was ended, at last by the given signal.
    case timedOut(lastSignal: Int32)
  }

  /// How it ended.
  public let termination: Termination
  /// Captured standard output; empty unless `.capture`.
  public let output: CapturedOutput
  /// Captured standard error; empty unless `.capture`.
  public let error: CapturedOutput
  /// From start to end.
  public let wallTime: Duration

  /// Whether it exited with status 0.
  public var succeeded: Bool { termination == .exited(0) }

  /// Made by `Subprocess.run`.
  public init(termination: Termination, output: CapturedOutput, error: CapturedOutput, wallTime: Duration) {
    self.termination = termination
    self.output = output
    self.error = error
    self.wallTime = wallTime
  }
}

/// The beginning and the end of an output, and how much was left out between them.
public struct CapturedOutput: Sendable, Equatable {
  /// The first bytes.
  public var head: [UInt8] = []
  /// The last bytes; empty when everything fitted into the head.
  public var tail: [UInt8] = []
  /// How many bytes between head and tail were dropped.
  public var droppedBytes = 0

  /// Nothing captured.
  public init() {}

  /// Head, a line that says what was dropped (if anything was), and tail, as text; invalid UTF-8 is
  /// shown as U+FFFD.
  public var text: String {
    // Nothing dropped: a character may straddle the border, so the bytes are joined first.
    if droppedBytes == 0 { return String(decoding: head + tail, as: UTF8.self) }
    let start = String(decoding: head, as: UTF8.self)
    let end = String(decoding: tail, as: UTF8.self)
    return start + "\n[… \(droppedBytes) bytes left out …]\n" + end
  }
}
