import MemfunCore
import MemfunRuntime
import Testing

/// RUNTIME contract, EventBus. The names are those of the contract's own list.
@Suite("Contract: EventBus")
struct EventBusContract {
  @Test(
    "E01-order-total: 8 subscribers see the messages of 4 publishers in one order",
    arguments: TierUnderTest.allCases)
  func e01(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      var subscribers: [any Subscription] = []
      for _ in 0..<8 { subscribers.append(try await bus.listen("log.>")) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for publisher in 0..<4 {
          group.addTask { for n in 0..<100 { try await bus.send("log.p\(publisher)", [UInt8(n)]) } }
        }
        try await group.waitForAll()
      }
      let first = try await subscribers[0].messages(400).map(\.seq)
      #expect(first == first.sorted())
      for subscriber in subscribers.dropFirst() {
        #expect(try await subscriber.messages(400).map(\.seq) == first)
      }
    }
  }

  @Test("E02-order-awaited: awaited publishes of one task arrive in order", arguments: TierUnderTest.allCases)
  func e02(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let subscriber = try await fixture.runtime.bus.listen("log.x")
      for n in 0..<200 { try await fixture.runtime.bus.send("log.x", [UInt8(n)]) }
      #expect(try await subscriber.messages(200).map { $0.payload[0] } == (0..<200).map { UInt8($0) })
    }
  }

  @Test("E03-seq-strict: numbers of a topic strictly increase", arguments: TierUnderTest.allCases)
  func e03(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      var last: UInt64 = 0
      for n in 0..<100 {
        let receipt = try await fixture.runtime.bus.send("log.s\(n % 3)")
        #expect(receipt.seq > last)
        last = receipt.seq
      }
    }
  }

  @Test(
    "E04-dedupe-in-window: a repeat gives the first number and stores nothing",
    arguments: TierUnderTest.allCases)
  func e04(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let subscriber = try await fixture.runtime.bus.listen("log.>")
      let first = try await fixture.runtime.bus.send("log.a", [1], key: "k")
      await fixture.pass(.seconds(119))
      let second = try await fixture.runtime.bus.send("log.a", [2], key: "k")
      #expect(second == PublishReceipt(seq: first.seq, isDuplicate: true))
      try await fixture.runtime.bus.send("log.a", [3])
      #expect(try await subscriber.messages(2).map(\.payload) == [[1], [3]])
    }
  }

  @Test("E06-dedupe-after-window: the key is free again afterwards", arguments: TierUnderTest.allCases)
  func e06(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let first = try await fixture.runtime.bus.send("log.a", [1], key: "k")
      await fixture.pass(.seconds(600))
      let second = try await fixture.runtime.bus.send("log.a", [2], key: "k")
      #expect(!second.isDuplicate)
      #expect(second.seq > first.seq)
    }
  }

  @Test(
    "E07-star-one-token, E08-gt-tail, E09-pattern-no-partial-token", arguments: TierUnderTest.allCases)
  func e07(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      let star = try await bus.listen("log.*")
      let tail = try await bus.listen("log.>")
      let exact = try await bus.listen("log.ab")
      for subject in ["log.a", "log.ab", "log.ab.c", "other.a"] { try await bus.send(subject) }
      try await bus.send("log.end")
      #expect(try await star.messages(3).map(\.subject.description) == ["log.a", "log.ab", "log.end"])
      #expect(
        try await tail.messages(4).map(\.subject.description) == ["log.a", "log.ab", "log.ab.c", "log.end"])
      #expect(try await exact.message().subject.description == "log.ab")
    }
  }

  @Test("E11-from-all, E12-from-seq, E13-from-time, E14-now-sees-no-past", arguments: TierUnderTest.allCases)
  func e11(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      var receipts: [PublishReceipt] = []
      for n in 0..<5 {
        receipts.append(try await bus.send("log.x", [UInt8(n)]))
        await fixture.pass(.seconds(10))
      }
      let middle = fixture.time.now() + .seconds(-25)
      let fromNow = try await bus.listen("log.>", from: .now)
      let fromAll = try await bus.listen("log.>", from: .all)
      let fromSeq = try await bus.listen("log.>", from: .seq(receipts[3].seq))
      let fromTime = try await bus.listen("log.>", from: .time(middle))
      try await bus.send("log.x", [5])
      #expect(try await fromNow.message().payload == [5])
      #expect(try await fromAll.messages(6).map { $0.payload[0] } == [0, 1, 2, 3, 4, 5])
      #expect(try await fromSeq.messages(3).map { $0.payload[0] } == [3, 4, 5])
      #expect(try await fromTime.messages(3).map { $0.payload[0] } == [3, 4, 5])
    }
  }

  @Test("E12: a number needs a pattern of one topic", arguments: TierUnderTest.allCases)
  func e12(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      await #expect(throws: RuntimeError.self) { try await fixture.runtime.bus.listen("*.x", from: .seq(1)) }
    }
  }

  @Test(
    "E15-broadcast-each-once: history and live join without loss or repeat", arguments: TierUnderTest.allCases
  )
  func e15(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      for n in 0..<600 { try await bus.send("log.x", [UInt8(n & 255)]) }
      let subscriber = try await bus.listen("log.>", from: .all)
      async let rest: Void = {
        for n in 600..<1200 { try await bus.send("log.x", [UInt8(n & 255)]) }
      }()
      let seqs = try await subscriber.messages(1200).map(\.seq)
      try await rest
      #expect(seqs == seqs.sorted())
      #expect(Set(seqs).count == 1200)
    }
  }

  @Test("E16-group-one-member: each message goes to one member", arguments: TierUnderTest.allCases)
  func e16(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      for n in 0..<100 { try await bus.send("job.x", [UInt8(n)]) }
      var members: [any GroupMember] = []
      for _ in 0..<4 { members.append(try await bus.join("g", "job.>")) }
      let joined = members
      let seen = try await withThrowingTaskGroup(of: [UInt64].self) { group in
        for member in joined {
          group.addTask {
            var mine: [UInt64] = []
            while mine.count < 25 {
              let delivery = try await member.delivery()
              mine.append(delivery.message.seq)
              try await member.acknowledge(delivery.token)
            }
            return mine
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(Set(seen).count == 100)
    }
  }

  @Test(
    "E17-group-rebalance-on-leave: what a member left open goes to another", arguments: TierUnderTest.allCases
  )
  func e17(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      let leaving = try await bus.join("g", "job.>")
      let staying = try await bus.join("g", "job.>")
      try await bus.send("job.x", [1])
      let first = try await leaving.delivery()
      await leaving.leave()
      await fixture.pass(.seconds(31))
      let second = try await staying.delivery()
      #expect(second.message.seq == first.message.seq)
      #expect(second.token.delivery == 2)
    }
  }

  @Test("E18-group-start-fixed, E19-group-config-conflict", arguments: TierUnderTest.allCases)
  func e18(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      try await bus.send("job.x", [1])
      let first = try await bus.join("g", "job.>", GroupConfiguration(start: .now))
      try await bus.send("job.x", [2])
      await first.leave()
      let second = try await bus.join("g", "job.>", GroupConfiguration(start: .now))
      #expect(try await second.delivery().message.payload == [2])
      await #expect(throws: RuntimeError.self) {
        try await bus.join("g", "job.>", GroupConfiguration(start: .now, maximumDeliveries: 9))
      }
      await #expect(throws: RuntimeError.self) {
        try await bus.join("g", "job.*", GroupConfiguration(start: .now))
      }
    }
  }

  @Test("E20-two-groups-independent", arguments: TierUnderTest.allCases)
  func e20(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      let one = try await bus.join("one", "job.>")
      let two = try await bus.join("two", "job.>")
      try await bus.send("job.x", [1])
      #expect(try await one.delivery().message.seq == two.delivery().message.seq)
    }
  }

  @Test(
    "E21-unacked-redelivered, E22-delivery-count, E25-stale-ack-refused", arguments: TierUnderTest.allCases)
  func e21(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let member = try await fixture.runtime.bus.join("g", "job.>")
      try await fixture.runtime.bus.send("job.x", [1])
      let first = try await member.delivery()
      #expect(first.token.delivery == 1)
      await fixture.pass(.seconds(30))
      let second = try await member.delivery()
      #expect(second.token.delivery == 2)
      let stale = RuntimeError.staleDelivery(topic: "job", group: "g", seq: first.message.seq)
      await #expect(throws: stale) { try await member.acknowledge(first.token) }
      await #expect(throws: stale) { try await member.reject(first.token, delay: .zero, error: nil) }
      await #expect(throws: stale) { try await member.terminate(first.token, reason: "x") }
      await #expect(throws: stale) { try await member.inProgress(first.token) }
      try await member.acknowledge(second.token)
      await #expect(throws: stale) { try await member.acknowledge(second.token) }
    }
  }

  @Test("E23-nack-delay, E24-inprogress-extends", arguments: TierUnderTest.allCases)
  func e23(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      let member = try await bus.join("g", "job.>")
      try await bus.send("job.x", [1])
      let first = try await member.delivery()
      try await member.reject(first.token, delay: .seconds(20), error: "later")
      try await bus.send("job.x", [2])
      // The rejected message is not due yet: the new one comes first.
      let other = try await member.delivery()
      #expect(other.message.payload == [2])
      await fixture.pass(.seconds(20))
      let again = try await member.delivery()
      #expect(again.message.payload == [1])
      #expect(again.token.delivery == 2)
      for _ in 0..<3 {
        await fixture.pass(.seconds(20))
        try await member.inProgress(again.token)
      }
      try await member.acknowledge(again.token)
    }
  }

  @Test("E26-term-no-redelivery, E27-dlq-after-max, E28-dlq-exactly-one", arguments: TierUnderTest.allCases)
  func e26(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      let dead = try await bus.listen("dlq.job.g", from: .all)
      let member = try await bus.join("g", "job.>", GroupConfiguration(start: .all, maximumDeliveries: 3))
      try await bus.send("job.x", [1], headers: ["trace": "t"])
      try await member.terminate(try await member.delivery().token, reason: "poison")
      let terminated = try await dead.message()
      #expect(terminated.headers["memfun-reason"] == "poison")
      #expect(terminated.headers["trace"] == "t")
      #expect(terminated.headers["memfun-subject"] == "job.x")

      try await bus.send("job.x", [2])
      for n in 1...3 {
        let delivery = try await member.delivery()
        #expect(delivery.token.delivery == n)
        try await member.reject(delivery.token, delay: .zero, error: "try \(n)")
      }
      let exhausted = try await dead.message()
      #expect(exhausted.payload == [2])
      #expect(exhausted.headers["memfun-deliveries"] == "3")
      #expect(exhausted.headers["memfun-first-error"] == "try 1")
      #expect(exhausted.headers["memfun-last-error"] == "try 3")
      try await bus.send("dlq.job.g", [9])
      #expect(try await dead.message().payload == [9])
    }
  }

  @Test("E29-maxackpending: no more deliveries are open than the limit", arguments: TierUnderTest.allCases)
  func e29(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      let member = try await bus.join("g", "job.>", GroupConfiguration(start: .all, maximumPending: 2))
      for n in 0..<3 { try await bus.send("job.x", [UInt8(n)]) }
      let first = try await member.delivery()
      _ = try await member.delivery()
      async let third = member.delivery()
      await fixture.pass(.seconds(1))
      try await member.acknowledge(first.token)
      #expect(try await third.message.payload == [2])
    }
  }

  @Test("E30-lagged-then-resume, E31-publisher-never-blocked-by-slow", arguments: TierUnderTest.allCases)
  func e30(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      let slow = try await bus.listen("log.>")
      for n in 0..<3000 { try await bus.send("log.x", [UInt8(n & 255)]) }
      var seen: [UInt64] = []
      var next: UInt64?
      while let event = try await slow.next() {
        switch event {
        case .message(let message): seen.append(message.seq)
        case .lagged(_, let seq): next = seq
        default: Issue.record("unexpected \(event)")
        }
      }
      let resume = try #require(next)
      let again = try await bus.listen("log.>", from: .seq(resume))
      seen += try await again.messages(3000 - seen.count).map(\.seq)
      #expect(seen == seen.sorted())
      #expect(Set(seen).count == 3000)
    }
  }

  @Test("E05b: bytes count too: 8 MiB behind is lagged", arguments: TierUnderTest.allCases)
  func e05b(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let slow = try await fixture.runtime.bus.listen("log.>")
      let payload = [UInt8](repeating: 7, count: 900 * 1024)
      for _ in 0..<12 { try await fixture.runtime.bus.send("log.x", payload) }
      var last: SubscriptionEvent?
      while let event = try await slow.next() { last = event }
      guard case .lagged? = last else {
        Issue.record("ended with \(String(describing: last))")
        return
      }
    }
  }

  @Test("E32-retention-count-age-bytes, E33-gap-signalled", arguments: TierUnderTest.allCases)
  func e32(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      try await bus.setRetention("log", Retention(maximumAge: nil, maximumMessages: 10, maximumBytes: nil))
      for n in 0..<50 { try await bus.send("log.x", [UInt8(n)]) }
      let all = try await bus.listen("log.>", from: .all)
      #expect(try await all.messages(10).map { $0.payload[0] } == (40..<50).map { UInt8($0) })
      let behind = try await bus.listen("log.>", from: .seq(5))
      let gap = try await behind.next()
      #expect(gap == .gap(topic: "log", from: 5, to: 40))
      #expect(try await behind.message().seq == 41)

      try await bus.setRetention("log", Retention(maximumAge: nil, maximumMessages: nil, maximumBytes: 3))
      try await bus.send("log.x", [50])
      let byBytes = try await bus.listen("log.>", from: .all)
      #expect(try await byBytes.messages(3).map { $0.payload[0] } == [48, 49, 50])

      try await bus.setRetention("log", Retention(maximumAge: .seconds(60)))
      await fixture.pass(.seconds(61))
      try await bus.send("log.x", [51])
      let byAge = try await bus.listen("log.>", from: .all)
      #expect(try await byAge.message().payload == [51])
    }
  }

  @Test(
    "E34-payload-900k-ok, E35-payload-over-refused, E36-empty-and-binary, E37-headers",
    arguments: TierUnderTest.allCases)
  func e34(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      let subscriber = try await bus.listen("log.>")
      let full = (0..<900 * 1024).map { UInt8(truncatingIfNeeded: $0) }
      try await bus.send("log.x", full)
      await #expect(throws: RuntimeError.payloadTooLarge(bytes: 900 * 1024 + 1, limit: 900 * 1024)) {
        try await bus.send("log.x", full + [0])
      }
      try await bus.send("log.x", [], headers: ["a": "1", "ü": "ö\n"])
      #expect(try await subscriber.message().payload == full)
      let empty = try await subscriber.message()
      #expect(empty.payload == [])
      #expect(empty.headers == ["a": "1", "ü": "ö\n"])
    }
  }

  @Test("E38-10k-subscribers", arguments: TierUnderTest.allCases)
  func e38(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      var subscribers: [any Subscription] = []
      for n in 0..<10_000 { subscribers.append(try await fixture.runtime.bus.listen("log.s\(n % 100)")) }
      try await fixture.runtime.bus.send("log.s7", [7])
      for n in stride(from: 7, to: 10_000, by: 100) {
        #expect(try await subscribers[n].message().payload == [7])
      }
    }
  }

  @Test("E39-topic-delete-ends", arguments: TierUnderTest.allCases)
  func e39(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      let subscriber = try await bus.listen("log.>")
      let member = try await bus.join("g", "log.>")
      try await bus.deleteTopic("log")
      #expect(try await subscriber.next() == .topicDeleted("log"))
      #expect(try await subscriber.next() == nil)
      #expect(try await member.next() == nil)
    }
  }

  @Test("E40-cancel-frees: a cancelled reader ends at once", arguments: TierUnderTest.allCases)
  func e40(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let subscriber = try await fixture.runtime.bus.listen("log.>")
      let reading = Task { try await subscriber.next() }
      await fixture.pass(.milliseconds(10))
      reading.cancel()
      await #expect(throws: CancellationError.self) { try await reading.value }
      await subscriber.cancel()
      #expect(try await subscriber.next() == nil)
    }
  }

  @Test("E41-ephemeral-no-replay", arguments: TierUnderTest.allCases)
  func e41(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let bus = fixture.runtime.bus
      let live = try await bus.listen("log.>")
      try await bus.publishEphemeral(Subject("log.x"), [1], headers: [:])
      #expect(try await live.message().seq == 0)
      let late = try await bus.listen("log.>", from: .all)
      try await bus.send("log.x", [2])
      #expect(try await late.message().payload == [2])
    }
  }
}
