import Glibc
import MemfunCore
import Synchronization
import Testing

@testable import MemfunCLI

/// Runs command lines without a process.
struct Harness {
  struct Output {
    let code: ExitCode
    let output: String
    let error: String

    /// The one JSON object on standard output.
    func json() throws -> JSONValue {
      #expect(output.hasSuffix("\n"))
      return try JSONParser.parse(output)
    }
  }

  struct FailingSink: OutputSink {
    let failure: OutputError
    func write(_ bytes: [UInt8]) throws(OutputError) { throw failure }
  }

  static let terminal = TerminalEnvironment(
    environment: ["LANG": "C.UTF-8"], terminals: (false, false, false), windowColumns: nil)

  static func run(
    _ words: [String], root: Command = CommandTree.root, terminal: TerminalEnvironment = terminal,
    environment: [String: String] = [:], output: (any OutputSink)? = nil
  ) async -> Output {
    await run(
      bytes: words.map { Array($0.utf8) }, root: root, terminal: terminal, environment: environment,
      output: output)
  }

  static func run(
    bytes: [[UInt8]], root: Command = CommandTree.root, terminal: TerminalEnvironment = terminal,
    environment: [String: String] = [:], output: (any OutputSink)? = nil,
    interruption: CommandFailure.Interruption? = nil
  ) async -> Output {
    let memory = OutputRecorder()
    let error = OutputRecorder()
    let application = Application(
      root: root, build: BuildInformation(commit: "0123456789abcdef"), environment: environment,
      terminal: terminal, output: output ?? memory, error: error, time: ManualTimeSource(),
      random: SeededRandomSource(seed: 1))
    let code = await application.run(application.prepare(bytes), interruption: { interruption })
    return Output(code: code, output: memory.text, error: error.text)
  }
}

/// A command for each way to end.
private enum EndingTree {
  struct Refused: MemfunError {
    var kind: String { "test.refused" }
    var what: String { "the thing was refused" }
    var location: String? { "file.txt:3:4" }
    var remedy: String? { "ask nicely" }
    var exitCode: ExitCode { .approval }
  }
  struct Strange: Error {}

  static let root = Command(
    group: "memfun", summary: "Ends",
    subcommands: [
      Command("fail", summary: "Fails", resultSchema: ["type": "object"]) { _ in throw Refused() },
      Command("strange", summary: "Fails oddly", resultSchema: ["type": "object"]) { _ in throw Strange() },
      Command("verdict", summary: "Finds something", resultSchema: ["type": "object"]) { _ in
        CommandOutcome(["found": 2], failure: Refused()) { _ in StyledText("found 2\n") }
      },
      Command("hostile", summary: "Prints data", resultSchema: ["type": "object"]) { context in
        context.console.note("a\u{1B}]0;title\u{7}b")
        return CommandOutcome(["name": "a\u{1B}[2J\u{9B}31m\u{202E}é"]) { _ in
          StyledText("✓ a\u{1B}[2J\u{9B}31m\u{202E}é\r\n", .success)
        }
      },
    ])
}

@Suite("The frame around the commands")
struct ApplicationTests {
  @Test("--version prints one line, --json makes it one object")
  func version() async throws {
    let plain = await Harness.run(["--version"])
    #expect(plain.output == "memfun 0.1.0 (0123456)\n" && plain.error.isEmpty && plain.code == .done)
    let json = try await Harness.run(["--json", "--version"]).json()
    #expect(json["status"] == "ok" && json["exit_code"] == 0 && json["version"] == 1)
    #expect(json["result"]?["commit"] == "0123456789abcdef")
  }

  @Test("an error has three parts on standard error, and its exit code")
  func errorText() async {
    let ended = await Harness.run(["fail"], root: EndingTree.root)
    #expect(ended.output.isEmpty && ended.code == .approval)
    #expect(ended.error == "memfun: error: the thing was refused\n  at: file.txt:3:4\n  try: ask nicely\n")
    let strange = await Harness.run(["strange"], root: EndingTree.root)
    #expect(strange.code == .taskFailed && strange.error.contains("unexpected error"))
  }

  @Test("under --json a failure is one object on standard output and nothing on standard error")
  func errorJSON() async throws {
    for words in [["fail", "--json"], ["--output", "json", "fail"], ["--output=json", "fail"]] {
      let ended = await Harness.run(words, root: EndingTree.root)
      let json = try ended.json()
      #expect(ended.error.isEmpty && ended.code == .approval)
      #expect(json["status"] == "error" && json["exit_code"] == 4 && json["command"] == "fail")
      #expect(json["result"] == .null && json["error"]?["kind"] == "test.refused")
      #expect(json["error"]?["location"] == "file.txt:3:4" && json["error"]?["retryable"] == false)
    }
  }

  @Test(
    "a usage error is one object too, wherever --json stands",
    arguments: [
      ["--json"], ["--json", "bogus"], ["bogus", "--json"], ["version", "--bogus", "--json"],
      ["version", "--output", "json", "--bogus"], ["--color", "--json"], ["help", "bogus", "--json"],
      ["schema", "bogus", "--json"], ["completion", "tcsh", "--json"],
    ])
  func usageJSON(words: [String]) async throws {
    let ended = await Harness.run(words)
    let json = try ended.json()
    #expect(ended.code == .usage && ended.error.isEmpty)
    #expect(json["exit_code"] == 2 && json["status"] == "error")
    #expect(json["error"]?["kind"]?.stringValue?.hasPrefix("usage.") == true)
  }

  @Test("--json after -- is an operand")
  func jsonOperand() async {
    let ended = await Harness.run(["bogus", "--", "--json"])
    #expect(ended.output.isEmpty && ended.code == .usage && ended.error.contains("unknown command"))
  }

  @Test("a verdict has both a result and an error, and the error's exit code")
  func verdict() async throws {
    let text = await Harness.run(["verdict"], root: EndingTree.root)
    #expect(text.output == "found 2\n" && text.error.contains("refused") && text.code == .approval)
    let json = try await Harness.run(["verdict", "--json"], root: EndingTree.root).json()
    #expect(
      json["result"]?["found"] == 2 && json["error"]?["kind"] == "test.refused" && json["status"] == "error")
  }

  @Test("a signal gives its exit code")
  func signals() async throws {
    for (signal, code) in [(CommandFailure.Interruption.interrupt, 130), (.termination, 143)] {
      let ended = await Harness.run(
        bytes: [Array("fail".utf8), Array("--json".utf8)], root: EndingTree.root, interruption: signal)
      #expect(ended.code.rawValue == Int32(code))
      #expect(try ended.json()["exit_code"] == .int(code))
    }
  }

  @Test("control characters of data are shown, not obeyed, in text, notes and JSON")
  func hostileData() async throws {
    let text = await Harness.run(["hostile"], root: EndingTree.root)
    #expect(text.output == "✓ a\\u{1b}[2J\\u{9b}31m\\u{202e}é\\r\n")
    #expect(text.error == "memfun: note: a\\u{1b}]0;title\\u{7}b\n")
    var terminal = Harness.terminal
    terminal.outputIsTerminal = true
    let json = await Harness.run(["hostile", "--json"], root: EndingTree.root, terminal: terminal)
    #expect(json.output.unicodeScalars.allSatisfy { !VisibleText.isActive($0) })
    #expect(try json.json()["result"]?["name"] == "a\u{1B}[2J\u{9B}31m\u{202E}é")
  }

  @Test("without UTF-8 the program's own signs become ASCII, and JSON stays equal in value")
  func plainLocale() async throws {
    let terminal = TerminalEnvironment(
      environment: ["LC_ALL": "C", "LANG": "de_DE.UTF-8"], terminals: (false, true, false), windowColumns: 80)
    let text = await Harness.run(["hostile", "--no-color"], root: EndingTree.root, terminal: terminal)
    #expect(text.output == "ok a\\u{1b}[2J\\u{9b}31m\\u{202e}\\u{e9}\\r\n")
    let json = await Harness.run(["hostile", "--json"], root: EndingTree.root, terminal: terminal)
    #expect(json.output.utf8.allSatisfy { $0 < 0x80 })
    #expect(try json.json()["result"]?["name"] == "a\u{1B}[2J\u{9B}31m\u{202E}é")
  }

  @Test("-q leaves out notes but neither results nor errors")
  func quiet() async {
    let ended = await Harness.run(["hostile", "-q"], root: EndingTree.root)
    #expect(ended.error.isEmpty && !ended.output.isEmpty)
    #expect(await !Harness.run(["fail", "-q"], root: EndingTree.root).error.isEmpty)
  }

  @Test("a reader that has gone is no failure; a full disk is one")
  func outputFailures() async {
    let gone = await Harness.run(["version"], output: Harness.FailingSink(failure: .readerGone))
    #expect(gone.code == .done && gone.error.isEmpty)
    let verdict = await Harness.run(
      ["verdict"], root: EndingTree.root, output: Harness.FailingSink(failure: .readerGone))
    #expect(verdict.code == .approval)
    let full = await Harness.run(
      ["version"], output: Harness.FailingSink(failure: .writeFailed(stream: "standard output", code: ENOSPC))
    )
    #expect(full.code == .taskFailed && full.error.contains("No space left on device"))
  }

  @Test("an argument that is not UTF-8 is named, with its bytes")
  func invalidUTF8() async throws {
    let ended = await Harness.run(bytes: [Array("version".utf8), [0x61, 0xFF, 0xFE]])
    #expect(ended.code == .usage && ended.error.contains("argument 2 is not valid UTF-8: a\\xff\\xfe"))
    let json = await Harness.run(bytes: [Array("--json".utf8), [0xC0]])
    #expect(try json.json()["error"]?["kind"] == "usage.invalid_utf8")
  }

  @Test("a folder of --cwd that is not there is a usage error")
  func missingFolder() async {
    let ended = await Harness.run(["--cwd", "/nonexistent/folder", "version"])
    #expect(ended.code == .usage && ended.error.contains("/nonexistent/folder"))
  }

  @Test("no command: help on standard error, exit code 2")
  func noCommand() async {
    let ended = await Harness.run([])
    #expect(ended.output.isEmpty && ended.code == .usage)
    #expect(ended.error.contains("Usage:") && ended.error.contains("a command is missing"))
  }

  @Test("help on every level goes to standard output with exit code 0")
  func help() async throws {
    for (path, command) in CommandTree.root.walk() {
      let ended = await Harness.run(path + ["--help"])
      #expect(ended.code == .done && ended.error.isEmpty && ended.output.contains(command.summary.prefix(10)))
      let named = await Harness.run(["help"] + path)
      #expect(named.output == ended.output)
    }
    #expect(try await Harness.run(["--help", "--json"]).json()["result"]?["text"] != nil)
  }
}
