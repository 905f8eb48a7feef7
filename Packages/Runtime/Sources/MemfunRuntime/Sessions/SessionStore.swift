import MemfunCore

/// Sessions: each a state key and an append-only log of events, with one writer at a time.
///
/// Written over the three stores only, so it is the same on every tier. The log lives in the state
/// store, one key a record; the bus gets a copy of each event as `session.<id>.<kind>`.
public struct SessionStore: Sendable {
  let store: any StateStore
  let bus: any EventBus
  let time: any TimeSource
  let ids: UUIDv7Generator
  let logger: Logger

  /// - Parameters:
  ///   - runtime: where the sessions are kept.
  ///   - time: stamps of events, and when leases are renewed.
  ///   - random: ids.
  public init(
    runtime: Runtime, time: any TimeSource = SystemTimeSource(),
    random: any RandomSource = SystemRandomSource(), logger: Logger = .disabled
  ) {
    store = runtime.store
    bus = runtime.bus
    self.time = time
    self.logger = logger
    ids = UUIDv7Generator(time: time, random: random)
  }

  // MARK: Writing

  /// Makes a session and becomes its writer. Its first event is `session.started` with the metadata.
  ///
  /// - Parameters:
  ///   - id: nil makes one.
  ///   - owner: who this is, for messages.
  ///   - lease: how long others keep away without a sign of life. At least 1 s.
  /// - Throws: `SessionError.exists`.
  public func create(
    id: UUIDv7? = nil, metadata: JSONObject = [:], owner: String, lease: Duration = .seconds(30)
  ) async throws -> SessionWriter {
    let id = id ?? ids.next()
    let info = SessionInfo(id: id, created: time.now(), epoch: 0, owner: owner, metadata: metadata)
    do {
      try await store.create(SessionKey.header(id), JSONSerializer.bytes(of: info.json), timeToLive: nil)
    } catch RuntimeError.conflict { throw SessionError.exists(session: id) }
    return try await open(id, owner: owner, lease: lease)
  }

  /// Becomes the writer of a session that exists; its log goes on with `session.resumed`.
  ///
  /// - Parameter takeover: whether a writer whose lease has not run out is fenced. The new one's
  ///   epoch is higher; the old one's next append throws `SessionError.fenced`.
  /// - Throws: `RuntimeError.notFound`, `SessionError.heldByAnother`, `.ended`.
  public func open(
    _ id: UUIDv7, owner: String, takeover: Bool = false, lease: Duration = .seconds(30)
  ) async throws -> SessionWriter {
    while true {
      try Task.checkCancellation()
      guard let entry = try await store.get(SessionKey.header(id)) else {
        throw RuntimeError.notFound("session \(id)")
      }
      var info = try header(in: entry)
      switch info.state {
      case .active: break
      case .ended: throw SessionError.ended(session: id)
      case .deleting, .importing: throw RuntimeError.notFound("session \(id)")
      }
      let held = try await store.get(SessionKey.writer(id))
      if let held, !takeover {
        throw SessionError.heldByAnother(session: id, owner: Self.holder(in: held.value)?.owner ?? "?")
      }
      info.epoch += 1
      info.owner = owner
      let leaseRevision: UInt64
      do {
        try await store.update(
          entry.key, JSONSerializer.bytes(of: info.json), revision: entry.revision, timeToLive: nil)
        let value = Self.leaseValue(epoch: info.epoch, owner: owner)
        let key = try SessionKey.writer(id)
        leaseRevision =
          if let held {
            try await store.update(key, value, revision: held.revision, timeToLive: lease)
          } else {
            try await store.create(key, value, timeToLive: lease)
          }
      } catch RuntimeError.conflict {
        // Somebody else was faster; look again at who holds it.
        continue
      }
      let log = try await replay(id)
      if log.isEnded {
        // Its writer died between the last event and the state key.
        try await markEnded(id, reason: "done")
        try await store.delete(SessionKey.writer(id), revision: leaseRevision)
        throw SessionError.ended(session: id)
      }
      let writer = SessionWriter(
        sessions: self, id: id, epoch: info.epoch, owner: owner, lease: lease, log: log,
        leaseRevision: leaseRevision)
      if log.head == 0 {
        try await writer.storeFirst(.sessionStarted, .object(info.metadata))
      } else {
        try await writer.storeFirst(
          .sessionResumed, ["owner": .string(owner), "epoch": .integer(Int64(clamping: info.epoch))])
      }
      return writer
    }
  }

  /// Ends a session that nobody writes to. Ending one that has ended changes nothing.
  ///
  /// - Throws: `RuntimeError.notFound`, `SessionError.heldByAnother`.
  public func end(_ id: UUIDv7, owner: String, reason: String = "done") async throws {
    do { try await open(id, owner: owner).end(reason: reason) } catch SessionError.ended { return }
  }

  // MARK: Reading

  /// The state key of a session; nil when there is none.
  public func info(_ id: UUIDv7) async throws -> SessionInfo? {
    guard let entry = try await store.get(SessionKey.header(id)) else { return nil }
    return try header(in: entry)
  }

  /// All sessions but those that are being removed, oldest first.
  public func list() async throws -> [SessionInfo] {
    var found: [SessionInfo] = []
    for key in try await store.list(prefix: SessionKey.headers) {
      guard let entry = try await store.get(key) else { continue }
      let info = try header(in: entry)
      if info.state == .active || info.state == .ended { found.append(info) }
    }
    return found.sorted { $0.id < $1.id }
  }

  /// The events of a session that are stored now, one record read at a time.
  ///
  /// - Parameter first: the number to begin with.
  /// - Throws: `RuntimeError.notFound`; while reading, `.corrupted` when a record is damaged or missing.
  public func events(_ id: UUIDv7, from first: UInt64 = 1) async throws -> SessionEvents {
    guard try await store.get(SessionKey.header(id)) != nil else {
      throw RuntimeError.notFound("session \(id)")
    }
    return SessionEvents(sessions: self, keys: try await recordKeys(id), from: max(first, 1))
  }

  /// Up to `limit` events, from `first` on.
  public func read(_ id: UUIDv7, from first: UInt64 = 1, limit: Int = .max) async throws -> [SessionEvent] {
    var found: [SessionEvent] = []
    for try await event in try await events(id, from: first) {
      if found.count >= limit { break }
      found.append(event)
    }
    return found
  }

  /// The events of a session that are stored now and those that will be, until the session ends, the
  /// session is deleted, or the caller stops.
  public func follow(_ id: UUIDv7, from first: UInt64 = 1) async throws -> SessionFollower {
    guard try await store.get(SessionKey.header(id)) != nil else {
      throw RuntimeError.notFound("session \(id)")
    }
    let watch = try await store.watch(prefix: SessionKey.log(id))
    return SessionFollower(sessions: self, watch: watch, from: max(first, 1))
  }

  // MARK: Removing

  /// Removes a session and its log. A session that is not there is as good as removed; an interrupted
  /// removal is finished by another one.
  ///
  /// - Throws: `SessionError.heldByAnother` while a writer is alive, unless `force`.
  public func delete(_ id: UUIDv7, force: Bool = false) async throws {
    while let entry = try await store.get(SessionKey.header(id)) {
      var info = try header(in: entry)
      if info.state == .deleting { break }
      if !force, let held = try await store.get(SessionKey.writer(id)) {
        throw SessionError.heldByAnother(session: id, owner: Self.holder(in: held.value)?.owner ?? "?")
      }
      info.state = .deleting
      info.epoch += 1
      do {
        try await store.update(
          entry.key, JSONSerializer.bytes(of: info.json), revision: entry.revision, timeToLive: nil)
        break
      } catch RuntimeError.conflict { continue }
    }
    try await store.delete(SessionKey.writer(id), revision: nil)
    for key in try await recordKeys(id).reversed() { try await store.delete(key, revision: nil) }
    try await store.delete(SessionKey.header(id), revision: nil)
    // What a writer stored that had not heard of it yet.
    for key in try await recordKeys(id).reversed() { try await store.delete(key, revision: nil) }
  }

  // MARK: Parts

  static func leaseValue(epoch: UInt64, owner: String) -> [UInt8] {
    JSONSerializer.bytes(of: ["epoch": .integer(Int64(clamping: epoch)), "owner": .string(owner)])
  }

  static func holder(in value: [UInt8]) -> (epoch: UInt64, owner: String)? {
    // What is no lease names no holder; the caller treats it as somebody else's.
    guard let json = try? JSONParser.parse(value), let epoch = json["epoch"]?.intValue, epoch >= 0,
      let owner = json["owner"]?.stringValue
    else { return nil }
    return (UInt64(epoch), owner)
  }

  func header(in entry: StoreEntry) throws -> SessionInfo {
    guard let info = SessionInfo(json: try JSONParser.parse(entry.value, source: entry.key.description))
    else {
      throw RuntimeError.corrupted(path: entry.key.description, detail: "it is no state of a session")
    }
    return info
  }

  func recordKeys(_ id: UUIDv7) async throws -> [StoreKey] {
    try await store.list(prefix: SessionKey.log(id))
  }

  func record(at key: StoreKey) async throws -> SessionRecord? {
    try await store.get(key).map(record(in:))
  }

  func record(in entry: StoreEntry) throws -> SessionRecord {
    do {
      let record = try SessionRecord(json: JSONParser.parse(entry.value))
      guard record.first == SessionKey.first(of: entry.key) else {
        throw EventFormatError(member: "seq", found: "\(record.first)")
      }
      return record
    } catch let error as any MemfunError {
      throw RuntimeError.corrupted(path: entry.key.description, detail: error.what)
    }
  }

  private func replay(_ id: UUIDv7) async throws -> SessionLogStateMachine {
    var log = SessionLogStateMachine()
    for key in try await recordKeys(id) {
      guard let record = try await record(at: key) else { throw RuntimeError.notFound("session \(id)") }
      do { try log.replay(record) } catch {
        throw RuntimeError.corrupted(path: key.description, detail: "\(error)")
      }
    }
    return log
  }

  func markEnded(_ id: UUIDv7, reason: String) async throws {
    while let entry = try await store.get(SessionKey.header(id)) {
      var info = try header(in: entry)
      if info.state != .active { return }
      info.state = .ended
      info.ended = time.now()
      info.reason = reason
      do {
        try await store.update(
          entry.key, JSONSerializer.bytes(of: info.json), revision: entry.revision, timeToLive: nil)
        return
      } catch RuntimeError.conflict { continue }
    }
  }
}
