import MemfunCore

/// Work that must be done once: at least one attempt, at most one success.
public protocol TaskQueue: Sendable {
  /// Stores a task. With a `key`, a task with the same key that is not ended, or succeeded within the
  /// policy's `uniqueAfterSuccess`, is returned instead.
  ///
  /// - Throws: `RuntimeError.queueFull`, `.payloadTooLarge`.
  @discardableResult
  func enqueue(_ queue: QueueName, _ task: NewTask) async throws -> UUIDv7
  /// Up to `maximum` tasks in the order priority, notBefore, id. Waits up to `wait` for the first.
  func claim(_ queue: QueueName, maximum: Int, owner: String, wait: Duration) async throws -> [Lease]
  /// Keeps the lease and hands in progress for the next attempt, should there be one.
  func heartbeat(_ lease: Lease, progress: [UInt8]?) async throws -> HeartbeatAnswer
  /// The work is done. Accepted while nobody else claimed the task, even when late.
  ///
  /// - Throws: `RuntimeError.leaseLost`; nothing changed.
  func complete(_ lease: Lease, result: [UInt8]) async throws
  /// The attempt failed; the task is tried again after its back-off, or is dead.
  ///
  /// - Throws: `RuntimeError.leaseLost`; nothing changed.
  func fail(_ lease: Lease, error: String, retryable: Bool) async throws
  /// Gives the task back untried: it does not count as an attempt.
  ///
  /// - Throws: `RuntimeError.leaseLost`; nothing changed.
  func release(_ lease: Lease, delay: Duration) async throws
  /// Cancels: at once when it is queued, after the policy's grace when it is leased.
  func cancel(_ id: UUIDv7) async throws -> TaskState
  /// Puts a dead task back, with its attempts at zero and its id kept.
  func requeue(_ id: UUIDv7) async throws
  /// Everything about one task; nil when it does not exist or its result's time is over.
  func inspect(_ id: UUIDv7) async throws -> TaskRecord?
  /// Waits until the task has ended. Works from any process and after restarts.
  func awaitEnd(_ id: UUIDv7) async throws -> TaskRecord
  /// The tasks of a queue in a state, oldest id first.
  func list(_ queue: QueueName, state: TaskState?, limit: Int) async throws -> [TaskRecord]
  /// How many tasks are in each state.
  func counts(_ queue: QueueName) async throws -> [TaskState: Int]
}

/// The name of a queue: 1–64 bytes of `[A-Za-z0-9_-]`.
public struct QueueName: Sendable, Hashable, CustomStringConvertible {
  /// The name.
  public let description: String

  /// - Throws: `RuntimeError.illegalName`.
  public init(_ name: String) throws(RuntimeError) {
    try NameSyntax.check(name)
    description = name
  }
}

/// How a task's attempts are spaced and when they end.
public struct TaskPolicy: Sendable, Hashable {
  /// How long a claim holds without heartbeat. Default 30 s.
  public var lease: Duration = .seconds(30)
  /// The task is dead after this many attempts. Default 5.
  public var maximumAttempts = 5
  /// The wait after the first failure; it doubles with each further one. Default 1 s.
  public var backoffBase: Duration = .seconds(1)
  /// The longest wait between attempts. Default 5 min.
  public var backoffMaximum: Duration = .seconds(300)
  /// The wait is changed at random by at most this share, 0–1. Default 0.2.
  public var backoffJitter = 0.2
  /// How long a cancelled task's holder may go on before the lease is taken away. Default 10 s.
  public var cancelGrace: Duration = .seconds(10)
  /// How long the record of an ended task is kept. Default 24 h.
  public var resultTimeToLive: Duration = .seconds(86_400)
  /// How long a key stays taken after success. Default 24 h.
  public var uniqueAfterSuccess: Duration = .seconds(86_400)
  /// How many tasks that have not ended the queue may hold; nil: any number.
  public var maximumDepth: Int?

  /// The defaults.
  public init() {}
}

/// A task to be stored.
public struct NewTask: Sendable {
  /// What the handler gets; at most `RuntimeLimits.payloadBytes` bytes; never changes.
  public var payload: [UInt8]
  /// At most one live task of a queue has this key.
  public var key: String?
  /// 0–3; higher is claimed first.
  public var priority: Int
  /// Not claimed before this instant of the store's clock.
  public var notBefore: Timestamp?
  /// Dead, if not succeeded by then.
  public var deadline: Timestamp?
  /// The task that made it.
  public var parent: UUIDv7?
  /// Attempts, leases, retention.
  public var policy: TaskPolicy

  /// Only the payload is needed.
  public init(
    payload: [UInt8], key: String? = nil, priority: Int = 1, notBefore: Timestamp? = nil,
    deadline: Timestamp? = nil,
    parent: UUIDv7? = nil, policy: TaskPolicy = TaskPolicy()
  ) {
    self.payload = payload
    self.key = key
    self.priority = priority
    self.notBefore = notBefore
    self.deadline = deadline
    self.parent = parent
    self.policy = policy
  }
}

/// The right to work on a task, until somebody else gets a higher fence.
public struct Lease: Sendable, Equatable {
  /// The task's id; also the idempotency key for effects outside.
  public let id: UUIDv7
  /// Its queue.
  public let queue: QueueName
  /// Strictly increasing with every claim of the task.
  public let fence: UInt64
  /// Which attempt this is, from 1.
  public let attempt: Int
  /// When the lease ends by the store's clock, unless a heartbeat moves it.
  public let until: Timestamp
  /// What the task is about.
  public let payload: [UInt8]
  /// What the last attempt's last heartbeat handed in.
  public let progress: [UInt8]?

  /// Made by the queue.
  public init(
    id: UUIDv7, queue: QueueName, fence: UInt64, attempt: Int, until: Timestamp, payload: [UInt8],
    progress: [UInt8]?
  ) {
    self.id = id
    self.queue = queue
    self.fence = fence
    self.attempt = attempt
    self.until = until
    self.payload = payload
    self.progress = progress
  }
}

/// What a heartbeat is told.
public enum HeartbeatAnswer: Sendable, Equatable {
  /// The lease holds until then.
  case held(until: Timestamp)
  /// Somebody wants the task to stop; the lease holds until then.
  case cancelRequested(until: Timestamp)
  /// The lease is gone.
  case lost
}

/// Where a task stands.
public enum TaskState: String, Sendable, CaseIterable {
  /// Waits for its notBefore, or for the end of its back-off.
  case scheduled
  /// Can be claimed.
  case ready
  /// Somebody works on it.
  case leased
  case succeeded, dead, cancelled

  /// Whether nothing will change it any more (but `requeue` of a dead one).
  public var isTerminal: Bool { self == .succeeded || self == .dead || self == .cancelled }
}
