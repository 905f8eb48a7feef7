import MemfunCore

@testable import MemfunRuntime

/// Everything that the simulated store knows: the program's own state machines, and the planted bugs.
///
/// A pure function of the log: equal commands at equal times give equal states and answers.
struct StoreState {
  private struct Group {
    let shape: GroupShape
    let pattern: SubjectPattern
    var machine: GroupStateMachine
    /// The number of each message's last delivery; a planted bug needs it.
    var lastDelivery: [UInt64: Int] = [:]
  }

  let mutants: Set<Mutant>
  private(set) var queue = TaskQueueModel()
  private(set) var keys = StateStoreModel()
  private(set) var topics: [String: TopicLog] = [:]
  private var groups: [String: Group] = [:]
  /// The time of the last command.
  private(set) var now = Timestamp(nanoseconds: 0)
  /// How many processes opened the store before and with this one.
  private(set) var epoch = 0

  init(mutants: Set<Mutant>) { self.mutants = mutants }

  mutating func apply(_ command: StoreCommand, now: Timestamp) -> StoreReply {
    self.now = now
    let reply: StoreReply
    do {
      reply = try perform(command)
      try announceEnded()
    } catch {
      return .refused(error)
    }
    _ = keys.takeChanges()
    return reply
  }

  /// A read that is not logged, because the log cannot be extended: time stands still for it.
  mutating func read(_ key: String) -> StoreReply {
    do throws(RuntimeError) { return .entry(keys.get(try StoreKey(key), now: now)) } catch {
      return .refused(error)
    }
  }

  /// Whether a claim could find something.
  func hasReady(_ queue: String) -> Bool {
    (try? QueueName(queue)).map { self.queue.readyCount($0) > 0 } ?? false
  }

  /// Whether a fetch would find something at `now`.
  func hasDelivery(_ name: String, now: Timestamp) -> Bool {
    guard let group = groups[name], let log = topics[group.shape.topic] else { return false }
    if group.machine.redelivery(now: now) != nil { return true }
    return group.machine.hasRoom && log.message(from: group.machine.nextSeq) != nil
  }

  /// When time alone next has something to do, for the queue and for groups that somebody waits at.
  func nextEvent(waitingAt names: [String]) -> Timestamp? {
    ([queue.nextEvent] + names.map { groups[$0]?.machine.nextDue }).compactMap(\.self).min()
  }

  /// What a group still has to do.
  func backlog(of name: String) -> (pending: Int, unread: UInt64)? {
    guard let group = groups[name], let log = topics[group.shape.topic] else { return nil }
    return (group.machine.pendingCount, log.lastSeq + 1 - min(group.machine.nextSeq, log.lastSeq + 1))
  }

  // MARK: Commands

  private mutating func perform(_ command: StoreCommand) throws(RuntimeError) -> StoreReply {
    switch command {
    case .opened:
      epoch += 1
      try forgetWhatMutantsForget()
      return .done
    case .tick:
      queue.advance(to: now)
      return .done
    case .publish(let subject, let payload, let key):
      return .published(try publish(subject, payload, dedupeKey: key))
    case .attach(let name, let shape): return try attach(name, shape)
    case .fetch(let name): return try fetch(name)
    case .settle(let name, let seq, let delivery, let settlement):
      return try settle(name, seq, delivery, settlement)
    case .get, .put, .create, .update, .delete: return try performOnKeys(command)
    default: return try performOnQueue(command)
    }
  }

  private mutating func performOnKeys(_ command: StoreCommand) throws(RuntimeError) -> StoreReply {
    switch command {
    case .get(let key):
      let time = mutants.contains(.timeToLiveIgnoredOnRead) ? Timestamp(nanoseconds: .min) : now
      return .entry(keys.get(try StoreKey(key), now: time))
    case .put(let key, let value, let timeToLive):
      return .revision(try keys.put(try StoreKey(key), value, timeToLive: timeToLive, now: now))
    case .create(let key, let value):
      return .revision(try keys.create(try StoreKey(key), value, timeToLive: nil, now: now))
    case .update(let key, let value, let revision):
      return .revision(
        try keys.update(try StoreKey(key), value, revision: revision, timeToLive: nil, now: now))
    case .delete(let key, let revision):
      let removed = try keys.delete(try StoreKey(key), revision: revision, now: now)
      if mutants.contains(.revisionResetOnDelete), removed != nil { try restartRevisions() }
      return .revision(removed)
    default: return .done
    }
  }

  private mutating func performOnQueue(_ command: StoreCommand) throws(RuntimeError) -> StoreReply {
    let countsLate = mutants.contains(.attemptsCountedAtEnd)
    let now = self.now
    switch command {
    case .enqueue(let name, var task, let id):
      if mutants.contains(.notBeforeIgnored) { task.notBefore = nil }
      if mutants.contains(.uniqueKeyUnchecked) { task.key = nil }
      return .task(try queue.enqueue(try QueueName(name), task.task, id: id, now: now))
    case .claim(let name, let maximum, let owner):
      let leases = queue.claim(try QueueName(name), maximum: maximum, owner: owner, now: now)
      guard countsLate else { return .leases(leases) }
      for lease in leases { try change(lease.id) { $0.attempts -= 1 } }
      return .leases(leases)
    case .heartbeat(let id, let fence, let progress):
      let answer = queue.heartbeat(id, fence: fence, progress: progress, now: now)
      if answer == .lost, mutants.contains(.acceptStaleHeartbeat), let record = queue.records[id],
        record.phase == .leased
      {
        return .heartbeat(queue.heartbeat(id, fence: record.fence, progress: progress, now: now))
      }
      return .heartbeat(answer)
    case .complete(let id, let fence, let result): return try complete(id, fence, result)
    case .fail(let id, let fence, let retryable, let jitter):
      try queue.settle(id, now: now) { record in
        if countsLate { record.attempts += 1 }
        return record.fail(fence: fence, error: "failed", retryable: retryable, jitter: jitter, now: now)
      }
      return .done
    case .release(let id, let fence, let delay):
      try queue.settle(id, now: now) { record in
        if countsLate { record.attempts += 1 }
        return record.release(fence: fence, delay: delay, now: now)
      }
      return .done
    case .cancel(let id):
      let state = try queue.cancel(id, now: now)
      if state == .leased, mutants.contains(.cancelForgetsToRevoke) {
        try change(id) { $0.cancelRequested = nil }
      }
      return .state(state)
    case .requeue(let id):
      try queue.requeue(id, now: now)
      return .done
    default: return .done
    }
  }

  private mutating func complete(_ id: UUIDv7, _ fence: UInt64, _ result: [UInt8]) throws(RuntimeError)
    -> StoreReply
  {
    let now = self.now
    let isLenient = mutants.contains(.acceptStaleFence)
    var settlement = TaskRecord.Settlement.leaseLost
    try queue.settle(id, now: now) { record in
      settlement = record.complete(fence: fence, result: result, now: now)
      if settlement == .leaseLost, isLenient, record.phase == .leased || record.phase == .waiting {
        record.fenceIsOpen = true
        settlement = record.complete(fence: record.fence, result: result, now: now)
      }
      return settlement
    }
    if settlement == .repeated, mutants.contains(.successEventTwice), let record = queue.records[id] {
      _ = try publish("task.\(record.queue).\(id).succeeded", [], dedupeKey: nil)
    }
    return .done
  }

  /// Changes a record behind the back of the rules: planted bugs only.
  private mutating func change(_ id: UUIDv7, _ change: (inout TaskRecord) -> Void) throws(RuntimeError) {
    try queue.settle(id, now: now) { record in
      change(&record)
      return .applied
    }
  }

  /// The events of tasks that ended, in the same commit.
  private mutating func announceEnded() throws(RuntimeError) {
    for ended in queue.takeEnded() {
      _ = try publish(
        "task.\(ended.queue).\(ended.id).\(ended.state.rawValue)", [],
        dedupeKey: "\(ended.id).\(ended.state.rawValue)")
    }
  }

  // MARK: Messages

  private mutating func publish(_ subject: String, _ payload: [UInt8], dedupeKey: String?)
    throws(RuntimeError) -> PublishReceipt
  {
    let subject = try Subject(subject)
    var key = dedupeKey
    if let dedupeKey, mutants.contains(.dedupeForgottenAtRestart) { key = "\(epoch):\(dedupeKey)" }
    var headers: [String: String] = [:]
    headers["key"] = dedupeKey
    return try topics[subject.topic, default: TopicLog()].append(
      subject, payload, dedupeKey: key, headers: headers, now: now
    ).receipt
  }

  private mutating func attach(_ name: String, _ shape: GroupShape) throws(RuntimeError) -> StoreReply {
    if let group = groups[name] {
      if group.shape != shape { throw .configConflict(group: name, difference: "another shape") }
      return .done
    }
    let log = topics[shape.topic] ?? TopicLog()
    groups[name] = Group(
      shape: shape, pattern: try SubjectPattern(shape.pattern),
      machine: GroupStateMachine(
        configuration: shape.configuration, firstSeq: log.seq(for: shape.configuration.start)))
    return .done
  }

  private mutating func fetch(_ name: String) throws(RuntimeError) -> StoreReply {
    guard var group = groups[name] else { throw .notFound("group \(name)") }
    defer { groups[name] = group }
    let topic = group.shape.topic
    let log = topics[topic] ?? TopicLog()
    while let seq = group.machine.redelivery(now: now) {
      switch group.machine.deliverAgain(seq, now: now) {
      case .success(let number)?:
        guard let message = log.message(from: seq), message.seq == seq else { continue }
        return deliver(message, number, name, &group)
      case .failure(let needed)?: try bury(needed.letter.seq, name, topic)
      case nil: break
      }
    }
    while group.machine.hasRoom, let message = log.message(from: group.machine.nextSeq) {
      guard group.pattern.matches(message.subject) else {
        group.machine.skip(to: message.seq + 1)
        continue
      }
      return deliver(message, group.machine.deliverNew(message.seq, now: now), name, &group)
    }
    return .delivery(nil)
  }

  private func deliver(_ message: Message, _ number: Int, _ name: String, _ group: inout Group) -> StoreReply
  {
    group.lastDelivery[message.seq] = number
    return .delivery(
      Delivery(
        token: DeliveryToken(topic: group.shape.topic, group: name, seq: message.seq, delivery: number),
        message: message))
  }

  private mutating func settle(
    _ name: String, _ seq: UInt64, _ delivery: Int, _ settlement: StoreCommand.Settlement
  ) throws(RuntimeError) -> StoreReply {
    guard var group = groups[name] else { throw .notFound("group \(name)") }
    defer { groups[name] = group }
    let isLenient = mutants.contains(.acceptStaleAcknowledgement)
    let number = isLenient ? group.lastDelivery[seq] ?? delivery : delivery
    let token = DeliveryToken(topic: group.shape.topic, group: name, seq: seq, delivery: number)
    switch settlement {
    case .acknowledge: try group.machine.acknowledge(token)
    case .inProgress: try group.machine.inProgress(token, now: now)
    case .terminate:
      try bury(try group.machine.terminate(token, reason: "terminated").seq, name, group.shape.topic)
    case .reject(let delay):
      let verdict = try group.machine.reject(token, delay: delay, error: "rejected", now: now)
      if case .deadLetter(let letter) = verdict { try bury(letter.seq, name, group.shape.topic) }
    }
    return .done
  }

  private mutating func bury(_ seq: UInt64, _ group: String, _ topic: String)
    throws(RuntimeError)
  {
    let key = "\(topic).\(group).\(seq)"
    let payload = topics[topic]?.message(from: seq)?.payload ?? []
    _ = try publish("dlq.\(topic).\(group)", payload, dedupeKey: key)
    if mutants.contains(.deadLetterTwice) {
      _ = try topics["dlq", default: TopicLog()].append(
        try Subject("dlq.\(topic).\(group)"), payload, dedupeKey: nil, headers: ["key": key], now: now)
    }
  }

  // MARK: Planted loss of memory

  private mutating func forgetWhatMutantsForget() throws(RuntimeError) {
    if mutants.contains(.revisionPerProcess) { try restartRevisions() }
    if mutants.contains(.fenceReusedAfterRestart) {
      for id in queue.records.keys.sorted() where queue.records[id]?.phase == .waiting {
        try change(id) { $0.fence = 0 }
      }
    }
    if mutants.contains(.groupStartMoved) {
      for name in groups.keys.sorted() {
        guard let shape = groups[name]?.shape else { continue }
        groups[name]?.machine = GroupStateMachine(
          configuration: shape.configuration, firstSeq: (topics[shape.topic]?.lastSeq ?? 0) + 1)
      }
    }
  }

  private mutating func restartRevisions() throws(RuntimeError) {
    let entries = keys.entries.values.sorted { $0.revision < $1.revision }
    keys = StateStoreModel()
    for entry in entries {
      let left = entry.expires.map { max(.seconds(1), $0 - now) }
      _ = try keys.put(entry.key, entry.value, timeToLive: left, now: now)
    }
  }
}
