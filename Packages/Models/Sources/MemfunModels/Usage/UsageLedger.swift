import MemfunCore
import Synchronization

/// Adds up what calls have used, model by model, and what that costs.
///
/// A lock instead of an actor, because a call that is dropped must be entered at once, from its
/// `deinit`.
public final class UsageLedger: Sendable {
  /// The sums of one model.
  public struct Entry: Sendable, Hashable {
    /// The model.
    public var identity: ModelIdentity
    /// Calls that reached the provider or tried to.
    public var calls = 0
    /// Attempts beyond the first of each call.
    public var retries = 0
    /// All tokens, failed attempts included.
    public var usage = Usage.zero
    /// What they cost.
    public var cost = Cost.known(.zero)
  }

  private let prices: PriceTable
  private let time: any TimeSource
  private let entries = Mutex<[Entry]>([])

  /// - Parameters:
  ///   - prices: what tokens cost.
  ///   - time: the day for which prices are looked up.
  public init(prices: PriceTable = .builtIn, time: any TimeSource = SystemTimeSource()) {
    self.prices = prices
    self.time = time
  }

  /// Enters one call.
  ///
  /// - Parameters:
  ///   - usage: all its tokens, failed attempts included.
  ///   - attempts: how many there were.
  public func record(_ identity: ModelIdentity, usage: Usage, attempts: Int) {
    let price = prices.price(of: identity, at: time.now())
    // Nothing used costs nothing, whatever the price.
    let cost: Cost = price.map { .known($0.cost(of: usage)) } ?? (usage.total == 0 ? .known(.zero) : .unknown)
    entries.withLock { entries in
      let place = entries.firstIndex { $0.identity == identity } ?? entries.count
      if place == entries.count { entries.append(Entry(identity: identity)) }
      entries[place].calls += 1
      entries[place].retries += max(0, attempts - 1)
      entries[place].usage += usage
      entries[place].cost = entries[place].cost + cost
    }
  }

  /// The sums of each model, in the order of their first calls.
  public var models: [Entry] { entries.withLock { $0 } }

  /// The sum of all models' tokens.
  public var usage: Usage { models.reduce(.zero) { $0 + $1.usage } }

  /// The sum of all models' costs; unknown when the price of any used model is.
  public var cost: Cost { models.reduce(.known(.zero)) { $0 + $1.cost } }

  /// The number of calls.
  public var calls: Int { models.reduce(0) { $0 + $1.calls } }
}

/// A model whose calls are entered into a ledger: when they end, fail, or are dropped.
public struct MeteredModel: LanguageModel {
  private let base: any LanguageModel
  private let ledger: UsageLedger

  /// - Parameters:
  ///   - base: the model that answers.
  ///   - ledger: where its usage is entered.
  public init(_ base: any LanguageModel, ledger: UsageLedger) {
    self.base = base
    self.ledger = ledger
  }

  public var identity: ModelIdentity { base.identity }

  /// What the base model can do.
  public func capabilities() async throws -> ModelCapabilities { try await base.capabilities() }

  /// The base model's stream, unchanged.
  public func stream(_ request: ModelRequest) -> ModelStream {
    let call = Call(upstream: base.stream(request), request: request, identity: identity, ledger: ledger)
    return ModelStream { try await call.next() }
  }

  private final class Call: Sendable {
    private struct State {
      var meter = UsageMeter()
      var wasRead = false
      var isEntered = false
    }

    private let upstream: ModelStream
    private let request: ModelRequest
    private let identity: ModelIdentity
    private let ledger: UsageLedger
    private let state = Mutex(State())

    init(upstream: ModelStream, request: ModelRequest, identity: ModelIdentity, ledger: UsageLedger) {
      self.upstream = upstream
      self.request = request
      self.identity = identity
      self.ledger = ledger
    }

    func next() async throws -> ModelChunk? {
      state.withLock { $0.wasRead = true }
      do {
        let chunk = try await upstream.next()
        if let chunk { state.withLock { $0.meter.add(chunk) } }
        if chunk == nil || state.withLock({ $0.meter.isFinished }) { enter() }
        return chunk
      } catch {
        enter()
        throw error
      }
    }

    private func enter() {
      let meter = state.withLock { state -> UsageMeter? in
        guard state.wasRead, !state.isEntered else { return nil }
        state.isEntered = true
        return state.meter
      }
      guard let meter else { return }
      ledger.record(
        identity, usage: meter.total(estimatedInput: TokenEstimator(of: request).likely),
        attempts: meter.attempts)
    }

    deinit { enter() }
  }
}
