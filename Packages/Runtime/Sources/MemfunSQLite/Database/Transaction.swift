import MemfunCore
import MemfunRuntime

/// What a commit changed, as one byte: it is what a bell says.
struct Change: OptionSet, Sendable {
  let rawValue: UInt8

  static let messages = Change(rawValue: 1)
  static let topics = Change(rawValue: 2)
  static let groups = Change(rawValue: 4)
  static let entries = Change(rawValue: 8)
  /// A task can be claimed, or will be at some time.
  static let tasks = Change(rawValue: 16)
  /// A task ended.
  static let ends = Change(rawValue: 32)

  static let everything = Change(rawValue: 63)
}

/// What follows from a commit.
struct Effects: Sendable {
  var change: Change = []
  /// What was appended, in order, for subscribers in this process.
  var messages: [Message] = []
  /// Tasks that ended.
  var ended: [UUIDv7] = []
  /// When time alone will change something.
  var nextDue: Timestamp?

  mutating func due(_ instant: Timestamp?) {
    nextDue = [nextDue, instant].compactMap(\.self).min()
  }

  mutating func add(_ other: Effects) {
    change.formUnion(other.change)
    messages += other.messages
    ended += other.ended
    due(other.nextDue)
  }
}

/// One operation inside a write transaction, on the writer's thread.
final class Transaction {
  let database: Connection
  /// The store's time; the same during the whole operation.
  let now: Timestamp
  var effects = Effects()

  init(database: Connection, now: Timestamp) {
    self.database = database
    self.now = now
  }
}
