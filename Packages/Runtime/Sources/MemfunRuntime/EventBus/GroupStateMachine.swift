import MemfunCore

/// What a consumer group has delivered, what is open, and what is to be delivered again.
///
/// Pure. It knows numbers only; the tier looks the messages up. A delivery is settled by the token of
/// the *last* delivery of its message: an acknowledgement of an earlier one is refused, because by then
/// another member works on it.
struct GroupStateMachine: Sendable {
  /// What to do with a message whose delivery failed.
  enum Verdict: Sendable, Equatable {
    /// It is delivered again later, by itself.
    case retry
    /// It goes to the dead letters, exactly once, with these headers.
    case deadLetter(DeadLetter)
  }

  let configuration: GroupConfiguration
  /// The number from which the next new message is taken.
  private(set) var nextSeq: UInt64
  private var pending: [UInt64: PendingDelivery] = [:]

  init(configuration: GroupConfiguration, firstSeq: UInt64) {
    self.configuration = configuration
    nextSeq = firstSeq
  }

  /// How many deliveries are open or wait to be repeated.
  var pendingCount: Int { pending.count }

  /// The number of a message to deliver again now, lowest first.
  func redelivery(now: Timestamp) -> UInt64? {
    pending.filter { $0.value.due <= now }.keys.min()
  }

  /// Whether a new message may be delivered: the open ones are fewer than the limit.
  var hasRoom: Bool { pending.count < configuration.maximumPending }

  /// When the next redelivery is due.
  var nextDue: Timestamp? { pending.values.map(\.due).min() }

  /// A message between `nextSeq` and this number does not concern the group.
  mutating func skip(to seq: UInt64) { nextSeq = max(nextSeq, seq) }

  /// Hands out a new message. Returns the delivery's number, 1.
  mutating func deliverNew(_ seq: UInt64, now: Timestamp) -> Int {
    nextSeq = max(nextSeq, seq + 1)
    pending[seq] = PendingDelivery(now: now, configuration: configuration)
    return 1
  }

  /// Hands out a message again, or gives it up when it was delivered often enough.
  mutating func deliverAgain(_ seq: UInt64, now: Timestamp) -> Result<Int, DeadLetterNeeded>? {
    guard var entry = pending[seq], entry.due <= now else { return nil }
    if let letter = entry.again(seq: seq, now: now, configuration: configuration) {
      pending[seq] = nil
      return .failure(DeadLetterNeeded(letter: letter))
    }
    pending[seq] = entry
    return .success(entry.delivery)
  }

  /// Not an error of the caller: the message must go to the dead letters instead.
  struct DeadLetterNeeded: Error, Equatable {
    let letter: DeadLetter
  }

  mutating func acknowledge(_ token: DeliveryToken) throws(RuntimeError) {
    _ = try current(token)
    pending[token.seq] = nil
  }

  mutating func inProgress(_ token: DeliveryToken, now: Timestamp) throws(RuntimeError) {
    var entry = try current(token)
    entry.keep(now: now, configuration: configuration)
    pending[token.seq] = entry
  }

  mutating func reject(
    _ token: DeliveryToken, delay: Duration, error: String?, now: Timestamp
  ) throws(RuntimeError) -> Verdict {
    var entry = try current(token)
    if let letter = entry.reject(
      seq: token.seq, delay: delay, error: error, now: now, configuration: configuration)
    {
      pending[token.seq] = nil
      return .deadLetter(letter)
    }
    pending[token.seq] = entry
    return .retry
  }

  mutating func terminate(_ token: DeliveryToken, reason: String) throws(RuntimeError) -> DeadLetter {
    let entry = try current(token)
    pending[token.seq] = nil
    return entry.letter(seq: token.seq, reason: reason)
  }

  /// Messages before `seq` are no longer kept; their deliveries end.
  mutating func drop(before seq: UInt64) {
    for old in pending.keys.filter({ $0 < seq }) { pending[old] = nil }
  }

  private func current(_ token: DeliveryToken) throws(RuntimeError) -> PendingDelivery {
    guard let entry = pending[token.seq], entry.isSettled(by: token) else {
      throw .staleDelivery(topic: token.topic, group: token.group, seq: token.seq)
    }
    return entry
  }
}
