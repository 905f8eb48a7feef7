import MemfunCore

/// Keeps the books of a budget: reservations before a request, settlements after it. Pure.
///
/// A request reserves the most it can cost: a high estimate of its input, and its longest output. What
/// others have reserved counts as spent, so that calls in flight cannot pass the limit together.
public struct BudgetStateMachine: Sendable {
  /// What a call may use at most.
  public struct Reservation: Sendable, Equatable {
    /// Input and output together.
    public var tokens: Int
    /// Their highest cost; zero without a limit on money.
    public var cost: Money
    /// The longest output that the call may ask for.
    public var outputTokens: Int
  }

  /// The shortest reply that is worth a call.
  public static let leastOutput = 16

  /// The limits.
  public let budget: Budget
  /// Tokens that settled calls have used.
  public private(set) var usedTokens = 0
  /// Money that settled calls have cost.
  public private(set) var usedCost = Money.zero
  /// Tokens that calls in flight may use.
  public private(set) var reservedTokens = 0
  /// Money that calls in flight may cost.
  public private(set) var reservedCost = Money.zero

  /// - Parameter budget: the limits.
  public init(budget: Budget) { self.budget = budget }

  /// Tokens that are neither used nor reserved; nil without a limit. Never negative.
  public var remainingTokens: Int? {
    budget.maximumTokens.map { max(0, $0 - usedTokens.saturatingSum(reservedTokens)) }
  }

  /// Money that is neither used nor reserved; nil without a limit. Never negative.
  public var remainingCost: Money? {
    budget.maximumCost.map { max(.zero, $0 - (usedCost + reservedCost)) }
  }

  /// Reserves for one call, with a shorter reply when only that fits.
  ///
  /// - Parameters:
  ///   - input: a high estimate of the prompt's tokens.
  ///   - output: the longest reply that is wanted.
  ///   - price: nil when it is not known.
  ///   - identity: the model, for the error.
  /// - Throws: `BudgetExceeded`, with nothing reserved.
  public mutating func reserve(
    input: Int, output: Int, price: TokenPrice?, identity: ModelIdentity
  ) throws(BudgetExceeded) -> Reservation {
    let least = min(Self.leastOutput, max(1, output))
    var allowed = max(1, output)
    if let remaining = remainingTokens, let limit = budget.maximumTokens {
      allowed = min(allowed, remaining - input)
      if allowed < least {
        throw .tokens(
          limit: limit, used: usedTokens.saturatingSum(reservedTokens), needed: input.saturatingSum(least),
          isRunning: false)
      }
    }
    var cost = Money.zero
    if let remaining = remainingCost, let limit = budget.maximumCost {
      guard let price else { throw .unpriced(model: identity) }
      let left = remaining - price.highestCost(input: input, output: 0)
      if price.output > .zero {
        allowed = min(allowed, Int(max(0, left.picodollars) / price.output.picodollars))
      }
      if left < .zero || allowed < least {
        throw .cost(
          limit: limit, used: usedCost + reservedCost, needed: price.highestCost(input: input, output: least))
      }
      cost = price.highestCost(input: input, output: allowed)
    }
    let reservation = Reservation(tokens: input.saturatingSum(allowed), cost: cost, outputTokens: allowed)
    reservedTokens = reservedTokens.saturatingSum(reservation.tokens)
    reservedCost = reservedCost + reservation.cost
    return reservation
  }

  /// Replaces a reservation by what was used.
  ///
  /// - Parameter price: nil when it is not known; the money is not limited then.
  public mutating func settle(_ reservation: Reservation, usage: Usage, price: TokenPrice?) {
    reservedTokens -= reservation.tokens
    reservedCost = reservedCost - reservation.cost
    usedTokens = usedTokens.saturatingSum(usage.total)
    if let price { usedCost = usedCost + price.cost(of: usage) }
  }

  /// Whether a call that has used `failed` in attempts that came to nothing may make another, with its
  /// reservation untouched.
  public func allowsAnotherAttempt(_ reservation: Reservation, failed: Usage, price: TokenPrice?) -> Bool {
    if let limit = budget.maximumTokens,
      usedTokens.saturatingSum(reservedTokens).saturatingSum(failed.total) > limit
    {
      return false
    }
    if let limit = budget.maximumCost, let price, usedCost + reservedCost + price.cost(of: failed) > limit {
      return false
    }
    return true
  }
}
