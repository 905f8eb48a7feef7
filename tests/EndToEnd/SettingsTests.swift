import MemfunCore
import Testing

@Suite("Settings from the outside")
struct SettingsTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("project/README.md", "# Project\n")
  }

  private func memfun(_ arguments: String...) async throws -> MemfunBinary.Run {
    try await MemfunBinary.run(["--cwd", "project"] + arguments, in: folder)
  }

  @Test("set, get, list and unset round trip, and keep comments and order")
  func roundTrip() async throws {
    try folder.write(
      "project/memfun.toml", "# mine\n[model]\nprovider = \"offline\" # why\n\n[analyze] # later\n")
    #expect(try await memfun("config", "set", "model.provider", "ollama").code == 0)
    #expect(try await memfun("config", "set", "model.temperature", "0.5").code == 0)
    #expect(try await memfun("config", "set", "analyze.exclude", "a/**,b").code == 0)
    #expect(
      folder.read("project/memfun.toml")
        == "# mine\n[model]\nprovider = \"ollama\" # why\ntemperature = 0.5\n\n[analyze] # later\nexclude = [\"a/**\", \"b\"]\n"
    )
    #expect(try await memfun("config", "get", "model.provider").output == "ollama\n")
    #expect(try await memfun("config", "get", "analyze.exclude").output == "a/**\nb\n")
    let origin = try await memfun("config", "get", "model.provider", "--show-origin", "--json").json()
    #expect(origin["result"]?["layer"] == "project")
    #expect(origin["result"]?["origin"]?.stringValue?.hasSuffix("/project/memfun.toml:3:12") == true)
    #expect(try await memfun("config", "unset", "model.temperature").code == 0)
    #expect(try await memfun("config", "list", "--changed").output.contains("temperature") == false)
  }

  @Test("without a project file the user's file is changed; a hidden value is pointed out")
  func userFile() async throws {
    let run = try await memfun("config", "set", "model.name", "m", "--json").json()
    #expect(run["result"]?["layer"] == "user" && run["result"]?["effective"] == true)
    #expect(folder.read(".config/memfun/config.toml") == "[model]\nname = \"m\"\n")
    #expect(folder.mode(".config/memfun") == 0o700)
    let hidden = try await MemfunBinary.run(
      ["config", "set", "model.name", "n"], in: folder, environment: ["MEMFUN_MODEL_NAME": "env"])
    #expect(hidden.code == 0 && hidden.output.contains("MEMFUN_MODEL_NAME"))
    let layered = try await MemfunBinary.run(
      ["-c", "model.name=flag", "config", "get", "model.name", "--show-origin"], in: folder,
      environment: ["MEMFUN_MODEL_NAME": "env"])
    #expect(layered.output == "-c model.name\tflag\n")
  }

  @Test(
    "settings that cannot be made leave the file as it was",
    arguments: [
      ["model.nmae", "x"], ["model.temperature", "hot"], ["model.provider", "openia"],
      ["http.proxy", "http://x", "--project"], ["model.base_url", "https://elsewhere.example", "--project"],
      ["model.name", "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789"], ["model.name"],
      ["model.name", "x", "--global", "--project"],
    ])
  func refused(arguments: [String]) async throws {
    let text = "[model]\nname = \"old\"\n"
    try folder.write("project/memfun.toml", text)
    let run = try await MemfunBinary.run(["--cwd", "project", "config", "set"] + arguments, in: folder)
    #expect(run.code == 2 && run.error.contains("\n  try: "), "\(run.error)")
    #expect(folder.read("project/memfun.toml") == text && folder.names(in: ".config").isEmpty)
    #expect(!run.error.contains("abcdefghijklmnop"))
  }

  @Test("a broken file is named with line and column; doctor and describe still work")
  func broken() async throws {
    try folder.write("project/memfun.toml", "[model]\nprovidr = \"x\"\n")
    let list = try await memfun("config", "list", "--json")
    #expect(list.code == 2)
    #expect(try list.json()["error"]?["location"]?.stringValue?.hasSuffix("memfun.toml:2:1") == true)
    let doctor = try await memfun("doctor", "--json")
    #expect(doctor.code == 1)
    #expect(try doctor.json()["error"]?["kind"] == "doctor.failed")
    #expect(try await memfun("config", "describe", "model.provider").output.contains("MEMFUN_MODEL_PROVIDER"))
    #expect(try await memfun("version").code == 0)
    #expect(try await memfun("init", "--yes").code == 2)
    #expect(folder.names(in: "project") == ["README.md", "memfun.toml"])
  }

  @Test("a project file that cannot be read is named itself, not the folder it is in")
  func unreadableProjectFile() async throws {
    try folder.write("project/memfun.toml/inside", "")
    let json = try await MemfunBinary.run(["--cwd", "project", "config", "list", "--json"], in: folder).json()
    #expect(json["exit_code"] == 2)
    #expect(json["error"]?["location"] == .string(folder.path + "/project/memfun.toml"))
  }

  @Test("without a home folder the error is one of configuration")
  func noHome() async throws {
    let run = try await MemfunBinary.run(["config", "path"], in: folder, environment: ["HOME": "relative"])
    #expect(run.code == 2 && run.error.contains("set HOME"))
  }

  @Test("--config names a file that must exist")
  func explicitFile() async throws {
    #expect(try await memfun("--config", "missing.toml", "config", "list").code == 2)
    try folder.write("project/other.toml", "[model]\nname = \"other\"\n")
    #expect(try await memfun("--config", "other.toml", "config", "get", "model.name").output == "other\n")
  }

  @Test("settings of colour and log are obeyed, flags are stronger")
  func outputSettings() async throws {
    try folder.write("project/memfun.toml", "[output]\ncolor = \"always\"\n[log]\nlevel = \"info\"\n")
    let run = try await memfun("doctor", "--no-model")
    #expect(run.output.contains("\u{1B}[") && run.error.contains("command started"))
    let plain = try await memfun("doctor", "--no-model", "--no-color", "-q")
    #expect(!plain.output.contains("\u{1B}[") && plain.error.isEmpty)
  }

  @Test("doctor says when others can read the keys")
  func openCredentials() async throws {
    try folder.write(".config/memfun/credentials.toml", "[openai]\napi_key = \"k\"\n")
    let shell =
      "chmod 644 .config/memfun/credentials.toml; exec \"$MEMFUN\" doctor --json -c model.provider=openai"
    let run = try await MemfunBinary.shell(shell, in: folder)
    let failed = try #require(try run.json()["result"]?["checks"]?.arrayValue).filter {
      $0["status"] == "failed"
    }
    #expect(run.code == 1)
    #expect(
      failed.contains {
        $0["name"] == "files.credentials" && $0["remedy"]?.stringValue?.hasPrefix("chmod 600") == true
      })
  }
}
