import MemfunCore
import Synchronization

/// How a worker works.
public struct WorkerOptions: Sendable, Hashable {
  /// How many tasks are handled at once. Default 4.
  public var concurrency = 4
  /// How long running tasks may take after `drain`. Default 30 s.
  public var drainDeadline: Duration = .seconds(30)
  /// How long one call waits for a task. Default 30 s.
  public var claimWait: Duration = .seconds(30)

  /// The defaults.
  public init() {}
}

/// Takes tasks from queues and gives them to agents.
///
/// `run` works until `drain` (nothing new is taken, what runs is finished, heartbeats go on) or `stop`
/// (handlers are cancelled, their tasks go back without counting the attempt). Cancelling the task that
/// runs it is `stop`. A handler that ignores its cancellation can only be ended with the process.
public final class Worker<Environment: Sendable>: Sendable {
  private struct State {
    var machine: WorkerStateMachine
    var claimers: [Task<Void, Never>] = []
    var handlers: [UInt64: HandlerControl] = [:]
    var runs: [UInt64: Task<Void, Never>] = [:]
    var nextRun: UInt64 = 0
    var waitingForSlot: [Waiter<Void>] = []
    var deadline: Task<Void, Never>?
    var hasBegun = false
  }

  private let runtime: Runtime
  private let blobs: any BlobStore
  private let environment: Environment
  private let agents: [QueueName: any Agent<Environment>]
  private let name: String
  private let options: WorkerOptions
  private let logger: Logger
  private let time: any TimeSource
  private let random: any RandomSource
  private let state: Mutex<State>
  private let end = Waiter<Void>()

  /// - Parameters:
  ///   - name: who this is, in leases and messages.
  ///   - agents: who handles the tasks of which queue.
  ///   - environment: given to every handler.
  public init(
    name: String, runtime: Runtime, blobs: any BlobStore, agents: [QueueName: any Agent<Environment>],
    environment: Environment, options: WorkerOptions = WorkerOptions(), logger: Logger = .disabled,
    time: any TimeSource = SystemTimeSource(), random: any RandomSource = SystemRandomSource()
  ) {
    self.name = name
    self.runtime = runtime
    self.blobs = blobs
    self.agents = agents
    self.environment = environment
    self.options = options
    self.logger = logger
    self.time = time
    self.random = random
    state = Mutex(State(machine: WorkerStateMachine(concurrency: options.concurrency)))
  }

  /// How many tasks are being handled.
  public var running: Int { state.withLock { $0.machine.running } }

  /// Works until it is drained or stopped. When it returns, nothing of it is left.
  ///
  /// - Throws: `RuntimeError.illegalArgument` when it was run before.
  public func run() async throws {
    let isFirst = state.withLock { state in
      defer { state.hasBegun = true }
      return !state.hasBegun
    }
    guard isFirst else { throw RuntimeError.illegalArgument(name: "run", reason: "a worker runs once") }
    // Not a child task: settling tasks must still be possible after the caller was cancelled.
    let body = Task { await self.work() }
    await withTaskCancellationHandler {
      await body.value
    } onCancel: {
      self.stop()
    }
  }

  /// Takes nothing new, finishes what is running; by force when the drain's deadline passed.
  public func drain() { change { $0.drain() } }

  /// Cancels what is running and gives it back.
  public func stop() { change { $0.stop() } }

  // MARK: The life of the worker

  private func work() async {
    let claimers = agents.sorted { $0.key.description < $1.key.description }.map { queue, agent in
      Task { await self.claim(queue, agent) }
    }
    let isWorking = state.withLock { state in
      state.claimers = claimers
      return state.machine.phase == .working
    }
    if !isWorking { for claimer in claimers { claimer.cancel() } }
    // Nobody cancels this task, and the value is given once.
    try? await end.wait()
    for claimer in claimers { await claimer.value }
    while let run = state.withLock({ $0.runs.first?.value }) { await run.value }
    state.withLock { $0.deadline }?.cancel()
  }

  private func change(_ event: (inout WorkerStateMachine) -> [WorkerStateMachine.Action]) {
    for action in state.withLock({ event(&$0.machine) }) {
      switch action {
      case .stopClaiming: for claimer in state.withLock({ $0.claimers }) { claimer.cancel() }
      case .startDeadline:
        let alarm = Task { [time, options] in
          // Cancelled: the worker ended in time.
          do { try await time.sleep(for: options.drainDeadline) } catch { return }
          self.stop()
        }
        state.withLock { $0.deadline = alarm }
      case .cancelHandlers:
        for handler in state.withLock({ Array($0.handlers.values) }) { handler.stop(.workerStops) }
      case .wakeClaimers:
        let waiters = state.withLock { state in
          defer { state.waitingForSlot = [] }
          return state.waitingForSlot
        }
        for waiter in waiters { waiter.resume(with: .success(())) }
      case .finish: end.resume(with: .success(()))
      }
    }
  }

  // MARK: Claiming

  private func claim(_ queue: QueueName, _ agent: any Agent<Environment>) async {
    var pause: Duration = .milliseconds(100)
    while let slots = await freeSlots() {
      do {
        let leases = try await runtime.queue.claim(
          queue, maximum: max(1, slots / agents.count), owner: name, wait: options.claimWait)
        for lease in leases { await begin(lease, agent) }
        pause = .milliseconds(100)
      } catch is CancellationError {
        return
      } catch RuntimeError.closed {
        logger.info("the runtime was closed; the worker ends")
        stop()
        return
      } catch {
        logger.warning(
          "tasks could not be claimed",
          [
            "queue": .string(queue.description),
            "error": .string((error as? any MemfunError)?.what ?? "\(error)"),
          ])
        // Cancelled: the loop's condition sees it.
        try? await time.sleep(for: pause * random.uniform(in: 0.8...1.2))
        pause = min(pause * 2, .seconds(5))
      }
    }
  }

  /// Waits for a free slot; nil when the worker takes nothing new.
  private func freeSlots() async -> Int? {
    while true {
      let waiter = Waiter<Void>()
      let slots: Int? = state.withLock { state in
        if state.machine.phase != .working { return nil }
        if state.machine.freeSlots == 0 { state.waitingForSlot.append(waiter) }
        return state.machine.freeSlots
      }
      guard let slots else { return nil }
      if slots > 0 { return slots }
      // Cancelled: the worker takes nothing new.
      do { try await waiter.wait() } catch { return nil }
    }
  }

  private func begin(_ lease: Lease, _ agent: any Agent<Environment>) async {
    let control = HandlerControl()
    let log = logger.with([
      "task": .string(lease.id.description), "queue": .string(lease.queue.description),
      "attempt": .int(lease.attempt),
    ])
    let run = TaskRun(
      lease: lease, agent: agent, runtime: runtime, blobs: blobs, environment: environment, log: log,
      time: time, random: random, control: control)
    let began = state.withLock { state in
      guard state.machine.take() else { return false }
      state.nextRun += 1
      let number = state.nextRun
      state.handlers[number] = control
      state.runs[number] = Task {
        await run.run()
        self.ended(number)
      }
      return true
    }
    if began { return }
    // Claimed for a slot that another queue's task got first: back, and nothing is counted.
    let release = Task { [runtime] in try await runtime.queue.release(lease, delay: .zero) }
    do { try await release.value } catch {
      log.warning("a task could not be given back; it comes back when its lease ends")
    }
  }

  private func ended(_ number: UInt64) {
    change { $0.finished() }
    state.withLock { state in
      state.handlers[number] = nil
      state.runs[number] = nil
    }
  }
}
