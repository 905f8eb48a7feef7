/// What a client asked of one key.
public enum RegisterCall: Sendable, Hashable {
  case get
  case put([UInt8])
  case create([UInt8])
  case update([UInt8], revision: UInt64)
  case delete(revision: UInt64?)
}

/// What a client was told.
public enum RegisterAnswer: Sendable, Hashable {
  /// The value that `get` saw.
  case found([UInt8], revision: UInt64)
  /// `get` or `delete` saw no value.
  case absent
  /// The write or removal was done and has this revision.
  case written(revision: UInt64)
  /// The condition did not hold; nothing changed. Nil: there was no value.
  case conflict(current: UInt64?)
}

/// One call of a history: when it began, and what became of it.
///
/// Instants are places in one order of all events of the history, not durations.
public struct RegisterOperation: Sendable, Hashable {
  /// How a call ended.
  public enum Outcome: Sendable, Hashable {
    /// The client has the answer.
    case answered(RegisterAnswer, at: Int)
    /// The client knows that nothing was done.
    case failed(at: Int)
    /// Nobody knows: it may have been done at any time after the call, or never.
    case unknown
  }

  /// Who called.
  public let client: Int
  /// The key; keys are independent registers.
  public let key: String
  /// What was asked.
  public let call: RegisterCall
  /// When the call began.
  public let invoked: Int
  /// How it ended.
  public let outcome: Outcome

  /// One call.
  public init(client: Int, key: String, call: RegisterCall, invoked: Int, outcome: Outcome) {
    self.client = client
    self.key = key
    self.call = call
    self.invoked = invoked
    self.outcome = outcome
  }

  /// The instant and content of the answer, when there is one.
  var answer: (answer: RegisterAnswer, at: Int)? {
    if case .answered(let answer, let at) = outcome { (answer, at) } else { nil }
  }

  /// The same call, as it looks before any answer arrived.
  var pending: RegisterOperation {
    RegisterOperation(client: client, key: key, call: call, invoked: invoked, outcome: .unknown)
  }
}

extension RegisterOperation: CustomStringConvertible {
  /// `client 2 put(a1) at 17 → revision 9 at 20`.
  public var description: String {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    let asked =
      switch call {
      case .get: "get"
      case .put(let value): "put(\(text(value)))"
      case .create(let value): "create(\(text(value)))"
      case .update(let value, let revision): "update(\(text(value)), revision \(revision))"
      case .delete(let revision): "delete(\(revision.map { "revision \($0)" } ?? "any"))"
      }
    let told =
      switch outcome {
      case .answered(.found(let value, let revision), let at):
        "\(text(value)) of revision \(revision) at \(at)"
      case .answered(.absent, let at): "no value at \(at)"
      case .answered(.written(let revision), let at): "revision \(revision) at \(at)"
      case .answered(.conflict(let current), let at):
        "conflict with \(current.map(String.init) ?? "no value") at \(at)"
      case .failed(let at): "refused at \(at)"
      case .unknown: "outcome unknown"
      }
    return "client \(client) \(asked) of \(key) at \(invoked) → \(told)"
  }
}
