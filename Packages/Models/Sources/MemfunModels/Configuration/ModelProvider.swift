import MemfunCore

/// A configured provider: its model, its list of models, and a probe. The entry to this package.
public struct ModelProvider: Sendable {
  /// The configuration it was made from.
  public let configuration: ModelConfiguration
  /// The configured model, with retries and the provider's concurrency limit.
  public let model: any LanguageModel
  /// The limit that all calls of this provider share; nil with `offline`.
  public let limiter: ConcurrencyLimiter?

  private let dialect: (any ProviderDialect)?
  private let time: any TimeSource

  /// Connects nothing yet.
  ///
  /// - Parameters:
  ///   - configuration: which model and how.
  ///   - transport: sends the requests.
  ///   - time: for waits and deadlines.
  ///   - random: for the jitter of waits.
  ///   - observer: is told about every repeated attempt, before its wait.
  /// - Throws: `ModelError.invalidConfiguration`, `ModelError.missingKey`.
  public init(
    _ configuration: ModelConfiguration, transport: any HTTPTransport,
    time: any TimeSource = SystemTimeSource(), random: any RandomSource = SystemRandomSource(),
    observer: (@Sendable (ModelIdentity, Restart) -> Void)? = nil
  ) throws {
    self.configuration = configuration
    self.time = time
    guard configuration.provider != .offline else {
      model = OfflineModel()
      limiter = nil
      dialect = nil
      return
    }
    let connection = try Self.connection(configuration, transport: transport, time: time)
    let dialect: any ProviderDialect
    switch configuration.provider {
    case .anthropic: dialect = AnthropicDialect(configuration: configuration, connection: connection)
    case .openai: dialect = OpenAIDialect(configuration: configuration, connection: connection)
    case .ollama, .offline: dialect = OllamaDialect(configuration: configuration, connection: connection)
    }
    let local = ConcurrencyLimitStateMachine.Policy(initial: 2, maximum: 16)
    let limiter = ConcurrencyLimiter(
      policy: configuration.concurrency ?? (configuration.provider == .ollama ? local : .init()))
    self.dialect = dialect
    self.limiter = limiter
    model = HTTPLanguageModel(
      dialect: dialect, limiter: limiter, retry: configuration.retry, random: random, observer: observer)
  }

  private static func connection(
    _ configuration: ModelConfiguration, transport: any HTTPTransport, time: any TimeSource
  ) throws -> ServerConnection {
    let provider = configuration.provider
    let suffixes =
      switch provider {
      case .anthropic: ["/messages"]
      case .openai: ["/chat/completions", "/models"]
      case .ollama, .offline: ["/api/chat", "/api", "/v1"]
      }
    let written = configuration.baseURL.flatMap { $0.trimmed.isEmpty ? nil : $0 } ?? provider.defaultBaseURL
    let base = try BaseURL(written, droppedSuffixes: suffixes)
    if configuration.model.trimmed.isEmpty {
      throw ModelError.invalidConfiguration(
        key: "model.name", reason: "no model is chosen for \(provider.rawValue)")
    }
    let key = configuration.apiKey?.trimmedKey()
    let needsKey = provider == .anthropic || (provider == .openai && base.host == "api.openai.com")
    if needsKey, key == nil {
      throw ModelError.missingKey(
        provider: provider.rawValue,
        variable: configuration.keyVariable ?? provider.keyVariable ?? "")
    }
    var fields = HTTPFields()
    for (name, value) in configuration.headers.sorted(by: { $0.key < $1.key }) {
      guard isToken(name), isFieldValue(value) else {
        throw ModelError.invalidConfiguration(
          key: name.isEmpty ? "headers" : ServerText.clean(name),
          reason: "the header \"\(ServerText.clean(name))\" cannot be sent")
      }
      fields[name] = value
    }
    if let key {
      guard isFieldValue(key.reveal()) else {
        throw ModelError.invalidConfiguration(
          key: configuration.keyVariable ?? "model.api_key_env",
          reason: "the API key holds characters that no header can carry")
      }
      if provider == .anthropic {
        fields["x-api-key"] = key.reveal()
      } else {
        fields["Authorization"] = "Bearer \(key.reveal())"
      }
    }
    if provider == .anthropic { fields["anthropic-version"] = AnthropicDialect.version }
    return ServerConnection(
      transport: transport, base: base, model: configuration.model, key: key, fields: fields,
      deadlines: configuration.deadlines, time: time)
  }

  private static func isFieldValue(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
  }
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
  }

  /// The models that the server has, in its order.
  ///
  /// - Throws: `ModelError` (`offline` when no model is configured), `HTTPError`; one attempt only.
  public func listModels() async throws -> [ModelListing] {
    guard let dialect else { throw ModelError.offline }
    return try await dialect.asking(retry: .never, random: SystemRandomSource()) {
      try await dialect.models()
    }
  }

  /// Asks the model for one word, to see that all of the way works, and the server for its limits.
  ///
  /// - Throws: what a call throws. That the server does not tell its limits is no failure.
  public func probe() async throws -> ProbeReport {
    let start = time.monotonic()
    let request = ModelRequest(messages: [.user("Reply with the word OK.")], maximumOutputTokens: 16)
    let reply = try await model.complete(request)
    let latency = time.monotonic() - start
    let capabilities: ModelCapabilities
    do {
      capabilities = try await model.capabilities()
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      // The model answered; whether its server also describes it is a matter of its kind.
      capabilities = ModelCapabilities()
    }
    return ProbeReport(
      identity: model.identity, reply: reply, latency: latency, capabilities: capabilities)
  }
}

/// What a probe found.
public struct ProbeReport: Sendable {
  /// The model that was asked.
  public let identity: ModelIdentity
  /// Its answer; a short one, possibly empty.
  public let reply: ModelReply
  /// From the request to the end of the reply, retries included.
  public let latency: Duration
  /// What the server tells about the model.
  public let capabilities: ModelCapabilities
}
