/// Puts the chunks of a stream together. A pure state machine: chunk in, reply out.
public struct ReplyAssembler: Sendable {
  private var info = ResponseInfo()
  private var content: [ContentPart] = []
  private var toolPlaces: [Int: Int] = [:]
  private var usage: Usage?
  private var failedUsage = Usage.zero
  private var finishReason: FinishReason?

  /// An empty reply.
  public init() {}

  /// Takes one chunk, in the order of the stream.
  public mutating func add(_ chunk: ModelChunk) {
    switch chunk {
    case .started(let info): self.info = info
    case .text(let piece):
      if case .text(var text)? = content.last {
        // Taken out first, so that the string has one owner and grows in place.
        content.removeLast()
        text += piece
        content.append(.text(text))
      } else if !piece.isEmpty {
        content.append(.text(piece))
      }
    case .reasoning(let piece):
      if case .reasoning(var reasoning)? = content.last, reasoning.signature == nil, reasoning.redacted == nil
      {
        content.removeLast()
        reasoning.text += piece
        content.append(.reasoning(reasoning))
      } else if !piece.isEmpty {
        content.append(.reasoning(Reasoning(text: piece)))
      }
    case .reasoningSignature(let signature):
      if case .reasoning(var reasoning)? = content.last {
        reasoning.signature = (reasoning.signature ?? "") + signature
        content[content.count - 1] = .reasoning(reasoning)
      } else {
        content.append(.reasoning(Reasoning(text: "", signature: signature)))
      }
    case .redactedReasoning(let data):
      content.append(.reasoning(Reasoning(text: "", redacted: data)))
    case .toolCallStarted(let index, let id, let name):
      toolPlaces[index] = content.count
      content.append(.toolCall(ToolCall(id: id, name: name, argumentsText: "")))
    case .toolCallDelta(let index, let arguments):
      if let place = toolPlaces[index], case .toolCall(var call) = content[place] {
        content[place] = .text("")
        call.argumentsText += arguments
        content[place] = .toolCall(call)
      }
    case .toolCallEnded: break
    case .usage(let usage): self.usage = usage
    case .restarted:
      failedUsage += usage ?? .zero
      usage = nil
      content = []
      toolPlaces = [:]
      finishReason = nil
    case .finished(let reason): finishReason = reason
    }
  }

  /// Tokens so far, of failed attempts too; for accounting when the stream ends with an error.
  public var usageSoFar: Usage { failedUsage + (usage ?? .zero) }

  /// What has been delivered so far, for a caller that was interrupted.
  public var partialContent: [ContentPart] { content }

  /// The reply, or nil while `finished` has not come.
  public var reply: ModelReply? {
    finishReason.map { reason in
      ModelReply(
        id: info.id, model: info.model, content: content, finishReason: reason, usage: usage ?? .zero,
        failedUsage: failedUsage, attempts: info.attempt, isShared: info.isShared)
    }
  }
}
