import Glibc
import MemfunCore
import Synchronization

/// A few threads for calls that block, so that the cooperative pool never waits for a disk. Threads are
/// started when they are needed and end with their owner.
final class BlockingThreads: Sendable {
  private final class Core: @unchecked Sendable {
    struct State {
      var jobs: [@Sendable () -> Void] = []
      var head = 0
      var idle = 0
      var threads = 0
      var isClosed = false
    }

    let state = Mutex(State())
    // A POSIX semaphore may be used by any thread; it is initialised before and destroyed after every
    // use, because each thread keeps this object alive. That is why the class is Sendable.
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
      semaphore = .allocate(capacity: 1)
      sem_init(semaphore, 0, 0)
    }

    deinit {
      sem_destroy(semaphore)
      semaphore.deallocate()
    }

    func post() { sem_post(semaphore) }

    func work() {
      while true {
        while sem_wait(semaphore) != 0 {}
        let job: (@Sendable () -> Void)? = state.withLock { state in
          guard state.head < state.jobs.count else { return nil }
          let job = state.jobs[state.head]
          state.head += 1
          if state.head == state.jobs.count {
            state.jobs.removeAll(keepingCapacity: true)
            state.head = 0
          }
          state.idle -= 1
          return job
        }
        guard let job else { return }
        job()
        state.withLock { $0.idle += 1 }
      }
    }
  }

  private let core = Core()
  private let name: String
  private let maximum: Int

  /// - Parameters:
  ///   - name: of the threads, for debuggers.
  ///   - maximum: how many threads there are at most.
  init(name: String, maximum: Int) {
    self.name = name
    self.maximum = maximum
  }

  deinit {
    // What is queued is still done; a wake-up without a job ends a thread.
    let threads = core.state.withLock { state in
      state.isClosed = true
      return state.threads
    }
    for _ in 0..<threads { core.post() }
  }

  /// Runs `body` on one of the threads.
  ///
  /// - Throws: what `body` throws; `RuntimeError.unavailable` when the system has no room for a thread.
  func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    let core = core
    let needsThread = core.state.withLock { state in
      guard state.idle <= state.jobs.count - state.head, state.threads < maximum else { return false }
      state.threads += 1
      state.idle += 1
      return true
    }
    if needsThread {
      do { try DedicatedThread.start(name) { core.work() } } catch {
        let others = core.state.withLock { state in
          state.threads -= 1
          state.idle -= 1
          return state.threads
        }
        if others == 0 { throw RuntimeError.unavailable(reason: error.what) }
      }
    }
    return try await withCheckedThrowingContinuation { continuation in
      core.state.withLock { state in
        state.jobs.append { continuation.resume(with: Swift.Result { try body() }) }
      }
      core.post()
    }
  }
}
