import MemfunCore

/// Which agents are alive: names that instances hold for as long as they send heartbeats.
///
/// Written over the state store only. Whether somebody lives is decided by the store's clock through the
/// keys' times to live, so instances need no common clock.
public struct Registry: Sendable {
  static let prefix = "registry/"
  private let store: any StateStore

  /// - Parameter store: where the registrations are kept.
  public init(store: any StateStore) { self.store = store }

  /// Takes the name `agent` for `instance`.
  ///
  /// The same instance that registers again counts as new: its epoch goes up.
  ///
  /// - Parameters:
  ///   - agent: 1–64 bytes of `[A-Za-z0-9_-]`.
  ///   - capabilities: what `discover` finds it by.
  ///   - timeToLive: gone without a heartbeat for so long. At least 1 s.
  ///   - takeover: whether another live instance is pushed out; its heartbeats then answer `.lost`.
  /// - Throws: `RuntimeError.alreadyRegistered`, `.illegalName`, `.illegalArgument`.
  public func register(
    agent: String, instance: String, capabilities: [String] = [], timeToLive: Duration = .seconds(15),
    takeover: Bool = false
  ) async throws -> Registration {
    try NameSyntax.check(agent)
    try NameSyntax.check(instance)
    let (liveKey, counterKey) = try (Self.liveKey(agent), Self.counterKey(agent))
    var machine = RegistrationStateMachine(instance: instance, takesOver: takeover)
    while true {
      try Task.checkCancellation()
      let (live, counter) = (try await seeLive(liveKey), try await seeCounter(counterKey))
      do {
        switch machine.next(live: live, counter: counter) {
        case .refuse(let other): throw RuntimeError.alreadyRegistered(agent: agent, instance: other)
        case .raiseEpoch(let epoch, let revision):
          try await write(counterKey, Array(String(epoch).utf8), over: revision, timeToLive: nil)
          machine.raised(to: epoch)
        case .register(let epoch, let revision):
          let registration = Registration(
            agent: agent, instance: instance, epoch: epoch, capabilities: capabilities, timeToLive: timeToLive
          )
          try await write(
            liveKey, JSONSerializer.bytes(of: registration.json), over: revision, timeToLive: timeToLive)
          return registration
        }
      } catch RuntimeError.conflict {
        // Somebody else wrote first; look again.
        continue
      }
    }
  }

  /// Shows that the instance lives.
  public func heartbeat(_ registration: Registration) async throws -> RegistrationAnswer {
    let (liveKey, counterKey) = try (Self.liveKey(registration.agent), Self.counterKey(registration.agent))
    let bytes = JSONSerializer.bytes(of: registration.json)
    while true {
      try Task.checkCancellation()
      let live = try await seeLive(liveKey)
      // The counter matters only when the registration is gone: one read for a heartbeat, usually.
      let counter = live == nil ? try await seeCounter(counterKey) : nil
      do {
        switch RegistrationStateMachine.confirm(registration, live: live, counter: counter?.value) {
        case .lost: return .lost
        case .renew(let revision):
          try await store.update(liveKey, bytes, revision: revision, timeToLive: registration.timeToLive)
          return .held
        case .revive:
          let revision = try await store.create(liveKey, bytes, timeToLive: registration.timeToLive)
          if try await seeCounter(counterKey)?.value == registration.epoch { return .held }
          // Somebody came and went between the look and the write; the higher epoch counts.
          try await store.delete(liveKey, revision: revision)
          return .lost
        }
      } catch RuntimeError.conflict { continue }
    }
  }

  /// Gives the name back. Repeating it, or doing it after a takeover, changes nothing.
  public func deregister(_ registration: Registration) async throws {
    let key = try Self.liveKey(registration.agent)
    while let live = try await seeLive(key), live.value.instance == registration.instance,
      live.value.epoch == registration.epoch
    {
      do {
        try await store.delete(key, revision: live.revision)
        return
      } catch RuntimeError.conflict { continue }
    }
  }

  /// Whoever is alive and has the capability (nil: anyone), sorted by name.
  public func discover(capability: String? = nil) async throws -> [Registration] {
    var found: [Registration] = []
    for key in try await store.list(prefix: Self.prefix) {
      guard let entry = try await store.get(key) else { continue }
      let registration = try Registration(entry: entry)
      if capability == nil || registration.capabilities.contains(capability ?? "") {
        found.append(registration)
      }
    }
    return found.sorted { $0.agent < $1.agent }
  }

  /// Who holds a name; nil: nobody.
  public func holder(of agent: String) async throws -> Registration? {
    try NameSyntax.check(agent)
    return try await seeLive(Self.liveKey(agent))?.value
  }

  /// Sends heartbeats until the task is cancelled or the registration is lost.
  ///
  /// - Parameter time: when to send: three times in a time to live.
  /// - Returns: `.lost`; `.held` when the task was cancelled.
  @discardableResult
  public func keepAlive(_ registration: Registration, time: any TimeSource) async throws
    -> RegistrationAnswer
  {
    while true {
      do { try await time.sleep(for: registration.timeToLive / 3) } catch is CancellationError {
        return .held
      }
      do {
        if try await heartbeat(registration) == .lost { return .lost }
      } catch let error as RuntimeError where error.isRetryable {
        // The next one is in time; when the store stays away, the registration runs out by itself.
        continue
      }
    }
  }

  static func liveKey(_ agent: String) throws(RuntimeError) -> StoreKey { try StoreKey(prefix + agent) }
  private static func counterKey(_ agent: String) throws(RuntimeError) -> StoreKey {
    try StoreKey("registry-epochs/" + agent)
  }

  private func seeLive(_ key: StoreKey) async throws -> RegistrationStateMachine.Seen<Registration>? {
    guard let entry = try await store.get(key) else { return nil }
    return .init(value: try Registration(entry: entry), revision: entry.revision)
  }

  private func seeCounter(_ key: StoreKey) async throws -> RegistrationStateMachine.Seen<UInt64>? {
    guard let entry = try await store.get(key) else { return nil }
    guard let value = UInt64(String(decoding: entry.value, as: UTF8.self)) else {
      throw RuntimeError.corrupted(path: key.description, detail: "it is no number")
    }
    return .init(value: value, revision: entry.revision)
  }

  private func write(_ key: StoreKey, _ value: [UInt8], over revision: UInt64?, timeToLive: Duration?)
    async throws
  {
    if let revision {
      try await store.update(key, value, revision: revision, timeToLive: timeToLive)
    } else {
      try await store.create(key, value, timeToLive: timeToLive)
    }
  }
}
