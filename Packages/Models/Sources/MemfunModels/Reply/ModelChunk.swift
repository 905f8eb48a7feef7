import MemfunCore

/// One event of a streamed reply, in the order: `started`, then deltas and usage, then `finished`.
///
/// A failed attempt that had delivered anything is followed by `restarted`: everything since
/// `started` is void, only its usage counts. `ReplyAssembler` does that bookkeeping.
public enum ModelChunk: Sendable, Equatable {
  /// The provider began to answer.
  case started(ResponseInfo)
  /// More of the answer.
  case text(String)
  /// More of the thoughts.
  case reasoning(String)
  /// The provider's signature of the thoughts just delivered.
  case reasoningSignature(String)
  /// Thoughts that the provider encrypted.
  case redactedReasoning(String)
  /// The model begins a tool call; `index` tells apart calls of one reply.
  case toolCallStarted(index: Int, id: String, name: String)
  /// More of the JSON text of a call's arguments.
  case toolCallDelta(index: Int, arguments: String)
  /// The call's arguments are complete.
  case toolCallEnded(index: Int)
  /// The attempt's usage so far; it replaces what was reported before for the same attempt.
  case usage(Usage)
  /// The attempt failed and is repeated; drop what was delivered.
  case restarted(Restart)
  /// The reply is complete. Always the last chunk.
  case finished(FinishReason)
}

/// What is known about a reply when it begins.
public struct ResponseInfo: Sendable, Equatable {
  /// The provider's id of the reply.
  public var id: String?
  /// The model which answers, as the provider names it.
  public var model: String?
  /// Which attempt this is, from 1.
  public var attempt: Int
  /// Whether the reply belongs to another, identical request and is accounted there.
  public var isShared: Bool

  /// - Parameters:
  ///   - id: the provider's id of the reply.
  ///   - model: the model which answers.
  ///   - attempt: from 1.
  ///   - isShared: whether another request pays for the reply.
  public init(id: String? = nil, model: String? = nil, attempt: Int = 1, isShared: Bool = false) {
    self.id = id
    self.model = model
    self.attempt = attempt
    self.isShared = isShared
  }
}

/// Why a request is sent once more, and when.
public struct Restart: Sendable, Equatable {
  /// The attempt that failed, from 1.
  public var attempt: Int
  /// What went wrong, in one sentence.
  public var reason: String
  /// A short name of the cause for metrics: a status, `connection`, `cut`, `malformed`.
  public var label: String
  /// How long until the next attempt.
  public var delay: Duration

  /// - Parameters:
  ///   - attempt: the attempt that failed, from 1.
  ///   - reason: what went wrong.
  ///   - label: a short name of the cause.
  ///   - delay: how long until the next attempt.
  public init(attempt: Int, reason: String, label: String = "other", delay: Duration) {
    self.attempt = attempt
    self.reason = reason
    self.label = label
    self.delay = delay
  }
}
