/// Why a reply ended.
public enum FinishReason: Sendable, Hashable, CustomStringConvertible {
  /// The model was done, or wrote a stop sequence.
  case stop
  /// The limit on output tokens, or the end of the context, was reached.
  case length
  /// The model wants tools to be called.
  case toolCalls
  /// The provider withheld the reply.
  case contentFilter
  /// The model declined to answer.
  case refusal
  /// A reason that is not in this list, in the provider's words.
  case other(String)

  public var description: String {
    switch self {
    case .stop: "stop"
    case .length: "length"
    case .toolCalls: "tool_calls"
    case .contentFilter: "content_filter"
    case .refusal: "refusal"
    case .other(let name): name
    }
  }
}
