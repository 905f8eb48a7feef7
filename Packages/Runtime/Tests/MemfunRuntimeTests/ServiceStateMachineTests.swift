import MemfunCore
import Testing

@testable import MemfunRuntime

@Suite("State machines of the services")
struct ServiceStateMachineTests {
  func registration(_ instance: String, _ epoch: UInt64) -> Registration {
    Registration(
      agent: "a", instance: instance, epoch: epoch, capabilities: ["x", "x"], timeToLive: .seconds(10))
  }

  /// `#expect` cannot see into calls that change their receiver.
  func same<Value: Equatable>(_ one: Value, _ other: Value, at place: SourceLocation = #_sourceLocation) {
    #expect(one == other, sourceLocation: place)
  }

  @Test("an instance raises the counter first, then registers")
  func register() {
    var machine = RegistrationStateMachine(instance: "i", takesOver: false)
    #expect(machine.next(live: nil, counter: nil) == .raiseEpoch(to: 1, over: nil))
    machine.raised(to: 1)
    #expect(machine.next(live: nil, counter: .init(value: 1, revision: 5)) == .register(epoch: 1, over: nil))
    // Somebody else raised it meanwhile: a newer epoch is needed.
    #expect(machine.next(live: nil, counter: .init(value: 2, revision: 6)) == .raiseEpoch(to: 3, over: 6))
    // Somebody else registered meanwhile.
    let live = RegistrationStateMachine.Seen(value: registration("j", 2), revision: 7)
    #expect(machine.next(live: live, counter: .init(value: 2, revision: 6)) == .refuse(instance: "j"))
    // A counter that was lost does not let epochs go back.
    let taking = RegistrationStateMachine(instance: "i", takesOver: true)
    #expect(taking.next(live: live, counter: nil) == .raiseEpoch(to: 3, over: nil))
  }

  @Test("a heartbeat renews what is ours, revives what ran out, and knows what is lost")
  func confirm() {
    let mine = registration("i", 4)
    #expect(
      RegistrationStateMachine.confirm(mine, live: .init(value: mine, revision: 3), counter: nil)
        == .renew(over: 3))
    #expect(RegistrationStateMachine.confirm(mine, live: nil, counter: 4) == .revive)
    #expect(RegistrationStateMachine.confirm(mine, live: nil, counter: 5) == .lost)
    #expect(
      RegistrationStateMachine.confirm(
        mine, live: .init(value: registration("j", 5), revision: 3), counter: 5)
        == .lost)
    #expect(
      RegistrationStateMachine.confirm(
        mine, live: .init(value: registration("i", 5), revision: 3), counter: 5)
        == .lost)
  }

  @Test("a registration survives its JSON")
  func registrationJSON() {
    #expect(Registration(json: registration("i", 4).json) == registration("i", 4))
    #expect(Registration(json: ["v": 2]) == nil)
  }

  @Test("silence makes suspect, then dead; each change has a key of its own")
  func health() {
    var machine = HealthStateMachine()
    var changes: [HealthTransition] = []
    func note(_ change: HealthTransition?) { if let change { changes.append(change) } }
    note(machine.alive(registration("i", 1), revision: 10))
    note(machine.alive(registration("i", 1), revision: 11))
    note(machine.expired(agent: "a", now: .seconds(10)))
    note(machine.expired(agent: "a", now: .seconds(10)))
    #expect(machine.nextDue == .seconds(30))
    same(machine.tick(now: .seconds(29)), [])
    note(machine.alive(registration("i", 1), revision: 12))
    #expect(machine.nextDue == nil)
    note(machine.expired(agent: "a", now: .seconds(50)))
    changes += machine.tick(now: .seconds(70))
    same(machine.tick(now: .seconds(90)), [])
    note(machine.alive(registration("j", 2), revision: 20))
    // What an older instance says late changes nothing.
    note(machine.alive(registration("i", 1), revision: 21))
    #expect(changes.map(\.state) == [.healthy, .suspect, .healthy, .suspect, .dead, .healthy])
    #expect(Set(changes.map(\.dedupeKey)).count == changes.count)
    machine.left(agent: "a")
    #expect(machine.states.isEmpty)
  }

  @Test("two monitors that see different heartbeats of one silence use the same keys")
  func monitorsAgree() {
    func run(_ revisions: [UInt64], last: UInt64, back: UInt64) -> [String] {
      var machine = HealthStateMachine()
      var keys: [String] = []
      for revision in revisions + [last] {
        if let change = machine.alive(registration("i", 1), revision: revision) {
          keys.append(change.dedupeKey)
        }
      }
      if let change = machine.expired(agent: "a", now: .zero) { keys.append(change.dedupeKey) }
      if let change = machine.alive(registration("i", 1), revision: back) { keys.append(change.dedupeKey) }
      return keys
    }
    #expect(run([1, 2, 3], last: 4, back: 9) == run([3], last: 4, back: 12))
  }

  @Test("five failures within a minute are a crash loop, five in an hour are not")
  func crashLoop() {
    func failures(apart: Duration) -> LifecycleState {
      var machine = LifecycleStateMachine(policy: RestartPolicy())
      same(machine.start(), [.launch])
      var now = Duration.zero
      for _ in 0..<8 where machine.state == .running {
        now += apart
        _ = machine.exited(failed: true, chance: 0, now: now)
        _ = machine.launchTimeCame()
      }
      return machine.state
    }
    #expect(failures(apart: .seconds(14)) == .failed)
    #expect(failures(apart: .seconds(15)) == .running)
  }

  @Test("back-off doubles up to its maximum and is changed by chance")
  func backoff() {
    let policy = RestartPolicy()
    #expect(
      (1...4).map { policy.backoff(failures: $0, chance: 0) } == [
        .milliseconds(500), .seconds(1), .seconds(2), .seconds(4),
      ])
    #expect(policy.backoff(failures: 1_000_000, chance: 0) == .seconds(30))
    #expect(policy.backoff(failures: 2, chance: 1) == .milliseconds(1200))
    #expect(policy.backoff(failures: 2, chance: -1) == .milliseconds(800))
  }

  @Test("stopping drains, the deadline kills, and a stopped agent can be started again")
  func lifecycle() {
    var machine = LifecycleStateMachine(policy: RestartPolicy())
    same(machine.start(), [.launch])
    same(machine.start(), [])
    same(machine.stop(grace: .seconds(30), now: .seconds(5)), [.drain(deadline: .seconds(35))])
    same(machine.stop(grace: .seconds(30), now: .seconds(6)), [])
    same(machine.deadlinePassed(), [.kill])
    same(machine.deadlinePassed(), [])
    same(machine.exited(failed: true, chance: 0, now: .seconds(36)), [.finish])
    #expect(machine.state == .stopped)
    same(machine.start(), [.launch])
    same(
      machine.exited(failed: true, chance: 0, now: .seconds(40)), [.launchLater(at: .milliseconds(40_500))])
    same(machine.stop(grace: .zero, now: .seconds(40)), [.finish])
    same(machine.launchTimeCame(), [])
  }

  @Test("a worker takes no more than its slots, drains, and stops")
  func worker() {
    var machine = WorkerStateMachine(concurrency: 2)
    #expect(machine.freeSlots == 2)
    same(machine.take(), true)
    same(machine.take(), true)
    same(machine.take(), false)
    same(machine.finished(), [.wakeClaimers])
    same(machine.drain(), [.stopClaiming, .wakeClaimers, .startDeadline])
    same(machine.drain(), [])
    same(machine.take(), false)
    same(machine.stop(), [.cancelHandlers])
    same(machine.stop(), [])
    same(machine.finished(), [.finish])
    var idle = WorkerStateMachine(concurrency: 1)
    same(idle.drain(), [.stopClaiming, .wakeClaimers, .finish])
  }

  @Test("how a task is settled follows from the handler's end and why it was stopped")
  func settlement() {
    let done = Result<[UInt8], any Error>.success([1])
    #expect(TaskSettlement.decide(done, stop: nil) == .complete([1]))
    #expect(TaskSettlement.decide(done, stop: .cancelRequested) == .complete([1]))
    #expect(TaskSettlement.decide(done, stop: .workerStops) == .complete([1]))
    #expect(TaskSettlement.decide(done, stop: .lost) == .drop)
    let cancelled = Result<[UInt8], any Error>.failure(CancellationError())
    #expect(TaskSettlement.decide(cancelled, stop: .workerStops) == .release)
    #expect(
      TaskSettlement.decide(cancelled, stop: .cancelRequested) == .fail(error: "cancelled", retryable: false))
    #expect(
      TaskSettlement.decide(.failure(TaskFailure.temporary("t")), stop: nil)
        == .fail(error: "t", retryable: true))
    #expect(
      TaskSettlement.decide(.failure(TaskFailure.permanent("p")), stop: nil)
        == .fail(error: "p", retryable: false))
    let large = [UInt8](repeating: 0, count: RuntimeLimits.payloadBytes + 1)
    guard case .fail(_, retryable: false) = TaskSettlement.decide(.success(large), stop: nil) else {
      Issue.record("a result that is too large was accepted")
      return
    }
  }

  @Test("a fan-out keeps its limit and ends with the first failure, or collects")
  func fanOut() {
    var machine = FanOutStateMachine(count: 4, maximumConcurrency: 2, mode: .collect)
    same(machine.begin(), [.start(0), .start(1)])
    same(machine.ended(1, .dead(error: "x")), [.start(2)])
    same(machine.ended(1, .cancelled), [])
    same(machine.ended(0, .succeeded([])), [.start(3)])
    same(machine.ended(3, .succeeded([])), [])
    same(machine.ended(2, .cancelled), [.finish])
    #expect(machine.outcomes == [.succeeded([]), .dead(error: "x"), .cancelled, .succeeded([])])
    var fast = FanOutStateMachine(count: 4, maximumConcurrency: 3, mode: .failFast)
    _ = fast.begin()
    same(fast.ended(1, .dead(error: "x")), [.cancel(0), .cancel(2), .fail(1)])
    same(fast.ended(0, .cancelled), [])
    var empty = FanOutStateMachine(count: 0, maximumConcurrency: 3, mode: .failFast)
    same(empty.begin(), [.finish])
    var stopped = FanOutStateMachine(count: 9, maximumConcurrency: 2, mode: .collect)
    _ = stopped.begin()
    #expect(stopped.live == [0, 1])
  }

  @Test("a route stays with its agent while that one lives")
  func routes() throws {
    let agents = (0..<10).map { "agent-\($0)" }
    var moved = 0
    var used: Set<String> = []
    for n in 0..<200 {
      let chosen = try #require(Orchestrator.choose(agents, for: "task-\(n)"))
      used.insert(chosen)
      #expect(Orchestrator.choose(agents.reversed(), for: "task-\(n)") == chosen)
      let without = Orchestrator.choose(agents.filter { $0 != "agent-3" }, for: "task-\(n)")
      if without != chosen {
        #expect(chosen == "agent-3")
        moved += 1
      }
    }
    #expect(used.count == 10)
    #expect(moved < 60)
    #expect(Orchestrator.choose([], for: "x") == nil)
  }
}
