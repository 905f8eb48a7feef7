import MemfunCore
import Synchronization

/// A model that answers from a list, for tests: no server, no chance, and every request is kept.
public final class ScriptedModel: LanguageModel {
  /// What happens at one request.
  public enum Step: Sendable {
    /// A whole reply, delivered in small pieces.
    case reply(ModelReply)
    /// These chunks, as they are.
    case chunks([ModelChunk])
    /// These chunks, then an error.
    case failure([ModelChunk], any Error)
    /// A reply that depends on the request.
    case respond(@Sendable (ModelRequest) throws -> ModelReply)
    /// Nothing until the task is cancelled.
    case hang

    /// A reply of one text with plausible usage: one token for four characters, rounded up.
    public static func text(_ text: String) -> Step {
      .respond { request in
        let input = request.messages.reduce(0) { $0 + $1.text.utf8.count }
        return ModelReply(
          content: text.isEmpty ? [] : [.text(text)],
          usage: Usage(input: (input + 3) / 4, output: (text.utf8.count + 3) / 4))
      }
    }

    /// A reply that asks for one tool call.
    public static func toolCall(id: String, name: String, arguments: JSONValue) -> Step {
      .reply(
        ModelReply(
          content: [.toolCall(ToolCall(id: id, name: name, argumentsText: arguments.description))],
          finishReason: .toolCalls))
    }
  }

  private struct State {
    var rest: ArraySlice<Step>
    var requests: [ModelRequest] = []
  }

  public let identity: ModelIdentity
  private let promised: ModelCapabilities
  private let repeatsLast: Bool
  private let state: Mutex<State>

  /// - Parameters:
  ///   - steps: one for each request, in order.
  ///   - model: the name in the identity.
  ///   - capabilities: what `capabilities()` says.
  ///   - repeatsLast: whether the last step answers all further requests; otherwise they fail with
  ///     `ModelError.scriptExhausted`.
  public init(
    _ steps: [Step], model: String = "script",
    capabilities: ModelCapabilities = ModelCapabilities(
      contextLength: 128_000, contextLengthSource: .configuration, supportsTools: true, supportsSchema: true),
    repeatsLast: Bool = false
  ) {
    identity = ModelIdentity(provider: "scripted", model: model)
    promised = capabilities
    self.repeatsLast = repeatsLast
    state = Mutex(State(rest: steps[...]))
  }

  /// Every request so far, in the order in which their streams were first read.
  public var requests: [ModelRequest] { state.withLock { $0.requests } }

  /// What the script promises.
  public func capabilities() async throws -> ModelCapabilities { promised }

  /// The next step's chunks. The step is taken when the stream is first read.
  public func stream(_ request: ModelRequest) -> ModelStream {
    let playback = Playback(request: request, model: self)
    return ModelStream { try await playback.next() }
  }

  fileprivate func take(_ request: ModelRequest) throws -> Step {
    try state.withLock { state in
      state.requests.append(request)
      guard let step = state.rest.first else {
        throw ModelError.scriptExhausted(requests: state.requests.count)
      }
      if !(repeatsLast && state.rest.count == 1) { state.rest.removeFirst() }
      return step
    }
  }

  private actor Playback {
    private let request: ModelRequest
    private let model: ScriptedModel
    private var chunks: ArraySlice<ModelChunk>?
    private var failure: (any Error)?

    init(request: ModelRequest, model: ScriptedModel) {
      self.request = request
      self.model = model
    }

    func next() async throws -> ModelChunk? {
      try Task.checkCancellation()
      if chunks == nil { try await begin() }
      if let chunk = chunks?.popFirst() { return chunk }
      if let failure {
        self.failure = nil
        throw failure
      }
      return nil
    }

    private func begin() async throws {
      switch try model.take(request) {
      case .reply(let reply): chunks = reply.chunks[...]
      case .respond(let make): chunks = try make(request).chunks[...]
      case .chunks(let list): chunks = list[...]
      case .failure(let list, let error):
        chunks = list[...]
        failure = error
      case .hang:
        // Ends by cancellation only: the longest sleep is far longer than any test.
        try await Task.sleep(for: .seconds(86_400))
      }
    }
  }
}

extension ModelReply {
  /// The reply as a stream would deliver it: texts in pieces of at most 16 characters.
  public var chunks: [ModelChunk] {
    var chunks: [ModelChunk] = [
      .started(ResponseInfo(id: id, model: model, attempt: attempts, isShared: isShared))
    ]
    func pieces(_ text: String) -> [String] {
      var rest = text[...]
      var pieces: [String] = []
      while !rest.isEmpty {
        pieces.append(String(rest.prefix(16)))
        rest = rest.dropFirst(16)
      }
      return pieces
    }
    for (index, part) in content.enumerated() {
      switch part {
      case .text(let text): chunks += pieces(text).map(ModelChunk.text)
      case .reasoning(let reasoning):
        chunks += pieces(reasoning.text).map(ModelChunk.reasoning)
        if let signature = reasoning.signature { chunks.append(.reasoningSignature(signature)) }
        if let redacted = reasoning.redacted { chunks.append(.redactedReasoning(redacted)) }
      case .toolCall(let call):
        chunks.append(.toolCallStarted(index: index, id: call.id, name: call.name))
        chunks += pieces(call.argumentsText).map { .toolCallDelta(index: index, arguments: $0) }
        chunks.append(.toolCallEnded(index: index))
      case .toolResult, .image: break  // a model produces neither
      }
    }
    chunks.append(.usage(usage))
    chunks.append(.finished(finishReason))
    return chunks
  }
}
