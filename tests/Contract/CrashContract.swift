import Glibc
import MemfunCore
import MemfunRuntime
import MemfunSQLite
import Testing

/// RUNTIME contract, the cases with several processes (x) and with a crash (c). Only tiers that
/// outlive a process run them.
@Suite("Contract: crashes and several processes", .serialized)
struct CrashContract {
  private let folder: TemporaryFolder
  private let path: String
  private let work: QueueName

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path + "/runtime.db"
    work = try QueueName("work")
  }

  private func onFile(_ body: (Runtime) async throws -> Void) async throws {
    let runtime = try await Runtime.sqlite(path: path)
    do { try await body(runtime) } catch {
      await runtime.close()
      throw error
    }
    await runtime.close()
  }

  @Test("E42-publish-kill9-acked-present, E05-dedupe-over-restart, E03 over processes")
  func e42() async throws {
    for round in 0..<3 {
      let child = try ChildProcess("publish", path, "r\(round)")
      var acknowledged: [(seq: UInt64, n: Int)] = []
      while acknowledged.count < 50 + 70 * round, let line = try await child.line() {
        let parts = line.split(separator: " ")
        acknowledged.append((try #require(UInt64(parts[0])), try #require(Int(parts[1]))))
      }
      child.kill()
      for line in try await child.lines() {
        let parts = line.split(separator: " ")
        // The last line may have been cut by the kill.
        if parts.count == 2, let seq = UInt64(parts[0]), let n = Int(parts[1]), n == acknowledged.count {
          acknowledged.append((seq, n))
        }
      }
      try await onFile { runtime in
        let first = acknowledged[0].seq
        let subscriber = try await runtime.bus.listen("log.>", from: .seq(first))
        for (seq, n) in acknowledged {
          let message = try await subscriber.message()
          #expect(message.seq == seq)
          #expect(message.payload == Array("r\(round)-\(n)".utf8))
        }
        let again = try await runtime.bus.send("log.x", [], key: "r\(round)-7")
        #expect(again == PublishReceipt(seq: acknowledged[7].seq, isDuplicate: true))
        let fresh = try await runtime.bus.send("log.x")
        #expect(fresh.seq > acknowledged[acknowledged.count - 1].seq)
      }
    }
  }

  @Test("S02-create-only-once: of four processes one wins")
  func s02() async throws {
    let children = try (0..<4).map { _ in try ChildProcess("create", path, "k") }
    var lines: [String] = []
    for child in children { lines += try await child.lines() }
    #expect(lines.filter { $0.hasPrefix("won") }.count == 1, "\(lines)")
    #expect(lines.filter { $0 == "lost" }.count == 3, "\(lines)")
  }

  @Test("S04-rev-over-restart, S13-ttl-over-restart")
  func s04() async throws {
    let key = try StoreKey("k")
    let short = try StoreKey("short")
    var last: UInt64 = 0
    try await onFile { runtime in
      let first = try await runtime.store.put(key, [1], timeToLive: nil)
      try await runtime.store.put(short, [1], timeToLive: .seconds(1))
      last = try #require(try await runtime.store.delete(key, revision: first))
    }
    try await Task.sleep(for: .milliseconds(1100))
    try await onFile { runtime async throws in
      #expect(try await runtime.store.get(short) == nil)
      #expect(try await runtime.store.create(key, [2], timeToLive: nil) > last)
    }
  }

  @Test("S25-counter-cas-no-lost-update, in three processes")
  func s25() async throws {
    try await onFile { runtime in
      let key = try StoreKey("counter")
      try await runtime.store.put(key, Array("0".utf8), timeToLive: nil)
      let children = try (0..<3).map { _ in try ChildProcess("count", path, "100") }
      for child in children { #expect(try await child.lines() == ["done"]) }
      #expect(try await runtime.store.get(key)?.value == Array("300".utf8))
    }
  }

  @Test("Q13-kill9-worker-retried: a dead worker's task is claimed again when its lease ends")
  func q13() async throws {
    try await onFile { runtime in
      var policy = TaskPolicy()
      policy.lease = .seconds(2)
      let id = try await runtime.queue.enqueue(work, NewTask(payload: [7], policy: policy))
      let child = try ChildProcess("hold", path)
      #expect(try await child.line() == "\(id) 1")
      child.kill()
      let began = SystemTimeSource().monotonic()
      let lease = try #require(
        try await runtime.queue.claim(work, maximum: 1, owner: "parent", wait: .seconds(10)).first)
      #expect(SystemTimeSource().monotonic() - began < .seconds(8))
      #expect(lease.id == id)
      #expect(lease.attempt == 2)
      try await runtime.queue.complete(lease, result: [])
    }
  }

  @Test("Q23-unique-key-race: four processes enqueue one task")
  func q23() async throws {
    let children = try (0..<4).map { _ in try ChildProcess("enqueue", path, "key") }
    var ids: Set<String> = []
    for child in children { ids.formUnion(try await child.lines()) }
    #expect(ids.count == 1)
    try await onFile { runtime async throws in #expect(try await runtime.queue.counts(work) == [.ready: 1]) }
  }

  @Test("Q29-result-awaited-elsewhere, Q30-result-after-restart")
  func q29() async throws {
    var task: UUIDv7?
    try await onFile { runtime in
      let id = try await runtime.queue.enqueue(work, NewTask(payload: []))
      task = id
      let child = try ChildProcess("await", path, "\(id)")
      #expect(try await child.line() == "waiting")
      let lease = try #require(
        try await runtime.queue.claim(work, maximum: 1, owner: "w", wait: .zero).first)
      try await runtime.queue.complete(lease, result: Array("forty-two".utf8))
      #expect(try await child.line() == "forty-two")
    }
    let id = try #require(task)
    try await onFile { runtime async throws in
      #expect(try await runtime.queue.awaitEnd(id).result == Array("forty-two".utf8))
    }
  }

  @Test("Q31-one-success-event, Q32-conservation: workers are killed at random, nothing is lost or doubled")
  func q32() async throws {
    let random = SeededRandomSource(seed: 32)
    try await onFile { runtime in
      var policy = TaskPolicy()
      policy.lease = .seconds(1)
      policy.maximumAttempts = 100
      policy.backoffBase = .milliseconds(10)
      var ids: Set<String> = []
      for n in 0..<300 {
        let id = try await runtime.queue.enqueue(work, NewTask(payload: [UInt8(n & 255)], policy: policy))
        ids.insert("\(id)")
      }
      for _ in 0..<8 {
        let children = try (0..<2).map { _ in try ChildProcess("work", path) }
        // The first line shows that it works; then any moment will do.
        _ = try await children[0].line()
        try await Task.sleep(for: .milliseconds(Int(random.next() % 12)))
        for child in children { child.kill() }
      }
      let last = try ChildProcess("work", path)
      while try await runtime.queue.counts(work) != [.succeeded: ids.count] {
        try await Task.sleep(for: .milliseconds(50))
      }
      last.kill()
      let events = try await runtime.bus.listen("task.work.*.succeeded", from: .all)
      var seen: [String] = []
      for _ in ids {
        seen.append(String(try await events.message().subject.description.split(separator: ".")[2]))
      }
      try await runtime.bus.send("task.work.end.succeeded")
      #expect(try await events.message().subject.description == "task.work.end.succeeded")
      #expect(Set(seen) == ids)
    }
  }

  @Test("Q-FAIR: of eight processes that write all the time, none gets more than five times another's share")
  func fair() async throws {
    try await onFile { runtime in
      let children = try (0..<8).map { try ChildProcess("publish", path, "p\($0)") }
      for child in children { _ = try await child.line() }
      let from = try await runtime.bus.send("log.begin").seq
      try await Task.sleep(for: .seconds(1))
      let to = try await runtime.bus.send("log.end").seq
      for child in children { child.kill() }
      let messages = try await runtime.bus.listen("log.>", from: .seq(from + 1))
      var counts: [String: Int] = [:]
      while case .message(let message)? = try await messages.next(), message.seq < to {
        counts[
          String(decoding: message.payload.prefix { $0 != UInt8(ascii: "-") }, as: UTF8.self), default: 0] +=
          1
      }
      #expect(counts.count == 8)
      let most = counts.values.max() ?? 0
      let least = counts.values.min() ?? 0
      #expect(most <= 5 * max(least, 1), "\(counts)")
    }
  }

  @Test("a commit wakes the subscriber of another process")
  func bell() async throws {
    try await onFile { runtime in
      let child = try ChildProcess("listen", path, "log.>")
      #expect(try await child.line() == "listening")
      let began = SystemTimeSource().monotonic()
      for _ in 0..<20 {
        let receipt = try await runtime.bus.send("log.x")
        #expect(try await child.line() == "\(receipt.seq)")
      }
      // Without bells each would take up to a second.
      #expect(SystemTimeSource().monotonic() - began < .seconds(10))
    }
  }

  @Test("a damaged payload is found when it is read, and by check")
  func damage() async throws {
    let text = "the payload that will be damaged"
    try await onFile { try await $0.store.put(StoreKey("k"), Array(text.utf8), timeToLive: nil) }
    let file = SQLiteFile(path: path)
    let sound = try file.check()
    #expect(sound == [])
    let backup = folder.path + "/backup.db"
    try file.backUp(to: backup)
    try file.vacuum()
    var bytes = try #require(fileBytes(path))
    let place = try #require(find(Array(text.utf8), in: bytes))
    bytes[place + 4] ^= 1
    try #require(writeFile(path, bytes))
    let findings = try file.check()
    #expect(!findings.isEmpty)
    try await onFile { runtime in
      await #expect(throws: RuntimeError.self) { try await runtime.store.get(StoreKey("k")) }
      // Others are not touched by it.
      try await runtime.store.put(StoreKey("other"), [1], timeToLive: nil)
    }
    let kept = try file.restore(from: backup, now: Timestamp(seconds: 1))
    #expect(kept == path + ".corrupt-1")
    try await onFile { runtime async throws in
      #expect(try await runtime.store.get(StoreKey("k"))?.value == Array(text.utf8))
    }
    let statistics = try file.statistics()
    #expect(statistics.keys == 1)
  }

  @Test("a file that is no database is refused as corrupted")
  func noDatabase() async throws {
    try #require(writeFile(path, Array(String(repeating: "no database ", count: 1000).utf8)))
    do {
      let runtime = try await Runtime.sqlite(path: path)
      await runtime.close()
      Issue.record("it was opened")
    } catch RuntimeError.corrupted {}
  }
}

private func fileBytes(_ path: String) -> [UInt8]? {
  let file = open(path, O_RDONLY)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
  return pread(file, &bytes, bytes.count, 0) == bytes.count ? bytes : nil
}

private func writeFile(_ path: String, _ bytes: [UInt8]) -> Bool {
  guard let file = fopen(path, "w") else { return false }
  defer { fclose(file) }
  return fwrite(bytes, 1, bytes.count, file) == bytes.count
}

private func find(_ part: [UInt8], in whole: [UInt8]) -> Int? {
  (0...(whole.count - part.count)).first { whole[$0..<$0 + part.count].elementsEqual(part) }
}
