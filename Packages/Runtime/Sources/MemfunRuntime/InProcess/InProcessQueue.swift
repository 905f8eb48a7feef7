import MemfunCore
import Synchronization

/// The task queue of tier T0: the reference model behind a lock.
///
/// A lock and not an actor: every section is short and has no suspension in it, and a claim that finds
/// work must not pay for a hop. Events of ended tasks go to the bus, as on every tier.
final class InProcessQueue: TaskQueue {
  private struct State {
    var model = TaskQueueModel()
    var claimants: [QueueName: [Waiter<Void>]] = [:]
    var awaiting: [UUIDv7: [Waiter<TaskRecord>]] = [:]
    var isClosed = false
  }

  private let state = Mutex(State())
  private let clock: SharedStoreClock
  private let random: any RandomSource
  private let ids: UUIDv7Generator
  private let announce: @Sendable (TaskQueueModel.Ended) -> Void
  private let timer: DueTimerBox

  /// Breaks the cycle between the queue and the timer that calls it.
  private final class DueTimerBox: Sendable {
    private let slot = Mutex<DueTimer?>(nil)
    var timer: DueTimer? { slot.withLock { $0 } }
    func set(_ timer: DueTimer) { slot.withLock { $0 = timer } }
  }

  /// - Parameter announce: publishes `task.<queue>.<id>.<state>`; called without the lock.
  init(
    clock: SharedStoreClock, random: any RandomSource,
    announce: @escaping @Sendable (TaskQueueModel.Ended) -> Void
  ) {
    self.clock = clock
    self.random = random
    self.announce = announce
    ids = UUIDv7Generator(time: clock.time, random: random)
    timer = DueTimerBox()
    timer.set(DueTimer(time: clock.time) { [weak self] in self?.timeCame() })
  }

  // MARK: TaskQueue

  func enqueue(_ queue: QueueName, _ task: NewTask) async throws -> UUIDv7 {
    try mutate { state, now in try state.model.enqueue(queue, task, id: ids.next(), now: now) }
  }

  func claim(_ queue: QueueName, maximum: Int, owner: String, wait: Duration) async throws -> [Lease] {
    guard maximum > 0 else {
      throw RuntimeError.illegalArgument(name: "maximum", reason: "\(maximum) is less than 1")
    }
    let deadline = clock.time.monotonic() + wait
    while true {
      try Task.checkCancellation()
      let waiter = Waiter<Void>()
      let leases = try mutate { state, now in
        let leases = state.model.claim(queue, maximum: maximum, owner: owner, now: now)
        if leases.isEmpty, wait > .zero { state.claimants[queue, default: []].append(waiter) }
        return leases
      }
      let left = deadline - clock.time.monotonic()
      if !leases.isEmpty || left <= .zero {
        // A wake-up that nobody uses must go to the next in line.
        if !waiter.resume(with: .success(())) { wakeOne(queue) }
        return leases
      }
      let time = clock.time
      let alarm = Task {
        // Cancelled: the wait is over by other means.
        do { try await time.sleep(for: max(deadline - time.monotonic(), .zero)) } catch { return }
        waiter.resume(with: .success(()))
      }
      defer { alarm.cancel() }
      try await waiter.wait()
    }
  }

  func heartbeat(_ lease: Lease, progress: [UInt8]?) async throws -> HeartbeatAnswer {
    if let progress, progress.count > RuntimeLimits.payloadBytes {
      throw RuntimeError.payloadTooLarge(bytes: progress.count, limit: RuntimeLimits.payloadBytes)
    }
    return try mutate { state, now in
      state.model.heartbeat(lease.id, fence: lease.fence, progress: progress, now: now)
    }
  }

  func complete(_ lease: Lease, result: [UInt8]) async throws {
    if result.count > RuntimeLimits.payloadBytes {
      throw RuntimeError.payloadTooLarge(bytes: result.count, limit: RuntimeLimits.payloadBytes)
    }
    try mutate { state, now in
      try state.model.settle(lease.id, now: now) { $0.complete(fence: lease.fence, result: result, now: now) }
    }
  }

  func fail(_ lease: Lease, error: String, retryable: Bool) async throws {
    let jitter = random.uniform(in: -1...1)
    try mutate { state, now in
      try state.model.settle(lease.id, now: now) {
        $0.fail(fence: lease.fence, error: error, retryable: retryable, jitter: jitter, now: now)
      }
    }
  }

  func release(_ lease: Lease, delay: Duration) async throws {
    try mutate { state, now in
      try state.model.settle(lease.id, now: now) { $0.release(fence: lease.fence, delay: delay, now: now) }
    }
  }

  func cancel(_ id: UUIDv7) async throws -> TaskState {
    try mutate { state, now in try state.model.cancel(id, now: now) }
  }

  func requeue(_ id: UUIDv7) async throws {
    try mutate { state, now in try state.model.requeue(id, now: now) }
  }

  func inspect(_ id: UUIDv7) async throws -> TaskRecord? {
    try mutate { state, now in state.model.inspect(id, now: now) }
  }

  func awaitEnd(_ id: UUIDv7) async throws -> TaskRecord {
    let waiter = Waiter<TaskRecord>()
    let record = try mutate { state, now -> TaskRecord in
      guard let record = state.model.inspect(id, now: now) else { throw RuntimeError.notFound("task \(id)") }
      if !record.state(at: now).isTerminal { state.awaiting[id, default: []].append(waiter) }
      return record
    }
    return record.phase == .waiting || record.phase == .leased ? try await waiter.wait() : record
  }

  func list(_ queue: QueueName, state wanted: TaskState?, limit: Int) async throws -> [TaskRecord] {
    try mutate { state, now in state.model.list(queue, state: wanted, limit: limit, now: now) }
  }

  func counts(_ queue: QueueName) async throws -> [TaskState: Int] {
    try mutate { state, now in state.model.counts(queue, now: now) }
  }

  /// Runs `body` while nobody can take the lease away: the queue's lock is held, the body must be short.
  ///
  /// - Throws: `RuntimeError.leaseLost` without running it when the lease is gone.
  func whileHeld<Result: Sendable>(_ lease: Lease, _ body: () throws -> Result) throws -> Result {
    try mutate { state, now in
      guard let record = state.model.inspect(lease.id, now: now), record.isHeld(by: lease.fence) else {
        throw RuntimeError.leaseLost(task: lease.id.description)
      }
      return try body()
    }
  }

  /// Ends every wait with `RuntimeError.closed`.
  func close() {
    timer.timer?.close()
    let (claimants, awaiting) = state.withLock { state in
      state.isClosed = true
      defer {
        state.claimants = [:]
        state.awaiting = [:]
      }
      return (state.claimants.values.flatMap(\.self), state.awaiting.values.flatMap(\.self))
    }
    for waiter in claimants { waiter.resume(with: .failure(RuntimeError.closed)) }
    for waiter in awaiting { waiter.resume(with: .failure(RuntimeError.closed)) }
  }

  // MARK: Consequences

  /// One change of the model and everything that follows from it: events, wake-ups, the next alarm.
  private func mutate<Result: Sendable>(
    _ change: (inout State, Timestamp) throws -> Result
  ) throws -> Result {
    let now = clock.now()
    let (result, ended, finished, woken, next) = try state.withLock { state in
      if state.isClosed { throw RuntimeError.closed }
      let result = Swift.Result { try change(&state, now) }
      let ended = state.model.takeEnded()
      var finished: [(Waiter<TaskRecord>, TaskRecord)] = []
      for end in ended {
        guard let waiters = state.awaiting.removeValue(forKey: end.id),
          let record = state.model.records[end.id]
        else {
          continue
        }
        finished += waiters.map { ($0, record) }
      }
      return (result, ended, finished, Self.wakeable(&state), state.model.nextEvent)
    }
    for end in ended { announce(end) }
    for (waiter, record) in finished { waiter.resume(with: .success(record)) }
    for waiter in woken { waiter.resume(with: .success(())) }
    timer.timer?.arm(at: next, now: now)
    return try result.get()
  }

  /// Claimants of queues that have ready tasks, as many as there are tasks.
  private static func wakeable(_ state: inout State) -> [Waiter<Void>] {
    guard !state.claimants.isEmpty else { return [] }
    var woken: [Waiter<Void>] = []
    for (queue, waiters) in state.claimants {
      let open = waiters.filter(\.isOpen)
      let count = min(open.count, state.model.readyCount(queue))
      woken += open[..<count]
      state.claimants[queue] = count == open.count ? nil : Array(open[count...])
    }
    return woken
  }

  private func wakeOne(_ queue: QueueName) {
    let waiter = state.withLock { state -> Waiter<Void>? in
      guard var waiters = state.claimants[queue], !waiters.isEmpty else { return nil }
      let first = waiters.removeFirst()
      state.claimants[queue] = waiters.isEmpty ? nil : waiters
      return first
    }
    waiter?.resume(with: .success(()))
  }

  private func timeCame() {
    // Closed meanwhile: there is nobody left to tell.
    try? mutate { state, now in state.model.advance(to: now) }
  }
}
