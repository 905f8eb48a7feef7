import MemfunCore

/// The stored events of a session, in order.
public struct SessionEvents: AsyncSequence, Sendable {
  public typealias Element = SessionEvent

  fileprivate let sessions: SessionStore
  fileprivate let keys: [StoreKey]
  fileprivate let first: UInt64

  init(sessions: SessionStore, keys: [StoreKey], from first: UInt64) {
    self.sessions = sessions
    // The last record that begins at or before the wanted number may contain it.
    let start = keys.lastIndex { (SessionKey.first(of: $0) ?? 0) <= first } ?? 0
    self.keys = Array(keys[start...])
    self.first = first
  }

  /// Reads record after record.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let events: SessionEvents
    fileprivate var place = 0
    fileprivate var buffer: ArraySlice<SessionEvent> = []
    fileprivate var expected: UInt64?

    public mutating func next() async throws -> SessionEvent? {
      while buffer.isEmpty {
        guard place < events.keys.count else { return nil }
        try Task.checkCancellation()
        let key = events.keys[place]
        place += 1
        guard let record = try await events.sessions.record(at: key) else {
          throw RuntimeError.corrupted(path: key.description, detail: "the record is gone")
        }
        if let expected, record.first != expected {
          throw RuntimeError.corrupted(
            path: key.description, detail: "event \(expected) is missing; \(record.first) comes next")
        }
        expected = record.last + 1
        buffer = record.events[...].drop { $0.seq < events.first }
      }
      return buffer.popFirst()
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(events: self) }
}

/// The events of a session as they come. One iteration only.
public struct SessionFollower: AsyncSequence, Sendable {
  public typealias Element = SessionEvent

  fileprivate let sessions: SessionStore
  fileprivate let watch: StateWatch
  fileprivate let first: UInt64

  init(sessions: SessionStore, watch: StateWatch, from first: UInt64) {
    self.sessions = sessions
    self.watch = watch
    self.first = first
  }

  /// Stops following and frees what it holds.
  public func cancel() { watch.cancel() }

  /// Waits for record after record.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let follower: SessionFollower
    fileprivate var changes: StateWatch.AsyncIterator
    fileprivate var buffer: ArraySlice<SessionEvent> = []
    fileprivate var isEnded = false

    public mutating func next() async throws -> SessionEvent? {
      while buffer.isEmpty {
        if isEnded { return nil }
        switch try await changes.next() {
        case nil, .deleted?, .expired?:
          isEnded = true
          follower.cancel()
          return nil
        case .caughtUp?: break
        case .put(let entry)?:
          buffer = try follower.sessions.record(in: entry).events.drop { $0.seq < follower.first }
        }
      }
      let event = buffer.popFirst()
      if event?.kind == .sessionEnded {
        isEnded = true
        follower.cancel()
      }
      return event
    }
  }

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(follower: self, changes: watch.makeAsyncIterator())
  }
}
