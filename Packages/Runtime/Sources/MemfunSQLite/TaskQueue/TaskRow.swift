import MemfunCore
import MemfunRuntime

/// How tasks stand in the table. What a transition does is decided by `TaskRecord`; here it is only
/// loaded and stored, in one transaction with the event that tells of an end.
enum TaskRow {
  private static let phases = TaskRecord.Phase.allCases

  private static func number(_ phase: TaskRecord.Phase) -> Int64 {
    // The order of the cases is the stored number: waiting 0, leased 1, succeeded 2, dead 3, cancelled 4.
    Int64(phases.firstIndex(of: phase) ?? 0)
  }

  static func bytes(_ id: UUIDv7) -> [UInt8] {
    [id.high, id.low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
  }

  static func id(_ bytes: [UInt8], path: String) throws -> UUIDv7 {
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    guard bytes.count == 16, let id = UUIDv7(high: word(bytes[..<8]), low: word(bytes[8...])) else {
      throw RuntimeError.corrupted(path: path, detail: "the id of a task is not a UUID of version 7")
    }
    return id
  }

  // MARK: Writing

  static func insert(_ record: TaskRecord, in transaction: Transaction) throws {
    let policy = record.policy
    try transaction.database.run(
      """
      INSERT INTO task(id, queue, key, priority, parent, lease, maximum_attempts, backoff_base,
        backoff_maximum, backoff_jitter, cancel_grace, result_ttl, unique_after, maximum_depth, deadline,
        created, phase, not_before, fence, fence_open, attempts, next_due, checksum, payload)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
        ?21, ?22, ?23, ?24)
      """,
      .blob(bytes(record.id)), .text(record.queue.description), SQLValue(record.key),
      SQLValue(record.priority), SQLValue(record.parent.map(bytes)), duration(policy.lease),
      SQLValue(policy.maximumAttempts), duration(policy.backoffBase), duration(policy.backoffMaximum),
      .real(policy.backoffJitter), duration(policy.cancelGrace), duration(policy.resultTimeToLive),
      duration(policy.uniqueAfterSuccess), SQLValue(policy.maximumDepth), SQLValue(record.deadline),
      SQLValue(record.created), .integer(number(record.phase)), SQLValue(record.notBefore),
      SQLValue(record.fence), .integer(record.fenceIsOpen ? 1 : 0), SQLValue(record.attempts),
      SQLValue(record.nextDue), Checksum.of(record.payload), .blob(record.payload))
    transaction.effects.change.insert(.tasks)
    transaction.effects.due(record.nextDue)
    if record.notBefore > transaction.now { transaction.effects.due(record.notBefore) }
  }

  /// A century is for ever, and leaves room for sums.
  private static func duration(_ duration: Duration) -> SQLValue {
    .integer(min(max(duration.wholeNanoseconds, 0), 100 * 365 * 86_400 * 1_000_000_000))
  }

  /// Stores what changed since `before`, with the event when the task ended.
  static func update(_ record: TaskRecord, from before: TaskRecord, in transaction: Transaction) throws {
    if record == before { return }
    let now = transaction.now
    let state = record.state(at: now)
    let hasEnded = state.isTerminal && !before.state(at: now).isTerminal
    var expires: Timestamp?
    if state.isTerminal, state != .dead, let ended = record.ended {
      let policy = record.policy
      expires =
        ended
        + (record.key == nil || state != .succeeded
          ? policy.resultTimeToLive : max(policy.resultTimeToLive, policy.uniqueAfterSuccess))
    }
    try transaction.database.run(
      """
      UPDATE task SET deadline = ?2, phase = ?3, not_before = ?4, fence = ?5, fence_open = ?6, attempts = ?7,
        owner = ?8, leased_until = ?9, cancel_requested = ?10, first_error = ?11, last_error = ?12, ended = ?13,
        next_due = ?14, expires = ?15, progress = ?16, result = ?17, result_checksum = ?18
      WHERE id = ?1
      """,
      .blob(bytes(record.id)), SQLValue(record.deadline), .integer(number(record.phase)),
      SQLValue(record.notBefore), SQLValue(record.fence), .integer(record.fenceIsOpen ? 1 : 0),
      SQLValue(record.attempts), SQLValue(record.owner), SQLValue(record.leasedUntil),
      SQLValue(record.cancelRequested), SQLValue(record.firstError), SQLValue(record.lastError),
      SQLValue(record.ended), SQLValue(record.nextDue), SQLValue(expires), SQLValue(record.progress),
      SQLValue(record.result), record.result.map(Checksum.of) ?? .null)
    transaction.effects.due(record.nextDue)
    if record.phase == .waiting {
      transaction.effects.change.insert(.tasks)
      if record.notBefore > now { transaction.effects.due(record.notBefore) }
    }
    if hasEnded {
      transaction.effects.change.insert(.ends)
      transaction.effects.ended.append(record.id)
      _ = try MessageRow.append(
        Subject("task.\(record.queue).\(record.id).\(state.rawValue)"), [], headers: [:], in: transaction)
    }
  }

  /// Makes every transition that is due.
  static func sweep(in transaction: Transaction) throws {
    while true {
      let due = try transaction.database.all(
        "SELECT id FROM task WHERE next_due IS NOT NULL AND next_due <= ?1 ORDER BY next_due LIMIT 64",
        SQLValue(transaction.now)
      ) { $0.blob(0) }
      if due.isEmpty { return }
      for bytes in due {
        do {
          let id = try id(bytes, path: transaction.database.path)
          guard let before = try load(id, transaction.database) else { continue }
          var record = before
          while record.sweep(now: transaction.now) {}
          try update(record, from: before, in: transaction)
        } catch RuntimeError.corrupted(_, let detail) {
          try quarantine(bytes, detail, in: transaction)
        }
      }
    }
  }

  /// One damaged task must not stop the queue: it is dead, and whoever looks at it reads why.
  private static func quarantine(_ id: [UInt8], _ detail: String, in transaction: Transaction) throws {
    try transaction.database.run(
      """
      UPDATE task SET phase = 3, fence = fence + 1, fence_open = 0, leased_until = NULL, next_due = NULL,
        ended = ?2, last_error = ?3 WHERE id = ?1
      """, .blob(id), SQLValue(transaction.now), .text(detail))
  }

  /// Forgets ended tasks whose time is over; at most `limit`.
  static func forget(in transaction: Transaction, limit: Int) throws {
    try transaction.database.run(
      """
      DELETE FROM task WHERE number IN (SELECT number FROM task
        WHERE expires IS NOT NULL AND expires <= ?1 ORDER BY expires LIMIT ?2)
      """, SQLValue(transaction.now), SQLValue(limit))
  }

  /// Hands out up to `maximum` ready tasks, in the order priority, notBefore, id.
  ///
  /// A priority at a time, so that each is one walk along the index, however many wait for later.
  static func claim(_ queue: QueueName, maximum: Int, owner: String, in transaction: Transaction) throws
    -> [Lease]
  {
    let database = transaction.database
    var leases: [Lease] = []
    for priority in [3, 2, 1, 0] where leases.count < maximum {
      let claimed = try database.all(
        """
        UPDATE task SET phase = 1, fence = fence + 1, fence_open = 1, attempts = attempts + 1, owner = ?1,
          leased_until = ?2 + lease, next_due = min(?2 + lease, ifnull(deadline, 9223372036854775807))
        WHERE number IN (SELECT number FROM task WHERE queue = ?3 AND phase = 0 AND priority = ?4
          AND not_before <= ?2 ORDER BY not_before, id LIMIT ?5)
        RETURNING id, not_before, fence, attempts, leased_until, next_due, progress, checksum, payload
        """, .text(owner), SQLValue(transaction.now), .text(queue.description), SQLValue(priority),
        SQLValue(maximum - leases.count)
      ) { row in
        let id = try id(row.blob(0), path: database.path)
        let payload = row.blob(8)
        try Checksum.check(Checksum.of(payload), row.integer(7), path: database.path, what: "task \(id)")
        transaction.effects.due(row.time(5))
        return (
          order: row.time(1),
          lease: Lease(
            id: id, queue: queue, fence: row.unsigned(2), attempt: row.int(3), until: row.time(4),
            payload: payload, progress: row.optionalBlob(6))
        )
      }
      leases += claimed.sorted { ($0.order, $0.lease.id) < ($1.order, $1.lease.id) }.map(\.lease)
    }
    return leases
  }

  /// When the next task of the queue can be claimed: the earliest end of a lease or of a delay.
  static func nextReady(_ queue: QueueName, _ database: Connection, now: Timestamp) throws -> Timestamp? {
    var next: Timestamp?
    for priority in 0...3 {
      let waiting = try database.first(
        """
        SELECT min(not_before) FROM task WHERE queue = ?1 AND phase = 0 AND priority = ?2 AND not_before > ?3
        """, .text(queue.description), SQLValue(priority), SQLValue(now)
      ) { $0.optionalTime(0) }
      next = [next, waiting ?? nil].compactMap(\.self).min()
    }
    let due = try database.first("SELECT min(next_due) FROM task WHERE next_due IS NOT NULL") {
      $0.optionalTime(0)
    }
    return [next, due ?? nil].compactMap(\.self).min()
  }

  // MARK: Reading

  /// Whether another task has the key.
  static func holder(of key: String, queue: QueueName, _ database: Connection, now: Timestamp) throws
    -> UUIDv7?
  {
    let ids = try database.all(
      "SELECT id FROM task WHERE queue = ?1 AND key = ?2 ORDER BY number DESC", .text(queue.description),
      .text(key)
    ) { $0.blob(0) }
    for bytes in ids {
      let id = try id(bytes, path: database.path)
      if let record = try load(id, database), record.occupiesKey(now: now) { return id }
    }
    return nil
  }

  /// How many tasks have not ended, at most `limit`.
  static func depth(_ queue: QueueName, limit: Int, _ database: Connection) throws -> Int {
    try database.first(
      "SELECT count(*) FROM (SELECT 1 FROM task WHERE queue = ?1 AND phase IN (0, 1) LIMIT ?2)",
      .text(queue.description), SQLValue(limit)
    ) { $0.int(0) } ?? 0
  }

  static func load(_ id: UUIDv7, _ database: Connection) throws -> TaskRecord? {
    try database.first(
      """
      SELECT id, queue, key, priority, parent, lease, maximum_attempts, backoff_base, backoff_maximum,
        backoff_jitter, cancel_grace, result_ttl, unique_after, maximum_depth, deadline, created, phase,
        not_before, fence, fence_open, attempts, owner, leased_until, cancel_requested, first_error, last_error,
        ended, expires, progress, result, result_checksum, checksum, payload
      FROM task WHERE id = ?1
      """, .blob(bytes(id))
    ) { try record($0, path: database.path) }
  }

  static func list(
    _ queue: QueueName, state: TaskState?, limit: Int, _ database: Connection, now: Timestamp
  ) throws -> [TaskRecord] {
    let phase: Int64? =
      switch state {
      case nil: nil
      case .scheduled?, .ready?: number(.waiting)
      case .leased?: number(.leased)
      case .succeeded?: number(.succeeded)
      case .dead?: number(.dead)
      case .cancelled?: number(.cancelled)
      }
    var records: [TaskRecord] = []
    try database.each(
      """
      SELECT id, queue, key, priority, parent, lease, maximum_attempts, backoff_base, backoff_maximum,
        backoff_jitter, cancel_grace, result_ttl, unique_after, maximum_depth, deadline, created, phase,
        not_before, fence, fence_open, attempts, owner, leased_until, cancel_requested, first_error, last_error,
        ended, expires, progress, result, result_checksum, checksum, payload
      FROM task WHERE queue = ?1 AND (?2 IS NULL OR phase = ?2) AND (expires IS NULL OR expires > ?3) ORDER BY id
      """, .text(queue.description), phase.map(SQLValue.integer) ?? .null, SQLValue(now)
    ) { row in
      if records.count >= limit { return false }
      let record = try record(row, path: database.path)
      if state == nil || record.state(at: now) == state { records.append(record) }
      return true
    }
    return records
  }

  static func counts(_ queue: QueueName, _ database: Connection, now: Timestamp) throws -> [TaskState: Int] {
    var counts: [TaskState: Int] = [:]
    try database.each(
      """
      SELECT phase, not_before <= ?2, count(*) FROM task WHERE queue = ?1 AND (expires IS NULL OR expires > ?2)
      GROUP BY 1, 2
      """, .text(queue.description), SQLValue(now)
    ) { row in
      let state: TaskState =
        switch row.integer(0) {
        case 0: row.integer(1) == 0 ? .scheduled : .ready
        case 1: .leased
        case 2: .succeeded
        case 3: .dead
        default: .cancelled
        }
      counts[state, default: 0] += row.int(2)
      return true
    }
    return counts
  }

  private static func record(_ row: Row, path: String) throws -> TaskRecord {
    let id = try id(row.blob(0), path: path)
    let payload = row.blob(32)
    try Checksum.check(Checksum.of(payload), row.integer(31), path: path, what: "task \(id)")
    var policy = TaskPolicy()
    policy.lease = .nanoseconds(row.integer(5))
    policy.maximumAttempts = row.int(6)
    policy.backoffBase = .nanoseconds(row.integer(7))
    policy.backoffMaximum = .nanoseconds(row.integer(8))
    policy.backoffJitter = row.real(9)
    policy.cancelGrace = .nanoseconds(row.integer(10))
    policy.resultTimeToLive = .nanoseconds(row.integer(11))
    policy.uniqueAfterSuccess = .nanoseconds(row.integer(12))
    policy.maximumDepth = row.optionalInt(13)
    let task = NewTask(
      payload: payload, key: row.optionalText(2), priority: row.int(3), deadline: row.optionalTime(14),
      parent: try row.optionalBlob(4).map { try Self.id($0, path: path) }, policy: policy)
    var record = TaskRecord(id: id, queue: try QueueName(row.text(1)), task: task, now: row.time(15))
    guard phases.indices.contains(row.int(16)) else {
      throw RuntimeError.corrupted(path: path, detail: "task \(id) is in an unknown phase")
    }
    record.phase = phases[row.int(16)]
    record.notBefore = row.time(17)
    record.fence = row.unsigned(18)
    record.fenceIsOpen = row.integer(19) != 0
    record.attempts = row.int(20)
    record.owner = row.optionalText(21)
    record.leasedUntil = row.optionalTime(22)
    record.cancelRequested = row.optionalTime(23)
    record.firstError = row.optionalText(24)
    record.lastError = row.optionalText(25)
    record.ended = row.optionalTime(26)
    record.progress = row.optionalBlob(28)
    if let result = row.optionalBlob(29) {
      try Checksum.check(
        Checksum.of(result), row.integer(30), path: path, what: "the result of task \(id)")
      record.result = result
    }
    return record
  }
}
