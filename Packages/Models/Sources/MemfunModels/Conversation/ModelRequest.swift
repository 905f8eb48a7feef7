import MemfunCore

/// What to ask a model: the conversation so far and how to go on.
///
/// The order of messages, tools and schema members is kept to the byte on the wire: provider caches
/// hit only when a prompt begins exactly like an earlier one.
public struct ModelRequest: Sendable, Hashable {
  /// The conversation.
  public var messages: [Message]
  /// Tools that the model may call.
  public var tools: [ToolDefinition]
  /// Whether it must. Ignored without tools.
  public var toolChoice: ToolChoice
  /// 0 (the most likely words) to 2; nil leaves it to the provider.
  public var temperature: Double?
  /// The longest reply in tokens, at least 1; nil leaves it to the provider.
  public var maximumOutputTokens: Int?
  /// Texts that end the reply. Providers accept up to four.
  public var stopSequences: [String]
  /// Asks for reproducible sampling where the provider can.
  public var seed: Int?
  /// Asks for a reply that is JSON of this form.
  public var responseSchema: ResponseSchema?
  /// Where a provider with explicit caching (Anthropic) may cut off and keep the prompt.
  public var caching: PromptCaching
  /// Free labels; `user_id` is passed on to providers that take one, others stay here.
  public var metadata: [String: String]
  /// Whether this request may share the reply of an identical one that is in flight.
  public var allowsCoalescing: Bool

  /// A request with the provider's defaults.
  public init(
    messages: [Message], tools: [ToolDefinition] = [], toolChoice: ToolChoice = .automatic,
    temperature: Double? = nil, maximumOutputTokens: Int? = nil, stopSequences: [String] = [],
    seed: Int? = nil, responseSchema: ResponseSchema? = nil, caching: PromptCaching = .automatic,
    metadata: [String: String] = [:], allowsCoalescing: Bool = false
  ) {
    self.messages = messages
    self.tools = tools
    self.toolChoice = toolChoice
    self.temperature = temperature
    self.maximumOutputTokens = maximumOutputTokens
    self.stopSequences = stopSequences
    self.seed = seed
    self.responseSchema = responseSchema
    self.caching = caching
    self.metadata = metadata
    self.allowsCoalescing = allowsCoalescing
  }
}

/// The form of a structured reply.
public struct ResponseSchema: Sendable, Hashable {
  /// A short name, 1–64 letters, digits, `_` or `-`.
  public var name: String
  /// JSON Schema; its root must be an object schema.
  public var schema: JSONValue

  /// - Parameters:
  ///   - name: 1–64 letters, digits, `_` or `-`.
  ///   - schema: JSON Schema of an object.
  public init(name: String, schema: JSONValue) {
    self.name = name
    self.schema = schema
  }
}

/// Where the prompt may be cut off and kept by the provider.
public enum PromptCaching: Sendable, Hashable {
  /// After the tools, after the system text, and in a conversation of several turns after the last
  /// two user turns.
  case automatic
  /// Nowhere.
  case none
  /// After the tools, after the system text, and after the messages at these places.
  case afterMessages([Int])
}
