import MemfunCore
import Synchronization
import Testing

@testable import MemfunModels

@Suite("The adaptive concurrency limit")
struct ConcurrencyLimitTests {
  typealias Machine = ConcurrencyLimitStateMachine

  @Test("requests beyond the limit wait and are served in their order")
  func order() {
    var machine = Machine(policy: .init(initial: 2, maximum: 2))
    let tickets = (0..<5).map { _ in machine.request() }
    #expect(tickets.map(\.isGranted) == [true, true, false, false, false])
    machine.withdraw(tickets[3].ticket)
    #expect(machine.finish(tickets[0].ticket, .neutral) == [tickets[2].ticket])
    #expect(machine.finish(tickets[1].ticket, .neutral) == [tickets[4].ticket])
    #expect(machine.waitingCount == 0)
    #expect(machine.finish(tickets[1].ticket, .neutral).isEmpty, "a turn is given back once")
  }

  @Test("the limit grows while it is in use, and not beyond its maximum")
  func growth() {
    var machine = Machine(policy: .init(initial: 1, maximum: 8))
    var running: [Machine.Ticket] = []
    for _ in 0..<100 {
      while running.count < machine.limit { running.append(machine.request().ticket) }
      _ = machine.finish(running.removeFirst(), .answered(firstByte: .milliseconds(10)))
    }
    #expect(machine.limit == 8)
    var idle = Machine(policy: .init(initial: 4, maximum: 8))
    for _ in 0..<100 {
      let ticket = idle.request().ticket
      _ = idle.finish(ticket, .answered(firstByte: .milliseconds(10)))
    }
    #expect(idle.limit == 4, "an unused limit proves nothing")
  }

  @Test("a burst of refusals halves the limit once, later ones again, but never below one")
  func refusals() {
    var machine = Machine(policy: .init(initial: 8, maximum: 8))
    let burst = (0..<8).map { _ in machine.request().ticket }
    for ticket in burst { _ = machine.finish(ticket, .throttled) }
    #expect(machine.limit == 4)
    for _ in 0..<10 {
      let ticket = machine.request().ticket
      _ = machine.finish(ticket, .throttled)
    }
    #expect(machine.limit == 1)
  }

  @Test("answers that become slow lower a grown limit, down to where it began")
  func latency() {
    var machine = Machine(policy: .init(initial: 4, maximum: 64))
    func round(_ machine: inout Machine, _ latency: Duration, count: Int) {
      for _ in 0..<count {
        var tickets: [Machine.Ticket] = []
        while machine.runningCount < machine.limit { tickets.append(machine.request().ticket) }
        for ticket in tickets { _ = machine.finish(ticket, .answered(firstByte: latency)) }
      }
    }
    round(&machine, .milliseconds(200), count: 20)
    let grown = machine.limit
    #expect(grown > 8)
    round(&machine, .seconds(5), count: 5)
    #expect(machine.limit < grown)
    #expect(machine.limit >= 4)
  }

  @Test("the limit holds for tasks, and cancelled waiters lose nothing")
  func driver() async throws {
    let limiter = ConcurrencyLimiter(policy: .init(initial: 3, maximum: 3))
    let crowd = Crowd()
    await withTaskGroup { group in
      for index in 0..<60 {
        group.addTask {
          guard let permit = try? await limiter.acquire() else { return }
          crowd.enter()
          await Task.yield()
          crowd.leave()
          permit.finish(.neutral)
        }
        if index % 7 == 3 {
          let task = Task { try await limiter.acquire() }
          task.cancel()
        }
      }
    }
    #expect((1...3).contains(crowd.highest))
    // Whatever was granted to a cancelled task was dropped and came back.
    for _ in 0..<1000 where limiter.runningCount + limiter.waitingCount > 0 { await Task.yield() }
    #expect(limiter.waitingCount == 0)
    let permits = [try await limiter.acquire(), try await limiter.acquire(), try await limiter.acquire()]
    #expect(limiter.runningCount == permits.count)
  }

  @Test("a provider's refusals for load lower its limit")
  func provider() async throws {
    let server = try await MockServer([
      "rules": [["times": 1, "error": ["status": 429]]], "default": ["reply": "OK"],
    ])
    let provider = try server.provider(.openai, concurrency: .init(initial: 8, maximum: 8))
    _ = try await provider.model.complete(ModelRequest(messages: [.user("a")]))
    #expect(provider.limiter?.limit == 4)
    #expect(provider.limiter?.runningCount == 0)
  }
}

/// Counts how many are there at a time.
private final class Crowd: Sendable {
  private let state = Mutex((now: 0, highest: 0))
  var highest: Int { state.withLock { $0.highest } }
  func enter() {
    state.withLock { state in
      state.now += 1
      state.highest = max(state.highest, state.now)
    }
  }
  func leave() { state.withLock { $0.now -= 1 } }
}

/// A model whose streams wait until the test lets them go on.
private final class GatedModel: LanguageModel {
  let identity = ModelIdentity(provider: "scripted", model: "gated")
  private let state = Mutex<(open: Bool, streams: Int, ended: Int)>((false, 0, 0))

  var streams: Int { state.withLock { $0.streams } }
  var ended: Int { state.withLock { $0.ended } }
  func open() { state.withLock { $0.open = true } }

  func capabilities() async throws -> ModelCapabilities { ModelCapabilities() }

  func stream(_ request: ModelRequest) -> ModelStream {
    let rest = Mutex<[ModelChunk]>([
      .started(ResponseInfo()), .text("hi"), .usage(Usage(input: 10, output: 2)), .finished(.stop),
    ])
    state.withLock { $0.streams += 1 }
    let gate = Gate(self, rest: rest.withLock { $0 })
    return ModelStream { try await gate.next() }
  }

  private actor Gate {
    let model: GatedModel
    var rest: [ModelChunk]
    init(_ model: GatedModel, rest: [ModelChunk]) {
      self.model = model
      self.rest = rest
    }
    func next() async throws -> ModelChunk? {
      do {
        while !model.state.withLock({ $0.open }), rest.count < 4 {
          try await Task.sleep(for: .milliseconds(1))
        }
      } catch {
        model.state.withLock { $0.ended += 1 }
        throw error
      }
      return rest.isEmpty ? nil : rest.removeFirst()
    }
  }
}

@Suite("Coalescing identical requests")
struct CoalescingTests {
  let request = ModelRequest(messages: [.user("same")], allowsCoalescing: true)

  @Test("identical requests in flight are one call, whose usage counts once")
  func shared() async throws {
    let base = GatedModel()
    let model = CoalescingModel(base)
    let replies = try await withThrowingTaskGroup { group in
      for _ in 0..<10 { group.addTask { [request] in try await model.complete(request) } }
      while base.streams == 0 { await Task.yield() }
      // Time for the others to join; whoever comes later is a call of its own, which the count shows.
      try await Task.sleep(for: .milliseconds(50))
      base.open()
      return try await group.reduce(into: [ModelReply]()) { $0.append($1) }
    }
    #expect(base.streams == 1)
    #expect(replies.allSatisfy { $0.text == "hi" })
    #expect(replies.filter { !$0.isShared }.count == 1)
    #expect(replies.reduce(Usage.zero) { $0 + $1.totalUsage } == Usage(input: 10, output: 2))
    _ = try await model.complete(request)
    #expect(base.streams == 2, "only requests in flight are shared")
  }

  @Test("who does not allow it, or asks something else, gets a call of its own")
  func apart() async throws {
    let base = GatedModel()
    base.open()
    let model = CoalescingModel(base)
    var unshared = request
    unshared.allowsCoalescing = false
    var other = request
    other.temperature = 1
    let requests = [request, unshared, other]
    async let first = model.complete(requests[0])
    async let second = model.complete(requests[1])
    async let third = model.complete(requests[2])
    #expect(try await [first, second, third].allSatisfy { !$0.isShared })
    #expect(base.streams == 3)
  }

  @Test("one caller's cancellation does not end the others' call; the heir is told the usage")
  func cancellation() async throws {
    let base = GatedModel()
    let model = CoalescingModel(base)
    let owner = Task { [request] in try await model.complete(request) }
    while base.streams == 0 { await Task.yield() }
    let other = Task { [request] in try await model.complete(request) }
    try await Task.sleep(for: .milliseconds(30))
    owner.cancel()
    await #expect(throws: CancellationError.self) { try await owner.value }
    base.open()
    let reply = try await other.value
    #expect(reply.text == "hi")
    #expect(reply.usage == Usage(input: 10, output: 2))
    #expect(base.streams == 1)
  }

  @Test("when the last caller leaves, the call is cancelled")
  func lastLeaves() async throws {
    let base = GatedModel()
    let model = CoalescingModel(base)
    let tasks = (0..<3).map { _ in Task { [request] in try await model.complete(request) } }
    while base.streams == 0 { await Task.yield() }
    try await Task.sleep(for: .milliseconds(30))
    for task in tasks { task.cancel() }
    for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
    for _ in 0..<5000 where base.ended == 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(base.ended == 1)
  }

  @Test("an error reaches every caller")
  func failure() async throws {
    let model = CoalescingModel(OfflineModel())
    await withTaskGroup { group in
      for _ in 0..<5 {
        group.addTask { [request] in
          await #expect(throws: ModelError.offline) { try await model.complete(request) }
        }
      }
    }
  }
}
