import MemfunCore
import Synchronization

/// The books of one budget, shared by all models of a run.
public final class BudgetAccount: Sendable {
  private let machine: Mutex<BudgetStateMachine>
  private let prices: PriceTable
  fileprivate let time: any TimeSource
  private let start: Duration

  /// Opens the account; its time runs from now on.
  ///
  /// - Parameters:
  ///   - budget: the limits.
  ///   - prices: what tokens cost.
  ///   - time: the clock of the time limit.
  public init(_ budget: Budget, prices: PriceTable = .builtIn, time: any TimeSource = SystemTimeSource()) {
    machine = Mutex(BudgetStateMachine(budget: budget))
    self.prices = prices
    self.time = time
    start = time.monotonic()
  }

  /// The books as they are now.
  public var state: BudgetStateMachine { machine.withLock { $0 } }

  /// The time that is left; nil without a limit. Never negative.
  public var remainingTime: Duration? {
    state.budget.maximumTime.map { max(.zero, $0 - (time.monotonic() - start)) }
  }

  fileprivate func price(of identity: ModelIdentity) -> TokenPrice? {
    prices.price(of: identity, at: time.now())
  }

  fileprivate func reserve(
    input: Int, output: Int, identity: ModelIdentity
  ) throws -> BudgetStateMachine.Reservation {
    let price = price(of: identity)
    return try machine.withLock { machine in
      try machine.reserve(input: input, output: output, price: price, identity: identity)
    }
  }

  fileprivate func settle(
    _ reservation: BudgetStateMachine.Reservation, usage: Usage, identity: ModelIdentity
  ) {
    let price = price(of: identity)
    machine.withLock { $0.settle(reservation, usage: usage, price: price) }
  }

  fileprivate func allowsAnotherAttempt(
    _ reservation: BudgetStateMachine.Reservation, failed: Usage, identity: ModelIdentity
  ) -> Bool {
    let price = price(of: identity)
    return machine.withLock { $0.allowsAnotherAttempt(reservation, failed: failed, price: price) }
  }
}

/// A model whose calls cannot pass a budget.
///
/// Before a request is sent its worst case is reserved, with a shorter reply when only that fits; it is
/// settled when the call ends. A repeated attempt must fit again. A reply that outgrows what it was
/// allowed (a server that ignores the limit) is cut, and so is one that the time limit overtakes.
public struct BudgetedModel: LanguageModel {
  private let base: any LanguageModel
  private let account: BudgetAccount
  private let usualOutputTokens: Int

  /// - Parameters:
  ///   - base: the model that answers.
  ///   - account: the budget's books.
  ///   - usualOutputTokens: the longest reply of requests that do not say. Default 4096.
  public init(_ base: any LanguageModel, account: BudgetAccount, usualOutputTokens: Int = 4096) {
    self.base = base
    self.account = account
    self.usualOutputTokens = max(1, usualOutputTokens)
  }

  public var identity: ModelIdentity { base.identity }

  /// What the base model can do.
  public func capabilities() async throws -> ModelCapabilities { try await base.capabilities() }

  /// The base model's stream; reading it throws `BudgetExceeded` before anything is sent, or when a
  /// limit is reached.
  public func stream(_ request: ModelRequest) -> ModelStream {
    let call = Call(base: base, account: account, request: request, usualOutputTokens: usualOutputTokens)
    return ModelStream { try await call.next() }
  }

  private final class Call: Sendable {
    private struct State {
      var upstream: ModelStream?
      var reservation: BudgetStateMachine.Reservation?
      var meter = UsageMeter()
      var isOver = false
    }

    private let base: any LanguageModel
    private let account: BudgetAccount
    private let request: ModelRequest
    private let usualOutputTokens: Int
    private let state = Mutex(State())

    init(base: any LanguageModel, account: BudgetAccount, request: ModelRequest, usualOutputTokens: Int) {
      self.base = base
      self.account = account
      self.request = request
      self.usualOutputTokens = usualOutputTokens
    }

    func next() async throws -> ModelChunk? {
      if state.withLock({ $0.isOver }) { return nil }
      do {
        let upstream = try begin()
        let chunk = try await pull(upstream)
        if let chunk { try follow(chunk) }
        if chunk == nil || state.withLock({ $0.meter.isFinished }) { settle(wasDropped: false) }
        return chunk
      } catch is CancellationError {
        settle(wasDropped: true)
        throw CancellationError()
      } catch let error as BudgetExceeded {
        // The request may be on its way.
        settle(wasDropped: true)
        throw error
      } catch {
        settle(wasDropped: false)
        throw error
      }
    }

    private func begin() throws -> ModelStream {
      if let upstream = state.withLock({ $0.upstream }) { return upstream }
      if account.remainingTime == .zero { throw timeIsOver }
      var request = request
      let budget = account.state.budget
      if budget.maximumTokens != nil || budget.maximumCost != nil {
        let reservation = try account.reserve(
          input: TokenEstimator(of: request).high, output: request.maximumOutputTokens ?? usualOutputTokens,
          identity: base.identity)
        request.maximumOutputTokens = reservation.outputTokens
        state.withLock { $0.reservation = reservation }
      }
      let upstream = base.stream(request)
      state.withLock { $0.upstream = upstream }
      return upstream
    }

    private var timeIsOver: BudgetExceeded { .time(limit: account.state.budget.maximumTime ?? .zero) }

    private func pull(_ upstream: ModelStream) async throws -> ModelChunk? {
      guard let remaining = account.remainingTime else { return try await upstream.next() }
      guard remaining > .zero else { throw timeIsOver }
      let time = account.time
      return try await withThrowingTaskGroup(of: ModelChunk?.self) { group in
        group.addTask { try await upstream.next() }
        group.addTask { [timeIsOver] in
          try await time.sleep(for: remaining)
          throw timeIsOver
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
      }
    }

    private func follow(_ chunk: ModelChunk) throws {
      let (meter, reservation) = state.withLock { state in
        state.meter.add(chunk)
        return (state.meter, state.reservation)
      }
      guard let reservation else { return }
      if case .restarted = chunk,
        !account.allowsAnotherAttempt(reservation, failed: meter.failed, identity: base.identity)
      {
        throw exceeded(reservation, isRunning: false)
      }
      if meter.leastOutput > reservation.outputTokens { throw exceeded(reservation, isRunning: true) }
    }

    private func exceeded(_ reservation: BudgetStateMachine.Reservation, isRunning: Bool) -> BudgetExceeded {
      let books = account.state
      if let limit = books.budget.maximumTokens {
        return .tokens(limit: limit, used: books.usedTokens, needed: reservation.tokens, isRunning: isRunning)
      }
      return .cost(limit: books.budget.maximumCost ?? .zero, used: books.usedCost, needed: reservation.cost)
    }

    /// - Parameter wasDropped: whether the call ended before its result was known, so that a request
    ///   may be on its way; its input counts then.
    private func settle(wasDropped: Bool) {
      let (reservation, meter, wasSent) = state.withLock { state in
        defer {
          state.isOver = true
          state.reservation = nil
          // Ends the exchange.
          state.upstream = nil
        }
        return (state.reservation, state.meter, state.upstream != nil)
      }
      guard let reservation else { return }
      let input = TokenEstimator(of: request).likely
      var usage = meter.total(estimatedInput: input)
      if wasDropped, wasSent, !meter.hasBegun, !meter.isFinished {
        usage += Usage(input: input, isEstimated: true)
      }
      account.settle(reservation, usage: usage, identity: base.identity)
    }

    deinit { settle(wasDropped: true) }
  }
}
