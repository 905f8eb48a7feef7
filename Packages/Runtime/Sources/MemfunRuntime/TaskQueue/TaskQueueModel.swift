import MemfunCore

/// All tasks of one store in memory: the reference that every tier is compared with.
///
/// Pure: ids, time and jitter come in as arguments. Claiming costs O(log n), whatever the backlog.
struct TaskQueueModel: Sendable {
  /// A transition that others must hear of: the event `task.<queue>.<id>.<state>`.
  struct Ended: Sendable, Equatable {
    let id: UUIDv7
    let queue: QueueName
    let state: TaskState
  }

  private struct ReadyEntry: Comparable, Sendable {
    let priority: Int
    let notBefore: Timestamp
    let id: UUIDv7

    static func < (left: ReadyEntry, right: ReadyEntry) -> Bool {
      (right.priority, left.notBefore, left.id) < (left.priority, right.notBefore, right.id)
    }
  }

  private struct TimeEntry: Comparable, Sendable {
    let at: Timestamp
    let id: UUIDv7

    static func < (left: TimeEntry, right: TimeEntry) -> Bool { (left.at, left.id) < (right.at, right.id) }
  }

  private struct KeyName: Hashable {
    let queue: QueueName
    let key: String
  }

  private struct Backlog: Sendable {
    var ready = PriorityHeap<ReadyEntry>()
    var live = 0
  }

  private(set) var records: [UUIDv7: TaskRecord] = [:]
  private var backlogs: [QueueName: Backlog] = [:]
  private var scheduled = PriorityHeap<TimeEntry>()
  private var due = PriorityHeap<TimeEntry>()
  private var expiring = PriorityHeap<TimeEntry>()
  private var keys: [KeyName: UUIDv7] = [:]
  private var ended: [Ended] = []

  /// The transitions since the last call, in order.
  mutating func takeEnded() -> [Ended] {
    defer { ended = [] }
    return ended
  }

  mutating func enqueue(_ queue: QueueName, _ task: NewTask, id: UUIDv7, now: Timestamp) throws(RuntimeError)
    -> UUIDv7
  {
    try task.validate()
    // A task that time has ended since neither holds its key nor counts for the depth.
    advance(to: now)
    if let key = task.key, let other = keys[KeyName(queue: queue, key: key)], let record = records[other],
      record.occupiesKey(now: now)
    {
      return other
    }
    let live = backlogs[queue]?.live ?? 0
    if let maximum = task.policy.maximumDepth, live >= maximum {
      throw .queueFull(queue: queue.description, depth: live)
    }
    let record = TaskRecord(id: id, queue: queue, task: task, now: now)
    backlogs[queue, default: Backlog()].live += 1
    records[id] = record
    if let key = task.key { keys[KeyName(queue: queue, key: key)] = id }
    index(record, now: now)
    return id
  }

  mutating func claim(_ queue: QueueName, maximum: Int, owner: String, now: Timestamp) -> [Lease] {
    advance(to: now)
    var leases: [Lease] = []
    while leases.count < maximum, let entry = backlogs[queue]?.ready.popFirst() {
      guard var record = records[entry.id], record.phase == .waiting, record.notBefore == entry.notBefore
      else {
        continue
      }
      leases.append(record.claim(owner: owner, now: now))
      records[entry.id] = record
      index(record, now: now)
    }
    return leases
  }

  mutating func heartbeat(_ id: UUIDv7, fence: UInt64, progress: [UInt8]?, now: Timestamp) -> HeartbeatAnswer
  {
    advance(to: now)
    guard var record = records[id] else { return .lost }
    let answer = record.heartbeat(fence: fence, progress: progress, now: now)
    if answer != .lost { replace(record, now: now) }
    return answer
  }

  mutating func settle(
    _ id: UUIDv7, now: Timestamp, _ transition: (inout TaskRecord) -> TaskRecord.Settlement
  ) throws(RuntimeError) {
    advance(to: now)
    guard var record = records[id] else { throw .leaseLost(task: id.description) }
    switch transition(&record) {
    case .applied: replace(record, now: now)
    case .repeated: break
    case .leaseLost: throw .leaseLost(task: id.description)
    }
  }

  mutating func cancel(_ id: UUIDv7, now: Timestamp) throws(RuntimeError) -> TaskState {
    advance(to: now)
    guard var record = records[id] else { throw .notFound("task \(id)") }
    record.cancel(now: now)
    replace(record, now: now)
    return record.state(at: now)
  }

  mutating func requeue(_ id: UUIDv7, now: Timestamp) throws(RuntimeError) {
    advance(to: now)
    guard var record = records[id] else { throw .notFound("task \(id)") }
    let state = record.state(at: now)
    if state == .dead, let key = record.key, let other = keys[KeyName(queue: record.queue, key: key)],
      other != id, let holder = records[other], holder.occupiesKey(now: now)
    {
      throw .illegalTransition(
        task: id.description, from: state.rawValue, action: "requeued while task \(other) has its key")
    }
    guard record.requeue(now: now) else {
      throw .illegalTransition(task: id.description, from: state.rawValue, action: "requeued")
    }
    backlogs[record.queue, default: Backlog()].live += 1
    if let key = record.key { keys[KeyName(queue: record.queue, key: key)] = id }
    records[id] = record
    index(record, now: now)
  }

  mutating func inspect(_ id: UUIDv7, now: Timestamp) -> TaskRecord? {
    advance(to: now)
    return records[id]
  }

  mutating func list(_ queue: QueueName, state: TaskState?, limit: Int, now: Timestamp) -> [TaskRecord] {
    advance(to: now)
    let matching = records.values.filter { $0.queue == queue && (state == nil || $0.state(at: now) == state) }
    return Array(matching.sorted { $0.id < $1.id }.prefix(limit))
  }

  mutating func counts(_ queue: QueueName, now: Timestamp) -> [TaskState: Int] {
    advance(to: now)
    var counts: [TaskState: Int] = [:]
    for record in records.values where record.queue == queue {
      counts[record.state(at: now), default: 0] += 1
    }
    return counts
  }

  /// Makes every transition that is due, and moves tasks whose time has come to the ready heap.
  mutating func advance(to now: Timestamp) {
    while let entry = due.first, entry.at <= now {
      _ = due.popFirst()
      guard var record = records[entry.id], record.nextDue == entry.at, record.sweep(now: now) else {
        continue
      }
      replace(record, now: now)
    }
    while let entry = scheduled.first, entry.at <= now {
      _ = scheduled.popFirst()
      guard let record = records[entry.id], record.phase == .waiting, record.notBefore == entry.at else {
        continue
      }
      makeReady(record)
    }
    while let entry = expiring.first, entry.at <= now {
      _ = expiring.popFirst()
      guard let record = records[entry.id], record.isExpired(now: now) else { continue }
      records[entry.id] = nil
      if let key = record.key {
        let name = KeyName(queue: record.queue, key: key)
        if keys[name] == record.id { keys[name] = nil }
      }
    }
  }

  /// How many tasks of the queue can be claimed; at most that many claimants need to be woken.
  func readyCount(_ queue: QueueName) -> Int { backlogs[queue]?.ready.count ?? 0 }

  /// The next instant at which `advance` has something to do; nil: never.
  var nextEvent: Timestamp? { [due.first?.at, scheduled.first?.at].compactMap(\.self).min() }

  private mutating func replace(_ record: TaskRecord, now: Timestamp) {
    let before = records[record.id]
    guard before != record else { return }
    records[record.id] = record
    let state = record.state(at: now)
    if state.isTerminal, before.map({ !$0.state(at: now).isTerminal }) ?? true {
      backlogs[record.queue, default: Backlog()].live -= 1
      ended.append(Ended(id: record.id, queue: record.queue, state: state))
      let keep =
        record.key == nil || state != .succeeded
        ? record.policy.resultTimeToLive
        : max(record.policy.resultTimeToLive, record.policy.uniqueAfterSuccess)
      if state != .dead { expiring.insert(TimeEntry(at: now + keep, id: record.id)) }
    }
    index(record, now: now)
  }

  private mutating func index(_ record: TaskRecord, now: Timestamp) {
    if let at = record.nextDue { due.insert(TimeEntry(at: at, id: record.id)) }
    guard record.phase == .waiting else { return }
    if record.notBefore <= now {
      makeReady(record)
    } else {
      scheduled.insert(TimeEntry(at: record.notBefore, id: record.id))
    }
  }

  private mutating func makeReady(_ record: TaskRecord) {
    backlogs[record.queue, default: Backlog()].ready.insert(
      ReadyEntry(priority: record.priority, notBefore: record.notBefore, id: record.id))
  }
}

extension NewTask {
  /// - Throws: `RuntimeError.payloadTooLarge`, `.illegalArgument`.
  package func validate() throws(RuntimeError) {
    if payload.count > RuntimeLimits.payloadBytes {
      throw .payloadTooLarge(bytes: payload.count, limit: RuntimeLimits.payloadBytes)
    }
    if !(0...3).contains(priority) {
      throw .illegalArgument(name: "priority", reason: "\(priority) is not in 0…3")
    }
    if policy.maximumAttempts < 1 {
      throw .illegalArgument(name: "maximumAttempts", reason: "\(policy.maximumAttempts) is less than 1")
    }
    if policy.lease <= .zero { throw .illegalArgument(name: "lease", reason: "it is not positive") }
    if !(0...1).contains(policy.backoffJitter) {
      throw .illegalArgument(name: "backoffJitter", reason: "\(policy.backoffJitter) is not in 0…1")
    }
    if let key, key.utf8.count > RuntimeLimits.nameBytes || key.isEmpty {
      throw .illegalKey(key, reason: "a task's key has 1 to \(RuntimeLimits.nameBytes) bytes")
    }
  }
}
