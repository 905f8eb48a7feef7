import Synchronization

/// How a running agent learns that it shall take nothing new.
public final class DrainSignal: Sendable {
  private struct State {
    var isRaised = false
    var waiters: [Waiter<Void>] = []
  }

  private let state = Mutex(State())

  /// Not raised.
  public init() {}

  /// Whether draining was asked for.
  public var isRaised: Bool { state.withLock { $0.isRaised } }

  /// Asks for draining. Repeating it changes nothing.
  public func raise() {
    let waiters = state.withLock { state in
      state.isRaised = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume(with: .success(())) }
  }

  /// Returns when draining is asked for.
  ///
  /// - Throws: `CancellationError`.
  public func wait() async throws {
    let waiter = Waiter<Void>()
    let isRaised = state.withLock { state in
      if !state.isRaised {
        state.waiters.removeAll { !$0.isOpen }
        state.waiters.append(waiter)
      }
      return state.isRaised
    }
    if !isRaised { try await waiter.wait() }
  }
}
