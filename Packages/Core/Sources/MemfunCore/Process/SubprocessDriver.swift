import CLinux
import Glibc

/// Runs one child on the calling thread, from the spawn to the reaping.
///
/// Each child has its own thread with one `poll` over at most five descriptors. A shared reactor would
/// save threads, but the callbacks of `.stream` may block, and one slow reader must not hold up the
/// other children; there are tens of children at most, and each weighs far more than a thread.
struct SubprocessDriver {
  private let subprocess: Subprocess
  private let cancellation: WakeSignal

  /// - Parameter cancellation: raised when the child is to be ended early.
  init(_ subprocess: Subprocess, cancellation: WakeSignal) {
    self.subprocess = subprocess
    self.cancellation = cancellation
  }

  /// Blocks until the child is gone.
  ///
  /// - Throws: `SubprocessError` when it could not be started, `CancellationError` when the signal was
  ///   raised before it ended by itself.
  func run() throws -> SubprocessResult {
    clinux_ensure_children_can_be_waited_for()
    let started = SystemTimeSource().monotonic()
    var child = try RunningChild.start(subprocess)
    var machine = SubprocessStateMachine(
      start: started, timeout: subprocess.timeout, killGrace: subprocess.killGrace,
      outputsOpen: child.hasOutputs)
    child.pump(&machine, cancellation: cancellation)
    let end = try child.reap(program: subprocess.executable)

    let termination: SubprocessResult.Termination
    switch machine.cause {
    case .cancellation: throw CancellationError()
    case .timeout: termination = .timedOut(lastSignal: machine.lastSignal)
    case nil: termination = end
    }
    return SubprocessResult(
      termination: termination, output: child.output.captured, error: child.error.captured,
      wallTime: SystemTimeSource().monotonic() - started)
  }
}

/// A child that was started, with our ends of its pipes.
private struct RunningChild: ~Copyable {
  /// One output: our end of the pipe while it is open, and where the bytes go.
  struct Outlet: ~Copyable {
    private var pipe: OwnedDescriptor
    private var buffer: HeadTailBuffer?
    private let callback: (@Sendable (UnsafeRawBufferPointer) -> Void)?

    init(_ kind: Subprocess.Output, pipe: consuming OwnedDescriptor) {
      self.pipe = pipe
      switch kind {
      case .capture(let head, let tail):
        buffer = HeadTailBuffer(head: head, tail: tail)
        callback = nil
      case .stream(let receive): callback = receive
      case .discard: callback = nil
      }
    }

    var number: Int32 { pipe.number }

    var captured: CapturedOutput { buffer?.captured ?? CapturedOutput() }

    /// Reads once. Returns the number of bytes; 0 when there is nothing to read now or ever again.
    mutating func read(into space: UnsafeMutableRawBufferPointer) -> Int {
      let count = Glibc.read(number, space.baseAddress, space.count)
      if count > 0 {
        let bytes = UnsafeRawBufferPointer(rebasing: space[..<count])
        buffer?.append(bytes)
        callback?(bytes)
        return count
      }
      // A pipe has no other errors than these two; anything else would mean there is nothing more
      // to get from it, like the end of the stream.
      if count < 0, errno == EAGAIN || errno == EINTR { return 0 }
      pipe = .none
      return 0
    }
  }

  let pid: pid_t
  let exitNotice: OwnedDescriptor
  var input: OwnedDescriptor
  let inputBytes: [UInt8]
  var inputOffset = 0
  var output: Outlet
  var error: Outlet

  var hasOutputs: Bool { output.number >= 0 || error.number >= 0 }

  private static let pipeBytes: Int32 = 256 << 10

  // MARK: Start

  static func start(_ subprocess: Subprocess) throws(SubprocessError) -> RunningChild {
    try checkStrings(subprocess)
    let program = subprocess.executable
    let path = try Subprocess.locate(program)
    var place = try openPlace(subprocess.workingDirectory)

    var theirInput = OwnedDescriptor.none
    var ourInput = OwnedDescriptor.none
    var theirOutput = OwnedDescriptor.none
    var ourOutput = OwnedDescriptor.none
    var theirError = OwnedDescriptor.none
    var ourError = OwnedDescriptor.none
    var bytes: [UInt8] = []
    if case .bytes(let given) = subprocess.input {
      bytes = given
      try makePipe(program, reading: &theirInput, writing: &ourInput)
    }
    if subprocess.output.needsPipe { try makePipe(program, reading: &ourOutput, writing: &theirOutput) }
    if subprocess.error.needsPipe { try makePipe(program, reading: &ourError, writing: &theirError) }
    // Only our ends are non-blocking: the flag belongs to one end of a pipe, and programs do not
    // expect it on their standard streams.
    try setNonblocking(ourInput, program)
    try setNonblocking(ourOutput, program)
    try setNonblocking(ourError, program)

    let pid = try spawn(
      subprocess, path: path, place: place.number, input: theirInput.number,
      output: theirOutput.number, error: theirError.number)
    // Only the child may hold its ends of the pipes, or we would never see the end of the streams.
    place = .none
    theirInput = .none
    theirOutput = .none
    theirError = .none
    let notice = clinux_pidfd_open(pid)
    if notice < 0 {
      let cause = SystemCallError("pidfd_open", on: path)
      kill(-pid, SIGKILL)
      var status: Int32 = 0
      waitpid(pid, &status, 0)
      throw .spawnFailed(program: program, cause: cause)
    }
    return RunningChild(
      pid: pid, exitNotice: OwnedDescriptor(notice), input: ourInput, inputBytes: bytes,
      output: Outlet(subprocess.output, pipe: ourOutput), error: Outlet(subprocess.error, pipe: ourError))
  }

  /// C strings end at the first NUL byte: what follows would be lost without a word.
  private static func checkStrings(_ subprocess: Subprocess) throws(SubprocessError) {
    func refuse(_ problem: String) -> SubprocessError {
      .badArgument(program: subprocess.executable, problem: problem)
    }
    if subprocess.executable.utf8.contains(0) { throw refuse("its name contains a NUL byte") }
    if subprocess.executable.isEmpty { throw refuse("its name is empty") }
    for (place, argument) in subprocess.arguments.enumerated() where argument.utf8.contains(0) {
      throw refuse("argument \(place + 1) contains a NUL byte")
    }
    for (name, value) in subprocess.environment {
      if name.isEmpty || name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") }) {
        throw refuse("\"\(name)\" cannot be the name of an environment variable")
      }
      if value.utf8.contains(0) { throw refuse("the environment variable \(name) contains a NUL byte") }
    }
  }

  private static func openPlace(_ folder: String?) throws(SubprocessError) -> OwnedDescriptor {
    guard let folder else { return .none }
    if folder.utf8.contains(0) { throw .badDirectory(path: folder, reason: "its name contains a NUL byte") }
    // Opening it here, and not in the child, tells a bad folder from a bad program.
    let place = clinux_open_place(folder)
    if place < 0 {
      throw .badDirectory(path: folder, reason: SystemCallError("open", on: folder).reason)
    }
    return OwnedDescriptor(place)
  }

  private static func makePipe(
    _ program: String, reading: inout OwnedDescriptor, writing: inout OwnedDescriptor
  ) throws(SubprocessError) {
    var ends: (Int32, Int32) = (-1, -1)
    let code = withUnsafeMutablePointer(to: &ends) { pair in
      pair.withMemoryRebound(to: Int32.self, capacity: 2) { clinux_pipe($0) }
    }
    if code != 0 {
      throw .spawnFailed(program: program, cause: SystemCallError("pipe2", code: code))
    }
    // Fewer switches between the two processes. A refusal (a user's quota of pipe memory) only means
    // that the pipe keeps its usual size.
    _ = clinux_pipe_resize(ends.0, pipeBytes)
    reading = OwnedDescriptor(ends.0)
    writing = OwnedDescriptor(ends.1)
  }

  private static func setNonblocking(
    _ end: borrowing OwnedDescriptor, _ program: String
  ) throws(SubprocessError) {
    guard end.isOpen else { return }
    let code = clinux_set_nonblocking(end.number)
    if code != 0 {
      throw .spawnFailed(program: program, cause: SystemCallError("fcntl", code: code))
    }
  }

  private static func spawn(
    _ subprocess: Subprocess, path: String, place: Int32, input: Int32, output: Int32, error: Int32
  ) throws(SubprocessError) -> pid_t {
    let arguments = CStringArray([subprocess.executable] + subprocess.arguments)
    let environment = CStringArray(
      subprocess.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
    var pid: pid_t = 0
    var code: Int32 = 0
    // ETXTBSY: somebody still has the file open for writing, often another thread of this process
    // between its own fork and exec. It passes within milliseconds.
    for attempt in 0..<6 {
      code = clinux_spawn(
        &pid, path, arguments.pointers, environment.pointers, place, input, output, error)
      if code != ETXTBSY { break }
      usleep(1000 << UInt32(attempt))
    }
    switch code {
    case 0: return pid
    case EACCES, EPERM: throw .notExecutable(path: path, reason: "permission denied")
    case ENOENT, ENOTDIR, ELIBBAD:
      throw .notExecutable(path: path, reason: "its interpreter or its loader does not exist")
    case ENOEXEC:
      throw .notExecutable(
        path: path, reason: "it is neither a program for this machine nor a script that begins with #!")
    case E2BIG:
      throw .badArgument(
        program: subprocess.executable, problem: "its arguments and environment are too long")
    default:
      throw .spawnFailed(
        program: subprocess.executable, cause: SystemCallError("posix_spawn", on: path, code: code))
    }
  }

  // MARK: Life

  /// Moves bytes and sends signals until the state machine says that it is over.
  mutating func pump(_ machine: inout SubprocessStateMachine, cancellation: WakeSignal) {
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(Self.pipeBytes), alignment: 4096)
    defer { space.deallocate() }
    let clock = SystemTimeSource()
    var watchesCancellation = true
    var watchesExit = true
    var hadOutputs = hasOutputs

    while true {
      var set = (
        pollfd(fd: watchesCancellation ? cancellation.descriptor : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: watchesExit ? exitNotice.number : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: input.number, events: Int16(POLLOUT), revents: 0),
        pollfd(fd: output.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: error.number, events: Int16(POLLIN), revents: 0)
      )
      let wait = Self.milliseconds(until: machine.deadline, from: clock.monotonic())
      _ = withUnsafeMutablePointer(to: &set) { set in
        // An interrupted or failed poll leaves revents 0; the loop looks at the clock and polls again.
        set.withMemoryRebound(to: pollfd.self, capacity: 5) { poll($0, 5, wait) }
      }

      var events: [SubprocessStateMachine.Event] = [.tick]
      if set.3.revents != 0 { _ = output.read(into: space) }
      if set.4.revents != 0 { _ = error.read(into: space) }
      if set.2.revents != 0 { feed() }
      if set.1.revents != 0 {
        watchesExit = false
        input = .none
        events.append(.leaderExited)
      }
      if hadOutputs, !hasOutputs {
        hadOutputs = false
        events.append(.outputsClosed)
      }
      if set.0.revents != 0 {
        watchesCancellation = false
        events.append(.cancelled)
      }
      for event in events {
        for action in machine.handle(event, at: clock.monotonic()) {
          switch action {
          case .signalGroup(let signal): kill(-pid, signal)
          case .finish:
            readLeftovers(into: space)
            return
          }
        }
      }
    }
  }

  /// What is in the pipes now: a slow callback may have left a full one behind. Bounded, because a
  /// process that has left the group could write for ever.
  private mutating func readLeftovers(into space: UnsafeMutableRawBufferPointer) {
    var allowance = Int(Self.pipeBytes)
    while output.number >= 0, allowance > 0 {
      let count = output.read(into: space)
      if count == 0 { break }
      allowance -= count
    }
    allowance = Int(Self.pipeBytes)
    while error.number >= 0, allowance > 0 {
      let count = error.read(into: space)
      if count == 0 { break }
      allowance -= count
    }
  }

  /// Writes as much of the input as fits. A child that closes its input early is no error: SIGPIPE is
  /// blocked on this thread, and the pending signal goes away with it.
  private mutating func feed() {
    guard input.isOpen else { return }
    let written = inputBytes.withUnsafeBytes { bytes in
      write(input.number, bytes.baseAddress.map { $0 + inputOffset }, bytes.count - inputOffset)
    }
    if written > 0 { inputOffset += written }
    if written < 0, errno == EAGAIN || errno == EINTR { return }
    if written < 0 || inputOffset == inputBytes.count { input = .none }
  }

  /// Milliseconds for `poll`, rounded up so that the deadline has passed when it returns; -1 is "no limit".
  private static func milliseconds(until deadline: Duration?, from now: Duration) -> Int32 {
    guard let deadline else { return -1 }
    let left = (deadline - now).wholeNanoseconds
    return left <= 0 ? 0 : Int32(clamping: (left - 1) / 1_000_000 + 1)
  }

  // MARK: End

  func reap(program: String) throws(SubprocessError) -> SubprocessResult.Termination {
    var status: Int32 = -1
    var signal: Int32 = -1
    let code = clinux_reap(pid, &status, &signal)
    if code != 0 {
      throw .spawnFailed(program: program, cause: SystemCallError("waitpid", on: program, code: code))
    }
    return signal >= 0 ? .signalled(signal) : .exited(status)
  }
}

extension Subprocess.Output {
  fileprivate var needsPipe: Bool { if case .discard = self { false } else { true } }
}

/// A NULL-terminated array of C strings, freed with its owner.
private struct CStringArray: ~Copyable {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  init(_ strings: [String]) {
    pointers = .allocate(capacity: strings.count + 1)
    for (place, string) in strings.enumerated() { (pointers + place).initialize(to: strdup(string)) }
    (pointers + strings.count).initialize(to: nil)
  }

  deinit {
    var place = 0
    while let string = pointers[place] {
      free(string)
      place += 1
    }
    pointers.deallocate()
  }
}
