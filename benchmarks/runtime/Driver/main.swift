// The same operations as floor.c, through the runtime's interface: runtime-benchmark FOLDER SECONDS
// NORMAL|FULL. Prints "name operations-per-second".
import Glibc
import MemfunCore
import MemfunRuntime
import MemfunSQLite

@Sendable func measure(_ name: String, seconds: Double, _ operation: () async throws -> Int) async throws {
  let time = SystemTimeSource()
  let from = time.monotonic()
  var done = 0
  while (time.monotonic() - from).inSeconds < seconds {
    let more = try await operation()
    if more == 0 { break }
    done += more
  }
  print("\(name) \(Int(Double(done) / (time.monotonic() - from).inSeconds))")
}

@Sendable func run(_ folder: String, _ seconds: Double, _ durability: Durability) async throws {
  let payload = [UInt8](repeating: 120, count: 100)
  let runtime = try await Runtime.sqlite(path: folder + "/ours.db", durability: durability)
  let subject = try Subject("log.x")
  try await measure("insert1", seconds: seconds) {
    try await runtime.bus.publish(subject, payload, dedupeKey: nil, headers: [:])
    return 1
  }
  try await measure("insert100", seconds: seconds) {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<100 {
        group.addTask { _ = try await runtime.bus.publish(subject, payload, dedupeKey: nil, headers: [:]) }
      }
      try await group.waitForAll()
    }
    return 100
  }
  let keys = try (0..<10_000).map { try StoreKey("k\($0)") }
  try await withThrowingTaskGroup(of: Void.self) { group in
    for key in keys { group.addTask { _ = try await runtime.store.put(key, payload, timeToLive: nil) } }
    try await group.waitForAll()
  }
  var n = 0
  try await measure("get", seconds: seconds) {
    n += 7919
    _ = try await runtime.store.get(keys[n % keys.count])
    return 1
  }
  let work = try QueueName("work")
  try await withThrowingTaskGroup(of: Void.self) { group in
    for _ in 0..<20_000 {
      group.addTask { _ = try await runtime.queue.enqueue(work, NewTask(payload: payload)) }
    }
    try await group.waitForAll()
  }
  try await measure("claim_complete", seconds: seconds) {
    guard let lease = try await runtime.queue.claim(work, maximum: 1, owner: "b", wait: .zero).first else {
      return 0
    }
    try await runtime.queue.complete(lease, result: [])
    return 1
  }
  await runtime.close()
}

let arguments = CommandLine.arguments
guard arguments.count == 4, let seconds = Double(arguments[2]) else {
  print("usage: runtime-benchmark FOLDER SECONDS NORMAL|FULL")
  exit(2)
}
do {
  try await run(arguments[1], seconds, arguments[3] == "FULL" ? .power : .crash)
} catch {
  print("error: \(error)")
  exit(1)
}
