import MemfunCore

/// Something that continues conversations.
public protocol LanguageModel: Sendable {
  /// Which model this is and where it runs.
  var identity: ModelIdentity { get }

  /// What the model can do, asked of the server where it tells.
  ///
  /// - Throws: `ModelError` or `HTTPError` when the server cannot be asked.
  func capabilities() async throws -> ModelCapabilities

  /// Sends the request when the stream is first read, and delivers the reply as it arrives.
  ///
  /// Reading throws `ModelError`, `HTTPError`, or `CancellationError`. Dropping the stream closes the
  /// connection.
  func stream(_ request: ModelRequest) -> ModelStream
}

extension LanguageModel {
  /// Sends the request and waits for the whole reply.
  ///
  /// An empty reply is a result (`ModelReply.isEmpty`), and so is one cut by its token limit.
  /// - Throws: what reading the stream throws.
  public func complete(_ request: ModelRequest) async throws -> ModelReply {
    var assembler = ReplyAssembler()
    for try await chunk in stream(request) { assembler.add(chunk) }
    guard let reply = assembler.reply else {
      // A cancelled pull may end the sequence instead of throwing.
      try Task.checkCancellation()
      throw ModelError.incompleteStream(identity: identity)
    }
    return reply
  }
}

/// Which model, and where it runs.
public struct ModelIdentity: Sendable, Hashable, CustomStringConvertible {
  /// `anthropic`, `openai`, `ollama`, `offline` or `scripted`.
  public var provider: String
  /// The model's name at the provider.
  public var model: String
  /// The server's address without credentials; empty when there is none.
  public var baseURL: String

  /// - Parameters:
  ///   - provider: the provider's name.
  ///   - model: the model's name at the provider.
  ///   - baseURL: the server's address without credentials.
  public init(provider: String, model: String, baseURL: String = "") {
    self.provider = provider
    self.model = model
    self.baseURL = baseURL
  }

  public var description: String { "\(provider)/\(model)" }
}

/// What a model can do.
public struct ModelCapabilities: Sendable, Hashable {
  /// Where a number or claim comes from.
  public enum Source: String, Sendable {
    /// The server said so.
    case server
    /// The configuration said so.
    case configuration
    /// The provider's interface promises it.
    case provider
  }

  /// Tokens that prompt and reply may have together; nil when nobody told.
  public var contextLength: Int?
  /// Who told the context length.
  public var contextLengthSource: Source?
  /// Whether tools may be given; nil when nobody told.
  public var supportsTools: Bool?
  /// Whether the server can be asked to keep to a JSON Schema; nil when nobody told.
  public var supportsSchema: Bool?
  /// Whether replies arrive piece by piece.
  public var streams: Bool

  /// Nothing is known unless said.
  public init(
    contextLength: Int? = nil, contextLengthSource: Source? = nil, supportsTools: Bool? = nil,
    supportsSchema: Bool? = nil, streams: Bool = true
  ) {
    self.contextLength = contextLength
    self.contextLengthSource = contextLengthSource
    self.supportsTools = supportsTools
    self.supportsSchema = supportsSchema
    self.streams = streams
  }
}
