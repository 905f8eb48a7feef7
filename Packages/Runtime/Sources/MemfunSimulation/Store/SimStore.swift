import MemfunCore

@testable import MemfunRuntime

/// What the store did, in the order of its log: seen by the checks when it is durable.
struct Observation {
  /// The place in the log, from 0.
  let index: Int
  /// The store's time at which it was done.
  let now: Timestamp
  let command: StoreCommand
  let reply: StoreReply
  /// Since when the caller waited at the store; nil: it did not wait, or the record was found in the
  /// log by a later process.
  let waitingSince: Timestamp?
}

/// A request as the network carries it.
struct StoreRequest {
  let client: SimClient
  let number: UInt64
  /// The life of the store for which it is meant: a request never outlives its connection.
  let epoch: Int
  let command: StoreCommand
  /// How long a claim or fetch waits for something.
  let wait: Duration
}

/// What comes back.
enum StoreResponse {
  case reply(StoreReply, at: Timestamp)
  /// The request was for another life of the store and was not done.
  case otherEpoch
}

/// The durable store: a write-ahead log on a simulated disk, replayed at each start.
///
/// Every command is appended, then done in memory, and answered when the log is synchronised up to it
/// (group commit). Reads wait for what they saw to be durable.
final class SimStore: SimProcess {
  private struct Waiting {
    let index: Int
    let observation: Observation?
    let answer: () -> Void
  }

  private struct Parked {
    let serial: UInt64
    let request: StoreRequest
    let since: Timestamp
  }

  let disk: SimDisk
  private let network: SimNetwork
  private let mutants: Set<Mutant>
  private let observe: (Observation) -> Void
  private(set) var state: StoreState
  private var clock = StoreClock()
  private var logCount = 0
  /// Records before this one have been seen by the checks.
  private var observedCount = 0
  private var waiting: [Waiting] = []
  private var isSynchronising = false
  private var seen: Set<String> = []
  private var parked: [Parked] = []
  private var parkSerial: UInt64 = 0
  private var timerSerial: UInt64 = 0
  private var isWaking = false
  /// Whether the opening of this life is durable.
  private var isOpen = false

  init(
    world: SimWorld, network: SimNetwork, mutants: Set<Mutant>, observe: @escaping (Observation) -> Void
  ) {
    disk = SimDisk(world: world)
    self.network = network
    self.mutants = mutants
    self.observe = observe
    state = StoreState(mutants: mutants)
    super.init(world: world, name: "store")
  }

  // MARK: Life

  override func begin() {
    state = StoreState(mutants: mutants)
    let recovered = StoreLog.recover(
      disk.contents, ignoringChecksums: mutants.contains(.ignoreChecksums))
    for (index, record) in recovered.records.enumerated() {
      let reply = state.apply(record.command, now: record.now)
      guard index >= observedCount else { continue }
      observe(
        Observation(
          index: index, now: record.now, command: record.command, reply: reply, waitingSince: nil))
    }
    logCount = recovered.records.count
    observedCount = logCount
    disk.replace(with: recovered.bytes)
    clock = StoreClock(highWater: state.now)
    world.note("recovered \(logCount) records, time \(state.now.nanoseconds)")
    open()
  }

  /// The new life is durable before anybody is answered.
  private func open() {
    let now = readClock()
    do { try disk.append(StoreLog.frame(StoreLog.Record(now: now, command: .opened), index: logCount)) } catch
    {
      // A store that cannot write its opening serves nobody; it tries again until there is room.
      after(.milliseconds(200)) { [self] in open() }
      return
    }
    disk.synchronise(disk.pendingCount)
    _ = state.apply(.opened, now: now)
    observe(
      Observation(
        index: logCount, now: now, command: .opened, reply: .done, waitingSince: nil))
    logCount += 1
    observedCount = logCount
    isOpen = true
    arm()
  }

  override func lose() {
    disk.crash()
    waiting = []
    isSynchronising = false
    seen = []
    parked = []
    isWaking = false
    isOpen = false
    timerSerial += 1
  }

  /// Whether everything that was done is durable and answered.
  var isSettled: Bool { isOpen && waiting.isEmpty && disk.pendingCount == 0 }

  private func readClock() -> Timestamp {
    if mutants.contains(.rawWallClock) { return world.wall }
    return clock.read(wall: world.wall, monotonic: world.now)
  }

  // MARK: Requests

  func receive(_ request: StoreRequest) {
    guard isOpen else { return }
    guard request.epoch == state.epoch else {
      respond(to: request, .otherEpoch)
      return
    }
    let isNew = seen.insert("\(request.client.name) \(request.number)").inserted
    guard isNew || mutants.contains(.repeatedRequestDoneTwice) else { return }
    serve(request, since: readClock())
  }

  private func serve(_ request: StoreRequest, since: Timestamp) {
    execute(request.command, since: since) { [self] reply, now in
      answer(request, reply, at: now)
    } ifNothing: { [self] in
      park(request, since: since)
    }
  }

  private func answer(_ request: StoreRequest, _ reply: StoreReply, at now: Timestamp) {
    respond(to: request, .reply(reply, at: now))
  }

  private func respond(to request: StoreRequest, _ response: StoreResponse) {
    let epoch = state.epoch
    network.send(from: self, to: request.client) {
      request.client.receive(number: request.number, epoch: epoch, response)
    }
  }

  // MARK: The log

  /// Logs and does a command.
  ///
  /// - Parameters:
  ///   - since: since when somebody waits for it.
  ///   - answer: called when the command is durable.
  ///   - ifNothing: called instead, and at once, when a claim or fetch found nothing.
  private func execute(
    _ command: StoreCommand, since: Timestamp? = nil,
    answer: @escaping (StoreReply, Timestamp) -> Void = { _, _ in }, ifNothing: () -> Void = {}
  ) {
    let now = readClock()
    let index = logCount
    do {
      try disk.append(StoreLog.frame(StoreLog.Record(now: now, command: command), index: index))
    } catch {
      serveFull(command, answer)
      return
    }
    logCount += 1
    let reply = state.apply(command, now: now)
    world.note("\(index) \(now.nanoseconds) \(command) = \(reply)")
    let observation = Observation(
      index: index, now: now, command: command, reply: reply, waitingSince: since)
    let isNothing =
      switch reply {
      case .leases([]), .delivery(nil): true
      default: false
      }
    let isEarly = !isNothing && releasesEarly(command)
    if isEarly { answer(reply, now) }
    if mutants.contains(.acknowledgeBeforeSync) {
      observe(observation)
      observedCount = logCount
    } else {
      waiting.append(
        Waiting(index: index, observation: observation) { if !isNothing, !isEarly { answer(reply, now) } })
    }
    if isNothing { ifNothing() }
    synchroniseSoon()
    if !mutants.contains(.wakeUpLost) || command == .tick { wake() }
    arm()
  }

  private func releasesEarly(_ command: StoreCommand) -> Bool {
    if case .get = command, mutants.contains(.readUncommitted) { return true }
    return mutants.contains(.acknowledgeBeforeSync)
  }

  /// The disk is full: writes are refused and change nothing, reads go on.
  private func serveFull(_ command: StoreCommand, _ answer: @escaping (StoreReply, Timestamp) -> Void) {
    guard case .get(let key) = command else {
      answer(.refused(.storageFull(path: "log")), state.now)
      return
    }
    let reply = state.read(key)
    let now = state.now
    if waiting.isEmpty {
      answer(reply, now)
    } else {
      // What it saw may not be durable yet.
      waiting.append(Waiting(index: logCount - 1, observation: nil) { answer(reply, now) })
    }
  }

  private func synchroniseSoon() {
    guard !isSynchronising else { return }
    isSynchronising = true
    after(world.random.duration(.microseconds(200)...(.milliseconds(2)))) { [self] in
      let (count, end) = (disk.pendingCount, logCount)
      let slow = world.buggify(0.05)
      let time = world.random.duration(.milliseconds(1)...(slow ? .milliseconds(400) : .milliseconds(8)))
      after(time) { [self] in
        if slow, world.random.chance(0.2) {
          // The worst moment: much was done in memory, nothing of it is durable.
          kill()
          world.after(.milliseconds(100)) { [weak self] in self?.start() }
          return
        }
        disk.synchronise(count)
        isSynchronising = false
        observedCount = max(observedCount, end)
        let ready = waiting.prefix { $0.index < end }
        waiting.removeFirst(ready.count)
        for entry in ready {
          if let observation = entry.observation { observe(observation) }
          entry.answer()
        }
        if logCount > end { synchroniseSoon() }
      }
    }
  }

  // MARK: Waiting

  private func park(_ request: StoreRequest, since: Timestamp) {
    parkSerial += 1
    let serial = parkSerial
    parked.append(Parked(serial: serial, request: request, since: since))
    let passed = readClock() - since
    after(max(.zero, request.wait - passed)) { [self] in
      guard let place = parked.firstIndex(where: { $0.serial == serial }) else { return }
      let entry = parked.remove(at: place)
      if case .fetch = entry.request.command {
        answer(entry.request, .delivery(nil), at: readClock())
      } else {
        answer(entry.request, .leases([]), at: readClock())
      }
    }
  }

  /// Serves those who wait and can be served, first come first.
  private func wake() {
    guard !isWaking else { return }
    isWaking = true
    defer { isWaking = false }
    while let place = parked.firstIndex(where: { canServe($0.request.command) }) {
      let entry = parked.remove(at: place)
      serve(entry.request, since: entry.since)
      if disk.isFull { break }
    }
  }

  private func canServe(_ command: StoreCommand) -> Bool {
    switch command {
    case .claim(let queue, _, _): state.hasReady(queue)
    case .fetch(let group): state.hasDelivery(group, now: readClock())
    default: false
    }
  }

  private func arm() {
    if mutants.contains(.forgetSweeper) { return }
    let groups = parked.compactMap { entry -> String? in
      if case .fetch(let group) = entry.request.command { group } else { nil }
    }
    guard let next = state.nextEvent(waitingAt: groups) else { return }
    timerSerial += 1
    let serial = timerSerial
    // The clock may jump meanwhile, so nobody sleeps longer than a second.
    let least: Duration = disk.isFull ? .milliseconds(100) : .milliseconds(1)
    after(min(.seconds(1), max(least, next - readClock()))) { [self] in
      guard serial == timerSerial else { return }
      if next <= readClock() { execute(.tick) }
      arm()
    }
  }
}
