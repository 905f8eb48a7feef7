import MemfunCore
import MemfunModels

/// From the configuration to a model that can be asked.
struct ModelAccess {
  /// Settings, environment and keys.
  let configuration: Configuration
  let environment: [String: String]
  let credentials: Credentials
  let redactor: Redactor
  let log: Logger
  let time: any TimeSource
  let random: any RandomSource

  /// Reads configuration and keys of a command's context.
  ///
  /// - Throws: `ConfigurationError`.
  init(_ context: CommandContext) throws {
    try self.init(context, configuration: context.configuration())
  }

  /// Reads the keys alone, for a command that has read its configuration already.
  ///
  /// - Throws: `ConfigurationError`.
  init(_ context: CommandContext, configuration: Configuration) throws {
    self.configuration = configuration
    environment = context.environment
    credentials =
      configuration[ConfigurationKeys.modelProvider] == "offline"
      ? Credentials() : try context.settings().credentials()
    redactor = context.redactor
    log = context.log
    time = context.time
    random = context.random
  }

  /// Whether no model is configured.
  var isOffline: Bool { configuration[ConfigurationKeys.modelProvider] == "offline" }

  /// The client for all requests of a command.
  func transport() -> HTTPClient {
    var settings = HTTPClient.Configuration()
    let proxy = configuration[ConfigurationKeys.httpProxy]
    let certificates = configuration[ConfigurationKeys.httpCAFile]
    settings.proxy = proxy.isEmpty ? nil : proxy
    settings.certificateFile = certificates.isEmpty ? nil : certificates
    return HTTPClient(settings)
  }

  /// The provider with the configured model; with the server's first model when none is named.
  ///
  /// - Throws: `ModelError`, `HTTPError`.
  func provider(_ transport: any HTTPTransport, patience: Duration? = nil) async throws -> ModelProvider {
    var settings = modelConfiguration(patience: patience)
    if settings.model.isEmpty, settings.provider != .offline {
      guard let first = try await lister(transport, patience: patience).listModels().first else {
        throw ModelError.invalidConfiguration(
          key: ConfigurationKeys.modelName.entry.name, reason: "no model is named, and the server lists none")
      }
      settings.model = first.id
    }
    let log = log
    return try ModelProvider(settings, transport: transport, time: time, random: random) {
      identity, restart in
      log.info(
        "the model is asked again",
        [
          "model": .string(identity.description), "failed_attempt": .int(restart.attempt),
          "reason": .string(restart.reason), "wait_ms": .int(restart.delay.wholeMilliseconds),
        ])
    }
  }

  /// A provider that can list models also when none is named.
  func lister(_ transport: any HTTPTransport, patience: Duration? = nil) throws -> ModelProvider {
    var settings = modelConfiguration(patience: patience)
    if settings.model.isEmpty { settings.model = "unnamed" }
    return try ModelProvider(settings, transport: transport, time: time, random: random)
  }

  /// The built-in prices, behind those of `model.prices_file`. To be read before a request is sent: a list
  /// that cannot be used must not be found after the money was spent.
  ///
  /// - Throws: `PriceTableError`.
  static func prices(_ configuration: Configuration) throws -> PriceTable {
    let file = configuration[ConfigurationKeys.modelPricesFile]
    guard !file.isEmpty else { return .builtIn }
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try WholeFile.read(file, maximumBytes: 16 << 20)
    } catch {
      throw PriceTableError(problem: error.what, place: file)
    }
    return try PriceTable(json: bytes, source: file).before(.builtIn)
  }

  /// The model's settings as the models package wants them. The key becomes known to the redactor here,
  /// before anything can be logged that contains it.
  ///
  /// - Parameter patience: bounds one attempt, and allows no other, within the configured limits; nil takes
  ///   these alone.
  func modelConfiguration(patience: Duration? = nil) -> ModelConfiguration {
    func setting<Value>(_ key: ConfigurationKey<Value>) -> Value { configuration[key] }
    let secret = configuration.apiKey(environment: environment, credentials: credentials)
    if let secret { redactor.register(secret) }
    let context = setting(ConfigurationKeys.modelContextTokens)
    let baseURL = setting(ConfigurationKeys.modelBaseURL)
    let deadlines = HTTPDeadlines(
      connect: setting(ConfigurationKeys.modelConnectTimeout),
      firstByte: setting(ConfigurationKeys.modelFirstByteTimeout),
      idle: setting(ConfigurationKeys.modelIdleTimeout))
    let quick = patience.map {
      HTTPDeadlines(
        connect: min($0, setting(ConfigurationKeys.modelConnectTimeout)),
        firstByte: min($0, setting(ConfigurationKeys.modelFirstByteTimeout)),
        idle: min($0, setting(ConfigurationKeys.modelIdleTimeout)), total: $0)
    }
    return ModelConfiguration(
      // The table of keys has checked the name; an unknown one could only mean that a kind of provider
      // is missing in the models package, and then nobody is asked.
      provider: ModelConfiguration.Provider(rawValue: setting(ConfigurationKeys.modelProvider)) ?? .offline,
      model: setting(ConfigurationKeys.modelName), baseURL: baseURL.isEmpty ? nil : baseURL,
      apiKey: secret, keyVariable: configuration.apiKeyVariable,
      contextLength: context == 0 ? nil : context,
      maximumOutputTokens: setting(ConfigurationKeys.modelMaxOutputTokens),
      temperature: setting(ConfigurationKeys.modelTemperature), deadlines: quick ?? deadlines,
      retry: patience == nil
        ? RetryPolicy(maximumAttempts: setting(ConfigurationKeys.modelMaxAttempts)) : .never,
      concurrency: ConcurrencyLimitStateMachine.Policy(
        initial: min(4, setting(ConfigurationKeys.modelMaxConcurrency)),
        maximum: setting(ConfigurationKeys.modelMaxConcurrency)))
  }
}

extension Usage {
  /// Token counts for `usage` of the JSON output.
  var json: JSONValue {
    [
      "input": .int(input), "output": .int(output), "cache_read": .int(cacheRead),
      "cache_write": .int(cacheWrite), "reasoning": .int(reasoning), "estimated": .bool(isEstimated),
    ]
  }
}
