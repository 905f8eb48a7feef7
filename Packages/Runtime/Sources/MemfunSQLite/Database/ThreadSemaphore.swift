import Glibc

/// Counts what a thread has to do and lets it sleep while that is nothing.
///
/// `@unchecked Sendable`: `sem_t` is made for use by several threads, and its address never changes.
final class ThreadSemaphore: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func signal() { sem_post(semaphore) }

  func wait() {
    while sem_wait(semaphore) != 0 && errno == EINTR {}
  }
}
