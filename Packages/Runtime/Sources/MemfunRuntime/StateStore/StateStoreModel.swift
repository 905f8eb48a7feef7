import MemfunCore

/// All keys of one store in memory: the reference that every tier is compared with. Pure.
package struct StateStoreModel: Sendable {
  /// A change, numbered by its revision.
  package struct Change: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      case put(StoreEntry)
      case deleted
      case expired
    }

    package let key: StoreKey
    package let revision: UInt64
    package let kind: Kind

    package init(key: StoreKey, revision: UInt64, kind: Kind) {
      self.key = key
      self.revision = revision
      self.kind = kind
    }
  }

  private struct Ending: Comparable, Sendable {
    let at: Timestamp
    let key: StoreKey
    let revision: UInt64

    static func < (left: Ending, right: Ending) -> Bool {
      (left.at, left.revision) < (right.at, right.revision)
    }
  }

  private(set) var revision: UInt64 = 0
  private(set) var entries: [StoreKey: StoreEntry] = [:]
  private var endings = PriorityHeap<Ending>()
  private var changes: [Change] = []

  /// The changes since the last call, in the order of their revisions.
  mutating func takeChanges() -> [Change] {
    defer { changes = [] }
    return changes
  }

  mutating func get(_ key: StoreKey, now: Timestamp) -> StoreEntry? {
    expire(now: now)
    return entries[key]
  }

  mutating func put(
    _ key: StoreKey, _ value: [UInt8], timeToLive: Duration?, now: Timestamp
  ) throws(RuntimeError) -> UInt64 {
    try Self.check(value: value, timeToLive: timeToLive)
    expire(now: now)
    return write(key, value, expires: timeToLive.map { now + $0 })
  }

  mutating func create(
    _ key: StoreKey, _ value: [UInt8], timeToLive: Duration?, now: Timestamp
  ) throws(RuntimeError) -> UInt64 {
    try Self.check(value: value, timeToLive: timeToLive)
    expire(now: now)
    if let entry = entries[key] { throw .conflict(key: key.description, currentRevision: entry.revision) }
    return write(key, value, expires: timeToLive.map { now + $0 })
  }

  mutating func update(
    _ key: StoreKey, _ value: [UInt8], revision: UInt64, timeToLive: Duration?, now: Timestamp
  ) throws(RuntimeError) -> UInt64 {
    try Self.check(value: value, timeToLive: timeToLive)
    expire(now: now)
    guard let entry = entries[key], entry.revision == revision else {
      throw .conflict(key: key.description, currentRevision: entries[key]?.revision)
    }
    return write(key, value, expires: timeToLive.map { now + $0 } ?? entry.expires)
  }

  mutating func delete(_ key: StoreKey, revision: UInt64?, now: Timestamp) throws(RuntimeError) -> UInt64? {
    expire(now: now)
    let current = entries[key]?.revision
    if let revision, revision != current { throw .conflict(key: key.description, currentRevision: current) }
    guard current != nil else { return nil }
    return remove(key, kind: .deleted)
  }

  mutating func touch(_ key: StoreKey, timeToLive: Duration?, now: Timestamp) throws(RuntimeError) -> UInt64 {
    try Self.check(value: [], timeToLive: timeToLive)
    expire(now: now)
    guard let entry = entries[key] else { throw .conflict(key: key.description, currentRevision: nil) }
    return write(key, entry.value, expires: timeToLive.map { now + $0 })
  }

  mutating func list(escapedPrefix: String, now: Timestamp) -> [StoreKey] {
    expire(now: now)
    return entries.keys.filter { $0.escaped.utf8.starts(with: escapedPrefix.utf8) }.sorted()
  }

  /// Removes every key whose time has come; each removal is a change of its own.
  mutating func expire(now: Timestamp) {
    while let ending = endings.first, ending.at <= now {
      _ = endings.popFirst()
      guard entries[ending.key]?.revision == ending.revision else { continue }
      _ = remove(ending.key, kind: .expired)
    }
  }

  /// When the next key expires; nil: none does.
  var nextExpiry: Timestamp? { endings.first?.at }

  package static func check(value: [UInt8], timeToLive: Duration?) throws(RuntimeError) {
    if value.count > RuntimeLimits.payloadBytes {
      throw .payloadTooLarge(bytes: value.count, limit: RuntimeLimits.payloadBytes)
    }
    if let timeToLive, timeToLive < RuntimeLimits.minimumTimeToLive {
      throw .illegalArgument(name: "timeToLive", reason: "\(timeToLive) is less than 1 s")
    }
  }

  private mutating func write(_ key: StoreKey, _ value: [UInt8], expires: Timestamp?) -> UInt64 {
    revision += 1
    let entry = StoreEntry(key: key, value: value, revision: revision, expires: expires)
    entries[key] = entry
    if let expires { endings.insert(Ending(at: expires, key: key, revision: revision)) }
    changes.append(Change(key: key, revision: revision, kind: .put(entry)))
    return revision
  }

  private mutating func remove(_ key: StoreKey, kind: Change.Kind) -> UInt64 {
    revision += 1
    entries[key] = nil
    changes.append(Change(key: key, revision: revision, kind: kind))
    return revision
  }
}
