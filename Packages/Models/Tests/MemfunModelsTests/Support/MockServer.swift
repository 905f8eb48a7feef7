import Glibc
import MemfunCore

@testable import MemfunModels

/// A running `tests/Support/mockllm.py` on a free port, ended with this value.
final class MockServer: Sendable {
  struct NotStarted: Error { let reason: String }

  let url: String
  let client = HTTPClient()
  private let process: pid_t

  /// - Parameter script: what the server does, in the form that the top of mockllm.py describes.
  init(_ script: JSONValue = ["default": ["reply": "OK"]]) async throws {
    // Sources/…/Tests/MemfunModelsTests/Support/MockServer.swift → the repository's root.
    let root = "/" + #filePath.split(separator: "/").dropLast(6).joined(separator: "/")
    var ends: [Int32] = [0, 0]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw NotStarted(reason: "pipe2") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    // `timeout` ends the server even when the test process dies.
    let words = [
      "/usr/bin/timeout", "300", "/usr/bin/python3", root + "/tests/Support/mockllm.py", "--port", "0",
    ]
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, words[0], &actions, &attributes, &arguments, environ)
    close(ends[1])
    guard code == 0 else { throw NotStarted(reason: String(cString: strerror(code))) }
    process = child
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(ends[0], &byte, 1) == 1, byte != 0x0A { line.append(byte) }
    close(ends[0])
    guard let url = try JSONParser.parse(line)["listening"]?.stringValue else {
      throw NotStarted(reason: "no address")
    }
    self.url = url
    let answer = try await client.send(
      HTTPRequest(method: "POST", url: url + "/_mock/script", body: JSONSerializer.bytes(of: script)))
    guard answer.status == 200 else { throw NotStarted(reason: "script refused") }
  }

  deinit {
    kill(process, SIGTERM)
    var status: Int32 = 0
    waitpid(process, &status, 0)
  }

  /// The server's counters.
  func stats() async throws -> JSONValue {
    try JSONParser.parse(await client.send(HTTPRequest(url: url + "/_mock/stats")).body.collect())
  }

  /// A provider that talks to this server; waits take no time.
  func provider(
    _ provider: ModelConfiguration.Provider, model: String = "mock", key: String? = "sk-test-1234567890",
    retry: RetryPolicy = RetryPolicy(), deadlines: HTTPDeadlines = HTTPDeadlines(), suffix: String = "",
    time: any TimeSource = ManualTimeSource(automatic: true),
    concurrency: ConcurrencyLimitStateMachine.Policy? = nil
  ) throws -> ModelProvider {
    try ModelProvider(
      ModelConfiguration(
        provider: provider, model: model, baseURL: url + suffix, apiKey: key.map(Secret.init),
        deadlines: deadlines, retry: retry, concurrency: concurrency),
      transport: client, time: time, random: SeededRandomSource(seed: 1))
  }
}

/// The parts of `pipe2` and `environ` that Glibc's overlay hides.
private func pipe2(_ ends: inout [Int32], _ flags: Int32) -> Int32 {
  guard pipe(&ends) == 0 else { return -1 }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  return 0
}
