import Synchronization

/// Lets one task at a time through, in the order of arrival; an actor would let others in at each await.
final class SerialGate: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [Waiter<Void>] = []
  }

  private let state = Mutex(State())

  /// Runs `body` alone.
  ///
  /// - Throws: what `body` throws; `CancellationError` when cancelled while waiting.
  func run<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
    let waiter = Waiter<Void>()
    let mustWait = state.withLock { state in
      if state.isTaken { state.waiting.append(waiter) }
      defer { state.isTaken = true }
      return state.isTaken
    }
    if mustWait { try await waiter.wait() }
    defer { pass() }
    return try await body()
  }

  private func pass() {
    while true {
      let next: Waiter<Void>? = state.withLock { state in
        if state.waiting.isEmpty {
          state.isTaken = false
          return nil
        }
        return state.waiting.removeFirst()
      }
      // One that was cancelled meanwhile refuses; the next is asked.
      guard let next, !next.resume(with: .success(())) else { return }
    }
  }
}
