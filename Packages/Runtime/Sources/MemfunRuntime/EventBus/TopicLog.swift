import MemfunCore

/// The messages of one topic in memory: numbers, dedupe keys and retention. Pure.
struct TopicLog: Sendable {
  private struct Remembered: Sendable {
    let key: String
    let seq: UInt64
    let until: Timestamp
  }

  private(set) var messages: [Message] = []
  /// Index of the oldest message that is kept; what is before it is dropped when it is half of all.
  private var head = 0
  private(set) var lastSeq: UInt64 = 0
  private var keptBytes = 0
  private var dedupe: [String: UInt64] = [:]
  private var remembered: [Remembered] = []
  private var rememberedHead = 0
  var retention = Retention()

  /// The number of the oldest message that is kept; one more than the last when there is none.
  var firstSeq: UInt64 { head < messages.count ? messages[head].seq : lastSeq + 1 }

  mutating func append(
    _ subject: Subject, _ payload: [UInt8], dedupeKey: String?, headers: [String: String], now: Timestamp
  ) throws(RuntimeError) -> (receipt: PublishReceipt, message: Message?) {
    if payload.count > RuntimeLimits.payloadBytes {
      throw .payloadTooLarge(bytes: payload.count, limit: RuntimeLimits.payloadBytes)
    }
    forget(now: now)
    if let dedupeKey, let seq = dedupe[dedupeKey] {
      return (PublishReceipt(seq: seq, isDuplicate: true), nil)
    }
    lastSeq += 1
    let message = Message(seq: lastSeq, subject: subject, payload: payload, headers: headers, time: now)
    messages.append(message)
    keptBytes += payload.count
    if let dedupeKey {
      dedupe[dedupeKey] = lastSeq
      remembered.append(Remembered(key: dedupeKey, seq: lastSeq, until: now + RuntimeLimits.dedupeWindow))
    }
    retain(now: now)
    return (PublishReceipt(seq: lastSeq, isDuplicate: false), message)
  }

  /// The number from which a reader that starts at `start` reads.
  func seq(for start: StartPosition) -> UInt64 {
    switch start {
    case .now: lastSeq + 1
    case .all: firstSeq
    case .seq(let seq): seq
    case .time(let time): messages[head...].first { $0.time >= time }?.seq ?? lastSeq + 1
    }
  }

  /// The first kept message with at least this number.
  func message(from seq: UInt64) -> Message? {
    guard seq <= lastSeq, head < messages.count else { return nil }
    // Numbers are dense in memory, so the place follows from the number.
    let place = head + Int(clamping: seq > firstSeq ? seq - firstSeq : 0)
    return place < messages.count ? messages[place] : nil
  }

  /// Removes what the retention no longer keeps.
  mutating func retain(now: Timestamp) {
    while head < messages.count {
      let oldest = messages[head]
      let count = messages.count - head
      let tooMany = retention.maximumMessages.map { count > $0 } ?? false
      let tooLarge = retention.maximumBytes.map { keptBytes > $0 } ?? false
      let tooOld = retention.maximumAge.map { oldest.time + $0 <= now } ?? false
      guard tooMany || tooLarge || tooOld else { break }
      keptBytes -= oldest.payload.count
      head += 1
    }
    if head > 64, head * 2 > messages.count {
      messages.removeFirst(head)
      head = 0
    }
  }

  private mutating func forget(now: Timestamp) {
    while rememberedHead < remembered.count, remembered[rememberedHead].until <= now {
      let entry = remembered[rememberedHead]
      if dedupe[entry.key] == entry.seq { dedupe[entry.key] = nil }
      rememberedHead += 1
    }
    if rememberedHead > 64, rememberedHead * 2 > remembered.count {
      remembered.removeFirst(rememberedHead)
      rememberedHead = 0
    }
  }
}
