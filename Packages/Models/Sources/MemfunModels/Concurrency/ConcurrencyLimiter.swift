import MemfunCore
import Synchronization

/// Makes requests of one provider wait for their turn. The decisions are those of
/// `ConcurrencyLimitStateMachine`.
public final class ConcurrencyLimiter: Sendable {
  private typealias Ticket = ConcurrencyLimitStateMachine.Ticket

  private struct State {
    var machine: ConcurrencyLimitStateMachine
    var waiters: [Ticket: CheckedContinuation<Void, any Error>] = [:]
    var cancelledEarly: Set<Ticket> = []
    var grantedEarly: Set<Ticket> = []
  }

  private let state: Mutex<State>

  /// - Parameter policy: the range of the limit.
  public init(policy: ConcurrencyLimitStateMachine.Policy = .init()) {
    state = Mutex(State(machine: ConcurrencyLimitStateMachine(policy: policy)))
  }

  /// Requests that may run at a time now.
  public var limit: Int { state.withLock { $0.machine.limit } }
  /// Requests that run now.
  public var runningCount: Int { state.withLock { $0.machine.runningCount } }
  /// Requests that wait now.
  public var waitingCount: Int { state.withLock { $0.machine.waitingCount } }

  /// Waits for a turn.
  ///
  /// - Throws: `CancellationError` when the task is cancelled while it waits.
  public func acquire() async throws -> Permit {
    try Task.checkCancellation()
    let (ticket, isGranted) = state.withLock { $0.machine.request() }
    if !isGranted { try await wait(ticket) }
    return Permit(ticket: ticket, limiter: self)
  }

  private func wait(_ ticket: Ticket) async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        enum Start { case waits, granted, cancelled }
        let start: Start = state.withLock { state in
          if state.cancelledEarly.remove(ticket) != nil { return .cancelled }
          if state.grantedEarly.remove(ticket) != nil { return .granted }
          state.waiters[ticket] = continuation
          return .waits
        }
        switch start {
        case .waits: break
        case .granted: continuation.resume()
        case .cancelled: continuation.resume(throwing: CancellationError())
        }
      }
    } onCancel: {
      let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
        if let waiter = state.waiters.removeValue(forKey: ticket) {
          state.machine.withdraw(ticket)
          return waiter
        }
        // Not waiting yet: refused when it begins to. Granted already: the permit is used or dropped.
        if !state.grantedEarly.contains(ticket), !state.machine.isRunning(ticket) {
          state.machine.withdraw(ticket)
          state.cancelledEarly.insert(ticket)
        }
        return nil
      }
      waiter?.resume(throwing: CancellationError())
    }
  }

  fileprivate func finish(_ ticket: UInt64, _ outcome: ConcurrencyLimitStateMachine.Outcome) {
    let waiters = state.withLock { state in
      state.machine.finish(ticket, outcome).compactMap { granted in
        let waiter = state.waiters.removeValue(forKey: granted)
        if waiter == nil { state.grantedEarly.insert(granted) }
        return waiter
      }
    }
    for waiter in waiters { waiter.resume() }
  }

  /// The right to run one request. Dropping it gives the turn back without a judgement.
  public final class Permit: Sendable {
    private let ticket: UInt64
    private let limiter: ConcurrencyLimiter
    private let isFinished = Atomic(false)

    fileprivate init(ticket: UInt64, limiter: ConcurrencyLimiter) {
      self.ticket = ticket
      self.limiter = limiter
    }

    /// Gives the turn back. Only the first call counts.
    public func finish(_ outcome: ConcurrencyLimitStateMachine.Outcome) {
      guard !isFinished.exchange(true, ordering: .acquiringAndReleasing) else { return }
      limiter.finish(ticket, outcome)
    }

    deinit { finish(.neutral) }
  }
}
