import MemfunCore

/// One message that a group was given and has not settled: the rules of redelivery. Pure.
package struct PendingDelivery: Sendable, Equatable {
  /// Which delivery it is, from 1.
  package var delivery: Int
  /// When it is due again: the end of the time to settle, or of the delay after a rejection.
  package var due: Timestamp
  /// A member works on it; false while it waits for its delay after a rejection.
  package var isOut: Bool
  /// The first and the last reason why it was not acknowledged.
  package var firstError: String?, lastError: String?

  /// The first delivery.
  package init(now: Timestamp, configuration: GroupConfiguration) {
    self.init(delivery: 1, due: now + configuration.acknowledgeWithin, isOut: true)
  }

  /// As a tier stored it.
  package init(
    delivery: Int, due: Timestamp, isOut: Bool, firstError: String? = nil, lastError: String? = nil
  ) {
    self.delivery = delivery
    self.due = due
    self.isOut = isOut
    self.firstError = firstError
    self.lastError = lastError
  }

  /// Only the token of the delivery that is out settles it.
  package func isSettled(by token: DeliveryToken) -> Bool { isOut && delivery == token.delivery }

  /// Hands it out again, or gives it up when it was delivered often enough.
  package mutating func again(
    seq: UInt64, now: Timestamp, configuration: GroupConfiguration
  ) -> DeadLetter? {
    if isOut { note("not settled within \(configuration.acknowledgeWithin)") }
    if delivery >= configuration.maximumDeliveries {
      return letter(seq: seq, reason: "delivered \(delivery) times")
    }
    delivery += 1
    due = now + configuration.acknowledgeWithin
    isOut = true
    return nil
  }

  /// The member is still at it.
  package mutating func keep(now: Timestamp, configuration: GroupConfiguration) {
    due = now + configuration.acknowledgeWithin
  }

  /// The member gives it back.
  package mutating func reject(
    seq: UInt64, delay: Duration, error: String?, now: Timestamp, configuration: GroupConfiguration
  ) -> DeadLetter? {
    note(error ?? "rejected")
    if delivery >= configuration.maximumDeliveries {
      return letter(seq: seq, reason: "delivered \(delivery) times")
    }
    due = now + max(delay, .zero)
    isOut = false
    return nil
  }

  /// Gives it up.
  package func letter(seq: UInt64, reason: String) -> DeadLetter {
    DeadLetter(
      seq: seq, reason: reason, deliveries: delivery, firstError: firstError, lastError: lastError)
  }

  private mutating func note(_ error: String) {
    firstError = firstError ?? error
    lastError = error
  }
}

/// Why a message was given up.
package struct DeadLetter: Sendable, Equatable {
  package let seq: UInt64
  package let reason: String
  package let deliveries: Int
  package let firstError: String?, lastError: String?

  /// The headers of the message in `dlq.<topic>.<group>`.
  package var headers: [String: String] {
    var headers = [
      "memfun-reason": reason, "memfun-deliveries": String(deliveries), "memfun-seq": String(seq),
    ]
    headers["memfun-first-error"] = firstError
    headers["memfun-last-error"] = lastError
    return headers
  }
}
