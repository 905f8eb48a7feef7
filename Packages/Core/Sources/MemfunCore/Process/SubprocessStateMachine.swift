import Glibc

/// When to signal, when to stop reading and when to reap a child. Pure: time comes in with the events.
///
/// The leader is reaped last. Until then its process id cannot be given to another process, so a
/// signal to the group (whose id is the same number) can never hit a stranger.
struct SubprocessStateMachine {
  /// Why the child is being ended, if it is.
  enum Cause: Equatable { case timeout, cancellation }

  enum Event {
    /// The leader of the group has ended (it is still a zombie).
    case leaderExited
    /// Nobody holds the writing end of any output pipe any more.
    case outputsClosed
    /// The task that waits for the child was cancelled.
    case cancelled
    /// Time may have passed.
    case tick
  }

  enum Action: Equatable {
    /// Send this signal to every process of the group.
    case signalGroup(Int32)
    /// Stop reading, reap the leader and report.
    case finish
  }

  private enum Phase {
    case running
    /// SIGTERM was sent; SIGKILL follows at the deadline.
    case terminating
    /// SIGKILL was sent while the leader lived.
    case killed
    /// The leader has ended by itself, but somebody else still holds its output.
    case draining
    /// SIGKILL was sent after the leader's end; what is in the pipes is read.
    case lastDrain
    case finished
  }

  /// How long output may still arrive from processes that outlive the leader.
  static let drainTime = Duration.milliseconds(500)
  /// How long the pipes are read after a SIGKILL, in case a process has left the group with them.
  static let lastDrainTime = Duration.milliseconds(100)
  /// The grace after a cancellation, where promptness counts more than the child's tidiness.
  static let cancellationGrace = Duration.milliseconds(70)

  private let killGrace: Duration
  private var phase = Phase.running
  private var leaderLives = true
  private var outputsOpen: Bool

  /// When `tick` is due; nil when only an outside event can change something.
  private(set) var deadline: Duration?
  /// Why the child was ended, nil if it ended by itself.
  private(set) var cause: Cause?
  /// The last signal that was sent while the leader lived; 0 if none was.
  private(set) var lastSignal: Int32 = 0

  /// - Parameters:
  ///   - start: the time at which the child was started.
  ///   - outputsOpen: whether there is any pipe to read from.
  init(start: Duration, timeout: Duration?, killGrace: Duration, outputsOpen: Bool) {
    self.killGrace = max(.zero, killGrace)
    self.outputsOpen = outputsOpen
    deadline = timeout.map { start + max(.zero, $0) }
  }

  /// What is to be done now, in order. After `.finish` nothing more happens.
  mutating func handle(_ event: Event, at now: Duration) -> [Action] {
    if case .finished = phase { return [] }
    switch event {
    case .leaderExited:
      leaderLives = false
      return afterEnd(at: now)
    case .outputsClosed:
      outputsOpen = false
      return leaderLives ? [] : afterEnd(at: now)
    case .cancelled: return cancel(at: now)
    case .tick:
      guard let deadline, now >= deadline else { return [] }
      return expire(at: now)
    }
  }

  /// The leader has ended, or it had and now the outputs have.
  private mutating func afterEnd(at now: Duration) -> [Action] {
    if !outputsOpen {
      // Whoever of the group is left after a timeout or a cancellation ignored SIGTERM. After an end
      // of its own will, a process without the pipes was put into the background on purpose.
      let sweep = cause == nil ? [] : [Action.signalGroup(SIGKILL)]
      return sweep + finish()
    }
    switch phase {
    case .running:
      phase = .draining
      deadline = now + Self.drainTime
    case .killed:
      phase = .lastDrain
      deadline = now + Self.lastDrainTime
    case .terminating, .draining, .lastDrain, .finished:
      break  // the deadline that is set stands
    }
    return []
  }

  private mutating func cancel(at now: Duration) -> [Action] {
    cause = .cancellation
    let killAt = now + min(killGrace, Self.cancellationGrace)
    switch phase {
    case .running:
      phase = .terminating
      deadline = killAt
      lastSignal = SIGTERM
      return [.signalGroup(SIGTERM), .signalGroup(SIGCONT)]
    case .terminating:
      deadline = min(deadline ?? killAt, killAt)
      return []
    case .draining: return kill(at: now)
    case .killed, .lastDrain, .finished: return []
    }
  }

  private mutating func expire(at now: Duration) -> [Action] {
    switch phase {
    case .running:
      cause = .timeout
      phase = .terminating
      deadline = now + killGrace
      lastSignal = SIGTERM
      // A stopped process sees SIGTERM only after it is continued.
      return [.signalGroup(SIGTERM), .signalGroup(SIGCONT)]
    case .terminating, .draining: return kill(at: now)
    case .lastDrain: return finish()
    case .killed, .finished: return []
    }
  }

  private mutating func kill(at now: Duration) -> [Action] {
    if leaderLives {
      lastSignal = SIGKILL
      phase = .killed
      deadline = nil
    } else {
      phase = .lastDrain
      deadline = now + Self.lastDrainTime
    }
    return [.signalGroup(SIGKILL)]
  }

  private mutating func finish() -> [Action] {
    phase = .finished
    deadline = nil
    return [.finish]
  }
}
