import MemfunCore
import Synchronization

/// OpenAI's chat completions, and the servers that offer the same: vLLM, Fireworks, LM Studio,
/// llama.cpp and many more. What a server lacks is learned from its refusals, once.
final class OpenAIDialect: ProviderDialect {
  private struct Knowledge {
    var quirks: OpenAIQuirks
    var generation = 0
    var triedOtherVersion = false
  }

  let identity: ModelIdentity
  let connection: ServerConnection
  private let configuration: ModelConfiguration
  private let knowledge: Mutex<Knowledge>

  init(configuration: ModelConfiguration, connection: ServerConnection) {
    self.configuration = configuration
    self.connection = connection
    identity = ModelIdentity(
      provider: ModelConfiguration.Provider.openai.rawValue, model: configuration.model,
      baseURL: connection.base.shown)
    knowledge = Mutex(
      Knowledge(
        quirks: OpenAIQuirks(
          usesCompletionTokens: connection.base.host == "api.openai.com",
          version: connection.base.hasVersion ? "" : "/v1")))
  }

  func prepare(_ request: ModelRequest) async throws -> PreparedRequest {
    var request = request
    request.maximumOutputTokens = request.maximumOutputTokens ?? configuration.maximumOutputTokens
    request.temperature = request.temperature ?? configuration.temperature
    let (quirks, generation) = knowledge.withLock { ($0.quirks, $0.generation) }
    let endpoint = connection.base.endpoint("/chat/completions", version: quirks.version)
    let estimate = TokenEstimator(of: request)
    try refuseOversize(estimate)
    if let wanted = request.maximumOutputTokens {
      let room = quirks.contextLength.map { max(Self.leastOutput, $0 - estimate.high) } ?? wanted
      request.maximumOutputTokens = min(wanted, room, quirks.maximumOutput ?? wanted)
    }
    let body = OpenAIRequestEncoder(model: identity.model, quirks: quirks).body(request)
    return PreparedRequest(
      http: connection.post(endpoint.url, body: body),
      context: ReplyContext(model: identity.model, url: endpoint.shown, estimatedInput: estimate.likely),
      estimate: estimate, generation: generation)
  }

  /// Only when the configuration gives a limit: asking the server first would cost every call a round
  /// trip, and these servers refuse by themselves.
  private func refuseOversize(_ estimate: TokenEstimator) throws {
    guard let limit = configuration.contextLength, estimate.likely > limit else { return }
    throw ModelError.contextLengthExceeded(
      limit: limit, requested: estimate.likely, model: identity.model, wasSent: false)
  }

  func decoder(_ context: ReplyContext) -> any ReplyDecoder { OpenAIReplyDecoder(context: context) }

  func adapt(to error: ServerError, of prepared: PreparedRequest) -> Bool {
    let text = (error.message + " " + (error.parameter ?? "")).lowercased()
    let hadSchema = prepared.http.body.map { Self.contains($0, "\"response_format\"") } ?? false
    let hadStreamOptions = prepared.http.body.map { Self.contains($0, "\"stream_options\"") } ?? false
    return knowledge.withLock { knowledge in
      // Another call has learned something since this one was prepared: try with that first.
      if knowledge.generation != prepared.generation { return true }
      var quirks = knowledge.quirks
      if error.status == 404 || error.status == 405 {
        guard !connection.base.hasVersion, !knowledge.triedOtherVersion, !text.contains("model") else {
          return false
        }
        knowledge.triedOtherVersion = true
        quirks.version = quirks.version.isEmpty ? "/v1" : ""
      } else if error.status == 400 || error.status == 422 {
        if let limit = ServerError.number(after: "at most ", in: text), text.contains("max_"),
          limit > 0, limit < quirks.maximumOutput ?? .max
        {
          quirks.maximumOutput = limit
        } else if let (limit, input) = Self.contextLeavingRoom(in: text) {
          // What the server's frame around the messages costs beyond our estimate is taken off.
          let room = limit - max(0, input - prepared.estimate.high)
          quirks.contextLength = min(room, quirks.contextLength ?? room)
        } else if text.contains("max_completion_tokens") || text.contains("max_tokens") {
          // The message names the wanted field, or only the refused one.
          let wanted =
            quirks.usesCompletionTokens
            ? text.contains("max_completion_tokens") : text.contains("max_tokens")
          guard wanted, Self.saysUnsupported(text) else { return false }
          quirks.usesCompletionTokens.toggle()
        } else if text.contains("stream_options") || text.contains("include_usage"), hadStreamOptions {
          quirks.acceptsStreamOptions = false
        } else if hadSchema, quirks.schema != .prose,
          ["response_format", "json_schema", "json_object", "schema", "guided", "grammar"].contains(
            where: text.contains)
        {
          quirks.schema = quirks.schema == .schema ? .object : .prose
        } else if text.contains("temperature"), Self.saysUnsupported(text) {
          quirks.acceptsTemperature = false
        } else if text.contains("seed"), Self.saysUnsupported(text) {
          quirks.acceptsSeed = false
        } else if text.contains("'stop'") || text.contains("\"stop\""), Self.saysUnsupported(text) {
          quirks.acceptsStop = false
        }
      }
      guard quirks != knowledge.quirks else { return false }
      knowledge.quirks = quirks
      knowledge.generation += 1
      return true
    }
  }

  /// The shortest reply that is worth asking for.
  private static let leastOutput = 16

  /// The limit and the prompt's tokens, when a server refused only because the prompt and the longest reply together pass it:
  /// "maximum context length is 4096 tokens … requested 8207 tokens (15 in the messages, …)", or
  /// "… your request has 15 input tokens".
  private static func contextLeavingRoom(in text: String) -> (limit: Int, input: Int)? {
    guard let limit = ServerError.number(after: "maximum context length is ", in: text) else { return nil }
    let input =
      ServerError.number(after: "request has ", in: text)
      ?? (text.contains(" in the completion") ? ServerError.number(after: "tokens (", in: text) : nil)
    guard let input, limit - input >= leastOutput else { return nil }
    return (limit, input)
  }

  private static func saysUnsupported(_ text: String) -> Bool {
    [
      "unsupported", "not support", "unrecognized", "unknown", "unexpected", "not permitted", "extra",
      "instead", "invalid",
    ]
    .contains(where: text.contains)
  }

  private static func contains(_ bytes: [UInt8], _ word: StaticString) -> Bool {
    let needle = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard bytes.count >= needle.count else { return false }
    for place in 0...(bytes.count - needle.count)
    where bytes[place] == needle[0] && bytes[place..<(place + needle.count)].elementsEqual(needle) {
      return true
    }
    return false
  }

  // MARK: What the server tells

  func models() async throws -> [ModelListing] {
    let version = knowledge.withLock { $0.quirks.version }
    return Self.listings(try await connection.document("/models", version: version))
  }

  private static func listings(_ list: JSONValue) -> [ModelListing] {
    let entries = list["data"]?.arrayValue ?? list["models"]?.arrayValue ?? list.arrayValue ?? []
    return entries.compactMap { entry in
      guard let id = entry["id"]?.stringValue ?? entry["name"]?.stringValue else { return nil }
      return ModelListing(
        id: id, contextLength: contextLength(in: entry), detail: entry["owned_by"]?.stringValue)
    }
  }

  /// vLLM says `max_model_len`, Fireworks and OpenRouter `context_length`, llama.cpp `meta.n_ctx…`.
  private static func contextLength(in entry: JSONValue) -> Int? {
    let candidates = [
      entry["max_model_len"], entry["loaded_context_length"], entry["context_length"],
      entry["context_window"],
      entry["max_context_length"], entry["meta"]?["n_ctx"],
    ]
    return candidates.lazy.compactMap { $0?.tokenCount }.first { $0 > 0 }
  }

  func capabilities() async throws -> ModelCapabilities {
    var capabilities = ModelCapabilities(
      contextLength: configuration.contextLength,
      contextLengthSource: configuration.contextLength == nil ? nil : .configuration)
    if capabilities.contextLength == nil, let length = try await serverContextLength() {
      capabilities.contextLength = length
      capabilities.contextLengthSource = .server
    }
    if connection.base.host == "api.openai.com" {
      capabilities.supportsTools = true
      capabilities.supportsSchema = true
    } else if knowledge.withLock({ $0.quirks.schema }) != .schema {
      capabilities.supportsSchema = false
    }
    return capabilities
  }

  /// Asks the list of models, then the addresses where LM Studio and llama.cpp tell more.
  private func serverContextLength() async throws -> Int? {
    let version = knowledge.withLock { $0.quirks.version }
    if let list = try await connection.optionalDocument("/models", version: version),
      let length = Self.listings(list).first(where: { $0.id == identity.model })?.contextLength
    {
      return length
    }
    if connection.base.host != "api.openai.com", let root = rootConnection {
      // These exist on one kind of server each; that the others answer 404 is expected.
      if let entry = try? await root.document("/api/v0/models/\(identity.model)"),
        let length = Self.contextLength(in: entry)
      {
        return length
      }
      if let props = try? await root.document("/props"),
        let length = props["default_generation_settings"]?["n_ctx"]?.tokenCount ?? props["n_ctx"]?.tokenCount,
        length > 0
      {
        return length
      }
    }
    return nil
  }

  /// The same server at the root of its paths.
  private var rootConnection: ServerConnection? {
    let parts = connection.base.text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3, let base = try? BaseURL("\(parts[0])//\(parts[2])", droppedSuffixes: []) else {
      return nil
    }
    return ServerConnection(
      transport: connection.transport, base: base, model: connection.model, key: connection.key,
      fields: connection.fields, deadlines: connection.deadlines, time: connection.time)
  }
}
