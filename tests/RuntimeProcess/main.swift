// A process of its own for the contract's crash cases: does one thing with a tier T1 file until it is
// done or killed, and says on standard output what was acknowledged.
import Glibc
import MemfunCore
import MemfunRuntime
import MemfunSQLite

/// Writes a line at once: what is on the pipe before SIGKILL was acknowledged.
@Sendable func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(1, bytes, bytes.count)
}

struct UnknownRole: Error {}

@Sendable func play(_ role: String, _ path: String, _ rest: [String]) async throws {
  let runtime = try await Runtime.sqlite(path: path)
  let work = try QueueName("work")
  switch role {
  case "publish":
    // Publishes for ever; each acknowledged number is said.
    let subject = try Subject("log.x")
    var n = 0
    while true {
      let receipt = try await runtime.bus.publish(
        subject, Array("\(rest[0])-\(n)".utf8), dedupeKey: "\(rest[0])-\(n)", headers: [:])
      say("\(receipt.seq) \(n)")
      n += 1
    }
  case "hold":
    // Claims one task and keeps it, without a heartbeat, until it is killed.
    let leases = try await runtime.queue.claim(work, maximum: 1, owner: "child", wait: .seconds(20))
    say(leases.first.map { "\($0.id) \($0.attempt)" } ?? "nothing")
    try await Task.sleep(for: .seconds(600))
  case "work":
    // Claims and completes for ever.
    while true {
      for lease in try await runtime.queue.claim(work, maximum: 4, owner: "child", wait: .seconds(20)) {
        do {
          try await runtime.queue.complete(lease, result: lease.payload)
          say("\(lease.id)")
        } catch RuntimeError.leaseLost {}
      }
    }
  case "create":
    do {
      let revision = try await runtime.store.create(
        StoreKey(rest[0]), Array("\(getpid())".utf8), timeToLive: nil)
      say("won \(revision)")
    } catch RuntimeError.conflict { say("lost") }
  case "enqueue":
    say("\(try await runtime.queue.enqueue(work, NewTask(payload: [1], key: rest[0])))")
  case "await":
    guard let id = UUIDv7(rest[0]) else { throw UnknownRole() }
    say("waiting")
    let record = try await runtime.queue.awaitEnd(id)
    say(String(decoding: record.result ?? [], as: UTF8.self))
  case "listen":
    let subscription = try await runtime.bus.subscribe(SubjectPattern(rest[0]), from: .now)
    say("listening")
    while case .message(let message)? = try await subscription.next() {
      say("\(message.seq)")
    }
  case "count":
    // Adds one to a counter by compare and set, as often as told.
    let key = try StoreKey("counter")
    for _ in 0..<(Int(rest[0]) ?? 0) {
      while true {
        let entry = try await runtime.store.get(key)
        let value = entry.flatMap { Int(String(decoding: $0.value, as: UTF8.self)) } ?? 0
        do {
          try await runtime.store.update(
            key, Array("\(value + 1)".utf8), revision: entry?.revision ?? 0, timeToLive: nil)
          break
        } catch RuntimeError.conflict { continue }
      }
    }
    say("done")
  default: throw UnknownRole()
  }
  await runtime.close()
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
  say("usage: runtime-process ROLE PATH [ARGUMENT]")
  exit(2)
}
do {
  try await play(arguments[1], arguments[2], Array(arguments.dropFirst(3)))
} catch {
  say("error: \(error)")
  exit(1)
}
