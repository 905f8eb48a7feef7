import MemfunCore
import Synchronization

/// The event bus of tier T0: the reference model behind a lock.
///
/// A lock and not an actor: a publish that hops to an actor and back cannot hand over a million
/// messages a second, and no section here suspends.
final class InProcessBus: EventBus {
  private struct Reader {
    let subscription: InProcessSubscription
    let start: StartPosition
    /// Where it reads next in each topic, while it catches up.
    var cursors: [String: UInt64] = [:]
  }

  private struct Topic {
    var log = TopicLog()
    var groups: [String: Group] = [:]
    /// Live and catching-up subscribers whose pattern names this topic.
    var readers: [ObjectIdentifier] = []
  }

  private struct Group {
    let pattern: SubjectPattern
    var machine: GroupStateMachine
    var members: [InProcessGroupMember] = []
    var isGapPending: (from: UInt64, to: UInt64)?
  }

  private struct State {
    var topics: [String: Topic] = [:]
    var readers: [ObjectIdentifier: Reader] = [:]
    /// Readers whose pattern spans topics.
    var spanning: [ObjectIdentifier] = []
    var isClosed = false
  }

  /// Resumed after the lock is released.
  private struct Wakeups {
    var waiters: [Waiter<Void>] = []
    var members: [(Waiter<GroupEvent?>, GroupEvent)] = []
    var deadLetters: [(subject: Subject, payload: [UInt8], key: String, headers: [String: String])] = []
    var next: Timestamp?
  }

  private let state = Mutex(State())
  private let clock: SharedStoreClock
  private let timer = Mutex<DueTimer?>(nil)

  init(clock: SharedStoreClock) {
    self.clock = clock
    let timer = DueTimer(time: clock.time) { [weak self] in self?.timeCame() }
    self.timer.withLock { $0 = timer }
  }

  // MARK: Publishing

  func publish(
    _ subject: Subject, _ payload: [UInt8], dedupeKey: String?, headers: [String: String]
  ) async throws -> PublishReceipt {
    try append(subject, payload, dedupeKey: dedupeKey, headers: headers)
  }

  /// The synchronous heart of `publish`, also for the queue's events.
  @discardableResult
  func append(
    _ subject: Subject, _ payload: [UInt8], dedupeKey: String?, headers: [String: String]
  ) throws -> PublishReceipt {
    let now = clock.now()
    let topic = subject.topic
    return try mutate(now: now) { state, wakeups in
      let (receipt, message) = try state.topics[topic, default: Topic()].log.append(
        subject, payload, dedupeKey: dedupeKey, headers: headers, now: now)
      if let message {
        Self.offer(message, topic: topic, &state, &wakeups)
        Self.pump(topic, &state, &wakeups, now: now)
      }
      return receipt
    }
  }

  func publishEphemeral(_ subject: Subject, _ payload: [UInt8], headers: [String: String]) async throws {
    if payload.count > RuntimeLimits.payloadBytes {
      throw RuntimeError.payloadTooLarge(bytes: payload.count, limit: RuntimeLimits.payloadBytes)
    }
    let now = clock.now()
    let message = Message(seq: 0, subject: subject, payload: payload, headers: headers, time: now)
    try mutate(now: now) { state, wakeups in Self.offer(message, topic: subject.topic, &state, &wakeups) }
  }

  private static func offer(_ message: Message, topic: String, _ state: inout State, _ wakeups: inout Wakeups)
  {
    for id in (state.topics[topic]?.readers ?? []) + state.spanning {
      guard let reader = state.readers[id], reader.subscription.pattern.matches(message.subject) else {
        continue
      }
      if let waiter = reader.subscription.offer(message) { wakeups.waiters.append(waiter) }
    }
  }

  // MARK: Subscribing

  func subscribe(_ pattern: SubjectPattern, from start: StartPosition) async throws -> any Subscription {
    if case .seq = start, pattern.topic == nil {
      throw RuntimeError.illegalArgument(
        name: "start", reason: "a number belongs to one topic, \(pattern) spans several")
    }
    return try state.withLock { state in
      if state.isClosed { throw RuntimeError.closed }
      let subscription = InProcessSubscription(
        pattern: pattern, isLive: start == .now,
        read: { [weak self] in self?.readHistory($0) ?? .closed },
        leave: { [weak self] in self?.remove($0) })
      let id = ObjectIdentifier(subscription)
      state.readers[id] = Reader(subscription: subscription, start: start)
      if let topic = pattern.topic {
        state.topics[topic, default: Topic()].readers.append(id)
      } else {
        state.spanning.append(id)
      }
      return subscription
    }
  }

  private func remove(_ subscription: InProcessSubscription) {
    let id = ObjectIdentifier(subscription)
    state.withLock { state in
      guard state.readers.removeValue(forKey: id) != nil else { return }
      if let topic = subscription.pattern.topic {
        state.topics[topic]?.readers.removeAll { $0 == id }
      } else {
        state.spanning.removeAll { $0 == id }
      }
    }
  }

  /// The next page of history for a subscriber that catches up; at its end it becomes live in the
  /// same critical section, so that no message falls between.
  private func readHistory(_ subscription: InProcessSubscription) -> InProcessSubscription.Page {
    let id = ObjectIdentifier(subscription)
    return state.withLock { state in
      guard !state.isClosed, var reader = state.readers[id] else { return .closed }
      let topics = subscription.pattern.topic.map { [$0] } ?? state.topics.keys.sorted()
      var events: [SubscriptionEvent] = []
      for topic in topics {
        guard let log = state.topics[topic]?.log else { continue }
        var cursor = reader.cursors[topic] ?? log.seq(for: reader.start)
        // A reader that names a number wants to know that it is gone; one that wants all does not.
        if cursor < log.firstSeq {
          if cursor > 0 { events.append(.gap(topic: topic, from: cursor, to: log.firstSeq - 1)) }
          cursor = log.firstSeq
        }
        while events.count < 256, let message = log.message(from: cursor) {
          cursor = message.seq + 1
          if subscription.pattern.matches(message.subject) { events.append(.message(message)) }
        }
        reader.cursors[topic] = cursor
        if events.count >= 256 { break }
      }
      state.readers[id] = reader
      if !events.isEmpty { return .events(events) }
      subscription.becomeLive()
      return .live
    }
  }

  // MARK: Groups

  func group(
    _ name: String, _ pattern: SubjectPattern, configuration: GroupConfiguration
  ) async throws -> any GroupMember {
    try NameSyntax.check(name)
    guard let topic = pattern.topic else {
      throw RuntimeError.illegalArgument(
        name: "pattern", reason: "a group reads one topic, \(pattern) spans several")
    }
    return try state.withLock { state in
      if state.isClosed { throw RuntimeError.closed }
      var entry = state.topics[topic, default: Topic()]
      if let group = entry.groups[name] {
        let known = group.machine.configuration
        if group.pattern != pattern {
          throw RuntimeError.configConflict(
            group: name, difference: "its pattern is \(group.pattern), not \(pattern)")
        }
        if known != configuration {
          throw RuntimeError.configConflict(group: name, difference: "it has \(known), not \(configuration)")
        }
      }
      let member = InProcessGroupMember(bus: self, topic: topic, group: name)
      entry.groups[
        name,
        default: Group(
          pattern: pattern,
          machine: GroupStateMachine(
            configuration: configuration, firstSeq: entry.log.seq(for: configuration.start)))
      ].members.append(member)
      state.topics[topic] = entry
      return member
    }
  }

  /// The next event for a member, or the waiter on which it will come.
  func next(for member: InProcessGroupMember) throws -> Waiter<GroupEvent?> {
    let waiter = Waiter<GroupEvent?>()
    let now = clock.now()
    try mutate(now: now) { state, wakeups in
      guard
        state.topics[member.topic]?.groups[member.group]?.members.contains(where: { $0 === member }) == true
      else {
        waiter.resume(with: .success(nil))
        return
      }
      member.park(waiter)
      Self.pump(member.topic, &state, &wakeups, now: now)
    }
    return waiter
  }

  func settle(
    _ token: DeliveryToken,
    _ transition: (inout GroupStateMachine, Timestamp) throws -> GroupStateMachine.Verdict?
  ) throws {
    let now = clock.now()
    try mutate(now: now) { state, wakeups in
      guard state.topics[token.topic]?.groups[token.group] != nil else {
        throw RuntimeError.staleDelivery(topic: token.topic, group: token.group, seq: token.seq)
      }
      let verdict = try transition(&state.topics[token.topic]!.groups[token.group]!.machine, now)
      if case .deadLetter(let letter)? = verdict {
        Self.bury(letter, topic: token.topic, group: token.group, state, &wakeups)
      }
      Self.pump(token.topic, &state, &wakeups, now: now)
    }
  }

  func leave(_ member: InProcessGroupMember) {
    state.withLock { state in
      state.topics[member.topic]?.groups[member.group]?.members.removeAll { $0 === member }
    }
    member.unpark()?.resume(with: .success(nil))
  }

  /// Hands what can be delivered to the members that wait for it.
  private static func pump(_ topic: String, _ state: inout State, _ wakeups: inout Wakeups, now: Timestamp) {
    guard var entry = state.topics[topic], !entry.groups.isEmpty else { return }
    for name in entry.groups.keys.sorted() {
      guard var group = entry.groups[name] else { continue }
      if group.machine.nextSeq < entry.log.firstSeq {
        if group.machine.nextSeq > 0 { group.isGapPending = (group.machine.nextSeq, entry.log.firstSeq - 1) }
        group.machine.skip(to: entry.log.firstSeq)
      }
      group.machine.drop(before: entry.log.firstSeq)
      while let place = group.members.firstIndex(where: { $0.isParked }) {
        guard let event = nextEvent(topic: topic, name: name, &group, entry.log, state, &wakeups, now: now)
        else { break }
        // The member goes to the end of the line: fair among those that wait.
        let member = group.members.remove(at: place)
        group.members.append(member)
        if let waiter = member.unpark() { wakeups.members.append((waiter, event)) }
      }
      // While nobody waits nothing can be delivered, and what is overdue would ring the timer for ever.
      if group.members.contains(where: \.isParked) {
        wakeups.next = [wakeups.next, group.machine.nextDue].compactMap(\.self).min()
      }
      entry.groups[name] = group
    }
    state.topics[topic] = entry
  }

  private static func nextEvent(
    topic: String, name: String, _ group: inout Group, _ log: TopicLog, _ state: State,
    _ wakeups: inout Wakeups,
    now: Timestamp
  ) -> GroupEvent? {
    if let gap = group.isGapPending {
      group.isGapPending = nil
      return .gap(from: gap.from, to: gap.to)
    }
    while let seq = group.machine.redelivery(now: now) {
      switch group.machine.deliverAgain(seq, now: now) {
      case .success(let delivery)?:
        guard let message = log.message(from: seq), message.seq == seq else { continue }
        return .delivery(
          Delivery(
            token: DeliveryToken(topic: topic, group: name, seq: seq, delivery: delivery), message: message))
      case .failure(let needed)?:
        bury(needed.letter, topic: topic, group: name, state, &wakeups)
      case nil: break
      }
    }
    while group.machine.hasRoom, let message = log.message(from: group.machine.nextSeq) {
      guard group.pattern.matches(message.subject) else {
        group.machine.skip(to: message.seq + 1)
        continue
      }
      let delivery = group.machine.deliverNew(message.seq, now: now)
      return .delivery(
        Delivery(
          token: DeliveryToken(topic: topic, group: name, seq: message.seq, delivery: delivery),
          message: message))
    }
    return nil
  }

  private static func bury(
    _ letter: DeadLetter, topic: String, group: String, _ state: State,
    _ wakeups: inout Wakeups
  ) {
    guard let log = state.topics[topic]?.log, let message = log.message(from: letter.seq),
      message.seq == letter.seq,
      // Topic and group were checked when they were made, so that this is a legal subject.
      let subject = try? Subject("dlq.\(topic).\(group)")
    else { return }
    let headers = message.headers.merging(letter.headers) { _, new in new }
      .merging(["memfun-subject": message.subject.description]) { _, new in new }
    wakeups.deadLetters.append((subject, message.payload, "\(topic).\(group).\(letter.seq)", headers))
  }

  // MARK: Topics

  func setRetention(_ topic: String, _ retention: Retention) async throws {
    try NameSyntax.check(topic)
    let now = clock.now()
    try mutate(now: now) { state, _ in
      state.topics[topic, default: Topic()].log.retention = retention
      state.topics[topic]?.log.retain(now: now)
    }
  }

  func deleteTopic(_ topic: String) async throws {
    let ended = try state.withLock { state in
      if state.isClosed { throw RuntimeError.closed }
      guard let entry = state.topics.removeValue(forKey: topic) else {
        return ([], []) as ([InProcessSubscription], [InProcessGroupMember])
      }
      let readers = entry.readers.compactMap { state.readers.removeValue(forKey: $0)?.subscription }
      return (readers, entry.groups.values.flatMap(\.members))
    }
    for subscription in ended.0 { subscription.end(with: .topicDeleted(topic)) }
    for member in ended.1 { member.unpark()?.resume(with: .success(nil)) }
  }

  /// Ends every subscription and membership.
  func close() {
    timer.withLock { $0 }?.close()
    let (readers, members) = state.withLock { state in
      state.isClosed = true
      return (
        state.readers.values.map(\.subscription),
        state.topics.values.flatMap { $0.groups.values.flatMap(\.members) }
      )
    }
    for subscription in readers { subscription.end(with: nil) }
    for member in members { member.unpark()?.resume(with: .success(nil)) }
  }

  // MARK: Consequences

  private func mutate<Result: Sendable>(
    now: Timestamp, _ change: (inout State, inout Wakeups) throws -> Result
  ) throws -> Result {
    let (result, wakeups) = try state.withLock { state in
      if state.isClosed { throw RuntimeError.closed }
      var wakeups = Wakeups()
      let result = Swift.Result { try change(&state, &wakeups) }
      return (result, wakeups)
    }
    for waiter in wakeups.waiters { waiter.resume(with: .success(())) }
    for (waiter, event) in wakeups.members where !waiter.resume(with: .success(event)) {
      // The member's task was cancelled in between: the delivery comes again when its time is over.
    }
    for letter in wakeups.deadLetters {
      try append(letter.subject, letter.payload, dedupeKey: letter.key, headers: letter.headers)
    }
    timer.withLock { $0 }?.arm(at: wakeups.next, now: now)
    return try result.get()
  }

  private func timeCame() {
    let now = clock.now()
    // Closed meanwhile: there is nobody left to tell.
    try? mutate(now: now) { state, wakeups in
      for topic in state.topics.keys.sorted() { Self.pump(topic, &state, &wakeups, now: now) }
    }
  }
}

/// One member of a group of tier T0.
final class InProcessGroupMember: GroupMember {
  let topic: String
  let group: String
  private let bus: InProcessBus
  private let parked = Mutex<Waiter<GroupEvent?>?>(nil)

  init(bus: InProcessBus, topic: String, group: String) {
    self.bus = bus
    self.topic = topic
    self.group = group
  }

  var isParked: Bool { parked.withLock { $0?.isOpen ?? false } }
  func park(_ waiter: Waiter<GroupEvent?>) { parked.withLock { $0 = waiter } }
  func unpark() -> Waiter<GroupEvent?>? {
    parked.withLock { slot in
      defer { slot = nil }
      return slot
    }
  }

  func next() async throws -> GroupEvent? { try await bus.next(for: self).wait() }

  func acknowledge(_ token: DeliveryToken) async throws {
    try bus.settle(token) { machine, _ in
      try machine.acknowledge(token)
      return nil
    }
  }

  func reject(_ token: DeliveryToken, delay: Duration, error: String?) async throws {
    try bus.settle(token) { machine, now in try machine.reject(token, delay: delay, error: error, now: now) }
  }

  func terminate(_ token: DeliveryToken, reason: String) async throws {
    try bus.settle(token) { machine, _ in .deadLetter(try machine.terminate(token, reason: reason)) }
  }

  func inProgress(_ token: DeliveryToken) async throws {
    try bus.settle(token) { machine, now in
      try machine.inProgress(token, now: now)
      return nil
    }
  }

  func leave() async { bus.leave(self) }
}
