import MemfunCore
import MemfunRuntime

/// The task queue of tier T1.
final class SQLiteQueue: TaskQueue {
  private let core: SQLiteCore
  private let random: any RandomSource
  private let ids: UUIDv7Generator

  init(core: SQLiteCore, random: any RandomSource) {
    self.core = core
    self.random = random
    ids = UUIDv7Generator(time: core.time.source, random: random)
  }

  func enqueue(_ queue: QueueName, _ task: NewTask) async throws -> UUIDv7 {
    try task.validate()
    let id = ids.next()
    return try await core.writer.write(.space) { transaction in
      let database = transaction.database
      if let key = task.key,
        let other = try TaskRow.holder(of: key, queue: queue, database, now: transaction.now)
      {
        return other
      }
      if let maximum = task.policy.maximumDepth {
        let depth = try TaskRow.depth(queue, limit: max(maximum, 0), database)
        if depth >= maximum { throw RuntimeError.queueFull(queue: queue.description, depth: depth) }
      }
      try TaskRow.insert(TaskRecord(id: id, queue: queue, task: task, now: transaction.now), in: transaction)
      return id
    }
  }

  func claim(_ queue: QueueName, maximum: Int, owner: String, wait: Duration) async throws -> [Lease] {
    guard maximum > 0 else {
      throw RuntimeError.illegalArgument(name: "maximum", reason: "\(maximum) is less than 1")
    }
    let source = core.time.source
    let deadline = source.monotonic() + wait
    let first = try await attempt(queue, maximum, owner)
    if !first.leases.isEmpty || wait <= .zero { return first.leases }
    return try await core.waiters.until(.change(.tasks), deadline: deadline, time: source) { [self] in
      let (leases, next) = try await attempt(queue, maximum, owner)
      if !leases.isEmpty || deadline - source.monotonic() <= .zero { return leases }
      core.arm(next)
      return nil
    }
  }

  private func attempt(_ queue: QueueName, _ maximum: Int, _ owner: String) async throws -> (
    leases: [Lease], next: Timestamp?
  ) {
    try await core.writer.write(.reserve) { transaction in
      try TaskRow.sweep(in: transaction)
      let leases = try TaskRow.claim(queue, maximum: maximum, owner: owner, in: transaction)
      if !leases.isEmpty { return (leases, nil) }
      return ([], try TaskRow.nextReady(queue, transaction.database, now: transaction.now))
    }
  }

  func heartbeat(_ lease: Lease, progress: [UInt8]?) async throws -> HeartbeatAnswer {
    try check(progress)
    return try await core.writer.write(.reserve) { transaction in
      try TaskRow.sweep(in: transaction)
      guard let before = try TaskRow.load(lease.id, transaction.database) else { return .lost }
      var record = before
      let answer = record.heartbeat(fence: lease.fence, progress: progress, now: transaction.now)
      if answer != .lost { try TaskRow.update(record, from: before, in: transaction) }
      return answer
    }
  }

  func complete(_ lease: Lease, result: [UInt8]) async throws {
    try check(result)
    try await settle(lease) { $0.complete(fence: lease.fence, result: result, now: $1) }
  }

  func fail(_ lease: Lease, error: String, retryable: Bool) async throws {
    let jitter = random.uniform(in: -1...1)
    try await settle(lease) {
      $0.fail(fence: lease.fence, error: error, retryable: retryable, jitter: jitter, now: $1)
    }
  }

  func release(_ lease: Lease, delay: Duration) async throws {
    try await settle(lease) { $0.release(fence: lease.fence, delay: delay, now: $1) }
  }

  private func settle(
    _ lease: Lease, _ transition: @escaping @Sendable (inout TaskRecord, Timestamp) -> TaskRecord.Settlement
  ) async throws {
    try await core.writer.write(.reserve) { transaction in
      try TaskRow.sweep(in: transaction)
      let lost = RuntimeError.leaseLost(task: lease.id.description)
      guard let before = try TaskRow.load(lease.id, transaction.database) else { throw lost }
      var record = before
      switch transition(&record, transaction.now) {
      case .applied: try TaskRow.update(record, from: before, in: transaction)
      case .repeated: break
      case .leaseLost: throw lost
      }
    }
  }

  func cancel(_ id: UUIDv7) async throws -> TaskState {
    try await core.writer.write(.reserve) { transaction in
      try TaskRow.sweep(in: transaction)
      guard let before = try TaskRow.load(id, transaction.database) else {
        throw RuntimeError.notFound("task \(id)")
      }
      var record = before
      record.cancel(now: transaction.now)
      try TaskRow.update(record, from: before, in: transaction)
      return record.state(at: transaction.now)
    }
  }

  func requeue(_ id: UUIDv7) async throws {
    try await core.writer.write(.reserve) { transaction in
      try TaskRow.sweep(in: transaction)
      guard let before = try TaskRow.load(id, transaction.database) else {
        throw RuntimeError.notFound("task \(id)")
      }
      var record = before
      let state = before.state(at: transaction.now)
      // A dead task holds its key no more: a newer one may have it.
      if state == .dead, let key = record.key,
        let other = try TaskRow.holder(
          of: key, queue: record.queue, transaction.database, now: transaction.now)
      {
        throw RuntimeError.illegalTransition(
          task: id.description, from: state.rawValue, action: "requeued while task \(other) has its key")
      }
      guard record.requeue(now: transaction.now) else {
        throw RuntimeError.illegalTransition(
          task: id.description, from: state.rawValue, action: "requeued")
      }
      try TaskRow.update(record, from: before, in: transaction)
    }
  }

  func inspect(_ id: UUIDv7) async throws -> TaskRecord? {
    try await core.pool.read { [time = core.time] database in try Self.view(id, database, now: time.now()) }
  }

  /// The record as it is at `now`, whether or not what is due was already stored.
  private static func view(_ id: UUIDv7, _ database: Connection, now: Timestamp) throws -> TaskRecord? {
    guard var record = try TaskRow.load(id, database) else { return nil }
    while record.sweep(now: now) {}
    // A key may keep the record longer than its result is promised.
    return record.isExpired(now: now) && !record.occupiesKey(now: now) ? nil : record
  }

  func awaitEnd(_ id: UUIDv7) async throws -> TaskRecord {
    try await core.waiters.until(.end(id), time: core.time.source) { [self] in
      let (record, now) = try await core.pool.read { [time = core.time] database in
        let now = time.now()
        return (try Self.view(id, database, now: now), now)
      }
      guard let record else { throw RuntimeError.notFound("task \(id)") }
      if record.state(at: now).isTerminal { return record }
      core.arm(record.nextDue)
      return nil
    }
  }

  func list(_ queue: QueueName, state: TaskState?, limit: Int) async throws -> [TaskRecord] {
    try await core.writer.write(.reserve) { transaction in
      try TaskRow.sweep(in: transaction)
      return try TaskRow.list(queue, state: state, limit: limit, transaction.database, now: transaction.now)
    }
  }

  func counts(_ queue: QueueName) async throws -> [TaskState: Int] {
    try await core.writer.write(.reserve) { transaction in
      try TaskRow.sweep(in: transaction)
      return try TaskRow.counts(queue, transaction.database, now: transaction.now)
    }
  }

  private func check(_ bytes: [UInt8]?) throws {
    guard let bytes, bytes.count > RuntimeLimits.payloadBytes else { return }
    throw RuntimeError.payloadTooLarge(bytes: bytes.count, limit: RuntimeLimits.payloadBytes)
  }
}
