import MemfunCore
import MemfunRuntime
import Synchronization

/// A few threads with a connection each, for reads. A read may wait for the disk, so that it never
/// runs on the cooperative pool.
final class ReaderPool: Sendable {
  /// The connection is nil when it could not be opened, with the reason in the error.
  private typealias Job = @Sendable (Result<Connection, any Error>) -> Void

  private struct State {
    var jobs: [Job] = []
    var head = 0
    var isClosed = false
  }

  private let state = Mutex(State())
  private let wake = ThreadSemaphore()
  private let threads: Int

  /// - Throws: `RuntimeError.unavailable` when there is no room for a thread.
  init(path: String, threads: Int = 2) throws {
    self.threads = threads
    for number in 0..<threads {
      do {
        try DedicatedThread.start("sqlite-read-\(number)") { [self] in serve(path: path) }
      } catch {
        close()
        throw RuntimeError.unavailable(reason: error.what)
      }
    }
  }

  /// Runs `body` on a reader's thread, in one read transaction when it asks for one.
  ///
  /// - Throws: what `body` throws; `RuntimeError.closed`.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Connection) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
      let accepted = state.withLock { state in
        if state.isClosed { return false }
        state.jobs.append { connection in
          continuation.resume(
            with: Result {
              let connection = try connection.get()
              do { return try body(connection) } catch {
                connection.rollBack()
                throw error
              }
            })
        }
        return true
      }
      if accepted { wake.signal() } else { continuation.resume(throwing: RuntimeError.closed) }
    }
  }

  /// Ends the threads after what was asked before.
  func close() {
    state.withLock { $0.isClosed = true }
    for _ in 0..<threads { wake.signal() }
  }

  private func serve(path: String) {
    var opened: Connection?
    while true {
      wake.wait()
      let (job, isClosed): (Job?, Bool) = state.withLock { state in
        guard state.head < state.jobs.count else { return (nil, state.isClosed) }
        let job = state.jobs[state.head]
        state.head += 1
        if state.head == state.jobs.count {
          state.jobs.removeAll(keepingCapacity: true)
          state.head = 0
        }
        return (job, state.isClosed)
      }
      guard let job else {
        if isClosed { return }
        continue
      }
      let connection = Result { () throws -> Connection in
        if let opened { return opened }
        let fresh = try Connection(path: path, mode: .reader)
        opened = fresh
        return fresh
      }
      job(connection)
    }
  }
}
