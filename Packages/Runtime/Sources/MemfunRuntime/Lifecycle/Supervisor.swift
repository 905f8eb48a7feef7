import MemfunCore
import Synchronization

/// Runs one agent: starts it, drains it, ends it by force, and starts it again when it fails.
///
/// The body is a function that works until its drain signal is raised and then returns; being cancelled
/// is being killed. All of it is structured below `run`: when `run` has returned, nothing of the agent
/// is left.
public final class Supervisor: Sendable {
  /// The agent's work.
  public typealias Body = @Sendable (DrainSignal) async throws -> Void

  private enum Event: Sendable {
    case stop(grace: Duration)
    case kill
    case deadline(launch: Int)
    case launchTime
    case exited(error: String?)
  }

  private struct State {
    var machine: LifecycleStateMachine
    var loop: Task<LifecycleState, Never>?
    var lastError: String?
  }

  private let body: Body
  private let time: any TimeSource
  private let random: any RandomSource
  private let logger: Logger
  private let state: Mutex<State>
  private let events: AsyncStream<Event>
  private let post: AsyncStream<Event>.Continuation

  /// - Parameters:
  ///   - policy: what happens when the body ends by itself.
  ///   - time: back-off and deadlines.
  ///   - random: jitter.
  public init(
    policy: RestartPolicy = RestartPolicy(), time: any TimeSource = SystemTimeSource(),
    random: any RandomSource = SystemRandomSource(), logger: Logger = .disabled, body: @escaping Body
  ) {
    self.body = body
    self.time = time
    self.random = random
    self.logger = logger
    state = Mutex(State(machine: LifecycleStateMachine(policy: policy)))
    // Events are few: requests by people, and the ends of what the supervisor itself started.
    (events, post) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1024))
  }

  /// Where the agent stands.
  public var lifecycle: LifecycleState { state.withLock { $0.machine.state } }
  /// How often it was started.
  public var starts: Int { state.withLock { $0.machine.starts } }
  /// What the body threw last.
  public var lastError: String? { state.withLock { $0.lastError } }

  /// Takes nothing new, finishes what is running, and ends; by force when `grace` is over.
  public func stop(grace: Duration = .seconds(30)) { request(.stop(grace: grace)) }
  /// Ends at once.
  public func kill() { request(.kill) }

  /// What is asked of an agent that does not run must not meet its next run.
  private func request(_ event: Event) {
    if state.withLock({ $0.loop != nil }) { post.yield(event) }
  }

  /// Runs the agent until it has stopped or failed for good. When it runs already, this waits for the
  /// same end. Cancelling the task is killing the agent.
  ///
  /// - Returns: `.stopped` or `.failed`.
  @discardableResult
  public func run() async -> LifecycleState {
    let loop = state.withLock { state in
      if let loop = state.loop { return loop }
      let first = state.machine.start()
      // Not a child task: a cancelled one could no longer wait for events, and the end has an order.
      let loop = Task { await self.loop(first) }
      state.loop = loop
      return loop
    }
    return await withTaskCancellationHandler {
      await loop.value
    } onCancel: {
      kill()
    }
  }

  private func loop(_ first: [LifecycleStateMachine.Action]) async -> LifecycleState {
    var work: Task<Void, Never>?
    var alarms: [Task<Void, Never>] = []
    var signal = DrainSignal()
    var launch = 0
    var actions = first
    var iterator = events.makeAsyncIterator()
    loop: while true {
      for action in actions {
        switch action {
        case .launch:
          launch += 1
          signal = DrainSignal()
          work = begin(signal)
        case .launchLater(let at): alarms.append(alarm(at: at, .launchTime))
        case .drain(let deadline):
          signal.raise()
          alarms.append(alarm(at: deadline, .deadline(launch: launch)))
        case .kill: work?.cancel()
        case .finish: break loop
        }
      }
      guard let event = await iterator.next() else { break }
      actions = apply(event, launch: launch)
    }
    for alarm in alarms { alarm.cancel() }
    return state.withLock { state in
      state.loop = nil
      return state.machine.state
    }
  }

  private func apply(_ event: Event, launch: Int) -> [LifecycleStateMachine.Action] {
    let (now, chance) = (time.monotonic(), random.uniform(in: -1...1))
    return state.withLock { state in
      switch event {
      case .stop(let grace): return state.machine.stop(grace: grace, now: now)
      case .kill: return state.machine.kill()
      case .deadline(let of): return of == launch ? state.machine.deadlinePassed() : []
      case .launchTime: return state.machine.launchTimeCame()
      case .exited(let error):
        state.lastError = error ?? state.lastError
        return state.machine.exited(failed: error != nil, chance: chance, now: now)
      }
    }
  }

  private func begin(_ signal: DrainSignal) -> Task<Void, Never> {
    Task { [body, post, logger] in
      var failure: String?
      do { try await body(signal) } catch {
        failure = (error as? any MemfunError)?.what ?? "\(error)"
        logger.warning("an agent ended with an error", ["error": .string(failure ?? "")])
      }
      post.yield(.exited(error: failure))
    }
  }

  private func alarm(at: Duration, _ event: Event) -> Task<Void, Never> {
    Task { [time, post] in
      // Cancelled: the agent ended before.
      do { try await time.sleep(for: max(at - time.monotonic(), .zero)) } catch { return }
      post.yield(event)
    }
  }
}
