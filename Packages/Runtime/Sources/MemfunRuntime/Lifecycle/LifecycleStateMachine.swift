import MemfunCore

/// Where an agent stands.
public enum LifecycleState: String, Sendable, CaseIterable {
  /// Nobody started it yet.
  case idle
  /// It works.
  case running
  /// It takes nothing new and finishes what it has.
  case draining
  /// The drain deadline passed: it is being ended by force.
  case killing
  /// It failed and will be started again.
  case backingOff
  /// It ended as it was asked to.
  case stopped
  /// It ended too often, or may not be started again.
  case failed
}

/// The life of one agent. Pure: what happens comes in, what to do comes out; time and chance are
/// arguments.
struct LifecycleStateMachine: Sendable {
  /// What the driver does.
  enum Action: Equatable, Sendable {
    /// Start the agent's body.
    case launch
    /// Start it when this instant of the monotonic clock is reached.
    case launchLater(at: Duration)
    /// Ask it to take nothing new; call `deadlinePassed` at this instant.
    case drain(deadline: Duration)
    /// End it by force.
    case kill
    /// Nothing is left of it: tell those who wait.
    case finish
  }

  private let policy: RestartPolicy
  private(set) var state = LifecycleState.idle
  /// When it failed, within the window.
  private(set) var failures: [Duration] = []
  /// How often it was started.
  private(set) var starts = 0

  init(policy: RestartPolicy) { self.policy = policy }

  /// Somebody wants it to run. Starting what runs changes nothing.
  mutating func start() -> [Action] {
    switch state {
    case .idle, .stopped, .failed:
      failures = []
      return launch()
    case .running, .draining, .killing, .backingOff: return []
    }
  }

  /// Somebody wants it to end, within `grace` from `now`.
  mutating func stop(grace: Duration, now: Duration) -> [Action] {
    switch state {
    case .running:
      state = .draining
      return [.drain(deadline: now + grace)]
    case .idle, .backingOff:
      state = .stopped
      return [.finish]
    case .draining, .killing, .stopped, .failed: return []
    }
  }

  /// Somebody wants it to end now.
  mutating func kill() -> [Action] {
    switch state {
    case .running, .draining:
      state = .killing
      return [.kill]
    case .idle, .backingOff:
      state = .stopped
      return [.finish]
    case .killing, .stopped, .failed: return []
    }
  }

  /// The drain's deadline is there.
  mutating func deadlinePassed() -> [Action] { state == .draining ? kill() : [] }

  /// The time of a restart is there.
  mutating func launchTimeCame() -> [Action] { state == .backingOff ? launch() : [] }

  /// The body returned, or threw.
  ///
  /// - Parameter chance: uniform in -1…1.
  mutating func exited(failed: Bool, chance: Double, now: Duration) -> [Action] {
    switch state {
    case .draining, .killing:
      state = .stopped
      return [.finish]
    case .running where !failed && !policy.restartsAfterSuccess:
      state = .stopped
      return [.finish]
    case .running:
      failures.removeAll { now - $0 >= policy.crashWindow }
      failures.append(now)
      if failures.count >= policy.crashLimit {
        state = .failed
        return [.finish]
      }
      state = .backingOff
      return [.launchLater(at: now + policy.backoff(failures: failures.count, chance: chance))]
    case .idle, .backingOff, .stopped, .failed: return []
    }
  }

  private mutating func launch() -> [Action] {
    state = .running
    starts += 1
    return [.launch]
  }
}
