import MemfunCore
import Synchronization

/// Watches the registry and publishes every change of an agent's health once, as `health.<agent>.<state>`.
///
/// Any number of monitors may run: they use the same dedupe keys. What was published last is also noted
/// in the store, so that a monitor which starts later than the bus remembers does not repeat it. None ever asks an agent anything, so
/// an agent that hangs cannot make a monitor hang.
public final class HealthMonitor: Sendable {
  private let store: any StateStore
  private let bus: any EventBus
  private let time: any TimeSource
  private let machine = Mutex(HealthStateMachine())

  /// - Parameters:
  ///   - runtime: whose registry is watched, and whose bus is told.
  ///   - time: measures how long a suspect is silent.
  public init(runtime: Runtime, time: any TimeSource = SystemTimeSource()) {
    store = runtime.store
    bus = runtime.bus
    self.time = time
  }

  /// What is known now: the agents seen since `run` began, without those that deregistered.
  public var states: [String: HealthState] { machine.withLock { $0.states } }

  /// Watches until the runtime is closed.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  public func run() async throws {
    let watch = try await store.watch(prefix: Registry.prefix)
    defer { watch.cancel() }
    let (ticks, tick) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let timer = DueTimer(time: time) { tick.yield() }
    defer { timer.close() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for try await event in watch {
          try await self.take(event)
          self.arm(timer)
        }
      }
      group.addTask {
        for await _ in ticks {
          let now = self.time.monotonic()
          for change in self.machine.withLock({ $0.tick(now: now) }) { try await self.publish(change) }
          self.arm(timer)
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
    try Task.checkCancellation()
  }

  /// The timer counts in instants; the monotonic clock's serve as well as any.
  private func arm(_ timer: DueTimer) {
    func instant(_ duration: Duration) -> Timestamp { Timestamp(nanoseconds: duration.wholeNanoseconds) }
    timer.arm(at: machine.withLock { $0.nextDue }.map(instant), now: instant(time.monotonic()))
  }

  private func take(_ event: StateEvent) async throws {
    switch event {
    case .put(let entry):
      let registration = try Registration(entry: entry)
      if let change = machine.withLock({ $0.alive(registration, revision: entry.revision) }) {
        try await publish(change)
      }
    case .expired(let key, _):
      let (agent, now) = (String(key.description.dropFirst(Registry.prefix.count)), time.monotonic())
      if let change = machine.withLock({ $0.expired(agent: agent, now: now) }) { try await publish(change) }
    case .deleted(let key, _):
      let agent = String(key.description.dropFirst(Registry.prefix.count))
      machine.withLock { $0.left(agent: agent) }
    case .caughtUp: break
    }
  }

  private func publish(_ change: HealthTransition) async throws {
    let note = try StoreKey("health/\(change.agent)")
    let key = Array(change.dedupeKey.utf8)
    let known = try await store.get(note)
    if known?.value == key { return }
    // A monitor that sees the agent for the first time does not know which silence it came back from.
    let stem = "\(change.agent).\(change.instance).\(change.epoch).\(change.state.rawValue)."
    if change.silence == 0, let known, known.value.starts(with: stem.utf8) { return }
    try await bus.publish(
      Subject("health.\(change.agent).\(change.state.rawValue)"), JSONSerializer.bytes(of: change.json),
      dedupeKey: change.dedupeKey, headers: [:])
    do {
      if let known {
        try await store.update(note, key, revision: known.revision, timeToLive: nil)
      } else {
        try await store.create(note, key, timeToLive: nil)
      }
    } catch RuntimeError.conflict {
      // Another monitor noted this change, or a later one.
    }
  }
}
