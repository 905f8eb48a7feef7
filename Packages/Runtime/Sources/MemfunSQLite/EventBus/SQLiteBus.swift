import MemfunCore
import MemfunRuntime
import Synchronization

/// The event bus of tier T1. One log for all topics, so that numbers rise over all of them; within one
/// topic they have gaps.
///
/// Ephemeral messages reach the subscribers of this process only: between processes there is nothing
/// but the file, and what is written there would not be ephemeral.
final class SQLiteBus: EventBus {
  private let core: SQLiteCore

  init(core: SQLiteCore) { self.core = core }

  func publish(
    _ subject: Subject, _ payload: [UInt8], dedupeKey: String?, headers: [String: String]
  ) async throws -> PublishReceipt {
    try check(payload)
    return try await core.writer.write(.space) { transaction in
      let database = transaction.database
      guard let dedupeKey else {
        return PublishReceipt(
          seq: try MessageRow.append(subject, payload, headers: headers, in: transaction), isDuplicate: false)
      }
      let known = try database.first(
        "SELECT seq FROM dedupe WHERE topic = ?1 AND key = ?2 AND until > ?3", .text(subject.topic),
        .text(dedupeKey), SQLValue(transaction.now)
      ) { $0.unsigned(0) }
      if let known { return PublishReceipt(seq: known, isDuplicate: true) }
      let seq = try MessageRow.append(subject, payload, headers: headers, in: transaction)
      // A few old ones go with each new one, so that the table stays as large as the window.
      try database.run(
        "DELETE FROM dedupe WHERE id IN (SELECT id FROM dedupe WHERE until <= ?1 ORDER BY until LIMIT 4)",
        SQLValue(transaction.now))
      try database.run(
        "INSERT OR REPLACE INTO dedupe(topic, key, seq, until) VALUES (?1, ?2, ?3, ?4)",
        .text(subject.topic), .text(dedupeKey), SQLValue(seq),
        SQLValue(transaction.now + RuntimeLimits.dedupeWindow))
      return PublishReceipt(seq: seq, isDuplicate: false)
    }
  }

  func publishEphemeral(_ subject: Subject, _ payload: [UInt8], headers: [String: String]) async throws {
    try check(payload)
    try core.checkOpen()
    core.readers.offerEphemeral(
      Message(seq: 0, subject: subject, payload: payload, headers: headers, time: core.time.now()))
  }

  func subscribe(_ pattern: SubjectPattern, from start: StartPosition) async throws -> any Subscription {
    if case .seq = start, pattern.topic == nil {
      throw RuntimeError.illegalArgument(
        name: "start", reason: "a number belongs to one topic, \(pattern) spans several")
    }
    return try await core.readers.subscribe(pattern, from: start)
  }

  func group(
    _ name: String, _ pattern: SubjectPattern, configuration: GroupConfiguration
  ) async throws -> any GroupMember {
    try NameSyntax.check(name)
    guard let topic = pattern.topic else {
      throw RuntimeError.illegalArgument(
        name: "pattern", reason: "a group reads one topic, \(pattern) spans several")
    }
    let id = try await core.writer.write(.space) { transaction in
      try GroupRow.attach(
        topic: topic, name: name, pattern: pattern, configuration: configuration, in: transaction)
    }
    return SQLiteGroupMember(core: core, id: id)
  }

  func setRetention(_ topic: String, _ retention: Retention) async throws {
    try NameSyntax.check(topic)
    try await core.writer.write(.reserve) { transaction in
      try TopicRow.setRetention(topic, retention, in: transaction)
    }
  }

  func deleteTopic(_ topic: String) async throws {
    try await core.writer.write(.reserve) { transaction in
      try TopicRow.delete(topic, in: transaction)
    }
  }

  private func check(_ payload: [UInt8]) throws {
    if payload.count > RuntimeLimits.payloadBytes {
      throw RuntimeError.payloadTooLarge(bytes: payload.count, limit: RuntimeLimits.payloadBytes)
    }
  }
}

/// One member of a group of tier T1. Nothing in the file belongs to it: what it was given and does not
/// settle falls due again by itself.
final class SQLiteGroupMember: GroupMember {
  private let core: SQLiteCore
  private let id: Int64
  private let hasLeft = Atomic(false)

  init(core: SQLiteCore, id: Int64) {
    self.core = core
    self.id = id
  }

  func next() async throws -> GroupEvent? {
    try await core.waiters.until(.change([.messages, .groups]), time: core.time.source) {
      [self] () -> GroupEvent?? in
      if hasLeft.load(ordering: .sequentiallyConsistent) { return .some(nil) }
      switch try await core.writer.write(.reserve, { [id] in try GroupRow.next(id, in: $0) }) {
      case .event(let event): return event
      case .gone: return .some(nil)
      case .nothing(let until):
        core.arm(until)
        return nil
      }
    }
  }

  func acknowledge(_ token: DeliveryToken) async throws {
    try await core.writer.write(.reserve) { transaction in
      try GroupRow.settle(token, in: transaction) { _, _ in .done }
    }
  }

  func reject(_ token: DeliveryToken, delay: Duration, error: String?) async throws {
    try await core.writer.write(.reserve) { transaction in
      try GroupRow.settle(token, in: transaction) { group, pending in
        pending.reject(
          seq: token.seq, delay: delay, error: error, now: transaction.now,
          configuration: group.configuration
        ).map(GroupRow.Outcome.bury) ?? .keep
      }
    }
  }

  func terminate(_ token: DeliveryToken, reason: String) async throws {
    try await core.writer.write(.reserve) { transaction in
      try GroupRow.settle(token, in: transaction) { _, pending in
        .bury(pending.letter(seq: token.seq, reason: reason))
      }
    }
  }

  func inProgress(_ token: DeliveryToken) async throws {
    try await core.writer.write(.reserve) { transaction in
      try GroupRow.settle(token, in: transaction) { group, pending in
        pending.keep(now: transaction.now, configuration: group.configuration)
        return .keep
      }
    }
  }

  func leave() async {
    hasLeft.store(true, ordering: .sequentiallyConsistent)
    core.waiters.wake(.groups, ended: [])
  }
}
