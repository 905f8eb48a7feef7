import MemfunCore
import MemfunRuntime

/// The state store of tier T1.
final class SQLiteStore: StateStore {
  private let core: SQLiteCore

  init(core: SQLiteCore) { self.core = core }

  func get(_ key: StoreKey) async throws -> StoreEntry? {
    try await core.pool.read { [time = core.time] database in
      try EntryRow.get(key, database, now: time.now())
    }
  }

  func put(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration?) async throws -> UInt64 {
    try await write(value, timeToLive) { transaction in
      try EntryRow.put(key, value, expires: timeToLive.map { transaction.now + $0 }, in: transaction)
    }
  }

  func put(
    _ key: StoreKey, _ value: [UInt8], timeToLive: Duration?, guardedBy lease: Lease
  ) async throws -> UInt64 {
    try await write(value, timeToLive) { transaction in
      try TaskRow.sweep(in: transaction)
      guard let record = try TaskRow.load(lease.id, transaction.database), record.isHeld(by: lease.fence)
      else {
        throw RuntimeError.leaseLost(task: lease.id.description)
      }
      return try EntryRow.put(key, value, expires: timeToLive.map { transaction.now + $0 }, in: transaction)
    }
  }

  func create(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration?) async throws -> UInt64 {
    try await write(value, timeToLive) { transaction in
      if let entry = try EntryRow.get(key, transaction.database, now: transaction.now) {
        throw RuntimeError.conflict(key: key.description, currentRevision: entry.revision)
      }
      return try EntryRow.put(key, value, expires: timeToLive.map { transaction.now + $0 }, in: transaction)
    }
  }

  func update(_ key: StoreKey, _ value: [UInt8], revision: UInt64, timeToLive: Duration?) async throws
    -> UInt64
  {
    try await write(value, timeToLive) { transaction in
      let entry = try EntryRow.get(key, transaction.database, now: transaction.now)
      guard let entry, entry.revision == revision else {
        throw RuntimeError.conflict(key: key.description, currentRevision: entry?.revision)
      }
      return try EntryRow.put(
        key, value, expires: timeToLive.map { transaction.now + $0 } ?? entry.expires, in: transaction)
    }
  }

  func delete(_ key: StoreKey, revision: UInt64?) async throws -> UInt64? {
    try await core.writer.write(.reserve) { transaction in
      let current = try EntryRow.get(key, transaction.database, now: transaction.now)?.revision
      if let revision, revision != current {
        throw RuntimeError.conflict(key: key.description, currentRevision: current)
      }
      return current == nil ? nil : try EntryRow.delete(key, in: transaction)
    }
  }

  func touch(_ key: StoreKey, timeToLive: Duration?) async throws -> UInt64 {
    try await write([], timeToLive) { transaction in
      guard let entry = try EntryRow.get(key, transaction.database, now: transaction.now) else {
        throw RuntimeError.conflict(key: key.description, currentRevision: nil)
      }
      return try EntryRow.put(
        key, entry.value, expires: timeToLive.map { transaction.now + $0 }, in: transaction)
    }
  }

  func list(prefix: String) async throws -> [StoreKey] {
    let escaped = StoreKey.escape(prefix)
    return try await core.pool.read { [time = core.time] database in
      try EntryRow.keys(escapedPrefix: escaped, database, now: time.now())
    }
  }

  func watch(prefix: String) async throws -> StateWatch {
    let escaped = StoreKey.escape(prefix)
    while true {
      try Task.checkCancellation()
      let (present, revision) = try await core.pool.read { [time = core.time] database in
        try database.reading {
          (
            try EntryRow.present(escapedPrefix: escaped, database, now: time.now()),
            try EntryRow.lastRevision(database)
          )
        }
      }
      guard let watch = try core.watches.add(escapedPrefix: escaped, present: present, at: revision) else {
        continue
      }
      core.arm(present.compactMap(\.expires).min())
      return StateWatch(pull: { try await watch.next() }, stop: { watch.cancel() })
    }
  }

  private func write(
    _ value: [UInt8], _ timeToLive: Duration?,
    _ body: @escaping @Sendable (Transaction) throws -> UInt64
  ) async throws -> UInt64 {
    try StateStoreModel.check(value: value, timeToLive: timeToLive)
    return try await core.writer.write(.space, body)
  }
}
