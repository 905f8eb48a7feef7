import MemfunCore

/// Which model to use and how, as plain values; the command line fills it in from the configuration.
public struct ModelConfiguration: Sendable, Equatable {
  /// The kinds of servers that can be spoken to.
  public enum Provider: String, Sendable, Hashable, CaseIterable {
    /// Anthropic's Messages API.
    case anthropic
    /// Any server with OpenAI's chat completions: OpenAI, vLLM, Fireworks, LM Studio, llama.cpp.
    case openai
    /// Ollama's own API.
    case ollama
    /// No model.
    case offline

    /// Where the provider is when no base URL is configured.
    public var defaultBaseURL: String {
      switch self {
      case .anthropic: "https://api.anthropic.com"
      case .openai: "https://api.openai.com"
      case .ollama: "http://127.0.0.1:11434"
      case .offline: ""
      }
    }

    /// The environment variable that usually holds the key; nil when there is no key.
    public var keyVariable: String? {
      switch self {
      case .anthropic: "ANTHROPIC_API_KEY"
      case .openai: "OPENAI_API_KEY"
      case .ollama, .offline: nil
      }
    }
  }

  /// The kind of server.
  public var provider: Provider
  /// The model's name at the provider; empty with `offline`.
  public var model: String
  /// The server's address, with or without `/v1`; nil for the provider's own.
  public var baseURL: String?
  /// The credential, if there is one.
  public var apiKey: Secret?
  /// The environment variable that the configuration names for the key; for error messages.
  public var keyVariable: String?
  /// Overrides what the server says about the model's context, in tokens.
  public var contextLength: Int?
  /// The longest reply when a request does not say, in tokens.
  public var maximumOutputTokens: Int?
  /// The temperature when a request does not say.
  public var temperature: Double?
  /// Header fields to send with every request, such as a gateway's.
  public var headers: [String: String]
  /// Limits on the time of one attempt.
  public var deadlines: HTTPDeadlines
  /// How often and how long to try.
  public var retry: RetryPolicy
  /// How many requests at a time; nil for the provider's usual (4 to 64, Ollama 2 to 16).
  public var concurrency: ConcurrencyLimitStateMachine.Policy?

  /// The defaults suit a hosted provider.
  public init(
    provider: Provider, model: String, baseURL: String? = nil, apiKey: Secret? = nil,
    keyVariable: String? = nil, contextLength: Int? = nil, maximumOutputTokens: Int? = nil,
    temperature: Double? = nil, headers: [String: String] = [:], deadlines: HTTPDeadlines = HTTPDeadlines(),
    retry: RetryPolicy = RetryPolicy(), concurrency: ConcurrencyLimitStateMachine.Policy? = nil
  ) {
    self.provider = provider
    self.model = model
    self.baseURL = baseURL
    self.apiKey = apiKey
    self.keyVariable = keyVariable
    self.contextLength = contextLength
    self.maximumOutputTokens = maximumOutputTokens
    self.temperature = temperature
    self.headers = headers
    self.deadlines = deadlines
    self.retry = retry
    self.concurrency = concurrency
  }
}
