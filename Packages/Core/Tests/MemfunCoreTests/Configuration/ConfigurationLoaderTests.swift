import MemfunCore
import Testing

@Suite("Configuration layers")
struct ConfigurationLoaderTests {
  func load(
    _ files: [String: String] = [:], environment: [String: String] = ["HOME": "/home/u"],
    folder: String = "/home/u/p/sub",
    explicit: String? = nil, overrides: [String] = []
  ) throws -> Configuration {
    try ConfigurationLoader(
      environment: environment, workingDirectory: folder, userPath: "/home/u/.config/memfun/config.toml",
      read: { files[$0].map { Array($0.utf8) } }
    ).load(explicitPath: explicit, overrides: overrides)
  }

  func problems(_ body: () throws -> Configuration) -> [ConfigurationProblem] {
    do {
      _ = try body()
      return []
    } catch { return (error as? ConfigurationError)?.problems ?? [] }
  }

  @Test("without any layer the defaults hold")
  func defaults() throws {
    let configuration = try load()
    #expect(configuration[ConfigurationKeys.modelProvider] == "offline")
    #expect(configuration[ConfigurationKeys.modelFirstByteTimeout] == .seconds(120))
    #expect(configuration[ConfigurationKeys.analyzeMaxFileBytes] == 2 << 20)
    #expect(configuration.origin(of: ConfigurationKeys.modelProvider) == .builtIn)
  }

  @Test("later layers win, and every value knows where it was set")
  func layers() throws {
    let files = [
      "/etc/memfun/config.toml": "[analyze]\nchurn_days = 1\nduplicate_min_lines = 3\n",
      "/home/u/.config/memfun/config.toml": "[analyze]\nchurn_days = 2\n\n[log]\nlevel = \"info\"\n",
      "/home/u/p/memfun.toml": "[analyze]\nchurn_days = 3\n",
    ]
    let environment = ["HOME": "/home/u", "MEMFUN_LOG_LEVEL": "debug"]
    let configuration = try load(files, environment: environment, overrides: ["output.color=never"])
    #expect(configuration[ConfigurationKeys.analyzeDuplicateMinLines] == 3)
    #expect(configuration[ConfigurationKeys.analyzeChurnDays] == 3)
    #expect(
      configuration.origin(of: ConfigurationKeys.analyzeChurnDays).description == "/home/u/p/memfun.toml:2:14"
    )
    #expect(configuration[ConfigurationKeys.logLevel] == "debug")
    #expect(
      configuration.origin(of: ConfigurationKeys.logLevel) == .environment(variable: "MEMFUN_LOG_LEVEL"))
    #expect(configuration.origin(of: ConfigurationKeys.outputColor).layer == "command_line")
  }

  @Test("the nearest memfun.toml counts, and the home folder's is not a project's")
  func search() throws {
    let near = [
      "/home/u/p/sub/memfun.toml": "[analyze]\nchurn_days = 5\n", "/home/u/p/memfun.toml": "[nonsense]\n",
    ]
    #expect(try load(near)[ConfigurationKeys.analyzeChurnDays] == 5)
    let home = ["/home/u/memfun.toml": "[analyze]\nchurn_days = 9\n"]
    #expect(try load(home)[ConfigurationKeys.analyzeChurnDays] == 365)
    #expect(try load(home, folder: "/home/u")[ConfigurationKeys.analyzeChurnDays] == 9)
    #expect(
      try load(["/memfun.toml": "[analyze]\nchurn_days = 7\n"], folder: "/srv/x")[
        ConfigurationKeys.analyzeChurnDays] == 7)
  }

  @Test("every problem of a file is reported at once, with place and the nearest key")
  func strict() {
    let text = "[model]\nprovidr = \"ollama\"\ntemperature = 9\n[anlyze]\ncache = 1\n[analyze]\ncache = 1\n"
    let found = problems { try load(["/home/u/p/memfun.toml": text]) }
    #expect(
      found.contains(
        .unknownKey("model.providr", place: "/home/u/p/memfun.toml:2:1", suggestion: "model.provider")))
    #expect(found.contains { $0.kind == "config.bad_value" && $0.location == "/home/u/p/memfun.toml:3:15" })
    #expect(found.contains { $0.what.contains("analyze.cache") && $0.location?.hasSuffix(":5:1") == true })
    #expect(found.count == 4)
  }

  @Test("a key without its section is told its place")
  func sectionForgotten() {
    let found = problems { try load(["/home/u/p/memfun.toml": "churn_days = 3\n"]) }
    #expect(
      found == [
        .unknownKey("churn_days", place: "/home/u/p/memfun.toml:1:1", suggestion: "analyze.churn_days")
      ])
  }

  @Test("a project cannot redirect requests, run programs or write files")
  func trust() {
    for (text, kind) in [
      ("[tools]\ngit = \"./evil\"\n", "config.user_only"),
      ("[http]\nproxy = \"http://evil\"\n", "config.user_only"),
      ("[log]\nfile = \"/etc/passwd\"\n", "config.user_only"),
      ("[model]\nbase_url = \"https://evil.example/v1\"\n", "config.untrusted_host"),
      ("[model]\nbase_url = \"https://api.openai.com@evil.example/v1\"\n", "config.untrusted_host"),
      ("[model]\nbase_url = \"https://127.0.0.1.evil.example/v1\"\n", "config.untrusted_host"),
      ("[model]\napi_key_env = \"sk-abcdefghijklmnopqrstuvwx\"\n", "config.literal_secret"),
    ] {
      #expect(problems { try load(["/home/u/p/memfun.toml": text]) }.map(\.kind) == [kind], "\(text)")
    }
  }

  @Test("a project may name this machine, a public provider, or a host the user trusts")
  func trustedHosts() throws {
    for url in [
      "http://127.0.0.1:8080/v1", "http://localhost:1", "http://[::1]:80/", "https://api.openai.com/v1",
    ] {
      let text = "[model]\nbase_url = \"\(url)\"\n"
      #expect(try load(["/home/u/p/memfun.toml": text])[ConfigurationKeys.modelBaseURL] == url)
    }
    let files = [
      "/home/u/p/memfun.toml": "[model]\nbase_url = \"https://llm.corp.example/v1\"\n",
      "/home/u/.config/memfun/config.toml": "[model]\ntrusted_hosts = [\"llm.corp.example\"]\n",
    ]
    #expect(try load(files)[ConfigurationKeys.modelBaseURL] == "https://llm.corp.example/v1")
  }

  @Test("a file given with --config may set everything, and must exist")
  func explicit() throws {
    let configuration = try load(["/x.toml": "[tools]\ngit = \"/opt/git\"\n"], explicit: "/x.toml")
    #expect(configuration[ConfigurationKeys.toolsGit] == "/opt/git")
    #expect(problems { try load(explicit: "/none.toml") } == [.missingFile(path: "/none.toml")])
  }

  @Test(
    "overrides are TOML or bare text",
    arguments: [
      ("analyze.exclude=a,b", ["a", "b"]), ("analyze.exclude=[\"a\", \"b c\"]", ["a", "b c"]),
      ("analyze.exclude=", []),
    ])
  func overrideLists(text: String, expected: [String]) throws {
    #expect(try load(overrides: [text])[ConfigurationKeys.analyzeExclude] == expected)
  }

  @Test(
    "bad overrides are refused",
    arguments: [
      "model", "=x", "model.nme=x", "analyze.churn_days=many", "analyze.churn_days=-1",
      "analyze.cache=perhaps",
      "model.idle_timeout=soon", "analyze.max_file_bytes=big", "model.provider=openia",
    ])
  func badOverrides(text: String) {
    #expect(problems { try load(overrides: [text]) }.count == 1)
  }

  @Test("a bare word stays a string even when it looks like another type")
  func bareWords() throws {
    #expect(try load(overrides: ["model.name=4.1"])[ConfigurationKeys.modelName] == "4.1")
    #expect(try load(overrides: ["model.name=true"])[ConfigurationKeys.modelName] == "true")
    #expect(try load(overrides: ["model.name=\"x y\""])[ConfigurationKeys.modelName] == "x y")
  }

  @Test("a misspelt MEMFUN_ variable is a warning, not an error")
  func environmentTypo() throws {
    let configuration = try load(environment: [
      "HOME": "/home/u", "MEMFUN_MODEL_NAM": "x", "MEMFUN_COMMIT": "abc",
    ])
    #expect(
      configuration.warnings == [
        "the environment variable MEMFUN_MODEL_NAM is not known; did you mean MEMFUN_MODEL_NAME?"
      ])
  }

  @Test("environment names are unique")
  func environmentNames() {
    #expect(Set(ConfigurationKeys.all.map(\.environmentName)).count == ConfigurationKeys.all.count)
    #expect(Set(ConfigurationKeys.all.map(\.name)).count == ConfigurationKeys.all.count)
  }

  @Test("every default is of its key's type and range")
  func defaultsCheck() throws {
    for entry in ConfigurationKeys.all {
      #expect(
        try entry.check(text: entry.defaultValue.toml, place: "default") == entry.defaultValue,
        "\(entry.name)")
    }
  }

  @Test(
    "durations and sizes",
    arguments: [
      ("250ms", Duration.milliseconds(250)), ("1h30m", .seconds(5400)), ("0s", .zero),
      ("1.5s", .milliseconds(1500)),
    ])
  func durations(text: String, expected: Duration) {
    #expect(DurationText.parse(text) == expected)
  }

  @Test("what is no duration or size is refused")
  func notDurations() {
    for text in ["", "s", "5", "5x", "-5s", "1e3s", "1..5s", "9999999999d"] {
      #expect(DurationText.parse(text) == nil, "\(text)")
    }
    for text in ["", "MiB", "-1", "1XB", "99999999999999999999", "9999999999GiB"] {
      #expect(ByteCountText.parse(text) == nil, "\(text)")
    }
    #expect(ByteCountText.parse("64 KiB") == 65_536)
  }
}
