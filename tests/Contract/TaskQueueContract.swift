import MemfunCore
import MemfunRuntime
import Testing

/// RUNTIME contract, TaskQueue. The names are those of the contract's own list.
@Suite("Contract: TaskQueue")
struct TaskQueueContract {
  let work: QueueName

  init() throws { work = try QueueName("work") }

  private func claimOne(_ queue: any TaskQueue, owner: String = "w") async throws -> Lease? {
    try await queue.claim(work, maximum: 1, owner: owner, wait: .zero).first
  }

  @Test("Q01-fifo, Q02-priority, Q39-claim-batch", arguments: TierUnderTest.allCases)
  func q01(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      var ids: [UUIDv7] = []
      for n in 0..<10 {
        ids.append(try await queue.enqueue(work, NewTask(payload: [UInt8(n)])))
        fixture.time.advance(by: .milliseconds(1))
      }
      let urgent = try await queue.enqueue(work, NewTask(payload: [], priority: 3))
      let idle = try await queue.enqueue(work, NewTask(payload: [], priority: 0))
      #expect(
        try await queue.claim(work, maximum: 4, owner: "w", wait: .zero).map(\.id) == [urgent] + ids[..<3])
      #expect(
        try await queue.claim(work, maximum: 100, owner: "w", wait: .zero).map(\.id) == ids[3...] + [idle])
      #expect(try await queue.claim(work, maximum: 1, owner: "w", wait: .zero).isEmpty)
    }
  }

  @Test("Q03-not-before, Q04-delay-late-bound", arguments: TierUnderTest.allCases)
  func q03(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let later = try await queue.enqueue(
        work, NewTask(payload: [], notBefore: fixture.time.now() + .seconds(10)))
      #expect(try await queue.inspect(later)?.state(at: fixture.time.now()) == .scheduled)
      async let claimed = queue.claim(work, maximum: 1, owner: "w", wait: .seconds(60))
      await fixture.pass(.milliseconds(9900))
      #expect(try await queue.counts(work)[.leased] == nil)
      await fixture.pass(.seconds(1))
      #expect(try await claimed.map(\.id) == [later])
    }
  }

  @Test("Q05-one-holder: 100 workers never hold one task at once", arguments: TierUnderTest.allCases)
  func q05(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let work = self.work
      for n in 0..<200 { try await queue.enqueue(work, NewTask(payload: [UInt8(n)])) }
      let claimed = try await withThrowingTaskGroup(of: [UUIDv7].self) { group in
        for n in 0..<100 {
          group.addTask {
            var mine: [UUIDv7] = []
            while let lease = try await queue.claim(work, maximum: 1, owner: "w\(n)", wait: .zero).first {
              mine.append(lease.id)
              try await queue.complete(lease, result: [])
            }
            return mine
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(claimed.count == 200)
      #expect(Set(claimed).count == 200)
      #expect(try await queue.counts(work) == [.succeeded: 200])
    }
  }

  @Test(
    "Q06-fence-strict, Q07-complete-old-fence-refused, Q11-heartbeat-lost", arguments: TierUnderTest.allCases)
  func q06(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      try await queue.enqueue(work, NewTask(payload: []))
      var fences: [UInt64] = []
      var leases: [Lease] = []
      for n in 0..<4 {
        let lease = try #require(try await claimOne(queue, owner: "w\(n)"))
        #expect(lease.attempt == n + 1)
        fences.append(lease.fence)
        leases.append(lease)
        await fixture.pass(.seconds(31))
      }
      #expect(zip(fences, fences.dropFirst()).allSatisfy { $0 < $1 })
      let lost = RuntimeError.leaseLost(task: leases[0].id.description)
      await #expect(throws: lost) { try await queue.complete(leases[0], result: []) }
      await #expect(throws: lost) { try await queue.fail(leases[0], error: "x", retryable: true) }
      await #expect(throws: lost) { try await queue.release(leases[0], delay: .zero) }
      #expect(try await queue.heartbeat(leases[0], progress: nil) == .lost)
    }
  }

  @Test("Q08-late-complete-accepted-if-unclaimed, Q09-complete-idempotent", arguments: TierUnderTest.allCases)
  func q08(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let id = try await queue.enqueue(work, NewTask(payload: []))
      let lease = try #require(try await claimOne(queue))
      await fixture.pass(.seconds(300))
      try await queue.complete(lease, result: [1])
      try await queue.complete(lease, result: [1])
      #expect(try await queue.inspect(id)?.result == [1])
    }
  }

  @Test("Q10-heartbeat-extends, Q12-progress-to-next-attempt", arguments: TierUnderTest.allCases)
  func q10(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      try await queue.enqueue(work, NewTask(payload: []))
      let lease = try #require(try await claimOne(queue))
      for n in 0..<5 {
        await fixture.pass(.seconds(20))
        #expect(try await claimOne(queue, owner: "thief") == nil)
        guard case .held(let until) = try await queue.heartbeat(lease, progress: [UInt8(n)]) else {
          Issue.record("the lease was lost")
          return
        }
        #expect(until > fixture.time.now())
      }
      await fixture.pass(.seconds(31))
      let next = try #require(try await claimOne(queue, owner: "other"))
      #expect(next.progress == [4])
      #expect(next.attempt == 2)
    }
  }

  @Test("Q16-crash-loop-goes-dead, Q20-requeue-dead", arguments: TierUnderTest.allCases)
  func q16(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let id = try await queue.enqueue(work, NewTask(payload: [5]))
      for _ in 0..<5 {
        #expect(try await claimOne(queue) != nil)
        await fixture.pass(.seconds(31))
      }
      #expect(try await claimOne(queue) == nil)
      #expect(try await queue.counts(work) == [.dead: 1])
      try await queue.requeue(id)
      let lease = try #require(try await claimOne(queue))
      #expect(lease.id == id)
      #expect(lease.attempt == 1)
      #expect(lease.payload == [5])
      await #expect(throws: RuntimeError.self) { try await queue.requeue(id) }
    }
  }

  @Test("Q20b: a dead task is not put back while a newer one has its key", arguments: TierUnderTest.allCases)
  func q20b(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let dead = try await queue.enqueue(work, NewTask(payload: [], key: "k"))
      try await queue.fail(try #require(try await claimOne(queue)), error: "x", retryable: false)
      let newer = try await queue.enqueue(work, NewTask(payload: [], key: "k"))
      #expect(newer != dead)
      await #expect(throws: RuntimeError.self) { try await queue.requeue(dead) }
      try await queue.fail(try #require(try await claimOne(queue)), error: "x", retryable: false)
      try await queue.requeue(dead)
      #expect(try await claimOne(queue)?.id == dead)
    }
  }

  @Test(
    "Q17-backoff-values: base, doubling, maximum, jitter within bounds", arguments: TierUnderTest.allCases)
  func q17(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      var policy = TaskPolicy()
      policy.maximumAttempts = 10
      policy.backoffMaximum = .seconds(6)
      let id = try await queue.enqueue(work, NewTask(payload: [], policy: policy))
      for expected in [1.0, 2, 4, 6, 6] {
        let lease = try #require(try await claimOne(queue))
        let failed = fixture.time.now()
        try await queue.fail(lease, error: "no", retryable: true)
        let record = try #require(try await queue.inspect(id))
        let wait = (record.notBefore - failed).inSeconds
        #expect(wait >= expected * 0.8 - 1e-6 && wait <= expected * 1.2 + 1e-6, "\(wait) for \(expected)")
        await fixture.pass(.seconds(8))
      }
    }
  }

  @Test("Q18-nonretryable-dead-at-once, Q19-deadline-dead", arguments: TierUnderTest.allCases)
  func q18(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let first = try await queue.enqueue(work, NewTask(payload: []))
      try await queue.fail(try #require(try await claimOne(queue)), error: "bad input", retryable: false)
      let dead = try #require(try await queue.inspect(first))
      #expect(dead.state(at: fixture.time.now()) == .dead)
      #expect(dead.lastError == "bad input")
      let second = try await queue.enqueue(
        work, NewTask(payload: [], deadline: fixture.time.now() + .seconds(5)))
      await fixture.pass(.seconds(6))
      #expect(try await queue.inspect(second)?.state(at: fixture.time.now()) == .dead)
      #expect(try await claimOne(queue) == nil)
    }
  }

  @Test("Q21-unique-key-live, Q22-unique-key-after-success", arguments: TierUnderTest.allCases)
  func q21(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let first = try await queue.enqueue(work, NewTask(payload: [1], key: "k"))
      #expect(try await queue.enqueue(work, NewTask(payload: [2], key: "k")) == first)
      let elsewhere = try await queue.enqueue(QueueName("other"), NewTask(payload: [], key: "k"))
      #expect(elsewhere != first)
      let lease = try #require(try await claimOne(queue))
      #expect(lease.payload == [1])
      #expect(try await queue.enqueue(work, NewTask(payload: [2], key: "k")) == first)
      try await queue.complete(lease, result: [])
      await fixture.pass(.seconds(23 * 3600))
      #expect(try await queue.enqueue(work, NewTask(payload: [2], key: "k")) == first)
      await fixture.pass(.seconds(2 * 3600))
      #expect(try await queue.enqueue(work, NewTask(payload: [2], key: "k")) != first)
    }
  }

  @Test(
    "Q24-cancel-queued, Q25-cancel-leased-via-heartbeat, Q26-cancel-revokes-after-grace, Q27-terminal-final",
    arguments: TierUnderTest.allCases)
  func q24(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let queued = try await queue.enqueue(work, NewTask(payload: []))
      #expect(try await queue.cancel(queued) == .cancelled)
      #expect(try await claimOne(queue) == nil)
      let leased = try await queue.enqueue(work, NewTask(payload: []))
      let lease = try #require(try await claimOne(queue))
      #expect(try await queue.cancel(leased) == .leased)
      guard case .cancelRequested = try await queue.heartbeat(lease, progress: nil) else {
        Issue.record("the holder was not told")
        return
      }
      await fixture.pass(.seconds(11))
      #expect(try await queue.heartbeat(lease, progress: nil) == .lost)
      await #expect(throws: RuntimeError.self) { try await queue.complete(lease, result: []) }
      #expect(try await queue.inspect(leased)?.state(at: fixture.time.now()) == .cancelled)
      #expect(try await queue.cancel(leased) == .cancelled)
      await #expect(throws: RuntimeError.self) { try await queue.requeue(leased) }
    }
  }

  @Test("Q28-queue-full: nothing is stored beyond the depth", arguments: TierUnderTest.allCases)
  func q28(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      var policy = TaskPolicy()
      policy.maximumDepth = 3
      for _ in 0..<3 { try await queue.enqueue(work, NewTask(payload: [], policy: policy)) }
      await #expect(throws: RuntimeError.queueFull(queue: "work", depth: 3)) {
        try await queue.enqueue(work, NewTask(payload: [], policy: policy))
      }
      try await queue.complete(try #require(try await claimOne(queue)), result: [])
      try await queue.enqueue(work, NewTask(payload: [], policy: policy))
    }
  }

  @Test("Q31-one-success-event: one event, whoever repeats the completion", arguments: TierUnderTest.allCases)
  func q31(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let events = try await fixture.runtime.bus.listen("task.work.*.succeeded")
      for _ in 0..<2 {
        let id = try await queue.enqueue(work, NewTask(payload: []))
        let lease = try #require(try await claimOne(queue))
        for _ in 0..<3 { try await queue.complete(lease, result: []) }
        #expect(try await events.message().subject.description == "task.work.\(id).succeeded")
      }
    }
  }

  @Test(
    "Q32-conservation: what was enqueued is succeeded, dead, cancelled or live",
    arguments: TierUnderTest.allCases)
  func q32(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let random = SeededRandomSource(seed: 11)
      var held: [Lease] = []
      var ids: Set<UUIDv7> = []
      var policy = TaskPolicy()
      policy.maximumAttempts = 3
      policy.resultTimeToLive = .seconds(1_000_000)
      for _ in 0..<2000 {
        switch random.next() % 8 {
        case 0, 1: ids.insert(try await queue.enqueue(work, NewTask(payload: [], policy: policy)))
        case 2, 3: held += try await queue.claim(work, maximum: 2, owner: "w", wait: .zero)
        case 4: fixture.time.advance(by: .seconds(7))
        default:
          guard !held.isEmpty else { continue }
          let lease = held.remove(at: Int(random.next() % UInt64(held.count)))
          do {
            switch random.next() % 4 {
            case 0: try await queue.fail(lease, error: "x", retryable: random.unit() < 0.8)
            case 1: try await queue.release(lease, delay: .seconds(1))
            case 2: _ = try await queue.cancel(lease.id)
            default: try await queue.complete(lease, result: [])
            }
          } catch RuntimeError.leaseLost {}
        }
      }
      let counts = try await queue.counts(work)
      #expect(counts.values.reduce(0, +) == ids.count)
      #expect(counts[.succeeded, default: 0] > 0)
      #expect(counts[.dead, default: 0] > 0)
      #expect(counts[.cancelled, default: 0] > 0)
    }
  }

  @Test("Q40-claim-wait-wakes, Q41-wait-cancel", arguments: TierUnderTest.allCases)
  func q40(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let queue = fixture.runtime.queue
      let work = self.work
      let cancelled = Task { try await queue.claim(work, maximum: 1, owner: "w", wait: .seconds(1000)) }
      await fixture.pass(.milliseconds(10))
      cancelled.cancel()
      await #expect(throws: CancellationError.self) { try await cancelled.value }
      async let waiting = queue.claim(work, maximum: 1, owner: "w", wait: .seconds(1000))
      await fixture.pass(.milliseconds(10))
      let id = try await queue.enqueue(work, NewTask(payload: []))
      #expect(try await waiting.map(\.id) == [id])
      async let nothing = queue.claim(work, maximum: 1, owner: "w", wait: .seconds(5))
      await fixture.pass(.seconds(6))
      #expect(try await nothing.isEmpty)
    }
  }

  @Test("Q15: a write guarded by a lost lease has no effect", arguments: TierUnderTest.allCases)
  func guarded(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let key = try StoreKey("r")
      try await fixture.runtime.queue.enqueue(work, NewTask(payload: []))
      let lease = try #require(try await claimOne(fixture.runtime.queue))
      try await fixture.runtime.store.put(key, [1], timeToLive: nil, guardedBy: lease)
      await fixture.pass(.seconds(31))
      #expect(try await claimOne(fixture.runtime.queue, owner: "b") != nil)
      await #expect(throws: RuntimeError.leaseLost(task: lease.id.description)) {
        try await fixture.runtime.store.put(key, [2], timeToLive: nil, guardedBy: lease)
      }
      #expect(try await fixture.runtime.store.get(key)?.value == [1])
    }
  }

  @Test("closed: every call and every wait ends with closed", arguments: TierUnderTest.allCases)
  func closed(tier: TierUnderTest) async throws {
    let fixture = try await TierFixture(tier)
    let queue = fixture.runtime.queue
    let work = self.work
    let id = try await queue.enqueue(work, NewTask(payload: []))
    let waiting = Task { try await queue.awaitEnd(id) }
    await fixture.pass(.milliseconds(10))
    await fixture.runtime.close()
    await #expect(throws: RuntimeError.closed) { try await waiting.value }
    await #expect(throws: RuntimeError.closed) { try await queue.enqueue(work, NewTask(payload: [])) }
    await #expect(throws: RuntimeError.closed) { try await fixture.runtime.store.get(StoreKey("k")) }
    await #expect(throws: RuntimeError.closed) { try await fixture.runtime.bus.send("a") }
  }
}
