import MemfunCore
import MemfunRuntime
import Synchronization

/// What the three stores of one open file share: the writer, the readers' connections, the clock, the
/// bells and those who wait.
final class SQLiteCore: Sendable {
  let file: DatabaseFile
  let time: StoreTime
  let pool: ReaderPool
  let writer: Writer
  let waiters: Waiters
  let readers: Readers
  let watches: Watches
  private let tail: Tail
  private let timer: DueTimer
  private let isClosed = Atomic(false)

  /// How long a deletion stays visible to watches of other processes, which normally hear of it within
  /// a second.
  private static let tombstones: Duration = .seconds(86_400)

  /// Opens the file, which is made when it is missing.
  static func open(
    path: String, durability: Durability, source: any TimeSource, random: any RandomSource
  ) async throws -> SQLiteCore {
    let file = DatabaseFile(path: path)
    try file.checkFileSystem()
    let page = try SharedPage(path: file.shared)
    let time = StoreTime(source: source, page: page)
    let bells = try Bells(path: file.bells, random: random)
    let late = LateCore()
    let others = Mutex(KnownBells())
    let writer = Writer(file: file, time: time, page: page) { effects in
      guard !effects.change.isEmpty || effects.nextDue != nil else { return }
      late.core?.committed(effects)
      if !effects.change.isEmpty { others.withLock { bells.ring(effects.change, &$0) } }
    }
    try await writer.start(durability: durability)
    do {
      let pool = try ReaderPool(path: path)
      let core = try SQLiteCore(
        file: file, time: time, pool: pool, writer: writer, bells: bells, late: late)
      late.set(core)
      try core.tail.start()
      try await core.sweep()
      return core
    } catch {
      writer.close()
      throw error
    }
  }

  private init(
    file: DatabaseFile, time: StoreTime, pool: ReaderPool, writer: Writer, bells: Bells, late: LateCore
  ) throws {
    self.file = file
    self.time = time
    self.pool = pool
    self.writer = writer
    readers = Readers(pool: pool)
    watches = Watches()
    waiters = Waiters { late.core?.tail.rouse() }
    timer = DueTimer(time: time.source) { late.core?.timeCame() }
    tail = try Tail(
      path: file.path, bells: bells, waiters: waiters, readers: readers, watches: watches,
      isDue: { late.core?.arm($0) })
    readers.onFirst { late.core?.tail.lookAgain() }
    watches.onFirst { late.core?.tail.lookAgain() }
  }

  /// - Throws: `RuntimeError.closed`.
  func checkOpen() throws {
    if isClosed.load(ordering: .sequentiallyConsistent) { throw RuntimeError.closed }
  }

  /// Makes sure that what falls due at `instant` is done soon after it.
  func arm(_ instant: Timestamp?) {
    if instant != nil { timer.arm(at: instant, now: time.now()) }
  }

  /// Ends everything: waits with `closed`, subscriptions and watches with their end.
  func close() async {
    guard !isClosed.exchange(true, ordering: .sequentiallyConsistent) else { return }
    timer.close()
    waiters.close()
    readers.close()
    watches.close()
    // What was accepted is still committed: its callers hold promises.
    _ = try? await writer.write(.reserve) { _ in }
    writer.close()
    pool.close()
    tail.stop()
  }

  private func committed(_ effects: Effects) {
    waiters.wake(effects.change, ended: effects.ended)
    tail.committed(effects)
    arm(effects.nextDue)
  }

  private func timeCame() {
    Task {
      // Closed meanwhile, or the disk fails: whoever calls next is told.
      try? await sweep()
      waiters.wake([.tasks, .groups], ended: [])
    }
  }

  /// Does what time alone brings about, and learns when it next does.
  private func sweep() async throws {
    try await writer.write(.reserve) { transaction in
      try TaskRow.sweep(in: transaction)
      try EntryRow.expire(in: transaction, limit: 256)
      try TaskRow.forget(in: transaction, limit: 256)
      try EntryRow.forget(before: transaction.now + (.zero - Self.tombstones), in: transaction)
      let database = transaction.database
      transaction.effects.due(
        try database.first("SELECT min(next_due) FROM task WHERE next_due IS NOT NULL") { $0.optionalTime(0) }
          ?? nil)
      transaction.effects.due(
        try database.first("SELECT min(expires) FROM entry WHERE expires IS NOT NULL") { $0.optionalTime(0) }
          ?? nil)
      transaction.effects.due(
        try database.first("SELECT min(expires) FROM task WHERE expires IS NOT NULL") { $0.optionalTime(0) }
          ?? nil)
    }
  }
}

/// Lets the parts of the core call the whole, which exists only after them, without keeping it alive.
private final class LateCore: Sendable {
  private struct Weak: Sendable { weak var core: SQLiteCore? }
  private let slot = Mutex(Weak(core: nil))
  var core: SQLiteCore? { slot.withLock { $0.core } }
  func set(_ core: SQLiteCore) { slot.withLock { $0 = Weak(core: core) } }
}
