import MemfunCore
import Synchronization

/// One subscriber of tier T0.
///
/// It first reads the log at its own pace (catching up), then is given what is published (live). Only a
/// live subscriber can lag: history waits for its reader, the publisher does not.
package final class InProcessSubscription: Subscription {
  /// What a subscriber that catches up gets from the log.
  package enum Page: Sendable {
    case events([SubscriptionEvent])
    /// It has reached the end of the log and is live from now on.
    case live
    case closed
  }

  private struct State {
    var buffer: [SubscriptionEvent] = []
    var head = 0
    var bufferedBytes = 0
    var isLive: Bool
    var isEnding = false
    var waiter: Waiter<Void>?
  }

  package let pattern: SubjectPattern
  private let state: Mutex<State>
  private let read: @Sendable (InProcessSubscription) async throws -> Page
  private let leave: @Sendable (InProcessSubscription) -> Void

  /// - Parameters:
  ///   - isLive: true when there is no history to read.
  ///   - read: gives the next page of history, or makes the subscriber live under the bus' lock.
  ///   - leave: removes the subscriber from the bus.
  package init(
    pattern: SubjectPattern, isLive: Bool,
    read: @escaping @Sendable (InProcessSubscription) async throws -> Page,
    leave: @escaping @Sendable (InProcessSubscription) -> Void
  ) {
    self.pattern = pattern
    state = Mutex(State(isLive: isLive))
    self.read = read
    self.leave = leave
  }

  package func becomeLive() { state.withLock { $0.isLive = true } }

  /// Gives a live subscriber a message; called by the publisher under the bus' lock. The waiter to
  /// wake, if there is one, is resumed by the publisher after it.
  package func offer(_ message: Message) -> Waiter<Void>? {
    state.withLock { state in
      guard state.isLive, !state.isEnding else { return nil }
      let count = state.buffer.count - state.head
      let bytes = state.bufferedBytes + message.payload.count
      if count >= RuntimeLimits.subscriberMessages || bytes > RuntimeLimits.subscriberBytes {
        state.buffer.append(.lagged(topic: message.subject.topic, next: message.seq))
        state.isEnding = true
      } else {
        state.buffer.append(.message(message))
        state.bufferedBytes = bytes
      }
      defer { state.waiter = nil }
      return state.waiter
    }
  }

  /// Tells a live subscriber that messages were removed before anybody could hand them over.
  package func offerGap(topic: String, from: UInt64, to: UInt64) -> Waiter<Void>? {
    state.withLock { state in
      guard state.isLive, !state.isEnding else { return nil }
      state.buffer.append(.gap(topic: topic, from: from, to: to))
      defer { state.waiter = nil }
      return state.waiter
    }
  }

  /// Ends the subscription after what is buffered and this event.
  package func end(with event: SubscriptionEvent?) {
    let waiter = state.withLock { state -> Waiter<Void>? in
      if state.isEnding { return nil }
      if let event { state.buffer.append(event) }
      state.isEnding = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(with: .success(()))
  }

  package func cancel() async {
    state.withLock { state in
      state.buffer = []
      state.head = 0
    }
    end(with: nil)
    leave(self)
  }

  package func next() async throws -> SubscriptionEvent? {
    while true {
      enum Step { case event(SubscriptionEvent), end, read, wait(Waiter<Void>) }
      let step: Step = state.withLock { state in
        if state.head < state.buffer.count {
          let event = state.buffer[state.head]
          state.head += 1
          if case .message(let message) = event { state.bufferedBytes -= message.payload.count }
          if state.head == state.buffer.count {
            state.buffer.removeAll(keepingCapacity: true)
            state.head = 0
          }
          return .event(event)
        }
        if state.isEnding { return .end }
        if !state.isLive { return .read }
        let waiter = Waiter<Void>()
        state.waiter = waiter
        return .wait(waiter)
      }
      switch step {
      case .event(let event): return event
      case .end:
        leave(self)
        return nil
      case .wait(let waiter): try await waiter.wait()
      case .read:
        try Task.checkCancellation()
        switch try await read(self) {
        case .events(let events): fill(events)
        case .live: break
        case .closed: end(with: nil)
        }
      }
    }
  }

  private func fill(_ events: [SubscriptionEvent]) {
    state.withLock { state in
      state.buffer += events
      for case .message(let message) in events { state.bufferedBytes += message.payload.count }
    }
  }
}
