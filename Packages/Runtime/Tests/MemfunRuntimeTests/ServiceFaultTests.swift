import MemfunCore
import Synchronization
import Testing

@testable import MemfunRuntime

@Suite("Services under faults")
struct ServiceFaultTests {
  @Test("what a session acknowledged is in its log once, in order", arguments: 1...10)
  func sessions(seed: Int) async throws {
    let runtime = Runtime.inProcess()
    let faulty = runtime.withFaults(seed: UInt64(seed), rate: 0.2)
    let id = try await SessionStore(runtime: runtime).create(owner: "first").id
    let sessions = SessionStore(runtime: faulty)
    var writer: SessionWriter?
    var acknowledged: [UUIDv7] = []
    var refused = 0
    while acknowledged.count < 60 {
      do {
        if writer == nil { writer = try await sessions.open(id, owner: "w", takeover: true) }
        if let event = try await writer?.append(.toolCalled, .int(acknowledged.count)) {
          acknowledged.append(event.id)
        }
        // Now and then a program dies and another one goes on.
        if acknowledged.count % 20 == 0 { writer = nil }
      } catch let error as RuntimeError where error.isRetryable { refused += 1 }
    }
    #expect(refused > 0)
    let events = try await SessionStore(runtime: runtime).read(id)
    #expect(events.map(\.seq) == Array(1...UInt64(events.count)))
    let wanted = Set(acknowledged)
    #expect(events.map(\.id).filter(wanted.contains) == acknowledged)
    await runtime.close()
  }

  @Test("a name has one holder, whatever fails on the way to it", arguments: 1...30)
  func registry(seed: Int) async throws {
    let runtime = Runtime.inProcess()
    let faulty = Registry(store: runtime.withFaults(seed: UInt64(seed), rate: 0.2).store)
    let holders = await withTaskGroup(of: Registration?.self) { group in
      for n in 0..<6 {
        group.addTask {
          // A refusal of the store says nothing about who holds the name.
          for _ in 0..<50 {
            do {
              return try await faulty.register(agent: "a", instance: "i\(n)", timeToLive: .seconds(60))
            } catch RuntimeError.alreadyRegistered {
              return nil
            } catch {}
          }
          return nil
        }
      }
      return await group.reduce(into: [Registration]()) { if let held = $1 { $0.append(held) } }
    }
    let sound = Registry(store: runtime.store)
    let holder = try #require(try await sound.holder(of: "a"))
    for held in holders {
      #expect(try await sound.heartbeat(held) == (held == holder ? .held : .lost))
    }
    #expect(Set(holders.map(\.epoch)).count == holders.count)
    await runtime.close()
  }

  @Test("every task ends once, while workers come and go")
  func workers() async throws {
    let runtime = Runtime.inProcess()
    let names = try ["one", "two", "three"].map { try QueueName($0) }
    let successes = Mutex<[UUIDv7: Int]>([:])
    struct Flaky: Agent {
      let name = "flaky"
      let random = SeededRandomSource(seed: 9)
      func handle(_ context: AgentContext<Void>) async throws -> [UInt8] {
        try await Task.sleep(for: .microseconds(200))
        switch random.unit() {
        case ..<0.2: throw TaskFailure.temporary("again")
        case ..<0.25: throw TaskFailure.permanent("never")
        default: return context.task.payload
        }
      }
    }
    var policy = TaskPolicy()
    policy.backoffBase = .milliseconds(1)
    policy.maximumAttempts = 3
    var ids: [UUIDv7] = []
    for n in 0..<300 {
      ids.append(
        try await runtime.queue.enqueue(names[n % 3], NewTask(payload: [UInt8(n % 256)], policy: policy)))
    }
    let ends = Task {
      for id in ids {
        if try await runtime.queue.awaitEnd(id).phase == .succeeded {
          successes.withLock { $0[id, default: 0] += 1 }
        }
      }
    }
    let done = Mutex(false)
    let watcher = Task {
      try await ends.value
      done.withLock { $0 = true }
    }
    var round = 0
    while !done.withLock({ $0 }) {
      round += 1
      var options = WorkerOptions()
      options.concurrency = 2
      let worker = Worker(
        name: "w\(round)", runtime: runtime, blobs: InMemoryBlobStore(),
        agents: Dictionary(uniqueKeysWithValues: names.map { ($0, Flaky()) }), environment: (),
        options: options)
      let running = Task { try await worker.run() }
      try await Task.sleep(for: .milliseconds(5))
      switch round % 3 {
      case 0: worker.drain()
      case 1: worker.stop()
      default: running.cancel()
      }
      try await running.value
      #expect(worker.running == 0)
    }
    try await watcher.value
    var total: [TaskState: Int] = [:]
    for name in names { total.merge(try await runtime.queue.counts(name)) { $0 + $1 } }
    #expect(total[.succeeded, default: 0] + total[.dead, default: 0] == 300)
    #expect(total[.succeeded] == successes.withLock { $0.count })
    #expect(total[.dead, default: 0] > 0)
    await runtime.close()
  }
}
