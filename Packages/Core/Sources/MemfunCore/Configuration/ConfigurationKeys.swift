/// The table of every key. A key is declared here once; the example file, the documentation, `config
/// list` and the environment's names follow from it.
public enum ConfigurationKeys {
  // MARK: model

  public static let modelProvider = key(
    "model.provider", .choice(["offline", "anthropic", "openai", "ollama"]), .string("offline"),
    as: String.self,
    """
    Who answers. "openai" is any server that speaks OpenAI's protocol (OpenAI, vLLM, Fireworks, LM Studio, \
    llama.cpp); "offline" asks nobody.
    """)
  public static let modelName = key(
    "model.name", .string, .string(""), as: String.self,
    "The model's name as the provider knows it. Empty: the first that the server lists.")
  public static let modelBaseURL = key(
    "model.base_url", .string, .string(""), as: String.self,
    """
    Where the provider is reached. Empty: its public address, or the usual port on this machine. A project may \
    name this machine, a provider's public host, or a host of model.trusted_hosts.
    """)
  public static let modelTrustedHosts = key(
    "model.trusted_hosts", .strings, .strings([]), as: [String].self, userOnly: true,
    "Hosts, beyond this machine and the providers' own, that a project's model.base_url may name.")
  public static let modelAPIKeyEnv = key(
    "model.api_key_env", .variable, .string(""), as: String.self,
    """
    The environment variable that holds the key. Empty: ANTHROPIC_API_KEY or OPENAI_API_KEY, then the credentials \
    file. A project may only name a variable that ends in _KEY and does not speak of a secret, private or \
    access key.
    """)
  public static let modelTemperature = key(
    "model.temperature", .float(0...2), .float(0), as: Double.self, "Sampling temperature.")
  public static let modelMaxOutputTokens = key(
    "model.max_output_tokens", .integer(1...10_000_000), .integer(8192), as: Int.self,
    "The longest answer that is asked for, in tokens.")
  public static let modelContextTokens = key(
    "model.context_tokens", .integer(0...100_000_000), .integer(0), as: Int.self,
    "The model's window in tokens. 0: ask the server, or take what is known of the model.")
  public static let modelMaxConcurrency = key(
    "model.max_concurrency", .integer(1...1024), .integer(16), as: Int.self,
    "The most requests in flight at once; the limit adapts below it.")
  public static let modelMaxAttempts = key(
    "model.max_attempts", .integer(1...100), .integer(5), as: Int.self,
    "How often a request is tried when the server is overloaded or the connection breaks.")
  public static let modelConnectTimeout = key(
    "model.connect_timeout", .duration, .string("10s"), as: Duration.self, "The longest time to connect.")
  public static let modelFirstByteTimeout = key(
    "model.first_byte_timeout", .duration, .string("2m"), as: Duration.self,
    "The longest wait for the first byte of an answer.")
  public static let modelIdleTimeout = key(
    "model.idle_timeout", .duration, .string("1m"), as: Duration.self,
    "The longest silence within an answer.")
  public static let modelPricesFile = key(
    "model.prices_file", .string, .string(""), as: String.self, userOnly: true,
    "A file with prices that override the built-in ones. Empty: none.")

  // MARK: http

  public static let httpProxy = key(
    "http.proxy", .string, .string(""), as: String.self, userOnly: true,
    "The proxy for requests that leave this machine. Empty: none; the environment's proxy variables are not read."
  )
  public static let httpCAFile = key(
    "http.ca_file", .string, .string(""), as: String.self, userOnly: true,
    "A file of certificates to trust besides the system's. Empty: none.")

  // MARK: budget

  public static let budgetMaxTokens = key(
    "budget.max_tokens", .integer(0...Int.max), .integer(0), as: Int.self,
    "The most tokens, input and output, that one command may use. 0: no limit.")
  public static let budgetMaxCost = key(
    "budget.max_cost", .float(0...Double.greatestFiniteMagnitude), .float(0), as: Double.self,
    "The most money in US dollars that one command may spend. 0: no limit.")
  public static let budgetMaxTime = key(
    "budget.max_time", .duration, .string("0s"), as: Duration.self,
    "The longest time that one command may take. \"0s\": no limit.")

  // MARK: analyze

  public static let analyzeExclude = key(
    "analyze.exclude", .strings, .strings([]), as: [String].self,
    "Patterns, written as in .gitignore, of files to leave out.")
  public static let analyzeMaxFileBytes = key(
    "analyze.max_file_bytes", .byteCount, .string("2MiB"), as: Int.self,
    "Larger files are listed, but not read.")
  public static let analyzeCache = key(
    "analyze.cache", .bool, .bool(true), as: Bool.self,
    "Whether facts about unchanged files are kept between runs.")
  public static let analyzeDuplicateMinLines = key(
    "analyze.duplicate_min_lines", .integer(3...10_000), .integer(10), as: Int.self,
    "How many equal lines of code make a duplicate.")
  public static let analyzeChurnDays = key(
    "analyze.churn_days", .integer(0...36_500), .integer(365), as: Int.self,
    "How far back the history is read, in days. 0: all of it.")
  public static let analyzeFailOn = key(
    "analyze.fail_on", .strings, .strings([]), as: [String].self,
    "Rules that make the command end with exit code 8, for example \"complexity>25\" or \"cycles\".")

  // MARK: tools

  public static let toolsCtags = key(
    "tools.ctags", .string, .string(""), as: String.self, userOnly: true,
    "The universal-ctags program. Empty: found on PATH.")
  public static let toolsAstGrep = key(
    "tools.ast_grep", .string, .string(""), as: String.self, userOnly: true,
    "The ast-grep program. Empty: found beside memfun or on PATH.")
  public static let toolsGit = key(
    "tools.git", .string, .string(""), as: String.self, userOnly: true,
    "The git program. Empty: found on PATH.")

  // MARK: log

  public static let logLevel = key(
    "log.level", .choice(["trace", "debug", "info", "warning", "error"]), .string("warning"), as: String.self,
    "The least severe messages that are logged.")
  public static let logFormat = key(
    "log.format", .choice(["text", "json"]), .string("text"), as: String.self,
    "One line of text a message, or one JSON object.")
  public static let logFile = key(
    "log.file", .string, .string(""), as: String.self, userOnly: true,
    "Where the log goes. Empty: standard error.")

  // MARK: output

  public static let outputColor = key(
    "output.color", .choice(["auto", "always", "never"]), .string("auto"), as: String.self,
    "Whether output is coloured; \"auto\" means on terminals, unless NO_COLOR is set.")

  /// Every key, by section, in the order of the example file.
  public static let all: [ConfigurationEntry] = [
    modelProvider.entry, modelName.entry, modelBaseURL.entry, modelTrustedHosts.entry, modelAPIKeyEnv.entry,
    modelTemperature.entry, modelMaxOutputTokens.entry, modelContextTokens.entry, modelMaxConcurrency.entry,
    modelMaxAttempts.entry, modelConnectTimeout.entry, modelFirstByteTimeout.entry, modelIdleTimeout.entry,
    modelPricesFile.entry, httpProxy.entry, httpCAFile.entry, budgetMaxTokens.entry, budgetMaxCost.entry,
    budgetMaxTime.entry, analyzeExclude.entry, analyzeMaxFileBytes.entry, analyzeCache.entry,
    analyzeDuplicateMinLines.entry, analyzeChurnDays.entry, analyzeFailOn.entry, toolsCtags.entry,
    toolsAstGrep.entry, toolsGit.entry, logLevel.entry, logFormat.entry, logFile.entry, outputColor.entry,
  ]

  /// The entry of a name; the nearest known name in the error.
  ///
  /// - Throws: `ConfigurationProblem.unknownKey`.
  public static func entry(named name: String, place: String) throws(ConfigurationProblem)
    -> ConfigurationEntry
  {
    if let entry = all.first(where: { $0.name == name }) { return entry }
    throw .unknownKey(name, place: place, suggestion: suggestion(for: name))
  }

  /// The known name nearest to a mistyped one. Very long ones were not mistyped, and cost time.
  static func suggestion(for name: String) -> String? {
    name.utf8.count > 64 ? nil : Suggestion.closest(to: name, among: all.map(\.name))
  }

  private static func key<Value>(
    _ name: String, _ type: ConfigurationType, _ defaultValue: ConfigurationScalar, as: Value.Type,
    userOnly: Bool = false, _ doc: String
  ) -> ConfigurationKey<Value> {
    ConfigurationKey(
      entry: ConfigurationEntry(
        name: name, type: type, defaultValue: defaultValue, doc: doc, isUserOnly: userOnly))
  }
}
