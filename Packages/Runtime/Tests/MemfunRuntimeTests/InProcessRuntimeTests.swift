import MemfunCore
import Testing

@testable import MemfunRuntime

@Suite("Tier T0")
struct InProcessRuntimeTests {
  let time = ManualTimeSource()
  let runtime: Runtime
  let queue: QueueName

  init() throws {
    runtime = .inProcess(time: time, random: SeededRandomSource(seed: 7))
    queue = try QueueName("work")
  }

  @Test("published messages arrive in order, to every subscriber, once")
  func broadcast() async throws {
    let one = try await runtime.bus.subscribe(SubjectPattern("log.>"), from: .now)
    let two = try await runtime.bus.subscribe(SubjectPattern("log.>"), from: .now)
    for n in 0..<100 {
      try await runtime.bus.publish(Subject("log.x"), [UInt8(n)], dedupeKey: nil, headers: [:])
    }
    for subscription in [one, two] {
      for n in 0..<100 {
        guard case .message(let message)? = try await subscription.next() else {
          Issue.record("message \(n) is missing")
          return
        }
        #expect(message.payload == [UInt8(n)])
        #expect(message.seq == UInt64(n + 1))
      }
    }
  }

  @Test("a repeat with the same dedupe key gives the first number")
  func dedupe() async throws {
    let subject = try Subject("log.x")
    let first = try await runtime.bus.publish(subject, [1], dedupeKey: "k", headers: [:])
    let second = try await runtime.bus.publish(subject, [2], dedupeKey: "k", headers: [:])
    #expect(second == PublishReceipt(seq: first.seq, isDuplicate: true))
    time.advance(by: .seconds(121))
    #expect(try await runtime.bus.publish(subject, [3], dedupeKey: "k", headers: [:]).isDuplicate == false)
  }

  @Test("a subscriber that is too slow is told where to go on")
  func lagged() async throws {
    let slow = try await runtime.bus.subscribe(SubjectPattern("log.>"), from: .now)
    for _ in 0..<2000 { try await runtime.bus.publish(Subject("log.x"), [], dedupeKey: nil, headers: [:]) }
    var last: SubscriptionEvent?
    while let event = try await slow.next() { last = event }
    #expect(last == .lagged(topic: "log", next: 1025))
    let again = try await runtime.bus.subscribe(SubjectPattern("log.>"), from: .seq(1025))
    guard case .message(let message)? = try await again.next() else {
      Issue.record("no message after resuming")
      return
    }
    #expect(message.seq == 1025)
  }

  @Test("an unsettled delivery comes again and the old token is refused")
  func redelivery() async throws {
    let pattern = try SubjectPattern("job.>")
    let member = try await runtime.bus.group("g", pattern, configuration: GroupConfiguration())
    try await runtime.bus.publish(Subject("job.a"), [1], dedupeKey: nil, headers: [:])
    guard case .delivery(let first)? = try await member.next() else {
      Issue.record("no delivery")
      return
    }
    time.advance(by: .seconds(31))
    guard case .delivery(let second)? = try await member.next() else {
      Issue.record("no second delivery")
      return
    }
    #expect(second.token.delivery == 2)
    await #expect(throws: RuntimeError.staleDelivery(topic: "job", group: "g", seq: 1)) {
      try await member.acknowledge(first.token)
    }
    try await member.acknowledge(second.token)
  }

  @Test("a message that fails too often becomes exactly one dead letter")
  func deadLetter() async throws {
    let dead = try await runtime.bus.subscribe(SubjectPattern("dlq.>"), from: .all)
    let member = try await runtime.bus.group(
      "g", SubjectPattern("job.>"), configuration: GroupConfiguration(maximumDeliveries: 2))
    try await runtime.bus.publish(Subject("job.a"), [5], dedupeKey: nil, headers: ["h": "v"])
    for _ in 0..<2 {
      guard case .delivery(let delivery)? = try await member.next() else {
        Issue.record("no delivery")
        return
      }
      try await member.reject(delivery.token, delay: .zero, error: "bad")
    }
    guard case .message(let letter)? = try await dead.next() else {
      Issue.record("no dead letter")
      return
    }
    #expect(letter.subject.description == "dlq.job.g")
    #expect(letter.payload == [5])
    #expect(letter.headers["h"] == "v")
    #expect(letter.headers["memfun-deliveries"] == "2")
    #expect(letter.headers["memfun-last-error"] == "bad")
  }

  @Test("a claim that waits is woken by the next task")
  func claimWakes() async throws {
    async let claimed = runtime.queue.claim(queue, maximum: 1, owner: "w", wait: .seconds(100))
    while time.sleeperCount == 0 { await Task.yield() }
    let id = try await runtime.queue.enqueue(queue, NewTask(payload: [1]))
    #expect(try await claimed.map(\.id) == [id])
  }

  @Test("tasks are claimed by priority, then notBefore, then id")
  func order() async throws {
    var ids: [UUIDv7] = []
    for priority in [0, 3, 1, 3] {
      ids.append(try await runtime.queue.enqueue(queue, NewTask(payload: [], priority: priority)))
    }
    let claimed = try await runtime.queue.claim(queue, maximum: 10, owner: "w", wait: .zero)
    #expect(claimed.map(\.id) == [ids[1], ids[3], ids[2], ids[0]])
  }

  @Test("success is announced once on the bus and awaited anywhere")
  func success() async throws {
    let events = try await runtime.bus.subscribe(SubjectPattern("task.work.>"), from: .now)
    let id = try await runtime.queue.enqueue(queue, NewTask(payload: []))
    async let ended = runtime.queue.awaitEnd(id)
    let lease = try #require(try await runtime.queue.claim(queue, maximum: 1, owner: "w", wait: .zero).first)
    try await runtime.queue.complete(lease, result: [42])
    try await runtime.queue.complete(lease, result: [42])
    #expect(try await ended.result == [42])
    guard case .message(let message)? = try await events.next() else {
      Issue.record("no event")
      return
    }
    #expect(message.subject.description == "task.work.\(id).succeeded")
  }

  @Test("a write guarded by a lost lease has no effect")
  func guardedWrite() async throws {
    let key = try StoreKey("result")
    try await runtime.queue.enqueue(queue, NewTask(payload: []))
    let lease = try #require(try await runtime.queue.claim(queue, maximum: 1, owner: "a", wait: .zero).first)
    try await runtime.store.put(key, [1], timeToLive: nil, guardedBy: lease)
    time.advance(by: .seconds(31))
    _ = try await runtime.queue.claim(queue, maximum: 1, owner: "b", wait: .zero)
    await #expect(throws: RuntimeError.leaseLost(task: lease.id.description)) {
      try await runtime.store.put(key, [2], timeToLive: nil, guardedBy: lease)
    }
    #expect(try await runtime.store.get(key)?.value == [1])
  }

  @Test("a watch gives the present, then caughtUp, then changes; expiry included")
  func watch() async throws {
    let key = try StoreKey("a/1")
    try await runtime.store.put(key, [1], timeToLive: .seconds(5))
    let watch = try await runtime.store.watch(prefix: "a/")
    var events = watch.makeAsyncIterator()
    guard case .put(let entry)? = try await events.next() else {
      Issue.record("no present value")
      return
    }
    #expect(entry.value == [1])
    #expect(try await events.next() == .caughtUp)
    time.advance(by: .seconds(5))
    #expect(try await runtime.store.get(key) == nil)
    #expect(try await events.next() == .expired(key, revision: 2))
    watch.cancel()
    #expect(try await events.next() == nil)
  }
}
