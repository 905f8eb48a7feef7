import MemfunCore
import Testing

@Suite("The binary's command line")
struct CommandLineTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("--version is one line: version and commit")
  func version() async throws {
    let run = try await MemfunBinary.run(["--version"], in: folder)
    let words = run.output.split(separator: " ")
    #expect(run.code == 0 && run.error.isEmpty && words.count == 3)
    #expect(words[0] == "memfun" && words[1].split(separator: ".").count == 3)
    #expect(words[2].hasPrefix("(") && words[2].hasSuffix(")\n"))
  }

  @Test("every command has help with an example, on standard output, and leaves no file behind")
  func help() async throws {
    let names = try await MemfunBinary.run(["schema"], in: folder).output.split(separator: "\n")
    #expect(names.count >= 5)
    for name in names {
      let run = try await MemfunBinary.run(name.split(separator: " ").map(String.init) + ["-h"], in: folder)
      #expect(run.code == 0 && run.error.isEmpty, "\(name)")
      #expect(run.output.contains("Usage:\n  memfun \(name)") && run.output.contains("Examples:"), "\(name)")
      #expect(run.output.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") }, "\(name)")
    }
    #expect(folder.names().isEmpty)
  }

  @Test("help at the top documents every exit code")
  func exitCodes() async throws {
    let help = try await MemfunBinary.run(["--help"], in: folder).output
    for code in ExitCode.allCases {
      #expect(help.contains("  \(code.rawValue) ") && help.contains(code.meaning))
    }
  }

  @Test(
    "a wrong command line exits with 2, and says how to mend it",
    arguments: [
      ["bogus"], ["--bogus"], ["vesion"], ["version", "--bogus"], ["version", "extra"], ["-Z"], ["--output"],
      ["--output", "yaml", "version"], ["--cwd", "/nonexistent", "version"], ["completion", "tcsh"],
      ["help", "bogus"], ["schema", "bogus"], [""], ["--version=1"], ["-c", "novalue", "version"], [],
    ])
  func wrong(arguments: [String]) async throws {
    let text = try await MemfunBinary.run(arguments, in: folder)
    #expect(text.code == 2 && text.output.isEmpty)
    #expect(text.error.contains("memfun: error: ") && text.error.contains("\n  try: "))
    let json = try await MemfunBinary.run(["--json"] + arguments, in: folder)
    let error = try json.json()["error"]
    #expect(json.code == 2 && json.error.isEmpty)
    #expect(error?["kind"]?.stringValue?.hasPrefix("usage.") == true)
    #expect(error?["message"]?.stringValue?.isEmpty == false && error?["retryable"] == false)
  }

  @Test("typing mistakes are answered with what was meant")
  func suggestions() async throws {
    for (wrong, meant) in [
      ("vesion", "version"), ("shcema", "schema"), ("--jsn", "--json"), ("complet", "completion"),
    ] {
      #expect(try await MemfunBinary.run([wrong], in: folder).error.contains("did you mean"), "\(wrong)")
      #expect(try await MemfunBinary.run([wrong], in: folder).error.contains(meant), "\(wrong)")
    }
  }

  @Test("bytes that are no UTF-8 are refused by name, not by a crash")
  func invalidUTF8() async throws {
    let run = try await MemfunBinary.shell(#"exec "$MEMFUN" version $'a\xff'"#, in: folder)
    #expect(run.code == 2 && run.error.contains("a\\xff"))
  }

  @Test(
    "outputs, good and bad, satisfy the schemas that the binary prints",
    arguments: [
      ["version"], ["schema"], ["schema", "version"], ["help"], ["completion", "bash"], ["man"], ["doctor"],
      ["config list"], ["config get", "model.name"], ["config get", "bogus"], ["config path"],
      ["config describe"], ["config set", "model.name", "m"], ["config unset", "model.name"],
      ["init", "--yes"], ["init"], ["models list"], ["models test"], ["version", "extra"],
    ])
  func schemas(arguments: [String]) async throws {
    let printed = try await MemfunBinary.run(["schema", arguments[0]], in: folder).output
    let schema = try JSONSchema(try JSONParser.parse(printed), name: arguments[0])
    let words = arguments[0].split(separator: " ").map(String.init) + arguments.dropFirst() + ["--json"]
    let value = try await MemfunBinary.run(words, in: folder).json()
    #expect(schema.violations(in: value).isEmpty, "\(schema.violations(in: value))")
    #expect(value["command"]?.stringValue == arguments[0])
  }

  @Test("the log goes to standard error or to a private file, as text or as JSON lines")
  func logging() async throws {
    let verbose = try await MemfunBinary.run(["version", "-v"], in: folder)
    #expect(verbose.error.contains("info cli: command started command=version"))
    #expect(try await MemfunBinary.run(["version"], in: folder).error.isEmpty)
    let file = try await MemfunBinary.run(["version", "--log-file", "log", "--log-format=json"], in: folder)
    #expect(file.code == 0 && file.error.isEmpty && folder.mode("log") == 0o600)
    let lines = try #require(folder.read("log")).split(separator: "\n").map {
      try JSONParser.parse(String($0))
    }
    #expect(lines.last?["message"] == "command ended" && lines.last?["fields"]?["exit_code"] == 0)
    let impossible = try await MemfunBinary.run(
      ["version", "--json", "--log-file", "/nonexistent/log"], in: folder)
    #expect(impossible.code != 0)
    #expect(try impossible.json()["error"]?["location"]?.stringValue?.contains("/nonexistent") == true)
  }

  @Test("the manual page is ASCII, whatever encoding a formatter expects")
  func manualEncoding() async throws {
    let run = try await MemfunBinary.run(["man"], in: TemporaryFolder())
    #expect(run.code == 0 && run.output.utf8.allSatisfy { $0 < 0x80 })
    #expect(run.output.contains("complexity \\[u00D7] change"))
  }

  @Test("doctor without programs warns and exits with 0")
  func doctor() async throws {
    let run = try await MemfunBinary.run(
      ["doctor", "--json"], in: folder, environment: ["PATH": "/nonexistent"])
    let checks = try #require(try run.json()["result"]?["checks"]?.arrayValue)
    #expect(run.code == 0 && checks.count >= 6)
    for check in checks where check["status"] != "ok" {
      #expect(check["status"] == "warning" && check["remedy"]?.stringValue != nil, "\(check)")
    }
  }
}
