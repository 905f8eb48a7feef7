import MemfunCore

@testable import MemfunRuntime

/// What the answers of the store say about each task, and whether they agree with the contract.
///
/// Independent of the program's state machines: only what was promised to callers counts, in the order
/// of the log.
struct TaskAudit {
  private enum End: Equatable {
    case succeeded(fence: UInt64, result: [UInt8])
    case dead, cancelled
  }

  private struct Known {
    let id: UUIDv7
    let queue: String
    let task: SimTask
    var highestFence: UInt64 = 0
    var attempts = 0
    /// The last lease, until it is settled. It may have run out.
    var lease: (fence: UInt64, until: Timestamp)?
    /// When it may be claimed; nil while there is a lease.
    var readyAt: Timestamp?
    var deadline: Timestamp?
    var cancelRequested: Timestamp?
    var progress: [UInt8]?
    var end: End?

    /// Whether time alone ended it, as far as is known.
    func isEndedByTime(_ now: Timestamp) -> Bool {
      if let deadline, deadline <= now { return true }
      if let cancelRequested, cancelRequested + task.cancelGrace <= now { return true }
      guard let lease, lease.until <= now else { return false }
      return cancelRequested != nil || attempts >= task.maximumAttempts
    }

    var notBefore: Timestamp? { lease?.until ?? readyAt }
  }

  private var tasks: [UUIDv7: Known] = [:]
  private var order: [UUIDv7] = []
  private(set) var violations: [Violation] = []
  /// Since when nothing fails any more.
  var calmSince: Timestamp?

  /// How many tasks were acknowledged.
  var count: Int { order.count }

  private mutating func report(_ invariant: Violation.Invariant, _ detail: String) {
    violations.append(Violation(invariant: invariant, detail: detail))
  }

  mutating func observe(_ seen: Observation) {
    switch (seen.command, seen.reply) {
    case (.enqueue(let queue, let task, _), .task(let id)): enqueued(id, queue, task, seen.now)
    case (.claim(let queue, _, _), .leases(let leases)):
      for lease in leases { claimed(lease, queue, seen) }
    case (.heartbeat(let id, let fence, let progress), .heartbeat(let answer)):
      heartbeat(id, fence, progress, answer, seen.now)
    case (.complete(let id, let fence, let result), let reply):
      settled(id, fence, reply, seen.now) { known in
        known.end = .succeeded(fence: fence, result: result)
      }
    case (.fail(let id, let fence, let retryable, let jitter), let reply):
      settled(id, fence, reply, seen.now) { known in
        if known.cancelRequested != nil {
          known.end = .cancelled
        } else if !retryable || known.attempts >= known.task.maximumAttempts {
          known.end = .dead
        } else {
          known.readyAt = seen.now + Self.backoff(known, jitter)
        }
      }
    case (.release(let id, let fence, let delay), let reply):
      settled(id, fence, reply, seen.now) { known in
        if known.cancelRequested != nil {
          known.end = .cancelled
        } else {
          known.attempts -= 1
          known.readyAt = seen.now + delay
        }
      }
    case (.cancel(let id), .state(let state)): cancelled(id, state, seen.now)
    case (.requeue(let id), .done): requeued(id, seen.now)
    default: break
    }
  }

  /// min(maximum, base · 2^(n−1)) · (1 + jitter share), as Q7 has it.
  private static func backoff(_ known: Known, _ jitter: Double) -> Duration {
    var wait = known.task.backoffBase
    for _ in 1..<max(2, known.attempts) where known.attempts > 1 { wait *= 2 }
    return .nanoseconds(Int64(min(wait, .seconds(300)).inSeconds * (1 + 0.2 * jitter) * 1e9))
  }

  private mutating func enqueued(_ id: UUIDv7, _ queue: String, _ task: SimTask, _ now: Timestamp) {
    if let known = tasks[id] {
      if known.task.key == nil || known.task.key != task.key || known.queue != queue {
        report(.uniqueKey, "enqueue returned \(id), which has another key")
      }
      if known.end == .dead || known.end == .cancelled || (known.end == nil && known.isEndedByTime(now)) {
        report(.uniqueKey, "enqueue returned \(id), which had ended")
      }
      return
    }
    checkKey(task.key, queue, now, besides: id)
    order.append(id)
    tasks[id] = Known(
      id: id, queue: queue, task: task, readyAt: max(now, task.notBefore ?? now), deadline: task.deadline)
  }

  private mutating func checkKey(_ key: String?, _ queue: String, _ now: Timestamp, besides id: UUIDv7) {
    guard let key else { return }
    for other in order {
      guard other != id, let known = tasks[other], known.queue == queue, known.task.key == key else {
        continue
      }
      switch known.end {
      case .succeeded: report(.uniqueKey, "\(id) has the key \(key) of \(other), which succeeded")
      case .dead, .cancelled: continue
      case nil where known.isEndedByTime(now): continue
      case nil: report(.uniqueKey, "\(id) has the key \(key) of \(other), which is live")
      }
    }
  }

  private mutating func claimed(_ lease: Lease, _ queue: String, _ seen: Observation) {
    let now = seen.now
    guard var known = tasks[lease.id] else {
      report(.conservation, "\(lease.id) was claimed but never stored")
      return
    }
    if known.queue != queue { report(.claimOrder, "\(lease.id) was claimed from another queue") }
    if known.end != nil { report(.terminalFinal, "\(lease.id) was claimed after its end") }
    if lease.fence <= known.highestFence {
      report(.fenceStrict, "\(lease.id) was claimed with fence \(lease.fence) after \(known.highestFence)")
    }
    if let last = known.lease, last.until > now {
      report(.oneHolder, "\(lease.id) was claimed while fence \(last.fence) holds it")
    }
    if known.cancelRequested != nil { report(.cancelEnds, "\(lease.id) was claimed after its cancellation") }
    if let deadline = known.deadline, deadline <= now {
      report(.notEarly, "\(lease.id) was claimed after its deadline")
    }
    if known.lease == nil, let ready = known.readyAt, now + .milliseconds(1) < ready {
      report(.notEarly, "\(lease.id) was claimed \(ready - now) too early")
    }
    if lease.attempt != known.attempts + 1 || lease.attempt > known.task.maximumAttempts {
      report(
        .attemptsCounted,
        "\(lease.id): attempt \(lease.attempt) after \(known.attempts) of \(known.task.maximumAttempts)")
    }
    if lease.payload != known.task.payload || lease.progress != known.progress {
      report(.payloadKept, "\(lease.id) has another payload or progress")
    }
    checkOrder(known, now)
    checkPromptness(known, seen)
    known.highestFence = max(known.highestFence, lease.fence)
    known.attempts += 1
    known.lease = (lease.fence, now + known.task.lease)
    known.readyAt = nil
    tasks[lease.id] = known
  }

  /// Inversions are allowed among tasks that became ready within the last 200 ms (Q8).
  private mutating func checkOrder(_ claimed: Known, _ now: Timestamp) {
    guard let own = claimed.notBefore else { return }
    for id in order {
      guard let other = tasks[id], id != claimed.id, other.queue == claimed.queue, other.end == nil,
        other.lease == nil, let ready = other.readyAt, ready + .milliseconds(200) <= now,
        !other.isEndedByTime(now)
      else { continue }
      let isBefore =
        other.task.priority > claimed.task.priority
        || (other.task.priority == claimed.task.priority && ready + .milliseconds(200) < own)
      if isBefore { report(.claimOrder, "\(claimed.id) was claimed before \(id)") }
    }
  }

  private mutating func checkPromptness(_ known: Known, _ seen: Observation) {
    guard let calmSince, let since = seen.waitingSince, since >= calmSince, let ready = known.notBefore
    else { return }
    let late = seen.now - max(since, ready)
    if late > .seconds(1) { report(.promptness, "\(known.id) was claimed \(late) late") }
  }

  private mutating func heartbeat(
    _ id: UUIDv7, _ fence: UInt64, _ progress: [UInt8]?, _ answer: HeartbeatAnswer, _ now: Timestamp
  ) {
    guard var known = tasks[id] else { return }
    if answer == .lost {
      checkNotRobbed(known, fence, now)
      return
    }
    checkHolder(known, fence, now)
    if case .held = answer, known.cancelRequested != nil {
      report(.cancelEnds, "the holder of \(id) was not told of the cancellation")
    }
    if known.lease?.fence == fence { known.lease = (fence, now + known.task.lease) }
    known.progress = progress ?? known.progress
    tasks[id] = known
  }

  private mutating func settled(
    _ id: UUIDv7, _ fence: UInt64, _ reply: StoreReply, _ now: Timestamp, _ apply: (inout Known) -> Void
  ) {
    guard var known = tasks[id] else { return }
    guard reply == .done else {
      if case .refused(.leaseLost) = reply { checkNotRobbed(known, fence, now) }
      return
    }
    if case .succeeded(let winner, _) = known.end {
      if winner != fence { report(.oneSuccess, "\(id) succeeded with fence \(winner) and \(fence)") }
      return
    }
    checkHolder(known, fence, now)
    known.lease = nil
    apply(&known)
    tasks[id] = known
  }

  private mutating func checkHolder(_ known: Known, _ fence: UInt64, _ now: Timestamp) {
    if known.lease?.fence != fence || known.end != nil || known.isEndedByTime(now) {
      let holder = known.lease.map { "fence \($0.fence)" } ?? "nobody"
      report(
        known.cancelRequested != nil && known.lease?.fence == fence ? .cancelEnds : .fenceDecides,
        "fence \(fence) of \(known.id) was heard; \(holder) holds it")
    }
  }

  private mutating func checkNotRobbed(_ known: Known, _ fence: UInt64, _ now: Timestamp) {
    if let lease = known.lease, lease.fence == fence, lease.until > now, !known.isEndedByTime(now) {
      report(.fenceDecides, "fence \(fence) of \(known.id) was refused although it holds")
    }
    if case .succeeded(let winner, _) = known.end, winner == fence {
      // Only a repeated completion may hear this, and it must not; fail and release may.
      return
    }
  }

  private mutating func cancelled(_ id: UUIDv7, _ state: TaskState, _ now: Timestamp) {
    guard var known = tasks[id] else { return }
    switch state {
    case .leased:
      if known.lease == nil { report(.cancelEnds, "\(id) is said to be leased, but nobody holds it") }
      known.cancelRequested = known.cancelRequested ?? now
    case .cancelled:
      if let end = known.end, end != .cancelled {
        report(.terminalFinal, "\(id) was cancelled after its end")
      }
      if let lease = known.lease, lease.until > now, !known.isEndedByTime(now) {
        report(.cancelEnds, "\(id) was taken from its holder without grace")
      }
      known.end = .cancelled
      known.lease = nil
    case .dead:
      if known.end != .dead, !known.isEndedByTime(now) { report(.terminalFinal, "\(id) died without cause") }
      known.end = .dead
      known.lease = nil
    case .succeeded:
      if case .succeeded = known.end { break }
      report(.oneSuccess, "\(id) succeeded without a completion")
    case .scheduled, .ready: report(.cancelEnds, "\(id) is \(state) after its cancellation")
    }
    tasks[id] = known
  }

  private mutating func requeued(_ id: UUIDv7, _ now: Timestamp) {
    guard var known = tasks[id] else { return }
    if known.end != .dead, known.end != nil || !known.isEndedByTime(now) {
      report(.terminalFinal, "\(id) was put back although it was not dead")
    }
    checkKey(known.task.key, known.queue, now, besides: id)
    known.end = nil
    known.attempts = 0
    known.deadline = nil
    known.cancelRequested = nil
    known.lease = nil
    known.readyAt = now
    tasks[id] = known
  }

  /// Compares with what is left after everything.
  mutating func finish(_ state: StoreState) {
    var successEvents: [String: Int] = [:]
    if let log = state.topics["task"] {
      for message in log.messages { successEvents[message.subject.description, default: 0] += 1 }
    }
    for id in order {
      guard let known = tasks[id], let record = state.queue.records[id] else {
        report(.conservation, "\(id) was acknowledged and is gone")
        continue
      }
      if ![.succeeded, .dead, .cancelled].contains(record.phase) {
        report(.liveness, "\(id) is still \(record.phase)")
      }
      let events = successEvents["task.\(known.queue).\(id).succeeded", default: 0]
      if case .succeeded(_, let result) = known.end {
        if record.phase != .succeeded || record.result != result {
          report(.oneSuccess, "\(id) was completed and is \(record.phase), or with another result")
        }
        if events != 1 { report(.oneSuccess, "\(id) has \(events) events of success") }
      } else if record.phase == .succeeded || events != 0 {
        report(.oneSuccess, "\(id) succeeded without a completion")
      }
    }
    if state.queue.records.count != order.count {
      report(.conservation, "\(state.queue.records.count) tasks are stored, \(order.count) were acknowledged")
    }
  }
}
