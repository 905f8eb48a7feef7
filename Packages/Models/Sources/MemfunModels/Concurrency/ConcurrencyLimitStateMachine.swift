import MemfunCore

/// How many requests a provider may have at a time, learned from its answers. A pure state machine:
/// requests and outcomes in, grants out, first come first served.
///
/// Additive increase, multiplicative decrease (Chiu and Jain, "Analysis of the Increase and Decrease
/// Algorithms for Congestion Avoidance in Computer Networks", 1989): the limit grows while it is in use
/// and answers are good, by one a reply until the first refusal and by one a round afterwards; a refusal
/// for load halves it, once for all requests that were already running; a first byte that takes four
/// times as long as usual takes a tenth, but never below the initial limit.
public struct ConcurrencyLimitStateMachine: Sendable {
  /// The range of the limit.
  public struct Policy: Sendable, Hashable {
    /// Where the limit starts; 1 or more. Default 4.
    public var initial: Int
    /// The most requests at a time. Default 64.
    public var maximum: Int

    /// - Parameters:
    ///   - initial: where the limit starts.
    ///   - maximum: the most requests at a time.
    public init(initial: Int = 4, maximum: Int = 64) {
      self.maximum = max(1, maximum)
      self.initial = min(max(1, initial), self.maximum)
    }
  }

  /// How a request ended, as far as the limit is concerned.
  public enum Outcome: Sendable, Equatable {
    /// An answer; how long its first byte took.
    case answered(firstByte: Duration)
    /// Refused because of load.
    case throttled
    /// Anything else, which says nothing about load.
    case neutral
  }

  /// A place in the queue or at work.
  public typealias Ticket = UInt64

  private let policy: Policy
  private var exactLimit: Double
  private var nextTicket: Ticket = 0
  private var running: [Ticket: UInt64] = [:]
  private var waiting: [Ticket] = []
  private var epoch: UInt64 = 0
  private var usualFirstByte: Double?

  /// - Parameter policy: the range of the limit.
  public init(policy: Policy = Policy()) {
    self.policy = policy
    exactLimit = Double(policy.initial)
  }

  /// Requests that may run at a time now.
  public var limit: Int { max(1, Int(exactLimit)) }
  /// Requests that run now.
  public var runningCount: Int { running.count }
  /// Requests that wait now.
  public var waitingCount: Int { waiting.count }

  /// Whether the request with this ticket runs now.
  func isRunning(_ ticket: Ticket) -> Bool { running[ticket] != nil }

  /// A request wants to run.
  ///
  /// - Returns: its ticket, and whether it may run at once.
  public mutating func request() -> (ticket: Ticket, isGranted: Bool) {
    nextTicket += 1
    let ticket = nextTicket
    guard waiting.isEmpty, running.count < limit else {
      waiting.append(ticket)
      return (ticket, false)
    }
    running[ticket] = epoch
    return (ticket, true)
  }

  /// A waiting request does not want to run any more. Nothing happens to one that runs already.
  public mutating func withdraw(_ ticket: Ticket) { waiting.removeAll { $0 == ticket } }

  /// A running request ended.
  ///
  /// - Returns: the tickets that may run now, in the order in which they came.
  public mutating func finish(_ ticket: Ticket, _ outcome: Outcome) -> [Ticket] {
    guard let startEpoch = running[ticket] else { return [] }
    let wasInUse = running.count >= limit
    running[ticket] = nil
    // Requests that were running when the limit was lowered tell about the old limit.
    let isCurrent = startEpoch == epoch
    switch outcome {
    case .throttled where isCurrent:
      exactLimit = max(1, exactLimit / 2)
      epoch += 1
    case .answered(let firstByte):
      let seconds = max(1e-6, firstByte.inSeconds)
      let usual = usualFirstByte ?? seconds
      usualFirstByte = seconds < usual ? seconds : usual + (seconds - usual) * 0.05
      if isCurrent, seconds > usual * 4, seconds > 0.5, exactLimit > Double(policy.initial) {
        exactLimit = max(Double(policy.initial), exactLimit * 0.9)
        epoch += 1
      } else if wasInUse {
        exactLimit = min(Double(policy.maximum), exactLimit + (epoch == 0 ? 1 : 1 / exactLimit))
      }
    case .throttled, .neutral: break
    }
    var granted: [Ticket] = []
    while running.count < limit, !waiting.isEmpty {
      let next = waiting.removeFirst()
      running[next] = epoch
      granted.append(next)
    }
    return granted
  }
}
