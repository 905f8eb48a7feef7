import MemfunCore
import Testing

@Suite("memfun init from the outside")
struct SetupCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("project/Package.swift", "")
    try folder.write("project/Sources/main.swift", "")
  }

  @Test("--yes makes all files, with the right permissions; again it changes nothing")
  func yes() async throws {
    let arguments = ["--cwd", "project", "init", "--yes", "--provider", "ollama", "--model", "m", "--json"]
    let first = try await MemfunBinary.run(arguments, in: folder).json()
    #expect(first["result"]?["files"]?.arrayValue?.allSatisfy { $0["change"] == "created" } == true)
    #expect(
      folder.names(in: "project") == [".memfun", "AGENTS.md", "Package.swift", "Sources", "memfun.toml"])
    #expect(folder.read("project/.memfun/.gitignore") == "*\n")
    #expect(folder.read("project/AGENTS.md")?.contains("`swift test`") == true)
    let second = try await MemfunBinary.run(arguments, in: folder).json()
    #expect(second["result"]?["files"]?.arrayValue?.allSatisfy { $0["change"] == "unchanged" } == true)
    let third = try await MemfunBinary.run(["--cwd", "project", "init", "--yes"], in: folder)
    #expect(third.code == 0)
    #expect(folder.read("project/memfun.toml")?.contains("provider = \"ollama\"\nname = \"m\"") == true)
  }

  @Test("a key from standard input lands only in a file that nobody else can read")
  func storedKey() async throws {
    let key = "sk-test-0123456789abcdef"
    let run = try await MemfunBinary.run(
      [
        "--cwd", "project", "init", "--yes", "--provider", "anthropic", "--model", "m", "--api-key-stdin",
        "-vv",
      ],
      in: folder, input: key + "\n")
    #expect(run.code == 0 && !run.output.contains(key) && !run.error.contains(key))
    #expect(folder.read(".config/memfun/credentials.toml") == "[anthropic]\napi_key = \"\(key)\"\n")
    #expect(folder.mode(".config/memfun/credentials.toml") == 0o600 && folder.mode(".config/memfun") == 0o700)
    #expect(folder.read("project/memfun.toml")?.contains(key) == false)
  }

  @Test("an AGENTS.md that is there stays; --no-agents makes none")
  func agents() async throws {
    #expect(
      try await MemfunBinary.run(["--cwd", "project", "init", "--yes", "--no-agents"], in: folder).code == 0)
    #expect(folder.read("project/AGENTS.md") == nil)
    try folder.write("project/AGENTS.md", "mine\n")
    #expect(
      try await MemfunBinary.run(["--cwd", "project", "init", "--yes", "--agents"], in: folder).code == 0)
    #expect(folder.read("project/AGENTS.md") == "mine\n")
  }

  @Test("a server elsewhere is trusted by the user's file, since a project's file may not say so")
  func trustedHost() async throws {
    let run = try await MemfunBinary.run(
      ["--cwd", "project", "init", "-y", "--provider", "openai", "--base-url", "https://llm.example.org/v1"],
      in: folder)
    #expect(run.code == 0, "\(run.error)")
    #expect(folder.read(".config/memfun/config.toml")?.contains("llm.example.org") == true)
    #expect(try await MemfunBinary.run(["--cwd", "project", "config", "list"], in: folder).code == 0)
  }

  @Test("nothing is written when a file cannot be")
  func allOrNothing() async throws {
    try folder.write("project/.memfun", "a file where a folder belongs")
    let run = try await MemfunBinary.run(
      ["--cwd", "project", "init", "--yes", "--provider", "openai", "--api-key-stdin"], in: folder,
      input: "k\n")
    #expect(run.code != 0 && run.error.contains(".memfun"))
    #expect(folder.names(in: "project") == [".memfun", "Package.swift", "Sources"])
    #expect(folder.read(".config/memfun/credentials.toml") == nil)
  }

  @Test("without a terminal and without --yes it refuses and names the flag")
  func noTerminal() async throws {
    let run = try await MemfunBinary.run(["--cwd", "project", "init"], in: folder)
    #expect(run.code == 2 && run.error.contains("--yes") && folder.names(in: "project").count == 2)
  }

  @Test(
    "flags that cannot be used are refused",
    arguments: [
      ["--provider", "azure"], ["--base-url", "host:1"], ["--api-key-env", "A B"], ["--api-key-stdin"],
      ["--agents", "--no-agents"], ["--api-key-stdin", "--api-key-env", "K"],
    ])
  func wrongFlags(flags: [String]) async throws {
    let run = try await MemfunBinary.run(["--cwd", "project", "init", "--yes"] + flags, in: folder)
    #expect(run.code == 2 && folder.names(in: "project").count == 2, "\(run)")
  }

  @Test("the dialogue on a terminal: a typed key is not shown")
  func dialogue() async throws {
    let run = try await MemfunBinary.onTerminal(
      ["--cwd", "project", "init", "--no-color"],
      steps: [
        ["expect": "Number or name", "send": "anthropic\n"], ["expect": "Model", "send": "some-model\n"],
        ["expect": "Number or name", "send": "file\n"],
        ["expect": "not shown", "send": "sk-secret-0123456789\n"],
        ["expect": "AGENTS.md", "send": "no\n"],
      ], in: folder)
    #expect(run.code == 0, "\(run)")
    #expect(!run.output.contains("sk-secret") && run.output.contains("created"))
    #expect(folder.read(".config/memfun/credentials.toml")?.contains("sk-secret-0123456789") == true)
    #expect(folder.read("project/AGENTS.md") == nil)
    #expect(folder.read("project/memfun.toml")?.contains("name = \"some-model\"") == true)
  }

  @Test("a key for --api-key-stdin that is typed on a terminal is not shown either")
  func typedKeyForStandardInput() async throws {
    let run = try await MemfunBinary.onTerminal(
      ["init", "--yes", "--provider", "openai", "--model", "m", "--api-key-stdin", "--json"],
      steps: [["expect": "not shown", "send": "topsecret123\n"]], in: folder)
    #expect(run.code == 0 && !run.output.contains("topsecret"), "\(run.output)\(run.error)")
    #expect(folder.read(".config/memfun/credentials.toml")?.contains("topsecret123") == true)
  }

  @Test("Ctrl-C, SIGTERM and Ctrl-D at a question end it at once and write nothing")
  func abandoned() async throws {
    let question = "Number or name"
    let keys: [(JSONValue, Int32)] = [
      (["expect": .string(question), "send": "\u{3}"], 130),
      (["expect": .string(question), "signal": "SIGTERM"], 143),
      (["expect": .string(question), "send": "\u{4}"], 4),
    ]
    for (step, code) in keys {
      let run = try await MemfunBinary.onTerminal(["--cwd", "project", "init"], steps: [step], in: folder)
      #expect(run.code == code, "\(step): \(run)")
      #expect(folder.names(in: "project").count == 2)
    }
  }
}
