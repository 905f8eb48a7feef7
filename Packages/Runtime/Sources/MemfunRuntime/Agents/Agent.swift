import MemfunCore
import Synchronization

/// Something that handles tasks. It is given everything it may use; it holds no connections of its own.
public protocol Agent<Environment>: Sendable {
  /// What the embedding program adds: models, tools, budgets.
  associatedtype Environment: Sendable
  /// 1–64 bytes of `[A-Za-z0-9_-]`; by convention also the name of its queue.
  var name: String { get }
  /// What it can be asked to do; the registry finds it by these.
  var capabilities: [String] { get }
  /// Handles one task and returns its result (at most 900 KiB; what is larger goes into the blob store).
  ///
  /// It may be called again for the same task after a crash: effects outside the runtime need
  /// `context.task.id` as their idempotency key, writes to the store go through `context.put`.
  /// - Throws: `TaskFailure` says whether another attempt makes sense; any other error is asked by
  ///   `MemfunError.isRetryable`, and otherwise is tried again.
  func handle(_ context: AgentContext<Environment>) async throws -> [UInt8]
}

extension Agent {
  /// None.
  public var capabilities: [String] { [] }
}

/// How an agent says that its task failed.
public enum TaskFailure: MemfunError, Equatable {
  /// Another attempt may succeed.
  case temporary(String)
  /// No attempt will.
  case permanent(String)

  public var kind: String { "agent.task_failed" }
  public var what: String {
    switch self {
    case .temporary(let reason), .permanent(let reason): reason
    }
  }
  public var isRetryable: Bool { if case .temporary = self { true } else { false } }
}

/// What an agent works with, for one task.
public struct AgentContext<Environment: Sendable>: Sendable {
  /// The task: id, payload, attempt, fence, and the progress of the attempt before.
  public let task: Lease
  /// The task that made it.
  public let parent: UUIDv7?
  /// Messages.
  public let bus: any EventBus
  /// Keys and values. Prefer `put`, which has no effect once the task is lost.
  public let store: any StateStore
  /// Tasks.
  public let queue: any TaskQueue
  /// What is larger than a message.
  public let blobs: any BlobStore
  /// Children of this task.
  public let orchestrator: Orchestrator
  /// Says which task in each record.
  public let log: Logger
  /// The clock.
  public let clock: any TimeSource
  /// Chance.
  public let random: any RandomSource
  /// What the embedding program adds.
  public let environment: Environment
  let progress: ProgressSlot

  /// Hands in how far the task is: the next attempt gets it if this one dies. Sent with the next
  /// heartbeat.
  ///
  /// - Throws: `RuntimeError.payloadTooLarge`.
  public func report(progress bytes: [UInt8]) throws {
    if bytes.count > RuntimeLimits.payloadBytes {
      throw RuntimeError.payloadTooLarge(bytes: bytes.count, limit: RuntimeLimits.payloadBytes)
    }
    progress.set(bytes)
  }

  /// Writes while this worker holds the task, in one step with the check.
  ///
  /// - Throws: `RuntimeError.leaseLost`; nothing changed.
  @discardableResult
  public func put(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration? = nil) async throws -> UInt64 {
    try await store.put(key, value, timeToLive: timeToLive, guardedBy: task)
  }
}

/// The progress that the next heartbeat takes along.
final class ProgressSlot: Sendable {
  private let bytes = Mutex<[UInt8]?>(nil)

  func set(_ new: [UInt8]) { bytes.withLock { $0 = new } }

  /// The progress since the last call.
  func take() -> [UInt8]? {
    bytes.withLock { bytes in
      defer { bytes = nil }
      return bytes
    }
  }

  /// Puts progress back that could not be sent, unless there is newer.
  func giveBack(_ old: [UInt8]?) { bytes.withLock { $0 = $0 ?? old } }
}
