import MemfunCore

/// How a fan-out treats a child that fails.
public enum FailureMode: String, Sendable {
  /// The first failure cancels the others and ends the fan-out.
  case failFast
  /// All children run; the outcomes tell which failed.
  case collect
}

/// How a child ended.
public enum ChildOutcome: Sendable, Equatable {
  /// With this result.
  case succeeded([UInt8])
  /// Its attempts are used up, or its failure cannot be mended.
  case dead(error: String)
  /// Somebody cancelled it.
  case cancelled

  /// Whether there is a result.
  public var isSuccess: Bool { if case .succeeded = self { true } else { false } }
}

/// Which children of a fan-out are started and cancelled when. Pure.
struct FanOutStateMachine: Sendable {
  enum Action: Equatable, Sendable {
    /// Start the child with this place.
    case start(Int)
    /// Cancel it.
    case cancel(Int)
    /// All is done.
    case finish
    /// The child with this place failed and ends it all.
    case fail(Int)
  }

  private let count: Int
  private let maximumConcurrency: Int
  private let mode: FailureMode
  private var next = 0
  /// The children that were started and have not ended.
  private(set) var live: Set<Int> = []
  private(set) var outcomes: [ChildOutcome?]
  private var isOver = false

  /// - Parameter maximumConcurrency: how many children are live at once; at least 1.
  init(count: Int, maximumConcurrency: Int, mode: FailureMode) {
    self.count = count
    self.maximumConcurrency = max(1, maximumConcurrency)
    self.mode = mode
    outcomes = Array(repeating: nil, count: count)
  }

  /// The first children.
  mutating func begin() -> [Action] { refill() }

  /// A child ended.
  mutating func ended(_ place: Int, _ outcome: ChildOutcome) -> [Action] {
    guard !isOver, live.remove(place) != nil else { return [] }
    outcomes[place] = outcome
    if mode == .failFast, !outcome.isSuccess {
      isOver = true
      return live.sorted().map(Action.cancel) + [.fail(place)]
    }
    return refill()
  }

  private mutating func refill() -> [Action] {
    var actions: [Action] = []
    while next < count, live.count < maximumConcurrency {
      live.insert(next)
      actions.append(.start(next))
      next += 1
    }
    if live.isEmpty {
      isOver = true
      actions.append(.finish)
    }
    return actions
  }
}
