import Glibc

/// A few threads that run tasks in which calls may block: reading files and long computations.
///
/// Tasks are sent here with `executorPreference`, so that the cooperative pool stays free for everything
/// that must answer quickly. The threads end when `shutDown` was called and no job is left.
final class WorkerThreads: TaskExecutor, @unchecked Sendable {
  // Unchecked: `jobs` and `isShutDown` are only touched while `mutex` is held, and the two pthread
  // objects are made for use from several threads. They are freed in deinit, which no thread can
  // survive: each holds a reference.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [UnownedJob] = []
  private var head = 0
  private var isShutDown = false
  /// Set once in init, before anybody else can call.
  private var runsInline = false

  /// - Parameter count: number of threads, at least 1.
  init(count: Int) {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    var started = 0
    for _ in 0..<max(1, count) {
      let context = Unmanaged.passRetained(self)
      var attributes = pthread_attr_t()
      pthread_attr_init(&attributes)
      pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
      var thread = pthread_t()
      let code = pthread_create(
        &thread, &attributes,
        { @Sendable context in
          // The reference retained above, handed over exactly once.
          Unmanaged<WorkerThreads>.fromOpaque(context!).takeRetainedValue().work()
          return nil
        }, context.toOpaque())
      pthread_attr_destroy(&attributes)
      if code == 0 { started += 1 } else { context.release() }
    }
    // Without a single thread of its own, jobs run where they are handed in: slower, not lost.
    runsInline = started == 0
  }

  deinit {
    pthread_cond_destroy(wake)
    pthread_mutex_destroy(mutex)
    wake.deallocate()
    mutex.deallocate()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if runsInline {
      job.runSynchronously(on: asUnownedTaskExecutor())
      return
    }
    pthread_mutex_lock(mutex)
    jobs.append(job)
    pthread_cond_signal(wake)
    pthread_mutex_unlock(mutex)
  }

  /// Lets the threads end as soon as nothing is left to do.
  func shutDown() {
    pthread_mutex_lock(mutex)
    isShutDown = true
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
  }

  private func work() {
    while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
  }

  private func next() -> UnownedJob? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while head == jobs.count {
      if isShutDown { return nil }
      pthread_cond_wait(wake, mutex)
    }
    let job = jobs[head]
    head += 1
    if head == jobs.count {
      jobs.removeAll(keepingCapacity: true)
      head = 0
    }
    return job
  }
}
