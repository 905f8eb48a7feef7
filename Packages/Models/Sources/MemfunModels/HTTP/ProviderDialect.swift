import MemfunCore

/// One provider's protocol: how requests look, what answers mean, what the server tells about itself.
/// `ModelCall` does what all have in common.
protocol ProviderDialect: Sendable {
  var identity: ModelIdentity { get }
  var connection: ServerConnection { get }

  /// Makes the request for one attempt. May ask the server about the model first.
  ///
  /// - Throws: `ModelError.contextLengthExceeded` for a prompt that cannot fit, without sending it.
  func prepare(_ request: ModelRequest) async throws -> PreparedRequest

  /// A decoder for one answer.
  func decoder(_ context: ReplyContext) -> any ReplyDecoder

  /// Learns from a refusal that the server lacks an option.
  ///
  /// - Returns: whether the request should be prepared and sent again at once.
  func adapt(to error: ServerError, of prepared: PreparedRequest) -> Bool

  /// Judges a complete reply by its usage.
  ///
  /// - Throws: `ModelError.promptTruncated`.
  func check(_ usage: Usage, of prepared: PreparedRequest) async throws

  /// What the model can do, as far as the server tells.
  func capabilities() async throws -> ModelCapabilities

  /// The models that the server has.
  func models() async throws -> [ModelListing]
}

extension ProviderDialect {
  func adapt(to error: ServerError, of prepared: PreparedRequest) -> Bool { false }
  func check(_ usage: Usage, of prepared: PreparedRequest) async throws {}
}

/// A request as it goes out, and what is known about it.
struct PreparedRequest: Sendable {
  var http: HTTPRequest
  var context: ReplyContext
  var estimate: TokenEstimator
  /// The generation of the dialect's knowledge about the server that the request was made with.
  var generation = 0
  /// The messages that were sent, where the dialect wants to remember them.
  var messages: [Message] = []
}

/// A model that a server has.
public struct ModelListing: Sendable, Hashable {
  /// The name to put into the configuration.
  public var id: String
  /// Tokens of context; nil when the server does not tell.
  public var contextLength: Int?
  /// The size of its file in bytes, where the server tells.
  public var sizeInBytes: Int?
  /// The display name, owner or family, where the server tells.
  public var detail: String?

  /// - Parameters:
  ///   - id: the name to put into the configuration.
  ///   - contextLength: tokens.
  ///   - sizeInBytes: the size of its file.
  ///   - detail: display name, owner or family.
  public init(id: String, contextLength: Int? = nil, sizeInBytes: Int? = nil, detail: String? = nil) {
    self.id = id
    self.contextLength = contextLength
    self.sizeInBytes = sizeInBytes
    self.detail = detail
  }
}
