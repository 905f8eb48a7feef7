import MemfunCore

/// Everything a queue knows about one task.
public struct TaskRecord: Sendable, Equatable {
  /// The stored part of the state; `ready` and `scheduled` are told apart by the clock.
  public enum Phase: String, Sendable, CaseIterable {
    case waiting, leased, succeeded, dead, cancelled
  }

  /// The task's id; it never changes.
  public let id: UUIDv7
  /// Its queue.
  public let queue: QueueName
  /// What it is about; it never changes.
  public let payload: [UInt8]
  /// Its unique key, if it has one.
  public let key: String?
  /// 0–3; higher first.
  public let priority: Int
  /// The task that made it.
  public let parent: UUIDv7?
  /// Attempts, leases, retention.
  public let policy: TaskPolicy
  /// Dead, if not succeeded by then. A requeue lifts it.
  public package(set) var deadline: Timestamp?
  /// When it was stored.
  public let created: Timestamp

  /// Where it stands.
  public package(set) var phase: Phase = .waiting
  /// Not claimed before.
  public package(set) var notBefore: Timestamp
  /// Goes up with each claim and each revocation.
  public package(set) var fence: UInt64 = 0
  /// False once the holder of `fence` gave the task up, or was told that it lost it.
  public package(set) var fenceIsOpen = false
  /// Claims so far, without those that were released.
  public package(set) var attempts = 0
  /// Who holds or last held it.
  public package(set) var owner: String?
  /// When the lease ends.
  public package(set) var leasedUntil: Timestamp?
  /// When a cancel was asked for.
  public package(set) var cancelRequested: Timestamp?
  /// What the last heartbeat handed in.
  public package(set) var progress: [UInt8]?
  /// What the handler returned.
  public package(set) var result: [UInt8]?
  /// The first and the last failure.
  public package(set) var firstError: String?, lastError: String?
  /// When it ended.
  public package(set) var ended: Timestamp?

  /// A new task that waits.
  public init(id: UUIDv7, queue: QueueName, task: NewTask, now: Timestamp) {
    self.id = id
    self.queue = queue
    payload = task.payload
    key = task.key
    priority = task.priority
    parent = task.parent
    policy = task.policy
    deadline = task.deadline
    created = now
    notBefore = Swift.max(task.notBefore ?? now, now)
  }

  /// The state at `now`.
  public func state(at now: Timestamp) -> TaskState {
    switch phase {
    case .waiting: notBefore <= now ? .ready : .scheduled
    case .leased: .leased
    case .succeeded: .succeeded
    case .dead: .dead
    case .cancelled: .cancelled
    }
  }
}
