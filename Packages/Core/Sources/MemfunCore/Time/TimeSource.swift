import Glibc
import Synchronization

/// Where time comes from. Time is an input: production passes `SystemTimeSource`, tests pass
/// `ManualTimeSource` and move it by hand.
public protocol TimeSource: Sendable {
  /// The wall clock, for stamps that people and other machines read. It may jump.
  func now() -> Timestamp
  /// Time since some fixed point that never jumps; for measuring durations and deadlines.
  func monotonic() -> Duration
  /// Suspends for `duration`. Throws `CancellationError` when the task is cancelled.
  func sleep(for duration: Duration) async throws
}

/// The machine's clocks.
public struct SystemTimeSource: TimeSource {
  /// There is nothing to configure.
  public init() {}

  public func now() -> Timestamp { Timestamp(nanoseconds: read(CLOCK_REALTIME)) }
  public func monotonic() -> Duration { .nanoseconds(read(CLOCK_MONOTONIC)) }
  public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }

  private func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// A clock that stands still until a test moves it. Sleepers wake when their instant is reached.
public final class ManualTimeSource: TimeSource {
  private struct Sleeper {
    let id: UInt64
    let wake: Duration
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var elapsed: Duration = .zero
    var nextID: UInt64 = 0
    var sleepers: [Sleeper] = []
    var cancelledBeforeStart: Set<UInt64> = []
    var sleeps: [Duration] = []
  }

  private let start: Timestamp
  private let automatic: Bool
  private let state = Mutex(State())

  /// - Parameters:
  ///   - start: the wall clock at elapsed time zero.
  ///   - automatic: true makes every sleep advance the clock and return at once, for tests of
  ///     back-off schedules that need no interleaving.
  public init(start: Timestamp = Timestamp(seconds: 1_700_000_000), automatic: Bool = false) {
    self.start = start
    self.automatic = automatic
  }

  public func now() -> Timestamp { start + monotonic() }
  public func monotonic() -> Duration { state.withLock { $0.elapsed } }

  /// Every duration that was slept or is being slept, in order of the calls.
  public var sleeps: [Duration] { state.withLock { $0.sleeps } }

  /// Moves the clock forward and wakes, in order, whoever's time has come.
  public func advance(by duration: Duration) {
    let due = state.withLock { state in
      state.elapsed += duration
      let due = state.sleepers.filter { $0.wake <= state.elapsed }.sorted { $0.wake < $1.wake }
      state.sleepers.removeAll { $0.wake <= state.elapsed }
      return due
    }
    for sleeper in due { sleeper.continuation.resume() }
  }

  /// How many tasks sleep now.
  public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

  public func sleep(for duration: Duration) async throws {
    try Task.checkCancellation()
    if automatic {
      state.withLock {
        $0.sleeps.append(duration)
        $0.elapsed += duration
      }
      await Task.yield()
      return
    }
    let id = state.withLock { state in
      state.sleeps.append(duration)
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        enum Outcome { case waiting, due, cancelled }
        let outcome: Outcome = state.withLock { state in
          if state.cancelledBeforeStart.remove(id) != nil { return .cancelled }
          if duration <= .zero { return .due }
          let wake = state.elapsed + duration
          state.sleepers.append(Sleeper(id: id, wake: wake, continuation: continuation))
          return .waiting
        }
        switch outcome {
        case .waiting: break
        case .due: continuation.resume()
        case .cancelled: continuation.resume(throwing: CancellationError())
        }
      }
    } onCancel: {
      let sleeper = state.withLock { state -> Sleeper? in
        guard let place = state.sleepers.firstIndex(where: { $0.id == id }) else {
          state.cancelledBeforeStart.insert(id)
          return nil
        }
        return state.sleepers.remove(at: place)
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }
}
