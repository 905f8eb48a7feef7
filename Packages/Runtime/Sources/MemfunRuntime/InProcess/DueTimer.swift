import MemfunCore
import Synchronization

/// Calls back when the store's time reaches an instant. One sleeping task at most, and none while
/// nothing is due.
package final class DueTimer: Sendable {
  private struct State {
    var armed: (at: Timestamp, task: Task<Void, Never>)?
    var isClosed = false
  }

  private let time: any TimeSource
  private let fire: @Sendable () -> Void
  private let state = Mutex(State())

  /// - Parameter fire: called without any lock held; arms the timer again when more is due.
  package init(time: any TimeSource, fire: @escaping @Sendable () -> Void) {
    self.time = time
    self.fire = fire
  }

  /// Makes sure that `fire` is called at `at` or soon after. An earlier appointment stays.
  package func arm(at: Timestamp?, now: Timestamp) {
    guard let at else { return }
    state.withLock { state in
      if state.isClosed { return }
      if let armed = state.armed {
        if armed.at <= at { return }
        armed.task.cancel()
      }
      // Fixed here, not in the task: nobody knows when that begins to run.
      let wake = time.monotonic() + max(at - now, .zero)
      let task = Task { [time, weak self] in
        // Cancelled means re-armed for an earlier instant, or closed: somebody else calls back then.
        do { try await time.sleep(for: max(wake - time.monotonic(), .zero)) } catch { return }
        self?.ring(at)
      }
      state.armed = (at, task)
    }
  }

  package func close() {
    state.withLock { state in
      state.isClosed = true
      state.armed?.task.cancel()
      state.armed = nil
    }
  }

  private func ring(_ at: Timestamp) {
    let mine = state.withLock { state in
      guard state.armed?.at == at else { return false }
      state.armed = nil
      return true
    }
    if mine { fire() }
  }
}

/// The store's clock, shared by the stores of one runtime.
final class SharedStoreClock: Sendable {
  let time: any TimeSource
  private let clock: Mutex<StoreClock>

  init(time: any TimeSource, highWater: Timestamp? = nil) {
    self.time = time
    clock = Mutex(highWater.map(StoreClock.init(highWater:)) ?? StoreClock())
  }

  func now() -> Timestamp {
    clock.withLock { $0.read(wall: time.now(), monotonic: time.monotonic()) }
  }
}
