import MemfunCore

/// Limits that a run must not pass. Nil is no limit.
public struct Budget: Sendable, Hashable {
  /// Tokens of input and output together, cached ones included.
  public var maximumTokens: Int?
  /// Money.
  public var maximumCost: Money?
  /// Time since the account was opened.
  public var maximumTime: Duration?

  /// - Parameters:
  ///   - maximumTokens: of input and output together.
  ///   - maximumCost: of all calls.
  ///   - maximumTime: since the account was opened.
  public init(maximumTokens: Int? = nil, maximumCost: Money? = nil, maximumTime: Duration? = nil) {
    self.maximumTokens = maximumTokens
    self.maximumCost = maximumCost
    self.maximumTime = maximumTime
  }

  /// No limit at all.
  public static let unlimited = Budget()
}

/// A limit that stands in the way.
public enum BudgetExceeded: MemfunError, Equatable {
  /// A call does not fit into what is left of the tokens; or, with `isRunning`, a reply grew beyond what
  /// was reserved for it and was cut.
  case tokens(limit: Int, used: Int, needed: Int, isRunning: Bool)
  /// A call does not fit into what is left of the money.
  case cost(limit: Money, used: Money, needed: Money)
  /// The time is over.
  case time(limit: Duration)
  /// A limit on money is set, and nobody knows what the model costs.
  case unpriced(model: ModelIdentity)

  public var kind: String {
    switch self {
    case .tokens: "budget.tokens"
    case .cost: "budget.cost"
    case .time: "budget.time"
    case .unpriced: "budget.unpriced"
    }
  }

  public var what: String {
    switch self {
    case .tokens(let limit, let used, let needed, let isRunning):
      isRunning
        ? "the reply outgrew the token budget: \(limit) allowed, \(used) used before it (it was stopped)"
        : "the token budget does not allow another call: \(limit) allowed, \(used) used or reserved, up to \(needed) needed"
    case .cost(let limit, let used, let needed):
      "the cost budget does not allow another call: \(limit) allowed, \(used) used or reserved, up to \(needed) needed"
    case .time(let limit): "the time budget of \(limit.rounded) s is over"
    case .unpriced(let model): "a cost budget is set, but the price of \(model) is not known"
    }
  }

  public var remedy: String? {
    switch self {
    case .tokens: "raise --max-tokens, or give the model less to read"
    case .cost: "raise --max-cost, or choose a cheaper model"
    case .time: "raise --max-time"
    case .unpriced:
      "add the model's price to your price list (model.prices_file), or limit --max-tokens instead"
    }
  }

  public var exitCode: ExitCode {
    switch self {
    case .tokens, .cost: .budget
    case .time: .wallClock
    case .unpriced: .usage
    }
  }
}
