import MemfunCore
import MemfunRuntime

/// A consumer group in the file: one row for the group, one for each message that is not settled. The
/// rules of redelivery are `PendingDelivery`'s.
struct GroupRow {
  let id: Int64
  let topic: String
  let name: String
  let pattern: SubjectPattern
  let configuration: GroupConfiguration
  var nextSeq: UInt64

  // MARK: The group

  static func load(topic: String, name: String, _ database: Connection) throws -> GroupRow? {
    try database.first(
      """
      SELECT id, topic, name, pattern, start, within, max_deliveries, max_pending, next_seq
      FROM consumer_group WHERE topic = ?1 AND name = ?2
      """, .text(topic), .text(name)
    ) { try read($0, path: database.path) }
  }

  static func load(_ id: Int64, _ database: Connection) throws -> GroupRow? {
    try database.first(
      """
      SELECT id, topic, name, pattern, start, within, max_deliveries, max_pending, next_seq
      FROM consumer_group WHERE id = ?1
      """, .integer(id)
    ) { try read($0, path: database.path) }
  }

  private static func read(_ row: Row, path: String) throws -> GroupRow {
    guard let start = start(row.text(4)) else {
      throw RuntimeError.corrupted(path: path, detail: "group \(row.text(2)) has an unknown start")
    }
    return GroupRow(
      id: row.integer(0), topic: row.text(1), name: row.text(2), pattern: try SubjectPattern(row.text(3)),
      configuration: GroupConfiguration(
        start: start, acknowledgeWithin: .nanoseconds(row.integer(5)), maximumDeliveries: row.int(6),
        maximumPending: row.int(7)),
      nextSeq: row.unsigned(8))
  }

  /// Attaches to the group, or makes it.
  ///
  /// - Throws: `RuntimeError.configConflict`.
  static func attach(
    topic: String, name: String, pattern: SubjectPattern, configuration: GroupConfiguration,
    in transaction: Transaction
  ) throws -> Int64 {
    let database = transaction.database
    if let group = try load(topic: topic, name: name, database) {
      if group.pattern != pattern {
        throw RuntimeError.configConflict(
          group: name, difference: "its pattern is \(group.pattern), not \(pattern)")
      }
      if group.configuration != configuration {
        throw RuntimeError.configConflict(
          group: name, difference: "it has \(group.configuration), not \(configuration)")
      }
      return group.id
    }
    let first: UInt64 =
      switch configuration.start {
      case .now: try MessageRow.lastSeq(database) + 1
      case .all: try MessageRow.removedThrough(topic, database) + 1
      case .seq(let seq): seq
      case .time(let time):
        try database.first(
          "SELECT seq FROM message WHERE topic = ?1 AND time >= ?2 ORDER BY seq LIMIT 1", .text(topic),
          SQLValue(time)
        ) { $0.unsigned(0) } ?? MessageRow.lastSeq(database) + 1
      }
    try database.run(
      """
      INSERT INTO consumer_group(topic, name, pattern, start, within, max_deliveries, max_pending, next_seq)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      """, .text(topic), .text(name), .text(pattern.description), .text(text(configuration.start)),
      .integer(configuration.acknowledgeWithin.wholeNanoseconds), SQLValue(configuration.maximumDeliveries),
      SQLValue(configuration.maximumPending), SQLValue(first))
    return database.lastInsertedNumber
  }

  private static func text(_ start: StartPosition) -> String {
    switch start {
    case .now: "now"
    case .all: "all"
    case .seq(let seq): "seq:\(seq)"
    case .time(let time): "time:\(time.nanoseconds)"
    }
  }

  private static func start(_ text: String) -> StartPosition? {
    let parts = text.split(separator: ":")
    return switch (parts.first, parts.count) {
    case ("now", 1): .now
    case ("all", 1): .all
    case ("seq", 2): UInt64(parts[1]).map(StartPosition.seq)
    case ("time", 2): Int64(parts[1]).map { .time(Timestamp(nanoseconds: $0)) }
    default: nil
    }
  }

  // MARK: Deliveries

  /// What a member gets.
  enum Next: Sendable {
    case event(GroupEvent)
    /// Nothing now; something falls due then.
    case nothing(until: Timestamp?)
    /// The group is gone with its topic.
    case gone
  }

  /// The next event of the group: a gap, a message that is due again, or a new one.
  static func next(_ id: Int64, in transaction: Transaction) throws -> Next {
    let database = transaction.database
    guard var group = try load(id, database) else { return .gone }
    let removed = try MessageRow.removedThrough(group.topic, database)
    if group.nextSeq <= removed {
      let from = group.nextSeq
      try group.moveOn(to: removed + 1, database)
      try database.run(
        "DELETE FROM delivery WHERE group_id = ?1 AND seq <= ?2", .integer(id), SQLValue(removed))
      if from > 0 { return .event(.gap(from: from, to: removed)) }
    }
    if let delivery = try group.redelivery(in: transaction) { return .event(.delivery(delivery)) }
    let (open, due) =
      try database.first(
        "SELECT count(*), min(due) FROM delivery WHERE group_id = ?1", .integer(id)
      ) { ($0.int(0), $0.optionalTime(1)) } ?? (0, nil)
    if open < group.configuration.maximumPending, let delivery = try group.newDelivery(in: transaction) {
      return .event(.delivery(delivery))
    }
    return .nothing(until: due)
  }

  private mutating func moveOn(to seq: UInt64, _ database: Connection) throws {
    nextSeq = seq
    try database.run(
      "UPDATE consumer_group SET next_seq = ?2 WHERE id = ?1", .integer(id), SQLValue(seq))
  }

  private func redelivery(in transaction: Transaction) throws -> Delivery? {
    let database = transaction.database
    while true {
      let found = try database.first(
        """
        SELECT seq, delivery, due, is_out, first_error, last_error FROM delivery
        WHERE group_id = ?1 AND due <= ?2 ORDER BY seq LIMIT 1
        """, .integer(id), SQLValue(transaction.now)
      ) { (seq: $0.unsigned(0), pending: Self.pending($0, from: 1)) }
      guard let (seq, known) = found else { return nil }
      guard let message = try message(seq, database) else {
        // Removed by retention: there is nothing to deliver any more.
        try remove(seq, database)
        continue
      }
      var pending = known
      if let letter = pending.again(seq: seq, now: transaction.now, configuration: configuration) {
        try bury(letter, in: transaction)
        continue
      }
      try store(pending, seq: seq, in: transaction)
      return Delivery(
        token: DeliveryToken(topic: topic, group: name, seq: seq, delivery: pending.delivery),
        message: message)
    }
  }

  private mutating func newDelivery(in transaction: Transaction) throws -> Delivery? {
    let database = transaction.database
    var found: Message?
    var last = nextSeq
    try database.each(
      """
      SELECT seq, subject, time, headers, checksum, payload FROM message WHERE topic = ?1 AND seq >= ?2
      ORDER BY seq
      """, .text(topic), SQLValue(nextSeq)
    ) { row in
      last = row.unsigned(0) + 1
      guard pattern.matches(try Subject(row.text(1))) else { return true }
      found = try MessageRow.read(row, path: database.path)
      return false
    }
    if last != nextSeq { try moveOn(to: last, database) }
    guard let message = found else { return nil }
    let pending = PendingDelivery(now: transaction.now, configuration: configuration)
    try store(pending, seq: message.seq, in: transaction)
    return Delivery(
      token: DeliveryToken(topic: topic, group: name, seq: message.seq, delivery: pending.delivery),
      message: message)
  }

  /// Loads the delivery that `token` settles.
  ///
  /// - Throws: `RuntimeError.staleDelivery`.
  static func settle(
    _ token: DeliveryToken, in transaction: Transaction,
    _ transition: (GroupRow, inout PendingDelivery) throws -> Outcome
  ) throws {
    let database = transaction.database
    let stale = RuntimeError.staleDelivery(topic: token.topic, group: token.group, seq: token.seq)
    guard let group = try load(topic: token.topic, name: token.group, database) else { throw stale }
    let known = try database.first(
      """
      SELECT delivery, due, is_out, first_error, last_error FROM delivery WHERE group_id = ?1 AND seq = ?2
      """, .integer(group.id), SQLValue(token.seq)
    ) { pending($0, from: 0) }
    guard var pending = known, pending.isSettled(by: token) else { throw stale }
    switch try transition(group, &pending) {
    case .done: try group.remove(token.seq, database)
    case .keep: try group.store(pending, seq: token.seq, in: transaction)
    case .bury(let letter): try group.bury(letter, in: transaction)
    }
    // There may be room for another delivery now, or one that is due at once.
    transaction.effects.change.insert(.groups)
  }

  /// What becomes of a delivery.
  enum Outcome {
    case done
    case keep
    case bury(DeadLetter)
  }

  private func store(_ pending: PendingDelivery, seq: UInt64, in transaction: Transaction) throws {
    try transaction.database.run(
      """
      INSERT OR REPLACE INTO delivery(group_id, seq, delivery, due, is_out, first_error, last_error)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """, .integer(id), SQLValue(seq), SQLValue(pending.delivery), SQLValue(pending.due),
      .integer(pending.isOut ? 1 : 0), SQLValue(pending.firstError), SQLValue(pending.lastError))
    transaction.effects.due(pending.due)
  }

  private func remove(_ seq: UInt64, _ database: Connection) throws {
    try database.run("DELETE FROM delivery WHERE group_id = ?1 AND seq = ?2", .integer(id), SQLValue(seq))
  }

  /// The dead letter is written and the delivery removed in one transaction: there is exactly one.
  private func bury(_ letter: DeadLetter, in transaction: Transaction) throws {
    try remove(letter.seq, transaction.database)
    guard let message = try message(letter.seq, transaction.database) else { return }
    let headers = message.headers.merging(letter.headers) { _, new in new }
      .merging(["memfun-subject": message.subject.description]) { _, new in new }
    _ = try MessageRow.append(
      Subject("dlq.\(topic).\(name)"), message.payload, headers: headers, in: transaction)
  }

  private func message(_ seq: UInt64, _ database: Connection) throws -> Message? {
    try database.first(
      "SELECT seq, subject, time, headers, checksum, payload FROM message WHERE seq = ?1", SQLValue(seq)
    ) { try MessageRow.read($0, path: database.path) }
  }

  private static func pending(_ row: Row, from column: Int32) -> PendingDelivery {
    PendingDelivery(
      delivery: row.int(column), due: row.time(column + 1), isOut: row.integer(column + 2) != 0,
      firstError: row.optionalText(column + 3), lastError: row.optionalText(column + 4))
  }
}
