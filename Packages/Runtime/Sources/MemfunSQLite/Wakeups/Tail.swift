import CLinux
import Glibc
import MemfunCore
import MemfunRuntime
import Synchronization

/// The thread that hears of commits, of this process and of others, and hands what is new to
/// subscribers and watches.
///
/// It sleeps in `poll` on the bell and on a descriptor of its own. Only while somebody waits does it
/// also look once a second by itself (`PRAGMA data_version`, and whether something is due), so that a
/// lost bell costs a second and an idle process costs nothing.
final class Tail: Sendable {
  private struct State {
    var pending: Effects = Effects()
    /// Somebody began to read: what was committed while they registered was forwarded to nobody.
    var looksAgain = false
    var isClosed = false
  }

  let readers: Readers
  let watches: Watches
  private let bells: Bells
  private let path: String
  private let state = Mutex(State())
  private let descriptor: Int32
  private let waiters: Waiters
  private let isDue: @Sendable (Timestamp) -> Void

  /// - Parameter isDue: called when the file says that time alone changes something at that instant.
  init(
    path: String, bells: Bells, waiters: Waiters, readers: Readers, watches: Watches,
    isDue: @escaping @Sendable (Timestamp) -> Void
  ) throws {
    self.path = path
    self.bells = bells
    self.waiters = waiters
    self.readers = readers
    self.watches = watches
    self.isDue = isDue
    descriptor = clinux_eventfd()
    if descriptor < 0 { throw RuntimeError.unavailable(reason: SystemCallError("eventfd").what) }
  }

  deinit { close(descriptor) }

  func start() throws {
    do {
      try DedicatedThread.start("sqlite-tail") { [self] in serve() }
    } catch {
      throw RuntimeError.unavailable(reason: error.what)
    }
  }

  /// A commit of this process; called on the writer's thread.
  func committed(_ effects: Effects) {
    let concernsReaders = !effects.change.isDisjoint(with: [.messages, .topics]) && !readers.isEmpty
    let concernsWatches = effects.change.contains(.entries) && !watches.isEmpty
    guard concernsReaders || concernsWatches else { return }
    state.withLock { state in
      state.pending.change.formUnion(effects.change)
      if concernsReaders { state.pending.messages += effects.messages }
    }
    rouse()
  }

  /// Makes the thread look at whether somebody waits.
  func rouse() {
    var one: UInt64 = 1
    // It fails only when the counter is full, and then the thread is roused already.
    _ = write(descriptor, &one, 8)
  }

  /// Reads the file as if somebody had rung.
  func lookAgain() {
    state.withLock { $0.looksAgain = true }
    rouse()
  }

  func stop() {
    state.withLock { $0.isClosed = true }
    rouse()
  }

  private var somebodyWaits: Bool { !waiters.isEmpty || !readers.isEmpty || !watches.isEmpty }

  private func serve() {
    var connection: Connection?
    var version: Int64 = 0
    while true {
      var places = [
        pollfd(fd: bells.socket, events: Int16(POLLIN), revents: 0),
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      ]
      let count = poll(&places, 2, somebodyWaits ? 1000 : -1)
      if count < 0, errno != EINTR { return }
      var drained: UInt64 = 0
      if places[1].revents != 0 { _ = read(descriptor, &drained, 8) }
      let (local, looksAgain, isClosed) = state.withLock { state in
        defer {
          state.pending = Effects()
          state.looksAgain = false
        }
        return (state.pending, state.looksAgain, state.isClosed)
      }
      if isClosed { return }
      var remote: Change = places[0].revents != 0 ? bells.answer() : []
      if looksAgain { remote.formUnion([.messages, .topics, .entries]) }
      do {
        let database = try connection ?? Connection(path: path, mode: .reader)
        connection = database
        if count == 0 {
          let now = try database.first("PRAGMA data_version") { $0.integer(0) } ?? 0
          if now != version { remote = .everything }
          version = now
          if let due = try database.first(Self.nextDueSQL, row: { $0.optionalTime(0) }) ?? nil { isDue(due) }
        }
        if !remote.isEmpty { waiters.wake(remote, ended: nil) }
        let change = local.change.union(remote)
        if !change.isDisjoint(with: [.messages, .topics]) {
          try readers.tail(
            database, local: local.messages, isRemote: !remote.isEmpty, topics: change.contains(.topics))
        }
        if change.contains(.entries), let due = try watches.tail(database) { isDue(due) }
      } catch {
        // A damaged row ends those who would have been given it; they read the reason.
        readers.fail(RuntimeError(any: error))
        connection = nil
      }
    }
  }

  private static let nextDueSQL: StaticString = """
    SELECT min(due) FROM (SELECT min(next_due) AS due FROM task WHERE next_due IS NOT NULL
      UNION ALL SELECT min(expires) FROM entry WHERE expires IS NOT NULL)
    """
}
