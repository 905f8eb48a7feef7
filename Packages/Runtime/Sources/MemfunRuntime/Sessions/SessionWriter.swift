import MemfunCore
import Synchronization

/// The right to append to a session, for as long as nobody takes it over.
///
/// The lease only keeps others from taking over by mistake; what fences an old writer is the log itself
/// (see `SessionLogStateMachine`). A writer that was paused beyond its lease may therefore go on when
/// nobody came meanwhile.
public final class SessionWriter: Sendable {
  private struct State {
    var log: SessionLogStateMachine
    var leaseRevision: UInt64
    var renewed: Duration
    /// An append failed in a way that leaves open whether it happened.
    var isUncertain = false
    var fencedBy: UInt64?
    var isClosed = false
  }

  /// Which session.
  public let id: UUIDv7
  /// Goes up with every writer of the session.
  public let epoch: UInt64
  /// Who this is.
  public let owner: String
  private let sessions: SessionStore
  private let lease: Duration
  private let gate = SerialGate()
  private let state: Mutex<State>

  init(
    sessions: SessionStore, id: UUIDv7, epoch: UInt64, owner: String, lease: Duration,
    log: SessionLogStateMachine, leaseRevision: UInt64
  ) {
    self.sessions = sessions
    self.id = id
    self.epoch = epoch
    self.owner = owner
    self.lease = lease
    state = Mutex(State(log: log, leaseRevision: leaseRevision, renewed: sessions.time.monotonic()))
  }

  /// The number of the last event that this writer knows.
  public var lastSeq: UInt64 { state.withLock { $0.log.head } }

  /// Appends one event.
  @discardableResult
  public func append(
    _ kind: EventKind, _ payload: JSONValue = .null, expectedSeq: UInt64? = nil
  ) async throws -> SessionEvent {
    try await append([(kind, payload)], expectedSeq: expectedSeq)[0]
  }

  /// Appends events, all or none, durably, and tells those who listen.
  ///
  /// - Parameter expectedSeq: the number of the last event that the caller knows; nil: any.
  /// - Throws: `SessionError.sequenceConflict`, `.fenced`, `.ended`, `.illegalKind`;
  ///   `RuntimeError.payloadTooLarge` when they are more than one value can hold; `.unavailable`.
  @discardableResult
  public func append(
    _ items: [(kind: EventKind, payload: JSONValue)], expectedSeq: UInt64? = nil
  ) async throws -> [SessionEvent] {
    if items.isEmpty { return [] }
    for item in items {
      guard item.kind.isLegal else {
        throw SessionError.illegalKind(item.kind.rawValue, reason: "the name breaks the rules of subjects")
      }
      if item.kind.isEphemeral {
        throw SessionError.illegalKind(item.kind.rawValue, reason: "it is ephemeral; publish it")
      }
    }
    return try await gate.run {
      let events = try await store(items, expectedSeq: expectedSeq)
      await announce(events)
      await renewWhenDue()
      return events
    }
  }

  /// Tells those who listen now; nothing is stored.
  public func publish(_ kind: EventKind, _ payload: JSONValue) async throws {
    guard kind.isLegal else {
      throw SessionError.illegalKind(kind.rawValue, reason: "the name breaks the rules of subjects")
    }
    let event = SessionEvent(
      id: sessions.ids.next(), session: id, seq: 0, time: sessions.time.now(), kind: kind, payload: payload)
    try await sessions.bus.publishEphemeral(Subject("session.\(id).\(kind)"), event.line, headers: [:])
  }

  /// Keeps the lease until the task is cancelled or the writer is closed. Run it beside the work.
  ///
  /// - Throws: `SessionError.fenced` when another writer took over.
  public func keepAlive() async throws {
    while !state.withLock({ $0.isClosed || $0.log.isEnded }) {
      do { try await sessions.time.sleep(for: lease / 3) } catch is CancellationError { return }
      do { try await renew() } catch let error as RuntimeError where error.isRetryable {
        sessions.logger.warning(
          "a session's lease could not be renewed", ["session": .string(id.description)])
      }
    }
  }

  /// Renews the lease now.
  ///
  /// - Throws: `SessionError.fenced`.
  public func renew() async throws {
    if let epoch = state.withLock({ $0.fencedBy }) { throw SessionError.fenced(session: id, epoch: epoch) }
    if state.withLock({ $0.isClosed }) { return }
    let key = try SessionKey.writer(id)
    let value = SessionStore.leaseValue(epoch: epoch, owner: owner)
    let revision: UInt64
    do {
      revision = try await sessions.store.update(
        key, value, revision: state.withLock { $0.leaseRevision }, timeToLive: lease)
    } catch RuntimeError.conflict(_, nil) {
      // It ran out; as long as nobody else came it may be had again.
      if let info = try await sessions.info(id), info.epoch != epoch { throw fence(by: info.epoch) }
      do { revision = try await sessions.store.create(key, value, timeToLive: lease) } catch RuntimeError
        .conflict
      {
        throw fence(by: try await sessions.info(id)?.epoch ?? epoch)
      }
    } catch RuntimeError.conflict {
      // Ours, if an earlier renewal got through without our knowing.
      guard let entry = try await sessions.store.get(key),
        let holder = SessionStore.holder(in: entry.value), holder.epoch == epoch
      else { throw fence(by: try await sessions.info(id)?.epoch ?? epoch) }
      revision = entry.revision
    }
    state.withLock { state in
      state.leaseRevision = revision
      state.renewed = sessions.time.monotonic()
    }
  }

  /// Ends the session: the last event, then the state key. Repeating it changes nothing.
  ///
  /// - Throws: `SessionError.fenced`.
  public func end(reason: String = "done") async throws {
    do {
      try await append(.sessionEnded, ["reason": .string(reason)])
    } catch SessionError.ended {
      // Ended before: the state key may still have to learn of it.
    }
    try await sessions.markEnded(id, reason: reason)
    await close()
  }

  /// Gives the session back without ending it, so that another writer need not wait for the lease's end.
  public func close() async {
    let revision: UInt64? = state.withLock { state in
      defer { state.isClosed = true }
      return state.isClosed ? nil : state.leaseRevision
    }
    guard let revision else { return }
    do { try await sessions.store.delete(SessionKey.writer(id), revision: revision) } catch {
      // The lease ends by itself, or is another's already.
      sessions.logger.debug("a session's lease was left to run out", ["session": .string(id.description)])
    }
  }

  // MARK: Storing

  /// Stores the writer's first record, behind whatever older writers stored until then.
  func storeFirst(_ kind: EventKind, _ payload: JSONValue) async throws {
    try await gate.run {
      let events = try await store([(kind, payload)], expectedSeq: nil)
      await announce(events)
    }
  }

  private func store(
    _ items: [(kind: EventKind, payload: JSONValue)], expectedSeq: UInt64?
  ) async throws -> [SessionEvent] {
    if state.withLock({ $0.isUncertain }) { try await settle() }
    while true {
      let (log, fencedBy, isClosed) = state.withLock { ($0.log, $0.fencedBy, $0.isClosed) }
      if let fencedBy { throw SessionError.fenced(session: id, epoch: fencedBy) }
      let first: UInt64
      switch log.admit(expected: expectedSeq) {
      case .ended: throw SessionError.ended(session: id)
      case .sequenceConflict(let actual):
        throw SessionError.sequenceConflict(session: id, expected: expectedSeq ?? 0, actual: actual)
      case .store(let number): first = number
      }
      if isClosed { throw RuntimeError.closed }
      let now = sessions.time.now()
      let record = SessionRecord(
        epoch: epoch,
        events: items.enumerated().map { place, item in
          SessionEvent(
            id: sessions.ids.next(), session: id, seq: first + UInt64(place), time: now, kind: item.kind,
            payload: item.payload)
        })
      if try await put(record) { return record.events }
    }
  }

  /// False: an older writer's record was there; the log knows it now.
  private func put(_ record: SessionRecord) async throws -> Bool {
    let key = try SessionKey.record(id, first: record.first)
    let bytes = JSONSerializer.bytes(of: record.json)
    var attempt = 0
    while true {
      attempt += 1
      do {
        try await sessions.store.create(key, bytes, timeToLive: nil)
        try take(record, at: key)
        return true
      } catch RuntimeError.unknownOutcome where attempt < 5 {
        // The same record again: if it got through, it is found below.
        continue
      } catch RuntimeError.conflict {
        // Should the look fail: what is there may be ours.
        state.withLock { $0.isUncertain = true }
        guard let found = try await sessions.record(at: key) else {
          throw RuntimeError.notFound("session \(id)")
        }
        state.withLock { $0.isUncertain = false }
        switch SessionLogStateMachine.judge(found, against: record) {
        case .ours:
          try take(record, at: key)
          return true
        case .older:
          try take(found, at: key)
          return false
        case .fenced(let epoch): throw fence(by: epoch)
        }
      } catch let error as RuntimeError {
        if case .payloadTooLarge = error { throw error }
        state.withLock { $0.isUncertain = true }
        throw error
      } catch {
        // Cancelled: whether it happened will be looked up before the next append.
        state.withLock { $0.isUncertain = true }
        throw error
      }
    }
  }

  /// Finds out whether an append whose outcome was not known happened.
  private func settle() async throws {
    while true {
      let key = try SessionKey.record(id, first: state.withLock { $0.log.head } + 1)
      guard let found = try await sessions.record(at: key) else { break }
      if found.epoch > epoch { throw fence(by: found.epoch) }
      try take(found, at: key)
    }
    state.withLock { $0.isUncertain = false }
  }

  /// Counts a record of the log in.
  private func take(_ record: SessionRecord, at key: StoreKey) throws {
    do { try state.withLock { try $0.log.replay(record) } } catch {
      throw RuntimeError.corrupted(path: key.description, detail: "\(error)")
    }
  }

  private func fence(by epoch: UInt64) -> SessionError {
    state.withLock { $0.fencedBy = epoch }
    return .fenced(session: id, epoch: epoch)
  }

  /// The log is the truth and has the events; the bus is for those who want to see them at once.
  private func announce(_ events: [SessionEvent]) async {
    for event in events {
      do {
        try await sessions.bus.publish(
          Subject("session.\(id).\(event.kind)"), event.line, dedupeKey: event.id.description, headers: [:])
      } catch {
        sessions.logger.warning(
          "an event could not be announced",
          ["session": .string(id.description), "seq": .int(Int(event.seq))])
      }
    }
  }

  private func renewWhenDue() async {
    let due = state.withLock { sessions.time.monotonic() - $0.renewed >= lease / 3 }
    guard due else { return }
    do { try await renew() } catch {
      // The events are stored; a lost lease shows itself at the next append.
      sessions.logger.warning("a session's lease could not be renewed", ["session": .string(id.description)])
    }
  }
}
