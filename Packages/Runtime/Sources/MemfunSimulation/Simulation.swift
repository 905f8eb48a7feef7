import MemfunCore

@testable import MemfunRuntime

/// One run of the runtime's state machines in a world of faults, decided by a seed.
///
/// First 30 simulated seconds in which processes die and stop, the network loses and repeats, the disk
/// tears, rots and gets full, and the clock jumps; every answer is checked against the contract. Then
/// the faults stop, and everything must get done. At the end power is lost once more, and what was
/// acknowledged must be there.
public struct Simulation: Sendable {
  /// What a run found.
  public struct Report: Sendable {
    /// Which run it was.
    public let seed: UInt64
    /// Equal runs have equal hashes.
    public let traceHash: UInt64
    /// How many lines the trace has, and how many commands the store did.
    public let events: Int, commands: Int
    /// How much the run exercised: tasks stored, and recorded calls on keys.
    public let tasks: Int, calls: Int
    /// The promises that were broken, in the order in which it was noticed.
    public let violations: [Violation]
    /// Keys whose history was too hard to decide.
    public let undecided: [String]
    /// The last lines of the trace, when they were kept.
    public let trace: [String]
  }

  /// Equal seeds give equal runs.
  public let seed: UInt64
  /// Bugs to plant.
  public let mutants: Set<Mutant>
  /// How many of the last lines of the trace to keep.
  public let traceLines: Int

  /// - Parameters:
  ///   - mutants: bugs to plant; none by default.
  ///   - traceLines: how many of the last lines of the trace are kept for the report.
  public init(seed: UInt64, mutants: Set<Mutant> = [], traceLines: Int = 0) {
    self.seed = seed
    self.mutants = mutants
    self.traceLines = traceLines
  }

  /// Runs it on the caller's thread.
  public func run() -> Report { SimulationRun(self).run() }
}

/// The parts of one run.
private final class SimulationRun {
  private let simulation: Simulation
  private let world: SimWorld
  private let network: SimNetwork
  private var tasks = TaskAudit()
  private var messages = MessageAudit()
  private var history: [RegisterOperation] = []
  private var instants = 0
  private var commands = 0
  private var producers: [SimProducer] = []
  private var publishers: [SimPublisher] = []
  private var others: [SimClient] = []

  init(_ simulation: Simulation) {
    self.simulation = simulation
    world = SimWorld(seed: simulation.seed, traceLines: simulation.traceLines)
    network = SimNetwork(world: world)
  }

  func run() -> Simulation.Report {
    let store = SimStore(world: world, network: network, mutants: simulation.mutants) { [unowned self] seen in
      commands += 1
      tasks.observe(seen)
      messages.observe(seen)
    }
    store.start()
    makeClients(store)
    let clients: [SimClient] = producers + publishers + others
    for client in clients { client.start() }
    let nemesis = Nemesis(world: world, network: network, store: store, clients: clients)
    nemesis.start()
    world.run(until: .seconds(30))

    nemesis.end()
    // What was under way when the faults stopped settles first; then promptness is asked for.
    world.run(until: world.now + .seconds(4))
    tasks.calmSince = store.state.now
    messages.calmSince = store.state.now
    for producer in producers { producer.add(4) }
    for publisher in publishers { publisher.add(3) }
    let limit = world.now + .seconds(300)
    while world.now < limit, !isDone(store) { world.run(until: world.now + .seconds(1)) }

    store.kill()
    store.start()
    tasks.finish(store.state)
    messages.finish(store.state)
    return report()
  }

  private func makeClients(_ store: SimStore) {
    let queues = ["red", "blue"]
    let ids = UUIDv7Generator(
      time: ManualTimeSource(), random: SeededRandomSource(seed: simulation.seed &+ 1))
    let all = GroupShape(topic: "orders", pattern: "orders.>", fromFirst: true)
    let some = GroupShape(topic: "orders", pattern: "orders.a", fromFirst: false)
    for number in 0..<2 {
      producers.append(
        SimProducer(
          world: world, network: network, store: store, name: "producer\(number)", queues: queues, ids: ids,
          tasks: 20))
      publishers.append(
        SimPublisher(
          world: world, network: network, store: store, name: "publisher\(number)", messages: 12))
    }
    for number in 0..<3 {
      others.append(
        SimWorker(
          world: world, network: network, store: store, name: "worker\(number)", queues: queues))
      others.append(
        SimConsumer(
          world: world, network: network, store: store, name: "consumer\(number)",
          group: number < 2 ? "all" : "some", shape: number < 2 ? all : some))
      others.append(
        SimKeyClient(
          world: world, network: network, store: store, number: number, calls: 80,
          instant: { [unowned self] in
            instants += 1
            return instants
          },
          record: { [unowned self] in history.append($0) }))
    }
  }

  private func isDone(_ store: SimStore) -> Bool {
    // What was not acknowledged yet may be lost with the power.
    guard store.isSettled, producers.allSatisfy({ $0.left == 0 }), publishers.allSatisfy({ $0.left == 0 })
    else {
      return false
    }
    let isOpen = store.state.queue.records.contains {
      $0.value.phase == .waiting || $0.value.phase == .leased
    }
    return !isOpen
      && ["all", "some"].allSatisfy { store.state.backlog(of: $0).map { $0 == (0, 0) } ?? false }
  }

  private func report() -> Simulation.Report {
    var violations = tasks.violations + messages.violations
    var undecided: [String] = []
    switch LinearizabilityChecker(maximumSteps: 300_000).check(history) {
    case .linearizable: break
    case .violated(let why): violations.append(Violation(invariant: .linearizable, detail: why.description))
    case .undecided(let key, _): undecided.append(key)
    }
    for violation in violations { world.note(violation.description) }
    return Simulation.Report(
      seed: simulation.seed, traceHash: world.trace.hash, events: world.trace.lineCount, commands: commands,
      tasks: tasks.count, calls: history.count, violations: violations, undecided: undecided,
      trace: world.trace.tail)
  }
}
