import Synchronization

/// A task that waits for one value. Whoever comes first, the giver or the cancellation, wins; a value
/// that was refused is still the giver's to hand to somebody else.
package final class Waiter<Value: Sendable>: Sendable {
  private enum State {
    case idle
    case waiting(CheckedContinuation<Value, any Error>)
    case resolved(Result<Value, any Error>)
    case cancelled
    case done
  }

  private let state = Mutex(State.idle)

  package init() {}

  /// Suspends until a value is given, or throws `CancellationError` when the task is cancelled.
  package func wait() async throws -> Value {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let result: Result<Value, any Error>? = state.withLock { state in
          switch state {
          case .idle:
            state = .waiting(continuation)
            return nil
          case .resolved(let result):
            state = .done
            return result
          case .cancelled: return .failure(CancellationError())
          case .waiting, .done: preconditionFailure("a waiter waits once")
          }
        }
        if let result { continuation.resume(with: result) }
      }
    } onCancel: {
      let continuation: CheckedContinuation<Value, any Error>? = state.withLock { state in
        switch state {
        case .idle: state = .cancelled
        case .waiting(let continuation):
          state = .cancelled
          return continuation
        case .resolved, .cancelled, .done: break
        }
        return nil
      }
      continuation?.resume(throwing: CancellationError())
    }
  }

  /// Gives the value. False: somebody else did, or the task was cancelled.
  @discardableResult
  package func resume(with result: Result<Value, any Error>) -> Bool {
    let outcome: (accepted: Bool, continuation: CheckedContinuation<Value, any Error>?) = state.withLock {
      state in
      switch state {
      case .idle:
        state = .resolved(result)
        return (true, nil)
      case .waiting(let continuation):
        state = .done
        return (true, continuation)
      case .resolved, .cancelled, .done: return (false, nil)
      }
    }
    outcome.continuation?.resume(with: result)
    return outcome.accepted
  }

  /// Whether a value would still be accepted.
  package var isOpen: Bool {
    state.withLock { state in
      switch state {
      case .idle, .waiting: true
      case .resolved, .cancelled, .done: false
      }
    }
  }
}
