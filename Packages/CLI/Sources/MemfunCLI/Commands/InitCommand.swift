import Glibc
import MemfunCore

/// `memfun init`: sets up a project, by questions or by flags.
enum InitCommand {
  private static let yes = Flag(
    "yes", short: "y", "Ask nothing: take flags, current settings and found servers.")
  private static let provider = Option(
    "provider", "NAME", .choice(SetupPlan.providers.map(\.value)), "The kind of model server.")
  private static let model = Option("model", "NAME", .text, "The model's name at the server.")
  private static let baseURL = Option("base-url", "URL", .text, "The server's address.")
  private static let keyVariable = Option(
    "api-key-env", "VARIABLE", .text, "The environment variable that holds the API key.")
  private static let keyInput = Flag(
    "api-key-stdin", "Read the API key from standard input and keep it in the credentials file.")
  private static let agents = Flag("agents", "Draft an AGENTS.md when there is none.")
  private static let noAgents = Flag("no-agents", "Draft no AGENTS.md.")

  static let command = Command(
    "init", summary: "Set up this project",
    discussion: [
      "Writes memfun.toml and .memfun/ in the working directory and, when there is none, an AGENTS.md "
        + "drafted from the project's own files. Run it again to change the settings: the current ones are "
        + "the defaults, and comments in memfun.toml stay. Model servers on this machine (Ollama, LM Studio, "
        + "llama.cpp, vLLM) are found and offered.",
      "An API key is never shown, and never written into the project: either an environment variable is "
        + "named, or the key goes into a file that only you can read.",
    ],
    examples: [
      Command.Example("memfun init", "Answer a few questions"),
      Command.Example("memfun init --yes --provider ollama --model llama3.2", "Without questions"),
      Command.Example(
        "memfun init --yes --provider openai --model gpt-x --api-key-env MY_KEY", "With a key from a variable"
      ),
    ],
    options: [yes, provider, model, baseURL, keyVariable, keyInput, agents, noAgents],
    resultSchema: [
      "type": "object",
      "required": ["provider", "model", "base_url", "api_key_env", "key_stored", "files", "servers"],
      "properties": [
        "provider": ["type": "string"],
        "model": ["type": ["string", "null"]],
        "base_url": ["type": ["string", "null"]],
        "api_key_env": ["type": ["string", "null"]],
        "key_stored": ["type": "boolean", "description": "Whether a key was saved in the credentials file."],
        "files": [
          "type": "array",
          "items": [
            "type": "object",
            "required": ["path", "change"],
            "properties": [
              "path": ["type": "string"],
              "change": ["enum": ["created", "changed", "unchanged"]],
            ],
          ],
        ],
        "servers": [
          "type": "array", "description": "Model servers found on this machine.",
          "items": [
            "type": "object",
            "required": ["name", "provider", "base_url", "models"],
            "properties": [
              "name": ["type": "string"], "provider": ["type": "string"], "base_url": ["type": "string"],
              "models": ["type": "array", "items": ["type": "string"]],
            ],
          ],
        ],
      ],
    ]
  ) { context in
    let settings = try context.settings()
    // A broken file must be mended before it can be changed; the error says where.
    let configuration = try context.configuration()
    let flags = try await flags(context)
    context.console.progress("looking for model servers on this machine")
    let servers = await LocalModelServers(transport: HTTPClient()).find()
    context.console.clearProgress()
    try Task.checkCancellation()
    let current = current(configuration, settings)
    let dialogue = SetupDialogue(flags: flags, current: current, servers: servers)
    let plan: SetupPlan
    if context.parsed.isSet(yes) {
      plan = try dialogue.planWithoutQuestions()
    } else {
      let terminal = context.console.terminal
      guard terminal.inputIsTerminal, terminal.errorIsTerminal else {
        throw SetupError.nobodyToAsk
      }
      plan = try await dialogue.plan(asking: TerminalPrompter(console: context.console))
    }
    let files = try SetupWriting(plan: plan, current: current, settings: settings).files()
    let changes = try SetupFiles.write(files)
    return outcome(plan, changes, servers)
  }

  private static func flags(_ context: CommandContext) async throws -> SetupDialogue.Flags {
    let parsed = context.parsed
    if parsed.isSet(keyInput), parsed.isGiven(keyVariable) {
      throw UsageError(.conflict("--api-key-stdin", "--api-key-env"), in: parsed.path)
    }
    if parsed.isSet(agents), parsed.isSet(noAgents) {
      throw UsageError(.conflict("--agents", "--no-agents"), in: parsed.path)
    }
    var flags = SetupDialogue.Flags(
      provider: parsed.value(of: provider), model: parsed.value(of: model),
      baseURL: parsed.value(of: baseURL),
      keyVariable: parsed.value(of: keyVariable))
    flags.draftsAgents = parsed.isSet(agents) ? true : parsed.isSet(noAgents) ? false : nil
    if parsed.isSet(keyInput) {
      let key = try await keyFromInput(context.console)
      context.redactor.register(Secret(key.trimmingBlanks))
      flags.storedKey = key.trimmingBlanks
    }
    return flags
  }

  /// The first line of standard input. A person who types it there must not see it either.
  private static func keyFromInput(_ console: Console) async throws -> String {
    if console.terminal.inputIsTerminal {
      let line = try await TerminalInput.readLine(hidden: true) {
        console.printError(StyledText("API key (it is not shown): "))
      }
      console.printError(StyledText("\n"))
      return line ?? ""
    }
    let bytes = try await TerminalInput.readAll(limit: 65536)
    return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
      ?? ""
  }

  private static func current(_ configuration: Configuration, _ settings: Settings) -> SetupDialogue.Current {
    func given(_ key: ConfigurationKey<String>) -> String? {
      let value = configuration[key]
      return value.isEmpty ? nil : value
    }
    let isSet = configuration.origin(of: ConfigurationKeys.modelProvider) != .builtIn
    let provider = configuration[ConfigurationKeys.modelProvider]
    return SetupDialogue.Current(
      provider: isSet ? provider : nil, model: given(ConfigurationKeys.modelName),
      baseURL: given(ConfigurationKeys.modelBaseURL), keyVariable: given(ConfigurationKeys.modelAPIKeyEnv),
      // A credentials file that cannot be read holds no key that could be kept; doctor reports it.
      hasStoredKey: (try? settings.credentials())?[provider] != nil,
      hasAgents: access(settings.workingDirectory + "/AGENTS.md", F_OK) == 0)
  }

  private static func outcome(
    _ plan: SetupPlan, _ changes: [(path: String, change: SetupFiles.Change)], _ servers: [LocalModelServer]
  ) -> CommandOutcome {
    let keyIsStored = plan.storedKey != nil
    return CommandOutcome([
      "provider": .string(plan.provider), "model": plan.model.map(JSONValue.string) ?? .null,
      "base_url": plan.baseURL.map(JSONValue.string) ?? .null,
      "api_key_env": plan.keyVariable.map(JSONValue.string) ?? .null, "key_stored": .bool(keyIsStored),
      "files": .array(changes.map { ["path": .string($0.path), "change": .string($0.change.rawValue)] }),
      "servers": .array(servers.map(\.json)),
    ]) { _ in
      var text = StyledText()
      for (path, change) in changes {
        text.append(TextWrapping.pad(change.rawValue, to: 11), change == .unchanged ? .muted : .success)
        text.line(path)
      }
      text.line()
      text.append("Next: ")
      text.append(plan.provider == "offline" ? "memfun doctor" : "memfun models test", .literal)
      text.line(
        plan.provider == "offline" ? " looks at what is installed." : " sees whether the model answers.")
      return text
    }
  }
}
