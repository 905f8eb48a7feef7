import MemfunCore

/// The rules of one session's log: numbers without gaps, one writer at a time, nothing after the end.
///
/// Pure. The log itself decides between writers: a record is stored under its first number, only if
/// nothing is there. A new writer stores a record with its higher epoch first; whoever wrote before
/// then finds that record where its own should go, and knows that it has lost. No clock is involved.
struct SessionLogStateMachine: Sendable, Equatable {
  /// The number of the last event; 0: none.
  private(set) var head: UInt64 = 0
  /// The epoch of the last record.
  private(set) var epoch: UInt64 = 0
  /// Whether the last event ends the session.
  private(set) var isEnded = false

  /// What is wrong with a stored record.
  enum Damage: Error, Equatable {
    case gap(expected: UInt64, found: UInt64)
    case epochWentBack(from: UInt64, to: UInt64)
    case afterEnd
  }

  /// Takes the next record of the log.
  mutating func replay(_ record: SessionRecord) throws(Damage) {
    guard record.first == head + 1 else { throw .gap(expected: head + 1, found: record.first) }
    if record.epoch < epoch { throw .epochWentBack(from: epoch, to: record.epoch) }
    if isEnded { throw .afterEnd }
    head = record.last
    epoch = record.epoch
    isEnded = record.events.contains { $0.kind == .sessionEnded }
  }

  /// The answer to a wish to append.
  enum Admission: Equatable {
    /// Store a record that begins with this number.
    case store(first: UInt64)
    case sequenceConflict(actual: UInt64)
    case ended
  }

  /// - Parameter expected: the last number that the caller knows; nil: any.
  func admit(expected: UInt64?) -> Admission {
    if isEnded { return .ended }
    if let expected, expected != head { return .sequenceConflict(actual: head) }
    return .store(first: head + 1)
  }

  /// What to think of a record that is already where ours should go.
  enum Collision: Equatable {
    /// It is ours: an earlier attempt got through.
    case ours
    /// A newer writer's: we are fenced.
    case fenced(by: UInt64)
    /// An older writer's, stored before it could know of us: it counts, ours comes after it.
    case older
  }

  static func judge(_ found: SessionRecord, against ours: SessionRecord) -> Collision {
    if found == ours { return .ours }
    if found.epoch < ours.epoch { return .older }
    return .fenced(by: found.epoch)
  }
}
