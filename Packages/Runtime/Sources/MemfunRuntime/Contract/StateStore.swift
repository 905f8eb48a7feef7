import MemfunCore

/// Keys with values, revisions and times to live. Linearisable per key.
public protocol StateStore: Sendable {
  /// The value of `key`, or nil when there is none. An outage is an error, never nil.
  func get(_ key: StoreKey) async throws -> StoreEntry?
  /// Writes whatever is there. The time to live is replaced by `timeToLive` (nil: for ever).
  ///
  /// - Returns: the new revision.
  @discardableResult
  func put(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration?) async throws -> UInt64
  /// Writes only while `lease` is held, in one step with the check: the write of a worker that lost its
  /// task has no effect.
  ///
  /// - Throws: `RuntimeError.leaseLost`; nothing changed.
  @discardableResult
  func put(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration?, guardedBy lease: Lease) async throws
    -> UInt64
  /// Writes only if the key does not exist.
  ///
  /// - Throws: `RuntimeError.conflict` with the current revision when it does.
  @discardableResult
  func create(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration?) async throws -> UInt64
  /// Writes only if the current revision is `revision`. Keeps the time to live unless one is given.
  ///
  /// - Throws: `RuntimeError.conflict`; nothing changed.
  @discardableResult
  func update(_ key: StoreKey, _ value: [UInt8], revision: UInt64, timeToLive: Duration?) async throws
    -> UInt64
  /// Removes the key; the removal has a revision of its own. Removing what is not there returns nil.
  ///
  /// - Parameter revision: when given, only that revision is removed.
  /// - Throws: `RuntimeError.conflict`; nothing changed.
  @discardableResult
  func delete(_ key: StoreKey, revision: UInt64?) async throws -> UInt64?
  /// Gives an existing key a new time to live (nil: for ever) and a new revision.
  ///
  /// - Throws: `RuntimeError.conflict` with nil when the key does not exist.
  @discardableResult
  func touch(_ key: StoreKey, timeToLive: Duration?) async throws -> UInt64
  /// The keys that begin with `prefix` (taken literally), sorted. A key that exists during the whole
  /// call is in it; one that never did is not.
  func list(prefix: String) async throws -> [StoreKey]
  /// The present state below `prefix`, then `caughtUp`, then changes in the order of revisions.
  /// Intermediate values may be left out, the last value of each key never is.
  func watch(prefix: String) async throws -> StateWatch
}

/// A value and its revision.
public struct StoreEntry: Sendable, Equatable {
  /// The key.
  public let key: StoreKey
  /// At most `RuntimeLimits.payloadBytes` bytes.
  public let value: [UInt8]
  /// Strictly increasing over all keys of the store; never used twice.
  public let revision: UInt64
  /// When the value ends; nil never.
  public let expires: Timestamp?

  /// Made by tiers.
  public init(key: StoreKey, value: [UInt8], revision: UInt64, expires: Timestamp?) {
    self.key = key
    self.value = value
    self.revision = revision
    self.expires = expires
  }
}

/// What a watcher sees.
public enum StateEvent: Sendable, Equatable {
  /// A present or new value.
  case put(StoreEntry)
  /// The key was removed.
  case deleted(StoreKey, revision: UInt64)
  /// The key's time to live ended.
  case expired(StoreKey, revision: UInt64)
  /// Everything that existed when the watch began has been delivered.
  case caughtUp
}

/// The events of one watch. One iteration only; ends when it is cancelled or the runtime closes.
public struct StateWatch: AsyncSequence, Sendable {
  public typealias Element = StateEvent

  private let pull: @Sendable () async throws -> StateEvent?
  private let stop: @Sendable () -> Void

  /// - Parameters:
  ///   - pull: gives the next event, nil at the end.
  ///   - stop: frees what the watch holds; may be called more than once.
  public init(pull: @escaping @Sendable () async throws -> StateEvent?, stop: @escaping @Sendable () -> Void)
  {
    self.pull = pull
    self.stop = stop
  }

  /// Ends the watch and frees what it holds.
  public func cancel() { stop() }

  /// Asks the tier for one event after the other.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let pull: @Sendable () async throws -> StateEvent?
    public mutating func next() async throws -> StateEvent? { try await pull() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }
}
