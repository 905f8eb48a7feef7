import MemfunCore

/// Messages in topics: durable, ordered and numbered.
public protocol EventBus: Sendable {
  /// Appends a message; returns when it has the durability of the runtime.
  ///
  /// - Parameter dedupeKey: for at least 120 s a repeat with the same key in the same topic stores
  ///   nothing and returns the first message's number.
  /// - Throws: `RuntimeError.payloadTooLarge` before any I/O; `.unavailable`, `.unknownOutcome`.
  @discardableResult
  func publish(
    _ subject: Subject, _ payload: [UInt8], dedupeKey: String?, headers: [String: String]
  ) async throws -> PublishReceipt
  /// Sends to whoever listens now: at most once, without a number, never stored.
  func publishEphemeral(_ subject: Subject, _ payload: [UInt8], headers: [String: String]) async throws
  /// Every matching message from `start` on, each once, in the order of its topic. The subscription
  /// stands when the call returns.
  ///
  /// - Throws: `RuntimeError.illegalArgument` for `.seq` with a pattern that spans topics.
  func subscribe(_ pattern: SubjectPattern, from start: StartPosition) async throws -> any Subscription
  /// Joins a durable group whose members share the matching messages of one topic.
  ///
  /// - Throws: `RuntimeError.configConflict` when it exists with another configuration.
  func group(_ name: String, _ pattern: SubjectPattern, configuration: GroupConfiguration) async throws
    -> any GroupMember
  /// Sets what a topic keeps.
  func setRetention(_ topic: String, _ retention: Retention) async throws
  /// Removes a topic with its groups and ends their subscriptions.
  func deleteTopic(_ topic: String) async throws
}

/// Where a stored message stands.
public struct PublishReceipt: Sendable, Equatable {
  /// Its number within the topic, from 1, strictly increasing; gaps are allowed.
  public let seq: UInt64
  /// The dedupe key was known: nothing was stored, `seq` is the first message's.
  public let isDuplicate: Bool

  /// Made by tiers.
  public init(seq: UInt64, isDuplicate: Bool) {
    self.seq = seq
    self.isDuplicate = isDuplicate
  }
}

/// One message.
public struct Message: Sendable, Equatable {
  /// Its number within the topic; 0 for ephemeral ones.
  public let seq: UInt64
  /// What it was published to.
  public let subject: Subject
  /// At most `RuntimeLimits.payloadBytes` bytes.
  public let payload: [UInt8]
  /// Free pairs of text.
  public let headers: [String: String]
  /// When it was stored, by the store's clock.
  public let time: Timestamp

  /// Made by tiers.
  public init(seq: UInt64, subject: Subject, payload: [UInt8], headers: [String: String], time: Timestamp) {
    self.seq = seq
    self.subject = subject
    self.payload = payload
    self.headers = headers
    self.time = time
  }
}

/// Where a reader begins.
public enum StartPosition: Sendable, Equatable {
  /// With what is published after the call returned.
  case now
  /// With the oldest message that is kept.
  case all
  /// With this number (inclusive); for patterns within one topic.
  case seq(UInt64)
  /// With the first message stored at or after this instant.
  case time(Timestamp)
}

/// What a subscriber sees.
public enum SubscriptionEvent: Sendable, Equatable {
  case message(Message)
  /// Messages of this range of numbers (inclusive) were removed before they could be read.
  case gap(topic: String, from: UInt64, to: UInt64)
  /// The reader was too slow and the stream ends; subscribe again from `next`.
  case lagged(topic: String, next: UInt64)
  /// The topic was deleted and the stream ends.
  case topicDeleted(String)
}

/// What a topic keeps; the oldest messages go first.
public struct Retention: Sendable, Equatable {
  /// The age, number and payload bytes beyond which messages are removed; nil: no limit.
  public var maximumAge: Duration?, maximumMessages: Int?, maximumBytes: Int?

  /// The default keeps everything for seven days.
  public init(
    maximumAge: Duration? = .seconds(7 * 86_400), maximumMessages: Int? = nil, maximumBytes: Int? = nil
  ) {
    self.maximumAge = maximumAge
    self.maximumMessages = maximumMessages
    self.maximumBytes = maximumBytes
  }
}

/// How a group shares its messages. Fixed by the first member.
public struct GroupConfiguration: Sendable, Equatable {
  /// Where the group begins. Default `.now`.
  public var start: StartPosition
  /// A delivery that is not settled within this time is made again. Default 30 s.
  public var acknowledgeWithin: Duration
  /// After this many deliveries a message goes to `dlq.<topic>.<group>`. Default 5.
  public var maximumDeliveries: Int
  /// How many deliveries may be open at once in the group. Default 256.
  public var maximumPending: Int

  /// The defaults.
  public init(
    start: StartPosition = .now, acknowledgeWithin: Duration = .seconds(30), maximumDeliveries: Int = 5,
    maximumPending: Int = 256
  ) {
    self.start = start
    self.acknowledgeWithin = acknowledgeWithin
    self.maximumDeliveries = maximumDeliveries
    self.maximumPending = maximumPending
  }
}

/// Identifies one delivery of one message to one group.
public struct DeliveryToken: Sendable, Hashable {
  /// Which message of which topic, for which group.
  public let topic: String, group: String, seq: UInt64
  /// Which delivery of it, from 1. A token of an earlier delivery is refused.
  public let delivery: Int

  /// Made by tiers.
  public init(topic: String, group: String, seq: UInt64, delivery: Int) {
    self.topic = topic
    self.group = group
    self.seq = seq
    self.delivery = delivery
  }
}

/// A message handed to a group's member.
public struct Delivery: Sendable, Equatable {
  /// Settles this delivery.
  public let token: DeliveryToken
  /// What was delivered.
  public let message: Message

  /// Made by tiers.
  public init(token: DeliveryToken, message: Message) {
    self.token = token
    self.message = message
  }
}

/// What a member of a group sees.
public enum GroupEvent: Sendable, Equatable {
  case delivery(Delivery)
  /// Messages of this range of numbers (inclusive) were removed before the group read them.
  case gap(from: UInt64, to: UInt64)
}

/// The events of one subscription. One iteration only.
public protocol Subscription: Sendable {
  /// The next event; nil after the last. Ends with nil when cancelled.
  func next() async throws -> SubscriptionEvent?
  /// Ends the subscription and frees what it holds.
  func cancel() async
}

/// One member of a group.
public protocol GroupMember: Sendable {
  /// The next event for this member; waits for one. Nil when the member left or the topic is gone.
  func next() async throws -> GroupEvent?
  /// The message is done with.
  ///
  /// - Throws: `RuntimeError.staleDelivery`; nothing changed.
  func acknowledge(_ token: DeliveryToken) async throws
  /// Deliver again after `delay`.
  func reject(_ token: DeliveryToken, delay: Duration, error: String?) async throws
  /// Never deliver again: the message goes to the dead letters.
  func terminate(_ token: DeliveryToken, reason: String) async throws
  /// Still at it: the time to settle begins anew.
  func inProgress(_ token: DeliveryToken) async throws
  /// Leaves the group; open deliveries go to other members when their time is over.
  func leave() async
}
