import Testing

@testable import MemfunCore

@Suite("Trust in a project's configuration")
struct ConfigurationTrustTests {
  private let project = "/home/u/p/memfun.toml"
  private let user = "/home/u/.config/memfun/config.toml"

  private func load(
    _ files: [String: String], environment: [String: String] = [:], explicit: String? = nil,
    overrides: [String] = []
  ) throws -> Configuration {
    try ConfigurationLoader(
      environment: environment.merging(["HOME": "/home/u"]) { own, _ in own },
      workingDirectory: "/home/u/p", userPath: user, read: { files[$0].map { Array($0.utf8) } }
    ).load(explicitPath: explicit, overrides: overrides)
  }

  private func problems(_ body: () throws -> Configuration) -> [ConfigurationProblem] {
    do {
      _ = try body()
      return []
    } catch { return (error as? ConfigurationError)?.problems ?? [] }
  }

  @Test(
    "addresses that two readers could understand differently get no key",
    arguments: [
      "http://api.openai.com/v1", "https://[::1]evil.example/", "https://127.0.0.1\\\\@evil.example",
      "evil.example#://api.openai.com", "evil.example/x://api.openai.com",
      "https://evil.example/://localhost",
      "https://api.openai.com%2eevil.example/", "https://a@b@api.openai.com/", "https:// api.openai.com",
      "ftp://localhost/", "//api.openai.com", "https://localhost.evil.example", "https://",
    ])
  func trickyHosts(address: String) {
    let found = problems { try load([project: "model.base_url = \"\(address)\"\n"]) }
    #expect(found.count == 1)
    #expect(["config.untrusted_host", "config.bad_value"].contains(found.first?.kind ?? ""), "\(found)")
  }

  @Test(
    "addresses of this machine need no trust",
    arguments: [
      "localhost:8080", "http://LOCALHOST:1/v1", "127.0.0.2:80", "http://[::1]:1234",
      "HTTPS://API.OPENAI.COM",
    ])
  func localHosts(address: String) throws {
    #expect(
      try load([project: "model.base_url = \"\(address)\"\n"])[ConfigurationKeys.modelBaseURL] == address)
  }

  @Test("the file of --config may name any host, even when it is the project's own")
  func vouched() throws {
    let files = [project: "[model]\nbase_url = \"https://llm.example\"\napi_key_env = \"LLM_TOKEN\"\n"]
    #expect(problems { try load(files) }.count == 2)
    #expect(try load(files, explicit: project)[ConfigurationKeys.modelBaseURL] == "https://llm.example")
  }

  @Test(
    "a project names variables of providers' keys only",
    arguments: [
      ("OPENAI_API_KEY", true), ("FIREWORKS_API_KEY", true), ("MY_KEY", true), ("GITHUB_TOKEN", false),
      ("AWS_SECRET_ACCESS_KEY", false), ("AWS_ACCESS_KEY", false), ("SSH_PRIVATE_KEY", false),
      ("HOME", false),
      ("aws_secret_access_key", false),
    ])
  func variables(name: String, isAccepted: Bool) throws {
    let text = "model.api_key_env = \"\(name)\"\n"
    #expect(
      problems { try load([project: text]) }.map(\.kind) == (isAccepted ? [] : ["config.untrusted_variable"]))
    #expect(try load([user: text])[ConfigurationKeys.modelAPIKeyEnv] == name)
  }

  @Test("a key in place of a variable's name is refused in every layer and never repeated")
  func literalKeys() {
    for key in ["sk-ant-abcdefgh12345678", "0123456789abcdef0123456789abcdef", "AKIAIOSFODNN7EXAMPLE", "ä b"]
    {
      let text = "model.api_key_env = \"\(key)\"\n"
      for found in [
        problems { try load([user: text]) }, problems { try load([project: text]) },
        problems { try load([:], environment: ["MEMFUN_MODEL_API_KEY_ENV": key]) },
        problems { try load([:], overrides: ["model.api_key_env=\(key)"]) },
      ] {
        #expect(!found.isEmpty)
        #expect(!found.map(\.description).joined().contains(key))
      }
    }
  }

  @Test("a credential that was typed in a wrong place appears in no message")
  func credentialsInMessages() {
    let key = "sk-ant-abcdefgh12345678"
    for text in [
      "model.provider = \"\(key)\"", "model.idle_timeout = \"\(key)\"", "analyze.exclude = [\"\(key)\"]",
      "model.name = \"\(key)\"", "\"\(key)\" = 1", "analyze.max_file_bytes = \"\(key)\"",
    ] {
      let found = problems { try load([user: text]) }
      #expect(!found.isEmpty, "\(text)")
      #expect(!ConfigurationError(found).description.contains(key), "\(text)")
    }
    #expect(!problems { try load([:], overrides: [key]) }.map(\.description).joined().contains(key))
  }

  @Test("a project lowers the user's limits, and does not raise them")
  func budgets() throws {
    let limits = "[budget]\nmax_tokens = 1000\nmax_cost = 2.0\nmax_time = \"5m\"\n"
    for raised in [
      "max_tokens = 1001", "max_tokens = 0", "max_cost = 2.5", "max_time = \"6m\"", "max_time = \"0s\"",
    ] {
      let loaded = try load([user: limits, project: "[budget]\n\(raised)\n"])
      #expect(loaded[ConfigurationKeys.budgetMaxTokens] == 1000)
      #expect(loaded[ConfigurationKeys.budgetMaxCost] == 2)
      #expect(loaded[ConfigurationKeys.budgetMaxTime] == .seconds(300))
      #expect(loaded.warnings.count == 1)
    }
    let lowered = try load([user: limits, project: "[budget]\nmax_tokens = 999\nmax_time = \"299s\"\n"])
    #expect(lowered[ConfigurationKeys.budgetMaxTokens] == 999)
    #expect(lowered[ConfigurationKeys.budgetMaxTime] == .seconds(299))
    #expect(try load([project: limits])[ConfigurationKeys.budgetMaxTokens] == 1000)
    #expect(
      try load([user: limits, project: limits], overrides: ["budget.max_tokens=0"])[
        ConfigurationKeys.budgetMaxTokens] == 0)
  }
}
