import Glibc
import MemfunCore

/// The same measurements as floor.c, with the project's client.
///
///     http-benchmark PORT sequential N | concurrent N | burst N | paced N
///
/// Prints requests a second (sequential, concurrent), microseconds a chunk (burst), or the mean delay of
/// a chunk in microseconds (paced).
@main
struct HTTPBenchmark {
  static let ways = 16

  static func main() async throws { try await measure(CommandLine.arguments) }

  // Not in `main`, whose body runs on the main thread: each answer would take a detour through it.
  static func measure(_ arguments: [String]) async throws {
    guard arguments.count == 4, let count = Int(arguments[3]) else { exit(2) }
    let server = "http://127.0.0.1:\(arguments[1])/"
    let client = HTTPClient()
    // Loads libcurl and opens the first connection, which the floor does before its clock starts, too.
    _ = try await client.send(request(server)).body.collect()

    let start = ContinuousClock.now
    var bytes = 0
    var delays = 0
    switch arguments[2] {
    case "sequential":
      for _ in 0..<count { bytes += try await client.send(request(server)).body.collect().count }
      print(rate(count, since: start))
    case "concurrent":
      bytes = try await withThrowingTaskGroup(of: Int.self) { group in
        for way in 0..<ways {
          group.addTask {
            var bytes = 0
            for _ in stride(from: way, to: count, by: ways) {
              bytes += try await client.send(request(server)).body.collect().count
            }
            return bytes
          }
        }
        var bytes = 0
        for try await part in group { bytes += part }
        return bytes
      }
      print(rate(count, since: start))
    case "burst":
      for try await piece in try await client.send(HTTPRequest(url: "\(server)burst/\(count)")).body {
        bytes += piece.count
      }
      print(format(seconds(since: start) * 1e6 / Double(count)))
    case "paced":
      for try await piece in try await client.send(HTTPRequest(url: "\(server)paced/\(count)")).body {
        let arrival = monotonicNanoseconds()
        // A piece may hold more than one chunk of 20 bytes.
        for chunk in stride(from: 0, to: piece.count, by: 20) {
          delays += arrival - piece[chunk..<(chunk + 19)].reduce(0) { $0 * 10 + Int($1 - 48) }
        }
        bytes += piece.count
      }
      print(format(Double(delays) / 1e3 / Double(count)))
    default: exit(2)
    }
    let isStream = arguments[2] == "burst" || arguments[2] == "paced"
    exit(bytes == count * (isStream ? 20 : 111) ? 0 : 1)
  }

  static func request(_ url: String) -> HTTPRequest {
    HTTPRequest(
      method: "POST", url: url,
      fields: ["Content-Type": "application/json", "X-Api-Key": "0123456789abcdef0123456789abcdef"],
      body: body)
  }

  static let body = Array(
    #"{"model":"floor","max_tokens":16,"messages":[{"role":"user","content":"Hello"}]}"#.utf8)

  static func monotonicNanoseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  static func seconds(since start: ContinuousClock.Instant) -> Double {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return Double(seconds) + Double(attoseconds) / 1e18
  }

  static func rate(_ count: Int, since start: ContinuousClock.Instant) -> Int {
    Int(Double(count) / seconds(since: start))
  }

  /// Three decimals.
  static func format(_ value: Double) -> String {
    let thousandths = Int((value * 1000).rounded())
    let fraction = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}
