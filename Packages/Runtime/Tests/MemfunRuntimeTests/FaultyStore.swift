import MemfunCore
import MemfunRuntime

/// A state store whose writes fail at random: before they happen (`unavailable`), or after
/// (`unknownOutcome`), as over a bad network.
struct FaultyStore: StateStore {
  let base: any StateStore
  let random: any RandomSource
  let rate: Double

  private func write<Result>(_ body: () async throws -> Result) async throws -> Result {
    if random.unit() < rate { throw RuntimeError.unavailable(reason: "a planted fault") }
    let result = try await body()
    if random.unit() < rate { throw RuntimeError.unknownOutcome(reason: "a planted fault") }
    return result
  }

  func get(_ key: StoreKey) async throws -> StoreEntry? {
    // Rarer: opening a session reads its whole log, and would hardly ever get through.
    if random.unit() < rate / 20 { throw RuntimeError.unavailable(reason: "a planted fault") }
    return try await base.get(key)
  }
  func put(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration?) async throws -> UInt64 {
    try await write { try await base.put(key, value, timeToLive: timeToLive) }
  }
  func put(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration?, guardedBy lease: Lease) async throws
    -> UInt64
  {
    try await write { try await base.put(key, value, timeToLive: timeToLive, guardedBy: lease) }
  }
  func create(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration?) async throws -> UInt64 {
    try await write { try await base.create(key, value, timeToLive: timeToLive) }
  }
  func update(_ key: StoreKey, _ value: [UInt8], revision: UInt64, timeToLive: Duration?) async throws
    -> UInt64
  {
    try await write { try await base.update(key, value, revision: revision, timeToLive: timeToLive) }
  }
  func delete(_ key: StoreKey, revision: UInt64?) async throws -> UInt64? {
    try await write { try await base.delete(key, revision: revision) }
  }
  func touch(_ key: StoreKey, timeToLive: Duration?) async throws -> UInt64 {
    try await write { try await base.touch(key, timeToLive: timeToLive) }
  }
  func list(prefix: String) async throws -> [StoreKey] { try await base.list(prefix: prefix) }
  func watch(prefix: String) async throws -> StateWatch { try await base.watch(prefix: prefix) }
}

extension Runtime {
  /// The same runtime with a store whose operations fail at `rate`.
  func withFaults(seed: UInt64, rate: Double) -> Runtime {
    Runtime(
      tier: tier, durability: durability, bus: bus,
      store: FaultyStore(base: store, random: SeededRandomSource(seed: seed), rate: rate), queue: queue
    ) { await close() }
  }
}
