import MemfunCore
import MemfunRuntime

/// What the simulated store is asked to do. Chance (ids, jitter) is part of the command, so that
/// replaying the log gives the same state.
enum StoreCommand: Sendable, Equatable {
  /// A delivery's end, or its extension.
  enum Settlement: Sendable, Equatable {
    case acknowledge, inProgress
    case reject(delay: Duration)
    case terminate
  }

  /// A process of the store began.
  case opened
  /// Time alone has something to do.
  case tick
  case enqueue(queue: String, SimTask, id: UUIDv7)
  case claim(queue: String, maximum: Int, owner: String)
  case heartbeat(UUIDv7, fence: UInt64, progress: [UInt8]?)
  case complete(UUIDv7, fence: UInt64, result: [UInt8])
  case fail(UUIDv7, fence: UInt64, retryable: Bool, jitter: Double)
  case release(UUIDv7, fence: UInt64, delay: Duration)
  case cancel(UUIDv7)
  case requeue(UUIDv7)
  case publish(subject: String, [UInt8], dedupeKey: String?)
  case attach(group: String, GroupShape)
  case fetch(group: String)
  case settle(group: String, seq: UInt64, delivery: Int, Settlement)
  case get(String)
  case put(String, [UInt8], timeToLive: Duration?)
  case create(String, [UInt8])
  case update(String, [UInt8], revision: UInt64)
  case delete(String, revision: UInt64?)
}

/// The parts of a new task that vary in the simulation.
struct SimTask: Sendable, Equatable {
  var payload: [UInt8]
  var key: String?
  var priority = 1
  var notBefore: Timestamp?
  var deadline: Timestamp?
  var lease: Duration = .seconds(3)
  var maximumAttempts = 3
  var backoffBase: Duration = .milliseconds(500)
  var cancelGrace: Duration = .seconds(2)

  var policy: TaskPolicy {
    var policy = TaskPolicy()
    policy.lease = lease
    policy.maximumAttempts = maximumAttempts
    policy.backoffBase = backoffBase
    policy.cancelGrace = cancelGrace
    // Nothing may be forgotten before it was counted, also after the largest jump of the clock.
    policy.resultTimeToLive = .seconds(30 * 86_400)
    policy.uniqueAfterSuccess = .seconds(30 * 86_400)
    return policy
  }

  var task: NewTask {
    NewTask(
      payload: payload, key: key, priority: priority, notBefore: notBefore, deadline: deadline, policy: policy
    )
  }
}

/// How a group of the simulation reads.
struct GroupShape: Sendable, Equatable {
  var topic: String
  var pattern: String
  var fromFirst: Bool
  var acknowledgeWithin: Duration = .seconds(2)
  var maximumDeliveries = 4

  var configuration: GroupConfiguration {
    GroupConfiguration(
      start: fromFirst ? .all : .now, acknowledgeWithin: acknowledgeWithin,
      maximumDeliveries: maximumDeliveries, maximumPending: 16)
  }
}

/// What the store answers.
enum StoreReply: Sendable, Equatable {
  case done
  case task(UUIDv7)
  case leases([Lease])
  case heartbeat(HeartbeatAnswer)
  case state(TaskState)
  case published(PublishReceipt)
  case delivery(Delivery?)
  case entry(StoreEntry?)
  case revision(UInt64?)
  case refused(RuntimeError)
}
