import MemfunCore
import Synchronization

/// Anthropic's Messages API. What a model refuses is learned from its refusals, once.
final class AnthropicDialect: ProviderDialect {
  private struct Knowledge {
    var quirks = AnthropicQuirks()
    var generation = 0
  }

  /// The version of the interface that requests are written for.
  static let version = "2023-06-01"
  /// The interface demands a limit; this one every model since Claude 3.5 accepts.
  static let defaultMaximumTokens = 8192

  let identity: ModelIdentity
  let connection: ServerConnection
  private let configuration: ModelConfiguration
  private let pathVersion: String
  private let knowledge = Mutex(Knowledge())

  init(configuration: ModelConfiguration, connection: ServerConnection) {
    self.configuration = configuration
    self.connection = connection
    identity = ModelIdentity(
      provider: ModelConfiguration.Provider.anthropic.rawValue, model: configuration.model,
      baseURL: connection.base.shown)
    pathVersion = connection.base.hasVersion ? "" : "/v1"
  }

  func prepare(_ request: ModelRequest) async throws -> PreparedRequest {
    var request = request
    request.maximumOutputTokens = request.maximumOutputTokens ?? configuration.maximumOutputTokens
    request.temperature = request.temperature ?? configuration.temperature
    let endpoint = connection.base.endpoint("/messages", version: pathVersion)
    let estimate = TokenEstimator(of: request)
    if let limit = configuration.contextLength, estimate.likely > limit {
      throw ModelError.contextLengthExceeded(
        limit: limit, requested: estimate.likely, model: identity.model, wasSent: false)
    }
    let (quirks, generation) = knowledge.withLock { ($0.quirks, $0.generation) }
    let encoder = AnthropicRequestEncoder(
      model: identity.model, defaultMaximumTokens: Self.defaultMaximumTokens, quirks: quirks)
    return PreparedRequest(
      http: connection.post(endpoint.url, body: encoder.body(request)),
      context: ReplyContext(
        model: identity.model, url: endpoint.shown, estimatedInput: estimate.likely,
        schemaToolName: request.responseSchema.map(AnthropicRequestEncoder.schemaToolName)),
      estimate: estimate, generation: generation)
  }

  func adapt(to error: ServerError, of prepared: PreparedRequest) -> Bool {
    guard error.status == 400 else { return false }
    let text = error.message.lowercased()
    return knowledge.withLock { knowledge in
      // Another call has learned something since this one was prepared: try with that first.
      if knowledge.generation != prepared.generation { return true }
      var quirks = knowledge.quirks
      if text.hasPrefix("max_tokens"), let limit = ServerError.number(after: " > ", in: text), limit > 0 {
        quirks.maximumTokens = limit
      } else if text.contains("temperature") {
        quirks.acceptsTemperature = false
      } else if text.contains("tool_choice") || text.contains("forces tool use") {
        quirks.forcesTools = false
      }
      guard quirks != knowledge.quirks else { return false }
      knowledge.quirks = quirks
      knowledge.generation += 1
      return true
    }
  }

  func decoder(_ context: ReplyContext) -> any ReplyDecoder { AnthropicReplyDecoder(context: context) }

  func capabilities() async throws -> ModelCapabilities {
    var capabilities = ModelCapabilities(
      contextLength: configuration.contextLength,
      contextLengthSource: configuration.contextLength == nil ? nil : .configuration, supportsTools: true,
      supportsSchema: true)
    guard capabilities.contextLength == nil else { return capabilities }
    // Gateways often offer the messages alone; a model that does not exist is reported by the call itself.
    let entry: JSONValue?
    do {
      entry = try await connection.optionalDocument("/models/\(identity.model)", version: pathVersion)
    } catch ModelError.unknownModel {
      entry = nil
    }
    capabilities.contextLength =
      entry?["max_input_tokens"]?.tokenCount ?? entry?["context_window"]?.tokenCount
    if capabilities.contextLength != nil { capabilities.contextLengthSource = .server }
    return capabilities
  }

  func models() async throws -> [ModelListing] {
    let list = try await connection.document("/models?limit=1000", version: pathVersion)
    return (list["data"]?.arrayValue ?? []).compactMap { entry in
      guard let id = entry["id"]?.stringValue else { return nil }
      return ModelListing(
        id: id, contextLength: entry["max_input_tokens"]?.tokenCount,
        detail: entry["display_name"]?.stringValue)
    }
  }
}
