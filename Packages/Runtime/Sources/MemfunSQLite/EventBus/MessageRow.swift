import MemfunCore
import MemfunRuntime

/// How messages stand in the log.
enum MessageRow {
  /// Appends a message and removes what its topic no longer keeps.
  static func append(
    _ subject: Subject, _ payload: [UInt8], headers: [String: String], in transaction: Transaction
  ) throws -> UInt64 {
    let database = transaction.database
    let topic = subject.topic
    let text = headers.isEmpty ? nil : encode(headers)
    try database.run(
      """
      INSERT INTO message(topic, subject, time, headers, checksum, payload)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      """,
      .text(topic), .text(subject.description), SQLValue(transaction.now), SQLValue(text),
      sum(subject.description, text, payload), .blob(payload))
    let seq = UInt64(clamping: database.lastInsertedNumber)
    transaction.effects.change.insert(.messages)
    transaction.effects.messages.append(
      Message(seq: seq, subject: subject, payload: payload, headers: headers, time: transaction.now))
    try TopicRow.appended(topic, bytes: payload.count, in: transaction)
    return seq
  }

  /// The columns `seq, subject, time, headers, checksum, payload`.
  static func read(_ row: Row, path: String) throws -> Message {
    let seq = row.unsigned(0)
    let subject = row.text(1)
    let headers = row.optionalText(3)
    let payload = row.blob(5)
    try Checksum.check(sum(subject, headers, payload), row.integer(4), path: path, what: "message \(seq)")
    return Message(
      seq: seq, subject: try Subject(subject), payload: payload,
      headers: try headers.map { try decode($0, path: path) } ?? [:], time: row.time(2))
  }

  /// The number of the last message that was ever stored.
  static func lastSeq(_ database: Connection) throws -> UInt64 {
    try database.first("SELECT seq FROM sqlite_sequence WHERE name = 'message'") { $0.unsigned(0) } ?? 0
  }

  /// The number of the last message of the topic that is no longer kept; 0: none was removed.
  static func removedThrough(_ topic: String, _ database: Connection) throws -> UInt64 {
    try database.first("SELECT removed_through FROM topic WHERE name = ?1", .text(topic)) { $0.unsigned(0) }
      ?? 0
  }

  private static func sum(_ subject: String, _ headers: String?, _ payload: [UInt8]) -> SQLValue {
    var sum = Checksum()
    sum.add(subject)
    if let headers { sum.add(headers) }
    sum.add(payload)
    return sum.sql
  }

  private static func encode(_ headers: [String: String]) -> String {
    JSONValue.object(headers.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }).description
  }

  private static func decode(_ text: String, path: String) throws -> [String: String] {
    guard let object = try JSONParser.parse(text).objectValue else {
      throw RuntimeError.corrupted(path: path, detail: "the headers of a message are no JSON object")
    }
    var headers: [String: String] = [:]
    for key in object.keys { headers[key] = object[key]?.stringValue }
    return headers
  }
}
