import CLinux
import MemfunCore
import MemfunRuntime
import Synchronization

/// The page that the processes of one store share: whose turn it is to write, and the highest instant
/// that any of them gave out.
///
/// `@unchecked Sendable`: the pointer is fixed, and every access in C is atomic.
final class SharedPage: @unchecked Sendable {
  private let page: OpaquePointer

  /// - Throws: `RuntimeError.unavailable`.
  init(path: String) throws {
    guard let page = clinux_shared_open(path) else {
      throw RuntimeError.unavailable(reason: SystemCallError("mmap", on: path).description(of: path))
    }
    self.page = page
  }

  deinit { clinux_shared_close(page) }

  /// How long a writer may be served before the next stops believing in it. A commit takes less than
  /// a millisecond without fsync and some ten with it; the true lock is SQLite's.
  private static let patienceMilliseconds: UInt32 = 50

  /// Waits for this thread's turn to write. Turns are first come, first served, among all processes:
  /// SQLite's own busy handler lets one process starve another.
  func takeTurn() -> UInt32 { clinux_shared_enter(page, Self.patienceMilliseconds) }

  func endTurn(_ ticket: UInt32) { clinux_shared_leave(page, ticket) }

  /// Makes `instant` known and returns the highest that anybody gave out.
  func raise(_ instant: Timestamp) -> Timestamp {
    Timestamp(nanoseconds: clinux_shared_raise(page, instant.nanoseconds))
  }
}

/// The store's clock: never back, in no process, also over restarts.
final class StoreTime: Sendable {
  let source: any TimeSource
  private let page: SharedPage
  private let clock = Mutex(StoreClock())

  init(source: any TimeSource, page: SharedPage) {
    self.source = source
    self.page = page
  }

  func now() -> Timestamp {
    clock.withLock { clock in
      let mine = clock.read(wall: source.now(), monotonic: source.monotonic())
      let highest = page.raise(mine)
      if highest > mine { clock.raise(to: highest) }
      return highest
    }
  }

  /// Learns the instant that was stored in the file.
  func learn(_ instant: Timestamp) {
    clock.withLock { clock in
      _ = clock.read(wall: source.now(), monotonic: source.monotonic())
      clock.raise(to: page.raise(instant))
    }
  }
}
