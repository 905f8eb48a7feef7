import MemfunCore
import MemfunRuntime

/// What a topic keeps, and the removal of what it does not.
enum TopicRow {
  private struct Kept {
    var retention = Retention()
    var messages = 0
    var bytes = 0
    var removedThrough: UInt64 = 0

    /// Messages and bytes are counted only where they are limited.
    var isCounted: Bool { retention.maximumMessages != nil || retention.maximumBytes != nil }
  }

  /// After a message of `bytes` was appended: removes the oldest while there is too much.
  static func appended(_ topic: String, bytes: Int, in transaction: Transaction) throws {
    var kept = try load(topic, transaction.database)
    if kept.isCounted {
      kept.messages += 1
      kept.bytes += bytes
    }
    try retain(topic, &kept, alwaysStore: kept.isCounted, in: transaction)
  }

  static func setRetention(_ topic: String, _ retention: Retention, in transaction: Transaction) throws {
    var kept = try load(topic, transaction.database)
    kept.retention = retention
    (kept.messages, kept.bytes) =
      try transaction.database.first(
        "SELECT count(*), ifnull(sum(length(payload)), 0) FROM message WHERE topic = ?1", .text(topic)
      ) { ($0.int(0), $0.int(1)) } ?? (0, 0)
    try retain(topic, &kept, alwaysStore: true, in: transaction)
  }

  private static func retain(
    _ topic: String, _ kept: inout Kept, alwaysStore: Bool, in transaction: Transaction
  ) throws {
    let database = transaction.database
    let before = kept.removedThrough
    while true {
      let tooMany = kept.retention.maximumMessages.map { kept.messages > $0 } ?? false
      let tooLarge = kept.retention.maximumBytes.map { kept.bytes > $0 } ?? false
      if !tooMany, !tooLarge, kept.retention.maximumAge == nil { break }
      let oldest = try database.first(
        "SELECT seq, time, length(payload) FROM message WHERE topic = ?1 ORDER BY seq LIMIT 1", .text(topic)
      ) { (seq: $0.unsigned(0), time: $0.time(1), bytes: $0.int(2)) }
      guard let oldest else { break }
      let tooOld = kept.retention.maximumAge.map { oldest.time + $0 <= transaction.now } ?? false
      guard tooMany || tooLarge || tooOld else { break }
      try database.run("DELETE FROM message WHERE seq = ?1", SQLValue(oldest.seq))
      kept.removedThrough = oldest.seq
      if kept.isCounted {
        kept.messages -= 1
        kept.bytes -= oldest.bytes
      }
    }
    guard alwaysStore || kept.removedThrough != before else { return }
    try database.run(
      """
      INSERT OR REPLACE INTO topic(name, max_age, max_messages, max_bytes, kept_messages, kept_bytes,
        removed_through) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """, .text(topic),
      // -1 stands for no limit of age; no row at all for the default.
      .integer(kept.retention.maximumAge?.wholeNanoseconds ?? -1),
      SQLValue(kept.retention.maximumMessages), SQLValue(kept.retention.maximumBytes),
      SQLValue(kept.messages), SQLValue(kept.bytes), SQLValue(kept.removedThrough))
  }

  private static func load(_ topic: String, _ database: Connection) throws -> Kept {
    try database.first(
      """
      SELECT max_age, max_messages, max_bytes, kept_messages, kept_bytes, removed_through FROM topic
      WHERE name = ?1
      """, .text(topic)
    ) { row in
      Kept(
        retention: Retention(
          maximumAge: row.integer(0) < 0 ? nil : .nanoseconds(row.integer(0)),
          maximumMessages: row.optionalInt(1), maximumBytes: row.optionalInt(2)),
        messages: row.int(3), bytes: row.int(4), removedThrough: row.unsigned(5))
    } ?? Kept()
  }

  /// Removes a topic with its groups.
  static func delete(_ topic: String, in transaction: Transaction) throws {
    let database = transaction.database
    try database.run("DELETE FROM message WHERE topic = ?1", .text(topic))
    try database.run("DELETE FROM dedupe WHERE topic = ?1", .text(topic))
    try database.run("DELETE FROM consumer_group WHERE topic = ?1", .text(topic))
    try database.run("DELETE FROM topic WHERE name = ?1", .text(topic))
    try database.run("INSERT INTO topic_deletion(name) VALUES (?1)", .text(topic))
    transaction.effects.change.formUnion([.topics, .groups])
  }
}
