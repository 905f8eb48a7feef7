import Glibc
import MemfunCore
import Synchronization

/// A child process that speaks in lines, killed at the latest with its owner.
///
/// Reading blocks; it is done on a thread of its own.
final class ChildProcess: Sendable {
  let pid: pid_t
  private let output: Int32
  private let isReaped = Atomic(false)

  /// Starts the helper program that is built beside the tests.
  init(_ arguments: String...) throws {
    let program = try Self.program()
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw SystemCallError("pipe") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    // Test threads block signals; the child must not inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    // It needs nothing from the environment.
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    let code = posix_spawn(&pid, program, &actions, &attributes, &words, &environment)
    close(ends[1])
    if code != 0 {
      close(ends[0])
      throw SystemCallError("posix_spawn", on: program, code: code)
    }
    self.pid = pid
    output = ends[0]
    _ = fcntl(output, F_SETFD, FD_CLOEXEC)
  }

  deinit {
    kill()
    close(output)
  }

  /// The helper lies in the folder of the test program.
  private static func program() throws -> String {
    var space = [CChar](repeating: 0, count: 4096)
    // The test bundle may be loaded by another program; then the arguments name it.
    let length = readlink("/proc/self/exe", &space, space.count - 1)
    var candidates =
      length > 0 ? [String(decoding: space[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)] : []
    candidates += CommandLine.arguments.filter { $0.contains(".xctest") }
    for candidate in candidates {
      guard let slash = candidate.lastIndex(of: "/") else { continue }
      let program = candidate[..<slash] + "/runtime-process"
      if access(String(program), X_OK) == 0 { return String(program) }
    }
    throw SystemCallError("open", on: "runtime-process", code: ENOENT)
  }

  /// The next line; nil at the end of the output.
  func line() async throws -> String? {
    try await withCheckedThrowingContinuation { continuation in
      do {
        try DedicatedThread.start("child-line") { [self] in continuation.resume(returning: readLine()) }
      } catch { continuation.resume(throwing: error) }
    }
  }

  /// Every line until the end.
  func lines() async throws -> [String] {
    var all: [String] = []
    while let next = try await line() { all.append(next) }
    return all
  }

  private func readLine() -> String? {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while read(output, &byte, 1) == 1 {
      if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// SIGKILL, and waits for the end.
  func kill() {
    if isReaped.exchange(true, ordering: .sequentiallyConsistent) { return }
    _ = Glibc.kill(pid, SIGKILL)
    var status: Int32 = 0
    _ = waitpid(pid, &status, 0)
  }
}
