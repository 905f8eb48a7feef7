import Synchronization

/// Runs a long computation that does not look for cancellation itself.
///
/// When the waiting task is cancelled it goes on at once; the computation comes to its end on its own
/// thread and its result is dropped.
///
/// - Parameter threads: where it runs.
/// - Throws: `CancellationError`.
func abandonable<Value: Sendable>(
  on threads: any TaskExecutor, _ body: @escaping @Sendable () -> Value
) async throws -> Value {
  let outcome = Outcome<Value>()
  return try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { continuation in
      guard outcome.wait(continuation) else {
        continuation.resume(throwing: CancellationError())
        return
      }
      Task(executorPreference: threads) { outcome.settle(.success(body())) }
    }
  } onCancel: {
    outcome.settle(.failure(CancellationError()))
  }
}

/// Whoever waits gets the first of several results.
private final class Outcome<Value: Sendable>: Sendable {
  private enum State {
    case idle
    case waiting(CheckedContinuation<Value, any Error>)
    case settled
  }

  private let state = Mutex(State.idle)

  /// Returns false when it is settled already; the caller then resumes its continuation itself.
  func wait(_ continuation: CheckedContinuation<Value, any Error>) -> Bool {
    state.withLock { state in
      if case .settled = state { return false }
      state = .waiting(continuation)
      return true
    }
  }

  func settle(_ result: Result<Value, any Error>) {
    let continuation = state.withLock { state -> CheckedContinuation<Value, any Error>? in
      defer { state = .settled }
      if case .waiting(let continuation) = state { return continuation }
      return nil
    }
    continuation?.resume(with: result)
  }
}
