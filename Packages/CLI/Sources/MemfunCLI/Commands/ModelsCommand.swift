import MemfunCore
import MemfunModels

/// `memfun models`: what the configured server has, and whether it answers.
enum ModelsCommand {
  static let command = Command(
    group: "models", summary: "List and test language models",
    examples: [
      Command.Example("memfun models list", "What the configured server has"),
      Command.Example("memfun models test -c model.name=llama3.2", "Whether a model answers"),
    ],
    subcommands: [list, test])

  private static let list = Command(
    "list", summary: "List the models of the configured server",
    examples: [
      Command.Example("memfun models list", "Names, context lengths and sizes"),
      Command.Example("memfun models list -c model.provider=ollama", "Those of another server"),
    ],
    resultSchema: [
      "type": "object",
      "required": ["provider", "base_url", "models"],
      "properties": [
        "provider": ["type": "string"],
        "base_url": ["type": "string"],
        "models": [
          "type": "array",
          "items": [
            "type": "object",
            "required": ["id", "context_length", "size_bytes", "detail", "configured"],
            "properties": [
              "id": ["type": "string", "description": "The value for model.name."],
              "context_length": ["type": ["integer", "null"], "description": "Tokens; null when unknown."],
              "size_bytes": ["type": ["integer", "null"]],
              "detail": ["type": ["string", "null"]],
              "configured": ["type": "boolean", "description": "Whether model.name names it."],
            ],
          ],
        ],
      ],
    ]
  ) { context in
    let access = try ModelAccess(context)
    let provider = try access.lister(access.transport())
    context.console.progress("asking \(provider.model.identity.baseURL)")
    let models = try await provider.listModels()
    let identity = provider.model.identity
    let chosen = access.configuration[ConfigurationKeys.modelName]
    return CommandOutcome([
      "provider": .string(identity.provider), "base_url": .string(identity.baseURL),
      "models": .array(
        models.map { model in
          [
            "id": .string(model.id), "context_length": model.contextLength.map(JSONValue.int) ?? .null,
            "size_bytes": model.sizeInBytes.map(JSONValue.int) ?? .null,
            "detail": model.detail.map(JSONValue.string) ?? .null, "configured": .bool(model.id == chosen),
          ]
        }),
    ]) { _ in
      if models.isEmpty { return StyledText("\(identity.baseURL) lists no model\n") }
      let width = min(48, models.map { DisplayWidth.columns(of: $0.id) }.max() ?? 0)
      var text = StyledText()
      for model in models {
        let facts = [
          model.contextLength.map { "\($0) tokens" },
          model.sizeInBytes.map { "\(($0 + 500_000) / 1_000_000) MB" }, model.detail,
        ].compactMap { $0 }.joined(separator: ", ")
        text.append(model.id == chosen ? "* " : "  ", .success)
        text.append(facts.isEmpty ? model.id : TextWrapping.pad(model.id, to: width + 2), .literal)
        text.line(facts, .muted)
      }
      return text
    }
  }

  private static let test = Command(
    "test", summary: "Ask the configured model for one word",
    discussion: ["This sends a request of a few tokens, which a hosted provider charges for."],
    examples: [Command.Example("memfun models test", "Time, tokens and real context length")],
    resultSchema: [
      "type": "object",
      "required": [
        "provider", "model", "base_url", "reply", "latency_ms", "context_length", "finish_reason",
      ],
      "properties": [
        "provider": ["type": "string"],
        "model": ["type": "string"],
        "base_url": ["type": "string"],
        "reply": ["type": "string"],
        "latency_ms": ["type": "integer"],
        "context_length": ["type": ["integer", "null"], "description": "Tokens; null when nobody tells."],
        "context_length_source": ["enum": ["server", "configuration", "provider", nil]],
        "finish_reason": ["type": "string"],
        "attempts": ["type": "integer", "minimum": 1],
      ],
    ]
  ) { context in
    let access = try ModelAccess(context)
    if access.isOffline { throw ModelError.offline }
    let prices = try ModelAccess.prices(access.configuration)
    let provider = try await access.provider(access.transport())
    context.console.progress("asking \(provider.model.identity)")
    let report = try await provider.probe()
    let cost = prices.price(of: report.identity, at: context.time.now()).flatMap {
      Double($0.cost(of: report.reply.totalUsage).decimal)
    }
    return CommandOutcome(
      json(report),
      spending: CommandOutcome.Spending(
        model: report.identity.description, usage: report.reply.totalUsage.json, costUSD: cost)
    ) { _ in
      var text = StyledText("✓ ", .success)
      text.line("\(report.identity) answered within \(report.latency.wholeMilliseconds) ms")
      for (name, value) in [
        ("server", report.identity.baseURL),
        ("reply", TextWrapping.truncate(String(report.reply.text.map { $0.isNewline ? " " : $0 }), to: 60)),
        ("tokens", "\(report.reply.usage.input) in, \(report.reply.usage.output) out"),
        ("cost", cost.map { "$\($0)" } ?? "unknown"), ("context", contextText(report.capabilities)),
      ] {
        text.append(TextWrapping.pad("  " + name, to: 12), .muted)
        text.line(value)
      }
      return text
    }
  }

  static func json(_ report: ProbeReport) -> JSONValue {
    [
      "provider": .string(report.identity.provider), "model": .string(report.identity.model),
      "base_url": .string(report.identity.baseURL), "reply": .string(report.reply.text),
      "latency_ms": .int(report.latency.wholeMilliseconds),
      "context_length": report.capabilities.contextLength.map(JSONValue.int) ?? .null,
      "context_length_source": report.capabilities.contextLengthSource.map { .string($0.rawValue) } ?? .null,
      "finish_reason": .string("\(report.reply.finishReason)"), "attempts": .int(report.reply.attempts),
    ]
  }

  static func contextText(_ capabilities: ModelCapabilities) -> String {
    guard let length = capabilities.contextLength else { return "unknown: the server does not tell" }
    return switch capabilities.contextLengthSource {
    case .server: "\(length) tokens, says the server"
    case .configuration: "\(length) tokens, by model.context_tokens"
    case .provider: "\(length) tokens, promised by the provider"
    case nil: "\(length) tokens"
    }
  }
}

extension Duration {
  /// Rounded down.
  var wholeMilliseconds: Int {
    Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
  }
}
