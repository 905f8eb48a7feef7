import MemfunCore
import MemfunRuntime
import Synchronization
import Testing

/// RUNTIME contract, what is built on the three stores. The names are those of the contract's own list.
@Suite("Contract: services")
struct ServicesContract {
  // MARK: Registry

  @Test("R01-epoch-takeover, R03-two-claim-same-id", arguments: TierUnderTest.allCases)
  func r01(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let registry = Registry(store: fixture.runtime.store)
      let first = try await registry.register(agent: "coder", instance: "a", timeToLive: .seconds(10))
      #expect(first.epoch == 1)
      await #expect(throws: RuntimeError.alreadyRegistered(agent: "coder", instance: "a")) {
        try await registry.register(agent: "coder", instance: "b")
      }
      #expect(try await registry.heartbeat(first) == .held)
      let second = try await registry.register(
        agent: "coder", instance: "b", timeToLive: .seconds(10), takeover: true)
      #expect(second.epoch == first.epoch + 1)
      #expect(try await registry.heartbeat(first) == .lost)
      #expect(try await registry.heartbeat(second) == .held)
      // The old one's farewell must not end the new one's registration.
      try await registry.deregister(first)
      #expect(try await registry.holder(of: "coder") == second)
      try await registry.deregister(second)
      try await registry.deregister(second)
      #expect(try await registry.holder(of: "coder") == nil)
      #expect(try await registry.register(agent: "coder", instance: "a").epoch == second.epoch + 1)
      // Many at once: one wins.
      let winners = await withTaskGroup(of: Int.self) { group in
        for n in 0..<16 {
          group.addTask {
            do {
              _ = try await registry.register(agent: "rare", instance: "i\(n)")
              return 1
            } catch { return 0 }
          }
        }
        return await group.reduce(0, +)
      }
      #expect(winners == 1)
    }
  }

  @Test(
    "R02-gone-after-ttl, and back with the same epoch when nobody came", arguments: TierUnderTest.allCases)
  func r02(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let registry = Registry(store: fixture.runtime.store)
      let held = try await registry.register(agent: "coder", instance: "a", timeToLive: .seconds(10))
      await fixture.pass(.seconds(8))
      #expect(try await registry.heartbeat(held) == .held)
      await fixture.pass(.seconds(8))
      #expect(try await registry.discover().map(\.agent) == ["coder"])
      await fixture.pass(.seconds(3))
      #expect(try await registry.discover().isEmpty)
      #expect(try await registry.heartbeat(held) == .held)
      #expect(try await registry.discover() == [held])
      await fixture.pass(.seconds(11))
      let other = try await registry.register(agent: "coder", instance: "b")
      #expect(other.epoch == held.epoch + 1)
      #expect(try await registry.heartbeat(held) == .lost)
    }
  }

  @Test("R04-discover-capability", arguments: TierUnderTest.allCases)
  func r04(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let registry = Registry(store: fixture.runtime.store)
      for (agent, can) in [("c", ["review"]), ("a", ["code", "review"]), ("b", ["code"])] {
        _ = try await registry.register(agent: agent, instance: "1", capabilities: can)
      }
      #expect(try await registry.discover(capability: "review").map(\.agent) == ["a", "c"])
      #expect(try await registry.discover(capability: "rev").isEmpty)
      #expect(try await registry.discover().map(\.agent) == ["a", "b", "c"])
    }
  }

  // MARK: Health

  @Test(
    "H01-states, H02-one-event-per-change: two monitors, each change once", arguments: TierUnderTest.allCases)
  func h01(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let registry = Registry(store: fixture.runtime.store)
      let events = try await fixture.runtime.bus.listen("health.>")
      let monitors = (0..<2).map { _ in HealthMonitor(runtime: fixture.runtime, time: fixture.time) }
      let tasks = monitors.map { monitor in Task { try await monitor.run() } }
      defer { for task in tasks { task.cancel() } }
      func both(_ state: HealthState) async throws {
        try await eventually("both monitors see \(state)") {
          monitors.allSatisfy { $0.states["coder"] == state }
        }
      }
      let held = try await registry.register(agent: "coder", instance: "a", timeToLive: .seconds(10))
      try await both(.healthy)
      await fixture.pass(.seconds(9))
      #expect(try await registry.heartbeat(held) == .held)
      await fixture.pass(.seconds(9))
      try await both(.healthy)
      await fixture.pass(.seconds(2))
      try await both(.suspect)
      await fixture.pass(.seconds(18))
      try await both(.suspect)
      // H03 in one process: silent, back, silent again, dead.
      #expect(try await registry.heartbeat(held) == .held)
      try await both(.healthy)
      await fixture.pass(.seconds(11))
      try await both(.suspect)
      await fixture.pass(.seconds(21))
      try await both(.dead)
      let seen = try await events.messages(5).map { $0.subject.description }
      #expect(seen == ["healthy", "suspect", "healthy", "suspect", "dead"].map { "health.coder.\($0)" })
    }
  }

  // MARK: Lifecycle

  @Test("L01-start-idempotent, L04-crash-loop-limit", arguments: TierUnderTest.allCases)
  func l01(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let steady = Supervisor(time: fixture.time) { try await $0.wait() }
      async let one = steady.run()
      async let two = steady.run()
      try await eventually("it runs") { steady.lifecycle == .running }
      steady.stop()
      #expect(await [one, two] == [.stopped, .stopped])
      #expect(steady.starts == 1)

      struct Crash: Error {}
      let clock = ManualTimeSource(automatic: true)
      let crashing = Supervisor(time: clock, random: SeededRandomSource(seed: 3)) { _ in throw Crash() }
      #expect(await crashing.run() == .failed)
      #expect(crashing.starts == 5)
      #expect(clock.sleeps.count == 4)
    }
  }

  @Test("L02-drain: nothing new, heartbeats go on, what runs is finished", arguments: TierUnderTest.allCases)
  func l02(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let (queue, name) = (fixture.runtime.queue, try QueueName("work"))
      let finish = DrainSignal()
      let worker = fixture.worker(
        [
          name: TestAgent { _ in
            try await finish.wait()
            return [7]
          }
        ], concurrency: 1)
      let running = Task { try await worker.run() }
      let first = try await queue.enqueue(name, NewTask(payload: []))
      let second = try await queue.enqueue(name, NewTask(payload: []))
      try await eventually("one task runs") { worker.running == 1 }
      worker.drain()
      // Twice the lease: without heartbeats it would be ready again.
      for _ in 0..<6 { await fixture.pass(.seconds(4)) }
      #expect(try await queue.inspect(first)?.phase == .leased)
      #expect(try await queue.inspect(first)?.attempts == 1)
      finish.raise()
      try await running.value
      #expect(try await queue.inspect(first)?.result == [7])
      #expect(try await queue.inspect(second)?.attempts == 0)
      #expect(worker.running == 0)
    }
  }

  @Test(
    "L03-drain-deadline-kill, L05-no-zombies: what is not done goes back uncounted",
    arguments: TierUnderTest.allCases)
  func l03(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let (queue, name) = (fixture.runtime.queue, try QueueName("work"))
      let ended = Mutex(0)
      let worker = fixture.worker(
        [
          name: TestAgent { context in
            defer { ended.withLock { $0 += 1 } }
            try context.report(progress: [42])
            try await DrainSignal().wait()
            return []
          }
        ], concurrency: 3)
      let running = Task { try await worker.run() }
      var ids: [UUIDv7] = []
      for _ in 0..<3 { ids.append(try await queue.enqueue(name, NewTask(payload: []))) }
      try await eventually("all run") { worker.running == 3 }
      worker.drain()
      for _ in 0..<8 { await fixture.pass(.seconds(4)) }
      try await running.value
      #expect(ended.withLock { $0 } == 3)
      #expect(try await queue.counts(name) == [.ready: 3])
      for id in ids {
        let record = try #require(try await queue.inspect(id))
        #expect(record.attempts == 0)
        #expect(record.progress == [42])
      }
    }
  }

  // MARK: Sessions

  @Test("M01-append-expected-seq", arguments: TierUnderTest.allCases)
  func m01(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let sessions = fixture.sessions()
      let live = try await fixture.runtime.bus.listen("session.>")
      let writer = try await sessions.create(metadata: ["title": "t"], owner: "one")
      #expect(writer.lastSeq == 1)
      try await writer.append(.turnStarted, ["n": 1], expectedSeq: 1)
      await #expect(
        throws: SessionError.sequenceConflict(session: writer.id, expected: 1, actual: 2)
      ) { try await writer.append(.turnStarted, expectedSeq: 1) }
      let items: [(kind: EventKind, payload: JSONValue)] = [
        (.modelRequested, ["big": 9_007_199_254_740_993]),
        (EventKind(rawValue: "future.kind"), [1, 2.5, nil]),
      ]
      try await writer.append(items, expectedSeq: 2)
      let events = try await sessions.read(writer.id)
      #expect(events.map(\.seq) == [1, 2, 3, 4])
      #expect(
        events.map(\.kind.rawValue) == ["session.started", "turn.started", "model.requested", "future.kind"])
      #expect(events[0].payload == ["title": "t"])
      #expect(events[2].payload == ["big": 9_007_199_254_740_993])
      #expect(try await sessions.read(writer.id, from: 4).map(\.seq) == [4])
      #expect(try await sessions.read(writer.id, from: 5).isEmpty)
      #expect(try await live.messages(4).map { try SessionEvent(parsing: $0.payload) } == events)
      // Concurrent appends of one writer all get numbers of their own.
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 0..<50 { group.addTask { try await writer.append(.toolCalled, ["n": .int(n)]) } }
        try await group.waitForAll()
      }
      #expect(try await sessions.read(writer.id).map(\.seq) == Array(1...54))
    }
  }

  @Test(
    "M02-resume: another reader sees everything acknowledged, the log goes on",
    arguments: TierUnderTest.allCases)
  func m02(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let writer = try await fixture.sessions().create(owner: "one", lease: .seconds(10))
      for n in 0..<20 { try await writer.append(.toolCalled, ["n": .int(n)]) }
      // A program that died says nothing; its lease runs out.
      let sessions = fixture.sessions()
      await #expect(throws: SessionError.heldByAnother(session: writer.id, owner: "one")) {
        try await sessions.open(writer.id, owner: "two")
      }
      await fixture.pass(.seconds(11))
      let next = try await sessions.open(writer.id, owner: "two")
      #expect(next.epoch == writer.epoch + 1)
      #expect(next.lastSeq == 22)
      let events = try await sessions.read(writer.id)
      #expect(events.count == 22)
      #expect(events.last?.kind == .sessionResumed)
      #expect(events[1...20].map { $0.payload["n"]?.intValue } == (0..<20).map { $0 })
    }
  }

  @Test("M03-two-writers-fenced", arguments: TierUnderTest.allCases)
  func m03(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let sessions = fixture.sessions()
      let old = try await sessions.create(owner: "old")
      try await old.append(.turnStarted)
      let new = try await fixture.sessions().open(old.id, owner: "new", takeover: true)
      await #expect(throws: SessionError.fenced(session: old.id, epoch: new.epoch)) {
        try await old.append(.answer, "stale")
      }
      await #expect(throws: SessionError.fenced(session: old.id, epoch: new.epoch)) { try await old.renew() }
      await #expect(throws: SessionError.fenced(session: old.id, epoch: new.epoch)) { try await old.end() }
      try await new.append(.answer, "good")
      #expect(
        try await sessions.read(old.id).map(\.kind) == [
          .sessionStarted, .turnStarted, .sessionResumed, .answer,
        ])
      // Many take over at once, each appends; the log stays one, and its last writer is the newest.
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 0..<8 {
          group.addTask {
            do {
              let writer = try await sessions.open(old.id, owner: "w\(n)", takeover: true)
              for _ in 0..<5 { try await writer.append(.toolCalled, .int(n)) }
            } catch SessionError.fenced {
              // Expected of all but one.
            }
          }
        }
        try await group.waitForAll()
      }
      let events = try await sessions.read(old.id)
      #expect(events.map(\.seq) == Array(1...UInt64(events.count)))
      #expect(Set(events.map(\.id)).count == events.count)
    }
  }

  @Test("M04-end-idempotent, list, export, import, delete, follow", arguments: TierUnderTest.allCases)
  func m04(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let sessions = fixture.sessions()
      let writer = try await sessions.create(metadata: ["title": "é"], owner: "one")
      let follower = try await sessions.follow(writer.id)
      try await writer.append(.answer, "42")
      try await writer.end(reason: "done")
      try await writer.end(reason: "again")
      try await sessions.end(writer.id, owner: "two")
      await #expect(throws: SessionError.ended(session: writer.id)) { try await writer.append(.answer) }
      await #expect(throws: SessionError.ended(session: writer.id)) {
        try await sessions.open(writer.id, owner: "two", takeover: true)
      }
      var followed: [EventKind] = []
      for try await event in follower { followed.append(event.kind) }
      #expect(followed == [.sessionStarted, .answer, .sessionEnded])

      let info = try #require(try await sessions.list().first)
      #expect(info.state == .ended)
      #expect(info.reason == "done")
      #expect(info.metadata == ["title": "é"])
      var lines: [[UInt8]] = []
      try await sessions.export(writer.id) { lines.append($0) }
      let events = try await sessions.read(writer.id)
      await #expect(throws: SessionError.exists(session: writer.id)) {
        try await sessions.import(lines.asyncPieces)
      }
      try await sessions.delete(writer.id)
      try await sessions.delete(writer.id)
      #expect(try await sessions.list().isEmpty)
      #expect(try await fixture.runtime.store.list(prefix: "").isEmpty)
      await #expect(throws: RuntimeError.notFound("session \(writer.id)")) {
        try await sessions.read(writer.id)
      }
      #expect(try await sessions.import(lines.asyncPieces) == writer.id)
      #expect(try await sessions.read(writer.id) == events)
      #expect(try await sessions.info(writer.id) == info)
    }
  }

  // MARK: Skills

  @Test("K01-immutable, K02-latest-cas", arguments: TierUnderTest.allCases)
  func k01(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let skills = SkillRegistry(
        store: fixture.runtime.store, blobs: InMemoryBlobStore(time: fixture.time), time: fixture.time)
      let one = try await skills.publish(name: "review", version: "1.0.0", content: Array("first".utf8))
      fixture.time.advance(by: .seconds(5))
      #expect(try await skills.publish(name: "review", version: "1.0.0", content: Array("first".utf8)) == one)
      let other = try SHA256.digest(of: "second".utf8)
      await #expect(
        throws: SkillError.immutable(name: "review", version: "1.0.0", stored: one.content.id, offered: other)
      ) { try await skills.publish(name: "review", version: "1.0.0", content: Array("second".utf8)) }
      #expect(try await skills.content(of: one) == Array("first".utf8))
      try await skills.publish(name: "review", version: "1.1.0", content: Array("second".utf8))
      try await skills.publish(name: "review", version: "2.0.0", content: Array("third".utf8))
      #expect(try await skills.latest(of: "review") == nil)
      await #expect(throws: RuntimeError.notFound("skill review 9")) {
        try await skills.setLatest(of: "review", to: "9", expected: nil)
      }
      let winners = await withTaskGroup(of: Int.self) { group in
        for version in ["1.0.0", "1.1.0", "2.0.0"] {
          group.addTask {
            do {
              try await skills.setLatest(of: "review", to: version, expected: nil)
              return 1
            } catch { return 0 }
          }
        }
        return await group.reduce(0, +)
      }
      #expect(winners == 1)
      let latest = try #require(try await skills.latest(of: "review"))
      await #expect(throws: SkillError.latestMoved(name: "review", expected: "0", actual: latest)) {
        try await skills.setLatest(of: "review", to: "2.0.0", expected: "0")
      }
      try await skills.setLatest(of: "review", to: "2.0.0", expected: latest)
      #expect(try await skills.latest(of: "review") == "2.0.0")
      #expect(try await skills.versions(of: "review").map(\.version) == ["1.0.0", "1.1.0", "2.0.0"])
    }
  }

  // MARK: Orchestrator

  @Test("O01-fanout-limit: never more children at once, results in order", arguments: TierUnderTest.allCases)
  func o01(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let name = try QueueName("work")
      let load = Mutex((now: 0, most: 0))
      let worker = fixture.worker(
        [
          name: TestAgent { context in
            load.withLock { load in
              load.now += 1
              load.most = max(load.most, load.now)
            }
            for _ in 0..<20 { await Task.yield() }
            load.withLock { $0.now -= 1 }
            return context.task.payload + [0]
          }
        ], concurrency: 16)
      let running = Task { try await worker.run() }
      let outcomes = try await fixture.orchestrator().fanOut(
        (0..<40).map { Child(name: "c\($0)", queue: name, payload: [UInt8($0)]) }, maximumConcurrency: 3)
      #expect(outcomes == (0..<40).map { .succeeded([UInt8($0), 0]) })
      #expect(load.withLock { $0.most } <= 3)
      worker.drain()
      try await running.value
    }
  }

  @Test("O02-cancel-tree: cancelling a task reaches what it started", arguments: TierUnderTest.allCases)
  func o02(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let (queue, parents, leaves) = (
        fixture.runtime.queue, try QueueName("parents"), try QueueName("leaves")
      )
      let worker = fixture.worker(
        [
          parents: TestAgent { context in
            let depth = context.task.payload[0]
            let children = (0..<2).map {
              Child(name: "c\($0)", queue: depth == 0 ? leaves : parents, payload: [depth &- 1])
            }
            _ = try await context.orchestrator.fanOut(children)
            return []
          }
        ], concurrency: 16)
      let running = Task { try await worker.run() }
      let root = try await queue.enqueue(parents, NewTask(payload: [1]))
      // 1 root, 2 middle, 4 leaves which nobody takes.
      try await eventually("the tree stands") { try await queue.counts(leaves)[.ready] == 4 }
      try await Orchestrator(runtime: fixture.runtime, parent: root).cancelTree(root)
      for _ in 0..<4 { await fixture.pass(.seconds(4)) }
      try await eventually("all are cancelled") {
        let (upper, lower) = (try await queue.counts(parents), try await queue.counts(leaves))
        return upper == [.cancelled: 3] && lower == [.cancelled: 4]
      }
      worker.stop()
      try await running.value
    }
  }

  @Test(
    "O02b: a child that is taken after its parent was cancelled is not started",
    arguments: TierUnderTest.allCases)
  func o02b(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let (queue, name) = (fixture.runtime.queue, try QueueName("work"))
      let parent = try await queue.enqueue(try QueueName("parents"), NewTask(payload: []))
      _ = try await queue.cancel(parent)
      let child = try await queue.enqueue(name, NewTask(payload: [], parent: parent))
      let worker = fixture.worker(
        [
          name: TestAgent { _ in
            Issue.record("the child was started")
            return []
          }
        ], concurrency: 1)
      let running = Task { try await worker.run() }
      #expect(try await queue.awaitEnd(child).phase == .cancelled)
      worker.drain()
      try await running.value
    }
  }

  @Test("O03-pipeline-failure: later stages are not started", arguments: TierUnderTest.allCases)
  func o03(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let names = try ["a", "b", "c"].map { try QueueName($0) }
      let worker = fixture.worker(
        [
          names[0]: TestAgent { $0.task.payload + [1] },
          names[1]: TestAgent { context in
            if context.task.payload == [9, 1] { throw TaskFailure.permanent("no nines") }
            return context.task.payload + [2]
          },
          names[2]: TestAgent { $0.task.payload + [3] },
        ], concurrency: 4)
      let running = Task { try await worker.run() }
      func stages() -> [Orchestrator.Stage] { names.map { .init(name: "stage-\($0)", queue: $0) } }
      #expect(try await fixture.orchestrator(1).pipeline(stages(), input: [0]) == [0, 1, 2, 3])
      await #expect(
        throws: OrchestrationError.stageFailed(stage: 1, name: "stage-b", outcome: .dead(error: "no nines"))
      ) { try await fixture.orchestrator(2).pipeline(stages(), input: [9]) }
      #expect(try await fixture.runtime.queue.counts(names[2]) == [.succeeded: 1])
      worker.drain()
      try await running.value
    }
  }

  @Test(
    "O04-orchestrator-restart-finds-children: by name, with results and failures",
    arguments: TierUnderTest.allCases)
  func o04(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let (queue, name) = (fixture.runtime.queue, try QueueName("work"))
      let children = (0..<4).map { Child(name: "c\($0)", queue: name, payload: [UInt8($0)]) }
      // The first orchestrator is abandoned, as by a crash: its cancellation says nothing about the work.
      let first = Orchestrator(runtime: fixture.runtime, parent: fixture.run(7), cancelsChildren: { false })
      let abandoned = Task { try await first.fanOut(children, mode: .collect) }
      try await eventually("the children wait") { try await queue.counts(name)[.ready] == 4 }
      for lease in try await queue.claim(name, maximum: 2, owner: "w", wait: .zero) {
        if lease.payload == [0] {
          try await queue.complete(lease, result: [100])
        } else {
          try await queue.fail(lease, error: "bad", retryable: false)
        }
      }
      abandoned.cancel()
      await #expect(throws: CancellationError.self) { try await abandoned.value }
      #expect(try await queue.counts(name) == [.succeeded: 1, .dead: 1, .ready: 2])

      let second = Orchestrator(runtime: fixture.runtime, parent: fixture.run(7))
      async let outcomes = second.fanOut(children, mode: .collect)
      let rest = try await queue.claim(name, maximum: 9, owner: "w", wait: .zero)
      #expect(rest.map(\.payload) == [[2], [3]])
      for lease in rest { try await queue.complete(lease, result: [200]) }
      #expect(
        try await outcomes == [.succeeded([100]), .dead(error: "bad"), .succeeded([200]), .succeeded([200])])
      #expect(try await queue.counts(name) == [.succeeded: 3, .dead: 1])
    }
  }

  @Test("O05-failfast-cancels: the first failure cancels the others", arguments: TierUnderTest.allCases)
  func o05(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let (queue, name) = (fixture.runtime.queue, try QueueName("work"))
      let children = (0..<6).map { Child(name: "c\($0)", queue: name, payload: [UInt8($0)]) }
      let orchestrator = fixture.orchestrator()
      let fanOut = Task { try await orchestrator.fanOut(children, maximumConcurrency: 4) }
      try await eventually("four wait") { try await queue.counts(name)[.ready] == 4 }
      let lease = try #require(try await queue.claim(name, maximum: 1, owner: "w", wait: .zero).first)
      try await queue.fail(lease, error: "bad", retryable: false)
      await #expect(
        throws: OrchestrationError.childFailed(name: "c0", task: lease.id, outcome: .dead(error: "bad"))
      ) { try await fanOut.value }
      #expect(try await queue.counts(name) == [.dead: 1, .cancelled: 3])
    }
  }
}

/// An agent that is a function.
struct TestAgent: Agent {
  let name = "test"
  let body: @Sendable (AgentContext<Void>) async throws -> [UInt8]

  init(_ body: @escaping @Sendable (AgentContext<Void>) async throws -> [UInt8]) { self.body = body }

  func handle(_ context: AgentContext<Void>) async throws -> [UInt8] { try await body(context) }
}

extension TierFixture {
  func sessions() -> SessionStore {
    // Chance from the system: two programs do not make the same ids.
    SessionStore(runtime: runtime, time: time)
  }

  func worker(_ agents: [QueueName: any Agent<Void>], concurrency: Int) -> Worker<Void> {
    var options = WorkerOptions()
    options.concurrency = concurrency
    return Worker(
      name: "worker", runtime: runtime, blobs: InMemoryBlobStore(time: time), agents: agents, environment: (),
      options: options, time: time, random: SeededRandomSource(seed: 2))
  }

  /// The id of a run that is the same every time.
  func run(_ number: UInt64) -> UUIDv7 {
    UUIDv7Generator(time: ManualTimeSource(), random: SeededRandomSource(seed: number)).next()
  }

  func orchestrator(_ number: UInt64 = 0) -> Orchestrator {
    Orchestrator(runtime: runtime, parent: run(number))
  }
}

/// Waits until a condition holds, some seconds at most.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
  for _ in 0..<5000 {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(1))
  }
  throw UnexpectedEvent(description: "it did not come about that \(what)")
}
