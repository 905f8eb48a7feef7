import Glibc
import Synchronization
import Testing

@testable import MemfunCore

@Suite("A child process")
struct SubprocessTests {
  private func shell(
    _ script: String, input: Subprocess.Input = .none, output: Subprocess.Output = .capture,
    error: Subprocess.Output = .capture, timeout: Duration? = .seconds(60),
    killGrace: Duration = .seconds(2)
  ) -> Subprocess {
    Subprocess(
      "/bin/sh", ["-c", script], input: input, output: output, error: error, timeout: timeout,
      killGrace: killGrace)
  }

  // MARK: Results

  @Test("returns what was written to each stream and the exit status")
  func result() async throws {
    let result = try await shell("echo out; echo err >&2; exit 3").run()
    #expect(result.termination == .exited(3))
    #expect(!result.succeeded)
    #expect(result.output.text == "out\n")
    #expect(result.error.text == "err\n")
    #expect(result.output.droppedBytes == 0)
  }

  @Test("that dies of a signal reports the signal")
  func signalled() async throws {
    #expect(try await shell("kill -USR1 $$").run().termination == .signalled(SIGUSR1))
  }

  @Test("gets its arguments unchanged, whatever characters they hold")
  func arguments() async throws {
    let arguments = ["", " a  b ", "$HOME", "it's \"x\"", "é日本\n", "-n", "*"]
    let result = try await Subprocess("/usr/bin/printf", ["%s\\0"] + arguments).run()
    #expect(
      result.output.text.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        == arguments + [""])
  }

  @Test("has the chosen environment and nothing else")
  func environment() async throws {
    setenv("MEMFUN_TEST_SECRET", "leak", 1)
    let result = try await Subprocess("/usr/bin/env", environment: ["A": "1", "B": "x=y\nz"]).run()
    #expect(result.output.text == "A=1\nB=x=y\nz\n")
    let minimal = try await Subprocess("/usr/bin/env").run().output.text
    #expect(!minimal.contains("MEMFUN_TEST_SECRET"))
    #expect(minimal.contains("PATH=/usr/local/bin:/usr/bin:/bin\n"))
  }

  @Test("starts in the chosen folder, also when that is no absolute path of the program")
  func workingDirectory() async throws {
    let result = try await Subprocess("/bin/pwd", ["-P"], workingDirectory: "/usr/bin").run()
    #expect(result.output.text == "/usr/bin\n")
  }

  @Test("reads its whole input and then the end of the file")
  func input() async throws {
    let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let result = try await Subprocess(
      "/bin/cat", input: .bytes(bytes), output: .capture(head: .max, tail: 0)
    ).run()
    #expect(result.output.head == bytes)
    #expect(try await Subprocess("/bin/cat").run().output.head == [])
    #expect(try await Subprocess("/bin/cat", input: .bytes([])).run().output.head == [])
  }

  @Test("that does not read 100 MB of input is no error")
  func unreadInput() async throws {
    let result = try await Subprocess(
      "/bin/true", input: .bytes([UInt8](repeating: 65, count: 100_000_000))
    ).run()
    #expect(result.termination == .exited(0))
    let closing = try await shell(
      "exec <&-; echo alive", input: .bytes([UInt8](repeating: 65, count: 1_000_000))
    ).run()
    #expect(closing.output.text == "alive\n")
  }

  @Test("with far more output than is kept leaves head, tail and an exact count")
  func bigOutput() async throws {
    let result = try await shell(
      "head -c 1000000000 /dev/zero; printf THE_END", output: .capture(head: 10, tail: 7)
    ).run()
    #expect(result.output.head == [UInt8](repeating: 0, count: 10))
    #expect(String(decoding: result.output.tail, as: UTF8.self) == "THE_END")
    #expect(result.output.droppedBytes == 1_000_000_000 - 10)
  }

  @Test("is streamed piece by piece, in order and complete")
  func streaming() async throws {
    let collected = Mutex<[UInt8]>([])
    let result = try await Subprocess(
      "/usr/bin/seq", ["1", "50000"],
      output: .stream { bytes in collected.withLock { $0.append(contentsOf: bytes) } }
    ).run()
    let expected = (1...50000).map { "\($0)\n" }.joined()
    #expect(collected.withLock { String(decoding: $0, as: UTF8.self) } == expected)
    #expect(result.output == CapturedOutput())
  }

  @Test("whose output is discarded writes to /dev/null")
  func discard() async throws {
    let result = try await shell("target=$(readlink /proc/$$/fd/1); echo $target >&2", output: .discard).run()
    #expect(result.error.text == "/dev/null\n")
    #expect(result.output == CapturedOutput())
  }

  // MARK: What is inherited

  @Test("has no descriptor but the three standard ones")
  func descriptors() async throws {
    // One descriptor of ours is without close-on-exec on purpose.
    let open = Glibc.open("/dev/null", O_RDONLY)
    defer { close(open) }
    #expect(open >= 0)
    // The fourth is the folder that ls itself has open.
    #expect(try await Subprocess("/bin/ls", ["/proc/self/fd"]).run().output.text == "0\n1\n2\n3\n")
  }

  @Test("has no signal blocked and none ignored, and leads its own session and group")
  func signals() async throws {
    let previous = signal(SIGUSR2, SIG_IGN)
    defer { signal(SIGUSR2, previous) }
    let status = try await Subprocess("/bin/cat", ["/proc/self/status"]).run().output.text
    #expect(status.contains("SigBlk:\t0000000000000000\n"))
    #expect(status.contains("SigIgn:\t0000000000000000\n"))
    let ids = try await shell("cut -d' ' -f1,5,6 /proc/$$/stat").run().output.text
      .split(whereSeparator: \.isWhitespace)
    #expect(Set(ids).count == 1)
  }

  @Test("leaves no zombie and no open descriptor behind")
  func leaksNothing() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        group.addTask {
          let result = try await Subprocess("/bin/echo", ["\(number)"]).run()
          #expect(result.output.text == "\(number)\n")
        }
      }
      try await group.waitForAll()
    }
    let result = try await shell("echo $$").run()
    let pid = try #require(Int32(result.output.text.dropLast()))
    #expect(kill(pid, 0) == -1 && errno == ESRCH)
  }

  // MARK: Limits

  @Test("that runs into its time limit gets SIGTERM")
  func timeout() async throws {
    let result = try await shell("sleep 600", timeout: .milliseconds(100)).run()
    #expect(result.termination == .timedOut(lastSignal: SIGTERM))
    #expect(result.wallTime >= .milliseconds(100))
    #expect(result.wallTime < .seconds(60))
  }

  @Test("that ignores SIGTERM gets SIGKILL after the grace, and keeps its output")
  func killAfterGrace() async throws {
    let result = try await shell(
      "trap '' TERM; echo before; while :; do sleep 600; done", timeout: .milliseconds(200),
      killGrace: .milliseconds(100)
    ).run()
    #expect(result.termination == .timedOut(lastSignal: SIGKILL))
    #expect(result.output.text == "before\n")
  }

  @Test("takes the processes it started with it when its time is up")
  func groupIsKilled() async throws {
    let result = try await shell(
      "trap '' TERM; sleep 601 & echo $!; (trap '' TERM; sleep 602) & echo $!; wait",
      timeout: .milliseconds(300), killGrace: .milliseconds(50)
    ).run()
    let pids = result.output.text.split(separator: "\n").compactMap { Int32($0) }
    #expect(pids.count == 2)
    for pid in pids { #expect(await isGone(pid)) }
  }

  @Test("does not delay the return by a grandchild that holds its output, and the grandchild is ended")
  func grandchildHoldsPipe() async throws {
    let result = try await shell("sleep 603 & echo $!; exit 4").run()
    #expect(result.termination == .exited(4))
    #expect(result.wallTime < .seconds(30))
    let pid = try #require(Int32(result.output.text.dropLast()))
    #expect(await isGone(pid))
  }

  @Test("leaves alone a background process that let go of the output")
  func detachedProcessLives() async throws {
    let result = try await shell("sleep 604 >/dev/null 2>&1 </dev/null & echo $!").run()
    let pid = try #require(Int32(result.output.text.dropLast()))
    #expect(kill(pid, 0) == 0)
    kill(pid, SIGKILL)
  }

  @Test("does not delay the return by a process that fled into a session of its own")
  func fugitive() async throws {
    let result = try await shell("setsid sh -c 'echo $$; exec sleep 605' & sleep 0.2").run()
    #expect(result.wallTime < .seconds(30))
    let pid = try #require(Int32(result.output.text.dropLast()))
    #expect(kill(pid, SIGKILL) == 0)
  }

  @Test("is ended when the task is cancelled, even if it ignores SIGTERM")
  func cancellation() async throws {
    let pid = Mutex<Int32>(0)
    let started = AsyncStream<Void>.makeStream()
    let process = shell(
      "trap '' TERM; echo $$; while :; do sleep 600; done",
      output: .stream { bytes in
        pid.withLock { $0 = Int32(String(decoding: bytes, as: UTF8.self).dropLast()) ?? 0 }
        started.continuation.yield()
      })
    let task = Task { try await process.run() }
    for await _ in started.stream { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    let number = pid.withLock { $0 }
    #expect(number > 0)
    #expect(kill(number, 0) == -1 && errno == ESRCH)
  }

  @Test("is not started for a task that is cancelled already")
  func cancelledBefore() async throws {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await Subprocess("/bin/true").run()
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  // MARK: Errors

  @Test("that does not exist is an error that says where it was looked for")
  func missing() async throws {
    await #expect(throws: SubprocessError.notFound(program: "/no/such", searched: ["/no/such"])) {
      try await Subprocess("/no/such").run()
    }
    let error = await #expect(throws: SubprocessError.self) {
      try await Subprocess("no-such-program-anywhere").run()
    }
    guard case .notFound(let program, let searched) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(program == "no-such-program-anywhere")
    #expect(searched.contains("/usr/bin"))
    #expect(error?.description.contains("/usr/bin") == true)
  }

  @Test(
    "that cannot be executed is an error that says why",
    arguments: [
      ("/etc/passwd", "it has no execute permission"), ("/usr", "it is not a regular file"),
    ])
  func notExecutable(path: String, reason: String) async throws {
    await #expect(throws: SubprocessError.notExecutable(path: path, reason: reason)) {
      try await Subprocess(path).run()
    }
  }

  @Test("with a script whose interpreter is missing, or with no format at all, is an error")
  func badFormat() async throws {
    try await withTemporaryDirectory { folder in
      try writeExecutable("#!/no/such/interpreter\n", to: folder + "/script")
      try writeExecutable("\u{1}\u{2}garbage", to: folder + "/garbage")
      for name in ["script", "garbage"] {
        let error = await #expect(throws: SubprocessError.self) {
          try await Subprocess("\(folder)/\(name)").run()
        }
        #expect(error?.kind == "subprocess.not_executable")
      }
    }
  }

  @Test(
    "in a folder that does not exist or is a file is an error about the folder",
    arguments: [
      "/no/such/folder", "/etc/passwd",
    ])
  func badDirectory(path: String) async throws {
    let error = await #expect(throws: SubprocessError.self) {
      try await Subprocess("/bin/true", workingDirectory: path).run()
    }
    #expect(error?.kind == "subprocess.bad_directory")
    #expect(error?.location == path)
  }

  @Test("with strings that cannot be passed is an error, not a shortened string")
  func badStrings() async throws {
    let processes = [
      Subprocess("/bin/echo", ["a\0b"]), Subprocess("/bin/ec\0ho"), Subprocess(""),
      Subprocess("/bin/true", environment: ["A=B": "x"]), Subprocess("/bin/true", environment: ["": "x"]),
      Subprocess("/bin/true", environment: ["A": "x\0y"]),
      Subprocess("/bin/true", [String(repeating: "x", count: 10_000_000)]),
    ]
    for process in processes {
      let error = await #expect(throws: SubprocessError.self) { try await process.run() }
      #expect(error?.kind == "subprocess.bad_argument")
    }
  }

  // MARK: Lookup

  @Test("is looked up in the absolute folders of the search path only, the first usable one wins")
  func lookup() async throws {
    try await withTemporaryDirectory { folder in
      for name in ["a", "b", "c"] { mkdir("\(folder)/\(name)", 0o755) }
      try writeExecutable("#!/bin/sh\n", to: folder + "/b/tool")
      try writeExecutable("#!/bin/sh\n", to: folder + "/c/tool")
      try writeExecutable("", to: folder + "/a/tool")
      chmod(folder + "/a/tool", 0o644)
      let path = "::relative:\(folder)/a:\(folder)/b/:\(folder)/c"
      #expect(try Subprocess.locate("tool", searchPath: path) == "\(folder)/b/tool")
      #expect(
        throws: SubprocessError.notExecutable(
          path: "\(folder)/a/tool", reason: "it has no execute permission")
      ) { try Subprocess.locate("tool", searchPath: "\(folder)/a") }
      #expect(throws: SubprocessError.notFound(program: "tool", searched: [])) {
        try Subprocess.locate("tool", searchPath: "")
      }
    }
  }

  /// A killed process is gone once whoever inherited it has reaped it; a zombie counts as gone.
  private func isGone(_ pid: Int32) async -> Bool {
    for _ in 0..<500 {
      if kill(pid, 0) == -1 { return true }
      if let status = try? readText("/proc/\(pid)/stat"), status.contains(") Z ") { return true }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return false
  }
}
