import MemfunCore
import MemfunRuntime
import Synchronization

/// The one thread of this process that writes.
///
/// Group commit: what was asked for while the last transaction was being committed goes into the next
/// one together. A lone writer never waits for company, and under load one commit carries up to
/// `largestBatch` operations.
///
/// An operation must decide before it changes anything: when it throws an error of the contract, what
/// it did stays. When SQLite itself fails, the whole transaction is undone and each operation is run
/// again alone, so that it only answers for itself.
final class Writer: Sendable {
  /// What an operation does to the space on the disk.
  enum Need: Sendable {
    /// It stores something new: refused while the disk is full.
    case space
    /// It settles or removes: it may use the reserve.
    case reserve
  }

  private typealias Finish = (RuntimeError?) -> Void

  private struct Operation: Sendable {
    let need: Need
    /// Runs inside the transaction; what it returns is called after the commit, or with the reason why
    /// there was none.
    let run: @Sendable (Transaction) -> Finish
    /// Called instead when there was no transaction at all.
    let refuse: @Sendable (RuntimeError) -> Void
  }

  private struct State {
    var operations: [Operation] = []
    var isClosed = false
  }

  static let largestBatch = 128

  private let state = Mutex(State())
  private let wake = ThreadSemaphore()
  private let file: DatabaseFile
  private let time: StoreTime
  private let page: SharedPage
  private let committed: @Sendable (Effects) -> Void

  /// - Parameter committed: called on the writer's thread after each commit, before the operations'
  ///   callers go on.
  init(
    file: DatabaseFile, time: StoreTime, page: SharedPage,
    committed: @escaping @Sendable (Effects) -> Void
  ) {
    self.file = file
    self.time = time
    self.page = page
    self.committed = committed
  }

  /// Opens the database, brings its tables up to date, checks it, and starts to serve.
  func start(durability: Durability) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      do {
        try DedicatedThread.start("sqlite-write", stackBytes: 2 << 20) { [self] in
          do {
            let database = try open(durability: durability)
            continuation.resume()
            serve(database)
          } catch {
            continuation.resume(throwing: error)
          }
        }
      } catch {
        continuation.resume(throwing: RuntimeError(any: error))
      }
    }
  }

  /// Runs `body` in a write transaction and returns when it is committed with the store's durability.
  func write<Value: Sendable>(
    _ need: Need, _ body: @escaping @Sendable (Transaction) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
      let operation = Operation(
        need: need,
        run: { transaction in
          let result = Result { try body(transaction) }
          return { failure in
            if let failure {
              continuation.resume(throwing: failure)
            } else {
              continuation.resume(with: result)
            }
          }
        },
        refuse: { continuation.resume(throwing: $0) })
      let accepted = state.withLock { state in
        if state.isClosed { return false }
        state.operations.append(operation)
        return true
      }
      if accepted { wake.signal() } else { continuation.resume(throwing: RuntimeError.closed) }
    }
  }

  /// Ends the thread after what was asked before.
  func close() {
    state.withLock { $0.isClosed = true }
    wake.signal()
  }

  private func open(durability: Durability) throws -> Connection {
    let database = try Connection(path: file.path, mode: .writer, durability: durability)
    try DatabaseFile.quickCheck(database)
    try Schema.migrate(database, now: time.now())
    if let instant = try database.first("SELECT instant FROM clock WHERE id = 1", row: { $0.time(0) }) {
      time.learn(instant)
    }
    return database
  }

  private func serve(_ database: Connection) {
    var disk = DiskReserve(file: file)
    var clockMark = ClockMark()
    while true {
      wake.wait()
      let (batch, isClosed) = state.withLock { state in
        let batch = Array(state.operations.prefix(Self.largestBatch))
        state.operations.removeFirst(batch.count)
        return (batch, state.isClosed)
      }
      if batch.isEmpty {
        if isClosed { return }
        continue
      }
      let admitted = disk.admit(batch, need: \.need) { $0.refuse(.storageFull(path: file.path)) }
      commit(admitted, database, &disk, &clockMark)
    }
  }

  private func commit(
    _ batch: [Operation], _ database: Connection, _ disk: inout DiskReserve, _ mark: inout ClockMark
  ) {
    if batch.isEmpty { return }
    database.clearFailure()
    var finishes: [Finish] = []
    var effects = Effects()
    let ticket = page.takeTurn()
    do {
      try database.run("BEGIN IMMEDIATE")
      for operation in batch {
        let transaction = Transaction(database: database, now: time.now())
        finishes.append(operation.run(transaction))
        if database.hasFailed { break }
        effects.add(transaction.effects)
      }
      if !database.hasFailed {
        try mark.keep(time.now(), database)
        try database.run("COMMIT")
      }
      page.endTurn(ticket)
    } catch {
      database.rollBack()
      page.endTurn(ticket)
      let error = RuntimeError(any: error)
      if case .storageFull = error { disk.isFull(database) }
      // BEGIN failed: nothing was run.
      for operation in batch.dropFirst(finishes.count) { operation.refuse(error) }
      for finish in finishes { finish(error) }
      return
    }
    if database.hasFailed {
      database.rollBack()
      if batch.count == 1 {
        disk.afterFailure(database)
        // The operation's own result is the failure.
        finishes[0](nil)
      } else {
        for operation in batch { commit([operation], database, &disk, &mark) }
      }
      return
    }
    committed(effects)
    for finish in finishes { finish(nil) }
  }
}

/// The store's time in the file, written now and then: the shared page may be lost with the machine.
private struct ClockMark {
  private static let interval: Duration = .seconds(5)
  private var written: Timestamp?

  mutating func keep(_ now: Timestamp, _ database: Connection) throws {
    if let written, now - written < Self.interval { return }
    try database.run(
      """
      INSERT INTO clock(id, instant) VALUES (1, ?1)
      ON CONFLICT(id) DO UPDATE SET instant = max(instant, excluded.instant)
      """, SQLValue(now))
    written = now
  }
}

/// What the writer does about a full disk.
///
/// Even a deletion needs space (its WAL frames). So some is kept in reserve in a file of its own; when
/// the disk is full it is given back and only operations that settle or remove are let in, until there
/// is room for the reserve again.
private struct DiskReserve {
  private let file: DatabaseFile
  private var isSpent: Bool

  init(file: DatabaseFile) {
    self.file = file
    isSpent = !file.fillBallast()
  }

  mutating func admit<Element>(
    _ batch: [Element], need: (Element) -> Writer.Need, refuse: (Element) -> Void
  ) -> [Element] {
    guard isSpent else { return batch }
    isSpent = !file.fillBallast()
    guard isSpent, let free = file.freeBytes, free < DatabaseFile.ballastBytes else { return batch }
    return batch.filter { element in
      if need(element) == .reserve { return true }
      refuse(element)
      return false
    }
  }

  /// After a failure whose reason the operation carries: when the disk has no room, act on it.
  mutating func afterFailure(_ database: Connection) {
    if let free = file.freeBytes, free < DatabaseFile.ballastBytes / 4 { isFull(database) }
  }

  mutating func isFull(_ database: Connection) {
    file.dropBallast()
    isSpent = true
    // Moves the WAL's frames into the file; when even that has no room, the next one may.
    try? database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.clearFailure()
  }
}
