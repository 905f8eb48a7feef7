import MemfunCore

/// A complete reply.
public struct ModelReply: Sendable, Equatable {
  /// The provider's id of the reply.
  public var id: String?
  /// The model which answered, as the provider names it.
  public var model: String?
  /// The reply's parts, in order. Empty when the model said nothing, which is not an error here.
  public var content: [ContentPart]
  /// Why it ended.
  public var finishReason: FinishReason
  /// Tokens of the attempt that succeeded.
  public var usage: Usage
  /// Tokens of attempts that failed after the provider had begun to answer.
  public var failedUsage: Usage
  /// How many attempts it took.
  public var attempts: Int
  /// Whether the reply belongs to another, identical request; its usage is zero then.
  public var isShared: Bool

  /// - Parameters:
  ///   - content: the parts, in order.
  ///   - finishReason: why it ended.
  ///   - usage: tokens of the attempt that succeeded.
  public init(
    id: String? = nil, model: String? = nil, content: [ContentPart], finishReason: FinishReason = .stop,
    usage: Usage = .zero, failedUsage: Usage = .zero, attempts: Int = 1, isShared: Bool = false
  ) {
    self.id = id
    self.model = model
    self.content = content
    self.finishReason = finishReason
    self.usage = usage
    self.failedUsage = failedUsage
    self.attempts = attempts
    self.isShared = isShared
  }

  /// The reply as the next message of the conversation.
  public var message: Message { Message(role: .assistant, content: content) }
  /// The text parts, joined.
  public var text: String { message.text }
  /// The thoughts, joined.
  public var reasoning: String {
    content.reduce(into: "") { text, part in
      if case .reasoning(let reasoning) = part { text += reasoning.text }
    }
  }
  /// The tool calls, in order.
  public var toolCalls: [ToolCall] { message.toolCalls }
  /// Whether there is neither text (other than white space) nor a tool call.
  public var isEmpty: Bool { toolCalls.isEmpty && text.allSatisfy(\.isWhitespace) }
  /// Tokens of all attempts.
  public var totalUsage: Usage { usage + failedUsage }
}
