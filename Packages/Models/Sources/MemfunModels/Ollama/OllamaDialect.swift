import MemfunCore
import Synchronization

/// Ollama's own API, because its OpenAI-compatible one cannot set the context's size.
final class OllamaDialect: ProviderDialect {
  /// What `/api/show` tells.
  private struct Details {
    /// The limit that the model was made for.
    var contextLength: Int?
    /// `num_ctx` of the model's own parameters.
    var configured: Int?
    var supportsTools: Bool?
  }

  private struct State {
    var machine = OllamaContextStateMachine()
    var details: Details?
  }

  let identity: ModelIdentity
  let connection: ServerConnection
  private let configuration: ModelConfiguration
  private let state = Mutex(State())

  init(configuration: ModelConfiguration, connection: ServerConnection) {
    self.configuration = configuration
    self.connection = connection
    identity = ModelIdentity(
      provider: ModelConfiguration.Provider.ollama.rawValue, model: configuration.model,
      baseURL: connection.base.shown)
  }

  func prepare(_ request: ModelRequest) async throws -> PreparedRequest {
    var request = request
    request.maximumOutputTokens = request.maximumOutputTokens ?? configuration.maximumOutputTokens
    request.temperature = request.temperature ?? configuration.temperature
    let details = try await details()
    let estimate = TokenEstimator(of: request)
    let decision = state.withLock { state in
      state.machine.decide(
        estimate: estimate, maximumOutput: request.maximumOutputTokens,
        limit: configuration.contextLength ?? details.contextLength, configured: details.configured)
    }
    switch decision {
    case .refuse(let limit, let requested):
      throw ModelError.contextLengthExceeded(
        limit: limit, requested: requested, model: identity.model, wasSent: false)
    case .send(let contextLength):
      let endpoint = connection.base.endpoint("/api/chat")
      let encoder = OllamaRequestEncoder(model: identity.model, contextLength: contextLength)
      var prepared = PreparedRequest(
        http: connection.post(endpoint.url, body: encoder.body(request)),
        context: ReplyContext(model: identity.model, url: endpoint.shown, estimatedInput: estimate.likely),
        estimate: estimate)
      prepared.messages = request.messages
      return prepared
    }
  }

  func decoder(_ context: ReplyContext) -> any ReplyDecoder { OllamaReplyDecoder(context: context) }

  func check(_ usage: Usage, of prepared: PreparedRequest) async throws {
    // Without a count of its own the server proves nothing.
    guard usage.input != prepared.estimate.likely || !usage.isEstimated else { return }
    let evaluated = usage.input
    let verdict = state.withLock { state in
      state.machine.judge(evaluated: evaluated, estimate: prepared.estimate, messages: prepared.messages)
    }
    let isTruncated: Bool
    switch verdict {
    case .plausible: isTruncated = false
    case .truncated: isTruncated = true
    case .suspicious:
      guard let loaded = await loadedContextLength() else { return }
      isTruncated = OllamaContextStateMachine.isTruncated(
        evaluated: evaluated, estimate: prepared.estimate, loadedContext: loaded)
    }
    if isTruncated {
      throw ModelError.promptTruncated(
        model: identity.model, sent: prepared.estimate.likely, evaluated: evaluated)
    }
  }

  // MARK: What the server tells

  /// Asked once; a server without `/api/show` is not asked again.
  private func details() async throws -> Details {
    if let known = state.withLock({ $0.details }) { return known }
    var details = Details()
    // A gateway that offers only the chat does not tell; the limit stays unknown then.
    if let json = try await connection.optionalDocument(
      "/api/show", body: ["model": .string(identity.model)])
    {
      // The names begin with the architecture: `llama.context_length`.
      for (name, value) in json["model_info"]?.objectValue ?? JSONObject()
      where name.hasSuffix(".context_length") {
        if let length = value.tokenCount, length > 0 { details.contextLength = length }
      }
      details.configured = Self.parameter("num_ctx", in: json["parameters"]?.stringValue ?? "")
      details.supportsTools = json["capabilities"]?.arrayValue.map { $0.contains("tools") }
    }
    state.withLock { $0.details = details }
    return details
  }

  /// Reads a number from the model's parameters: one a line, name and value.
  static func parameter(_ name: String, in text: String) -> Int? {
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split { $0.isWhitespace }
      if words.count == 2, words[0] == name { return Int(words[1]) }
    }
    return nil
  }

  /// The context of the model as it is loaded now; nil when the server does not tell.
  private func loadedContextLength() async -> Int? {
    // Only a second opinion: when it cannot be had, the reply stands.
    guard let list = try? await connection.document("/api/ps") else { return nil }
    let entry = list["models"]?.arrayValue?.first {
      $0["model"]?.stringValue == identity.model || $0["name"]?.stringValue == identity.model
        || $0["name"]?.stringValue == identity.model + ":latest"
    }
    return entry?["context_length"]?.tokenCount
  }

  func capabilities() async throws -> ModelCapabilities {
    let details = try await details()
    let length = configuration.contextLength ?? details.contextLength
    return ModelCapabilities(
      contextLength: length,
      contextLengthSource: configuration.contextLength != nil
        ? .configuration : length == nil ? nil : .server,
      supportsTools: details.supportsTools, supportsSchema: true)
  }

  func models() async throws -> [ModelListing] {
    let list = try await connection.document("/api/tags")
    return (list["models"]?.arrayValue ?? []).compactMap { entry in
      guard let id = entry["model"]?.stringValue ?? entry["name"]?.stringValue else { return nil }
      let family = entry["details"]?["family"]?.stringValue
      let size = entry["details"]?["parameter_size"]?.stringValue
      let detail = [family, size].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
      return ModelListing(
        id: id, sizeInBytes: entry["size"]?.tokenCount.flatMap { $0 > 0 ? $0 : nil },
        detail: detail.isEmpty ? nil : detail)
    }
  }
}
