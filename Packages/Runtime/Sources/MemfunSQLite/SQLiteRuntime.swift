import MemfunCore
import MemfunRuntime

extension Runtime {
  /// Tier T1: one SQLite file, shared by any number of processes of one machine.
  ///
  /// Beside the file lie `-wal` and `-shm` (SQLite's), `.shared` (turns and clock), `.bells` (wake-ups)
  /// and `.ballast` (4 MiB in reserve for a full disk).
  ///
  /// - Parameters:
  ///   - path: the file; made when it is missing, its folder must exist.
  ///   - durability: `.crash` survives `kill -9` (synchronous NORMAL), `.power` also loss of power (FULL).
  ///   - time: the clock of leases, delays and times to live.
  ///   - random: ids and jitter.
  /// - Throws: `RuntimeError.unsupportedFileSystem`, `.corrupted`, `.schemaNewer`, `.unavailable`,
  ///   `.storageFull`; `.illegalArgument` for `.process`, which a file is not.
  public static func sqlite(
    path: String, durability: Durability = .crash, time: any TimeSource = SystemTimeSource(),
    random: any RandomSource = SystemRandomSource()
  ) async throws -> Runtime {
    if durability == .process {
      throw RuntimeError.illegalArgument(name: "durability", reason: "a file survives the process: D1 or D2")
    }
    let core = try await SQLiteCore.open(path: path, durability: durability, source: time, random: random)
    return Runtime(
      tier: .sqlite, durability: durability, bus: SQLiteBus(core: core), store: SQLiteStore(core: core),
      queue: SQLiteQueue(core: core, random: random)
    ) {
      await core.close()
    }
  }
}
