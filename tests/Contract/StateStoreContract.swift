import MemfunCore
import MemfunRuntime
import Testing

/// RUNTIME contract, StateStore. The names are those of the contract's own list.
@Suite("Contract: StateStore")
struct StateStoreContract {
  @Test("S01-cas-one-winner: of 64 updates of one revision one wins", arguments: TierUnderTest.allCases)
  func s01(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let store = fixture.runtime.store
      let key = try StoreKey("k")
      let revision = try await store.put(key, [0], timeToLive: nil)
      let wins = await withTaskGroup(of: Bool.self) { group in
        for n in 1...64 {
          group.addTask {
            do {
              try await store.update(key, [UInt8(n)], revision: revision, timeToLive: nil)
              return true
            } catch { return false }
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(wins == 1)
    }
  }

  @Test(
    "S03-rev-strict-after-delete: a deletion has a revision, none is used twice",
    arguments: TierUnderTest.allCases)
  func s03(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let store = fixture.runtime.store
      let key = try StoreKey("k")
      let first = try await store.create(key, [1], timeToLive: nil)
      let deleted = try #require(try await store.delete(key, revision: first))
      #expect(try await store.delete(key, revision: nil) == nil)
      let second = try await store.create(key, [2], timeToLive: nil)
      #expect(first < deleted)
      #expect(deleted < second)
    }
  }

  @Test("S05-conflict-carries-rev", arguments: TierUnderTest.allCases)
  func s05(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let store = fixture.runtime.store
      let key = try StoreKey("k")
      await #expect(throws: RuntimeError.conflict(key: "k", currentRevision: nil)) {
        try await store.update(key, [1], revision: 1, timeToLive: nil)
      }
      let revision = try await store.create(key, [1], timeToLive: nil)
      let conflict = RuntimeError.conflict(key: "k", currentRevision: revision)
      await #expect(throws: conflict) { try await store.create(key, [2], timeToLive: nil) }
      await #expect(throws: conflict) {
        try await store.update(key, [2], revision: revision + 1, timeToLive: nil)
      }
      await #expect(throws: conflict) { try await store.delete(key, revision: revision + 1) }
      #expect(try await store.get(key)?.value == [1])
    }
  }

  @Test(
    "S08-ttl-never-late, S10-ttl-put-resets, S11-ttl-update-keeps, S12-touch",
    arguments: TierUnderTest.allCases)
  func s08(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let store = fixture.runtime.store
      func key(_ name: String) throws -> StoreKey { try StoreKey(name) }
      try await store.put(key("plain"), [1], timeToLive: .seconds(10))
      try await store.put(key("reset"), [1], timeToLive: .seconds(10))
      let kept = try await store.put(key("kept"), [1], timeToLive: .seconds(10))
      try await store.put(key("touched"), [1], timeToLive: .seconds(10))
      await fixture.pass(.seconds(5))
      try await store.put(key("reset"), [2], timeToLive: nil)
      try await store.update(key("kept"), [2], revision: kept, timeToLive: nil)
      try await store.touch(key("touched"), timeToLive: .seconds(60))
      await fixture.pass(.milliseconds(4999))
      #expect(try await store.get(key("plain")) != nil)
      await fixture.pass(.milliseconds(1))
      #expect(try await store.get(key("plain")) == nil)
      #expect(try await store.get(key("kept")) == nil)
      #expect(try await store.get(key("reset"))?.value == [2])
      #expect(try await store.get(key("touched"))?.value == [1])
      await #expect(throws: RuntimeError.conflict(key: "plain", currentRevision: nil)) {
        try await store.touch(key("plain"), timeToLive: .seconds(5))
      }
      await #expect(throws: RuntimeError.self) {
        try await store.put(key("x"), [], timeToLive: .milliseconds(999))
      }
    }
  }

  @Test("S09-ttl-watch-event, S19-watch-delete", arguments: TierUnderTest.allCases)
  func s09(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let store = fixture.runtime.store
      let short = try StoreKey("a/short")
      let gone = try StoreKey("a/gone")
      try await store.put(short, [1], timeToLive: .seconds(5))
      try await store.put(gone, [1], timeToLive: nil)
      let watch = try await store.watch(prefix: "a/")
      var events = watch.makeAsyncIterator()
      for _ in 0..<2 { _ = try await events.next() }
      #expect(try await events.next() == .caughtUp)
      let deleted = try #require(try await store.delete(gone, revision: nil))
      #expect(try await events.next() == .deleted(gone, revision: deleted))
      await fixture.pass(.seconds(6))
      #expect(try await events.next() == .expired(short, revision: deleted + 1))
      watch.cancel()
    }
  }

  @Test(
    "S16-watch-snapshot-then-caughtup: the present, then caughtUp, then changes",
    arguments: TierUnderTest.allCases)
  func s16(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let store = fixture.runtime.store
      for n in 0..<5 { try await store.put(StoreKey("a/\(n)"), [UInt8(n)], timeToLive: nil) }
      try await store.put(StoreKey("b/0"), [9], timeToLive: nil)
      let watch = try await store.watch(prefix: "a/")
      var events = watch.makeAsyncIterator()
      var present: [UInt8] = []
      reading: while let event = try await events.next() {
        switch event {
        case .put(let entry): present += entry.value
        case .caughtUp: break reading
        default: Issue.record("unexpected \(event)")
        }
      }
      #expect(present.sorted() == [0, 1, 2, 3, 4])
      try await store.put(StoreKey("b/1"), [9], timeToLive: nil)
      try await store.put(StoreKey("a/9"), [9], timeToLive: nil)
      guard case .put(let entry)? = try await events.next() else {
        Issue.record("no change")
        return
      }
      #expect(entry.key.description == "a/9")
      watch.cancel()
    }
  }

  @Test(
    "S17-watch-converges: after 10,000 writes a watcher has the last value of each key",
    arguments: TierUnderTest.allCases)
  func s17(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let store = fixture.runtime.store
      let watch = try await store.watch(prefix: "k")
      var events = watch.makeAsyncIterator()
      #expect(try await events.next() == .caughtUp)
      let random = SeededRandomSource(seed: 3)
      var truth: [StoreKey: [UInt8]] = [:]
      var last: UInt64 = 0
      for n in 0..<10_000 {
        let key = try StoreKey("k\(random.next() % 50)")
        if random.unit() < 0.1, let revision = try await store.delete(key, revision: nil) {
          truth[key] = nil
          last = revision
        } else {
          let value = [UInt8(n & 255), UInt8(n >> 8)]
          last = try await store.put(key, value, timeToLive: nil)
          truth[key] = value
        }
      }
      var seen: [StoreKey: [UInt8]] = [:]
      var revision: UInt64 = 0
      while revision < last, let event = try await events.next() {
        switch event {
        case .put(let entry):
          #expect(entry.revision > revision)
          revision = entry.revision
          seen[entry.key] = entry.value
        case .deleted(let key, let at), .expired(let key, let at):
          #expect(at > revision)
          revision = at
          seen[key] = nil
        case .caughtUp: Issue.record("a second caughtUp")
        }
      }
      #expect(seen == truth)
      watch.cancel()
    }
  }

  @Test(
    "S20-list-prefix-exact: %, _, * and upper case are literal, the list is sorted",
    arguments: TierUnderTest.allCases)
  func s20(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let store = fixture.runtime.store
      for name in ["a%b", "a_b", "a*b", "axb", "A%b", "a%", "b"] {
        try await store.put(StoreKey(name), [], timeToLive: nil)
      }
      #expect(try await store.list(prefix: "a%").map(\.description) == ["a%", "a%b"])
      #expect(try await store.list(prefix: "a_").map(\.description) == ["a_b"])
      #expect(try await store.list(prefix: "a*").map(\.description) == ["a*b"])
      let all = try await store.list(prefix: "")
      #expect(all == all.sorted())
      #expect(all.count == 7)
    }
  }

  @Test("S21-key-escape-roundtrip, S22-value-binary-900k", arguments: TierUnderTest.allCases)
  func s21(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let store = fixture.runtime.store
      let value = (0..<900 * 1024).map { UInt8(truncatingIfNeeded: $0 * 7) }
      for name in ["ä/ö", "a b\n", "=41", "日本", "x:y?z&w"] {
        let key = try StoreKey(name)
        try await store.put(key, value, timeToLive: nil)
        #expect(try await store.get(key)?.value == value)
      }
      #expect(
        Set(try await store.list(prefix: "").map(\.description)) == ["ä/ö", "a b\n", "=41", "日本", "x:y?z&w"])
      await #expect(throws: RuntimeError.self) {
        try await store.put(StoreKey("big"), value + [0], timeToLive: nil)
      }
    }
  }

  @Test("S25-counter-cas-no-lost-update", arguments: TierUnderTest.allCases)
  func s25(tier: TierUnderTest) async throws {
    try await onTier(tier) { fixture in
      let store = fixture.runtime.store
      let key = try StoreKey("counter")
      try await store.create(key, [0, 0], timeToLive: nil)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            for _ in 0..<50 {
              while true {
                let entry = try #require(try await store.get(key))
                let value = Int(entry.value[0]) + Int(entry.value[1]) << 8 + 1
                let bytes = [UInt8(value & 255), UInt8(value >> 8)]
                do {
                  try await store.update(key, bytes, revision: entry.revision, timeToLive: nil)
                  break
                } catch RuntimeError.conflict { continue }
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await store.get(key)?.value == [144, 1])  // 400, low byte first
    }
  }
}
