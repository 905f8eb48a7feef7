import MemfunCore

@testable import MemfunRuntime

/// What the answers of the store say about messages, groups and keys, and whether they agree with the
/// contract. Like `TaskAudit` it knows nothing of the program's state machines.
struct MessageAudit {
  private struct Published {
    let subject: String
    let payload: [UInt8]
    let key: String?
    let time: Timestamp
  }

  private struct Delivered {
    var number: Int
    /// When it may be delivered again.
    var due: Timestamp
    var isOut = true
    var isAcknowledged = false
    var isBuried = false
  }

  private struct Group {
    let shape: GroupShape
    let start: UInt64
    var deliveries: [UInt64: Delivered] = [:]
    var lastFirst: UInt64 = 0
  }

  private struct Written: Equatable {
    let key: String
    let value: [UInt8]
  }

  /// The topic that clients of the simulation publish to.
  static let topic = "orders"

  private var published: [UInt64: Published] = [:]
  private var lastSeq: UInt64 = 0
  private var groups: [String: Group] = [:]
  private var lastRevision: UInt64 = 0
  private var written: [UInt64: Written] = [:]
  private var lastTime = Timestamp(nanoseconds: .min)
  private(set) var violations: [Violation] = []
  /// Since when nothing fails any more.
  var calmSince: Timestamp?

  private mutating func report(_ invariant: Violation.Invariant, _ detail: String) {
    violations.append(Violation(invariant: invariant, detail: detail))
  }

  mutating func observe(_ seen: Observation) {
    if seen.now < lastTime {
      report(.storeTimeForward, "\(lastTime - seen.now) back at record \(seen.index)")
    }
    lastTime = max(lastTime, seen.now)
    switch (seen.command, seen.reply) {
    case (.publish(let subject, let payload, let key), .published(let receipt)):
      publish(Published(subject: subject, payload: payload, key: key, time: seen.now), receipt)
    case (.attach(let name, let shape), .done) where groups[name] == nil:
      groups[name] = Group(shape: shape, start: shape.fromFirst ? 1 : lastSeq + 1)
    case (.fetch(let name), .delivery(let delivery?)): delivered(name, delivery, seen)
    case (.settle(let name, let seq, let number, let settlement), let reply):
      settled(name, seq, number, settlement, reply, seen.now)
    case (.get(let key), .entry(let entry?)): read(key, entry, seen.now)
    case (.put(let key, let value, _), .revision(let revision?)),
      (.create(let key, let value), .revision(let revision?)),
      (.update(let key, let value, _), .revision(let revision?)):
      wrote(Written(key: key, value: value), revision)
    case (.delete(let key, _), .revision(let revision?)): wrote(Written(key: key, value: []), revision)
    default: break
    }
  }

  // MARK: Publishing

  private mutating func publish(_ message: Published, _ receipt: PublishReceipt) {
    let earlier = message.key.flatMap { key in
      published.filter { $0.value.key == key }.max { $0.key < $1.key }
    }
    if receipt.isDuplicate {
      if earlier == nil || earlier?.key != receipt.seq {
        report(.dedupe, "a repeat of \(message.key ?? "nothing") is said to be message \(receipt.seq)")
      }
      return
    }
    if let earlier, message.time - earlier.value.time < RuntimeLimits.dedupeWindow {
      report(.dedupe, "\(message.key ?? "") is message \(earlier.key) and \(receipt.seq)")
    }
    if receipt.seq <= lastSeq { report(.acknowledgedPublish, "number \(receipt.seq) after \(lastSeq)") }
    lastSeq = max(lastSeq, receipt.seq)
    published[receipt.seq] = message
  }

  // MARK: Groups

  private func isWanted(_ seq: UInt64, _ group: Group) -> Bool {
    guard seq >= group.start, let message = published[seq] else { return false }
    return group.shape.pattern == "orders.>" || group.shape.pattern == message.subject
  }

  private mutating func delivered(_ name: String, _ delivery: Delivery, _ seen: Observation) {
    guard var group = groups[name] else { return }
    let (seq, now) = (delivery.token.seq, seen.now)
    if published[seq]?.payload != delivery.message.payload {
      report(.acknowledgedPublish, "message \(seq) was delivered with another payload")
    }
    if !isWanted(seq, group) { report(.groupDelivery, "\(name) got message \(seq), which it does not want") }
    var ready = published[seq]?.time ?? now
    if let last = group.deliveries[seq] {
      ready = last.due
      if last.isAcknowledged || last.isBuried {
        report(.staleDelivery, "message \(seq) was delivered to \(name) after it was settled")
      }
      if delivery.token.delivery != last.number + 1 || last.number + 1 > group.shape.maximumDeliveries {
        report(.groupDelivery, "delivery \(delivery.token.delivery) of message \(seq) after \(last.number)")
      }
      if now < last.due { report(.staleDelivery, "message \(seq) was delivered again while it was out") }
    } else {
      if delivery.token.delivery != 1 || seq <= group.lastFirst {
        report(.groupDelivery, "\(name) got message \(seq) out of order")
      }
      let left = published.keys.filter { $0 > group.lastFirst && $0 < seq && isWanted($0, group) }
      if let skipped = left.min() { report(.groupDelivery, "\(name) did not get message \(skipped)") }
      group.lastFirst = max(group.lastFirst, seq)
    }
    if let calmSince, let since = seen.waitingSince, since >= calmSince, !isFull(group),
      now - max(since, ready) > .seconds(1)
    {
      report(.promptness, "message \(seq) came \(now - max(since, ready)) late to \(name)")
    }
    group.deliveries[seq] = Delivered(
      number: delivery.token.delivery, due: now + group.shape.acknowledgeWithin)
    groups[name] = group
  }

  private func isFull(_ group: Group) -> Bool {
    group.deliveries.values.count { !$0.isAcknowledged && !$0.isBuried } >= 15
  }

  private mutating func settled(
    _ name: String, _ seq: UInt64, _ number: Int, _ settlement: StoreCommand.Settlement,
    _ reply: StoreReply, _ now: Timestamp
  ) {
    guard var group = groups[name], var last = group.deliveries[seq] else { return }
    let isCurrent = last.number == number && last.isOut && !last.isAcknowledged && !last.isBuried
    guard reply == .done else {
      if case .refused(.staleDelivery) = reply, isCurrent, last.due > now {
        report(.staleDelivery, "the holder of message \(seq) of \(name) was refused")
      }
      return
    }
    if !isCurrent { report(.staleDelivery, "delivery \(number) of message \(seq) of \(name) was heard") }
    switch settlement {
    case .acknowledge: last.isAcknowledged = true
    case .inProgress: last.due = now + group.shape.acknowledgeWithin
    case .terminate: last.isBuried = true
    case .reject(let delay):
      last.isOut = false
      last.due = now + delay
      if number >= group.shape.maximumDeliveries { last.isBuried = true }
    }
    group.deliveries[seq] = last
    groups[name] = group
  }

  // MARK: Keys

  private mutating func wrote(_ write: Written, _ revision: UInt64) {
    if revision <= lastRevision {
      report(.revisionStrict, "\(write.key) got revision \(revision) after \(lastRevision)")
    }
    lastRevision = max(lastRevision, revision)
    written[revision] = write
  }

  private mutating func read(_ key: String, _ entry: StoreEntry, _ now: Timestamp) {
    if let expires = entry.expires, expires <= now {
      report(.timeToLive, "\(key) was read \(now - expires) after its end")
    }
    if let write = written[entry.revision], write != Written(key: key, value: entry.value) {
      report(.revisionStrict, "revision \(entry.revision) is that of another write")
    }
  }

  // MARK: The end

  /// Compares with what is left after everything.
  mutating func finish(_ state: StoreState) {
    let log = state.topics[Self.topic] ?? TopicLog()
    for seq in published.keys.sorted() {
      if let message = log.message(from: seq), message.seq == seq,
        message.payload == published[seq]?.payload
      {
        continue
      }
      report(.acknowledgedPublish, "message \(seq) is gone or changed")
    }
    if log.messages.count != published.count {
      report(.acknowledgedPublish, "\(log.messages.count) messages, \(published.count) acknowledged")
    }
    var letters: [String: Int] = [:]
    for message in state.topics["dlq"]?.messages ?? [] {
      letters[message.headers["key"] ?? "", default: 0] += 1
    }
    for (letter, count) in letters.sorted(by: { $0.key < $1.key }) where count > 1 {
      report(.deadLetterOnce, "\(letter) is there \(count) times")
    }
    for name in groups.keys.sorted() {
      guard let group = groups[name] else { continue }
      if let backlog = state.backlog(of: name), backlog != (0, 0) {
        report(.liveness, "\(name) has \(backlog.pending) open and \(backlog.unread) unread messages")
      }
      for seq in published.keys.sorted() where isWanted(seq, group) {
        let delivered = group.deliveries[seq]
        let isLetter = letters["\(Self.topic).\(name).\(seq)"] != nil
        if delivered == nil { report(.groupDelivery, "\(name) never got message \(seq)") }
        if delivered?.isAcknowledged == true, isLetter {
          report(.deadLetterOnce, "message \(seq) of \(name) was acknowledged and given up")
        }
        if delivered?.isBuried == true, !isLetter {
          report(.deadLetterOnce, "message \(seq) of \(name) was given up without a dead letter")
        }
        if delivered?.isAcknowledged == false, !isLetter {
          report(.groupDelivery, "message \(seq) of \(name) was neither settled nor given up")
        }
      }
    }
  }
}
