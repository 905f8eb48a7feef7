import MemfunCore
import MemfunRuntime
import Synchronization

/// Who waits for a change, in this process.
///
/// Whoever waits registers first and looks afterwards, so that no commit falls between.
final class Waiters: Sendable {
  /// What somebody waits for.
  enum Interest: Sendable {
    /// Any commit with one of these changes.
    case change(Change)
    /// The end of one task.
    case end(UUIDv7)
  }

  private struct Entry {
    let interest: Interest
    let waiter: Waiter<Void>
  }

  private struct State {
    var entries: [UInt64: Entry] = [:]
    var next: UInt64 = 0
    var isClosed = false
  }

  private let state = Mutex(State())
  private let registered: @Sendable () -> Void

  /// - Parameter registered: called when somebody begins to wait where nobody did.
  init(registered: @escaping @Sendable () -> Void) { self.registered = registered }

  var isEmpty: Bool { state.withLock { $0.entries.isEmpty } }

  /// Runs `attempt` until it gives a value, again after each change of interest and at `deadline`.
  ///
  /// - Parameter deadline: an instant of `time`'s monotonic clock.
  /// - Throws: what `attempt` throws; `CancellationError`; `RuntimeError.closed`.
  func until<Value: Sendable>(
    _ interest: Interest, deadline: Duration? = nil, time: any TimeSource,
    _ attempt: @Sendable () async throws -> Value?
  ) async throws -> Value {
    while true {
      try Task.checkCancellation()
      let waiter = Waiter<Void>()
      let (id, isFirst) = try state.withLock { state in
        if state.isClosed { throw RuntimeError.closed }
        state.next += 1
        state.entries[state.next] = Entry(interest: interest, waiter: waiter)
        return (state.next, state.entries.count == 1)
      }
      if isFirst { registered() }
      do {
        if let value = try await attempt() {
          remove(id)
          return value
        }
        let alarm = deadline.map { deadline in
          Task {
            // Cancelled: the wait is over by other means.
            do { try await time.sleep(for: max(deadline - time.monotonic(), .zero)) } catch { return }
            waiter.resume(with: .success(()))
          }
        }
        defer { alarm?.cancel() }
        try await waiter.wait()
        remove(id)
      } catch {
        remove(id)
        throw error
      }
    }
  }

  /// Wakes those whom a commit concerns.
  ///
  /// - Parameter ended: the tasks that ended; nil when it is not known which.
  func wake(_ change: Change, ended: [UUIDv7]?) {
    let woken = state.withLock { state in
      state.entries.values.filter { entry in
        switch entry.interest {
        case .change(let wanted): !wanted.isDisjoint(with: change)
        case .end(let id): change.contains(.ends) && (ended.map { $0.contains(id) } ?? true)
        }
      }
    }
    for entry in woken { entry.waiter.resume(with: .success(())) }
  }

  /// Ends every wait with `RuntimeError.closed`.
  func close() {
    let all = state.withLock { state in
      state.isClosed = true
      return Array(state.entries.values)
    }
    for entry in all { entry.waiter.resume(with: .failure(RuntimeError.closed)) }
  }

  private func remove(_ id: UInt64) { state.withLock { $0.entries[id] = nil } }
}
