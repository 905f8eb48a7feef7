import MemfunCore
import MemfunRuntime
import Synchronization

/// Random calls of several clients on few keys of a real store, recorded as a history (case S23).
public struct RegisterWorkload: Sendable {
  /// How many clients call at once, and how often each.
  public var clients: Int, callsEach: Int
  /// How many keys they share.
  public var keys: Int
  /// Equal seeds give equal calls.
  public var seed: UInt64

  /// S23: 4 clients × 500 calls.
  public init(clients: Int = 4, callsEach: Int = 500, keys: Int = 4, seed: UInt64 = 1) {
    self.clients = clients
    self.callsEach = callsEach
    self.keys = keys
    self.seed = seed
  }

  private struct Recording: Sendable {
    var instant = 0
    var operations: [RegisterOperation] = []
  }

  /// Runs it. Calls that end in `unavailable` count as not done, those in `unknownOutcome` as unknown.
  ///
  /// - Throws: what the store throws otherwise.
  public func record(on store: any StateStore, prefix: String = "linearizable") async throws
    -> [RegisterOperation]
  {
    let recorder = Recorder()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for client in 0..<clients {
        group.addTask { try await run(client, store, prefix, recorder) }
      }
      try await group.waitForAll()
    }
    return recorder.operations
  }

  private func run(_ client: Int, _ store: any StateStore, _ prefix: String, _ recorder: Recorder)
    async throws
  {
    let random = SeededRandomSource(seed: seed &+ UInt64(client) &* 0x9E37_79B9)
    var known: [String: UInt64] = [:]
    for number in 0..<callsEach {
      let name = "\(prefix)/\(random.below(keys))"
      let key = try StoreKey(name)
      let value = Array("\(client).\(number)".utf8)
      let call: RegisterCall =
        switch random.below(10) {
        case 0..<4: .get
        case 4..<6: .put(value)
        case 6: .create(value)
        case 7..<9: .update(value, revision: known[name] ?? 1)
        default: .delete(revision: random.chance(0.5) ? known[name] : nil)
        }
      let invoked = recorder.tick()
      let outcome: RegisterOperation.Outcome
      do {
        let answer = try await perform(call, key, store)
        outcome = .answered(answer, at: recorder.tick())
        switch answer {
        case .found(_, let revision), .written(let revision), .conflict(let revision?): known[name] = revision
        case .absent, .conflict(nil): known[name] = nil
        }
      } catch RuntimeError.unavailable, RuntimeError.storageFull {
        outcome = .failed(at: recorder.tick())
      } catch RuntimeError.unknownOutcome {
        outcome = .unknown
      }
      recorder.add(
        RegisterOperation(client: client, key: name, call: call, invoked: invoked, outcome: outcome))
    }
  }

  private func perform(_ call: RegisterCall, _ key: StoreKey, _ store: any StateStore) async throws
    -> RegisterAnswer
  {
    do {
      switch call {
      case .get:
        return try await store.get(key).map { .found($0.value, revision: $0.revision) } ?? .absent
      case .put(let value):
        return .written(revision: try await store.put(key, value, timeToLive: nil))
      case .create(let value):
        return .written(revision: try await store.create(key, value, timeToLive: nil))
      case .update(let value, let revision):
        return .written(
          revision: try await store.update(key, value, revision: revision, timeToLive: nil))
      case .delete(let revision):
        return try await store.delete(key, revision: revision).map { .written(revision: $0) } ?? .absent
      }
    } catch RuntimeError.conflict(_, let current) {
      return .conflict(current: current)
    }
  }

  private final class Recorder: Sendable {
    private let recording = Mutex(Recording())

    func tick() -> Int {
      recording.withLock { recording in
        recording.instant += 1
        return recording.instant
      }
    }

    func add(_ operation: RegisterOperation) { recording.withLock { $0.operations.append(operation) } }
    var operations: [RegisterOperation] { recording.withLock { $0.operations } }
  }
}
