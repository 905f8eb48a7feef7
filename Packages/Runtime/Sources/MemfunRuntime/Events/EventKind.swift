/// What happened in a session. Kinds of newer versions are kept as they are.
public struct EventKind: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// The name, for example `turn.started`: a legal end of a subject.
  public let rawValue: String

  /// - Parameter rawValue: any name; `isLegal` says whether it can be stored.
  public init(rawValue: String) { self.rawValue = rawValue }

  private init(_ name: String) { rawValue = name }

  public static let sessionStarted = EventKind("session.started")
  /// Another writer took the session over, or the same one came back.
  public static let sessionResumed = EventKind("session.resumed")
  public static let sessionEnded = EventKind("session.ended")
  public static let turnStarted = EventKind("turn.started")
  public static let turnEnded = EventKind("turn.ended")
  public static let modelRequested = EventKind("model.requested")
  /// A piece of an answer that is still coming; published only, never stored.
  public static let modelDelta = EventKind("model.delta")
  public static let modelReplied = EventKind("model.replied")
  public static let modelFailed = EventKind("model.failed")
  public static let cellStarted = EventKind("cell.started")
  public static let cellFinished = EventKind("cell.finished")
  public static let hostCall = EventKind("host.call")
  public static let hostResult = EventKind("host.result")
  public static let toolCalled = EventKind("tool.called")
  public static let toolReturned = EventKind("tool.returned")
  public static let fileChanged = EventKind("file.changed")
  public static let approvalAsked = EventKind("approval.asked")
  public static let approvalAnswered = EventKind("approval.answered")
  public static let budgetReserved = EventKind("budget.reserved")
  public static let budgetSettled = EventKind("budget.settled")
  public static let answer = EventKind("answer")

  /// Every kind that this version knows.
  public static let known: [EventKind] = [
    .sessionStarted, .sessionResumed, .sessionEnded, .turnStarted, .turnEnded, .modelRequested, .modelDelta,
    .modelReplied, .modelFailed, .cellStarted, .cellFinished, .hostCall, .hostResult, .toolCalled,
    .toolReturned, .fileChanged, .approvalAsked, .approvalAnswered, .budgetReserved, .budgetSettled, .answer,
  ]

  /// Whether this version knows it.
  public var isKnown: Bool { Self.known.contains(self) }
  /// Whether it is only for those who listen now.
  public var isEphemeral: Bool { self == .modelDelta }
  /// Whether it can be the end of a subject: 1–4 tokens of `[A-Za-z0-9_-]`, at most 100 bytes.
  public var isLegal: Bool {
    let tokens = rawValue.split(separator: ".", omittingEmptySubsequences: false)
    return tokens.count <= 4 && rawValue.utf8.count <= 100
      && tokens.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(NameSyntax.isNameByte) }
  }

  public var description: String { rawValue }
}
