import MemfunCore

/// How often and how long to try.
public struct RetryPolicy: Sendable, Hashable {
  /// All attempts, the first included; at least 1. Default 6.
  public var maximumAttempts: Int
  /// Attempts that may end in silence of the server (a passed deadline); each of them was long. Default 2.
  public var maximumTimeouts: Int
  /// The longest first back-off; it doubles with each attempt. Default 0.5 s.
  public var baseDelay: Duration
  /// The longest back-off of our own. Default 30 s.
  public var maximumDelay: Duration
  /// The longest wait that a server may ask for; who is told to wait longer gives up at once, because an
  /// earlier attempt would be refused too. Default 60 s.
  public var maximumRetryAfter: Duration
  /// The longest sum of waits. Default 180 s.
  public var maximumTotalWait: Duration

  /// The defaults suit an interactive run.
  public init(
    maximumAttempts: Int = 6, maximumTimeouts: Int = 2, baseDelay: Duration = .milliseconds(500),
    maximumDelay: Duration = .seconds(30),
    maximumRetryAfter: Duration = .seconds(60), maximumTotalWait: Duration = .seconds(180)
  ) {
    self.maximumAttempts = max(1, maximumAttempts)
    self.maximumTimeouts = max(1, maximumTimeouts)
    self.baseDelay = baseDelay
    self.maximumDelay = maximumDelay
    self.maximumRetryAfter = maximumRetryAfter
    self.maximumTotalWait = maximumTotalWait
  }

  /// One attempt, no waiting.
  public static let never = RetryPolicy(maximumAttempts: 1)
}

/// Decides after each failed attempt whether and when there is another. No clock, no chance inside:
/// the random number comes in.
///
/// Back-off is exponential with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS
/// Architecture Blog, 2015): uniform between zero and the current cap. A server's `Retry-After` is the
/// least wait instead, with a little jitter on top, so that many clients do not return at once.
public struct RetryStateMachine: Sendable {
  /// What to do after a failure.
  public enum Action: Sendable, Equatable {
    /// Wait, then try again.
    case retry(after: Duration)
    /// Do not try again.
    case giveUp(ModelError.GiveUpReason)
  }

  private let policy: RetryPolicy
  private var timeouts = 0
  /// Attempts that have failed.
  public private(set) var failures = 0
  /// The sum of the waits asked for so far.
  public private(set) var waited: Duration = .zero

  /// - Parameter policy: how often and how long to try.
  public init(policy: RetryPolicy) { self.policy = policy }

  /// The number of the attempt that runs now, from 1.
  public var attempt: Int { failures + 1 }

  /// An attempt failed.
  ///
  /// - Parameters:
  ///   - failure: why.
  ///   - random: uniform in [0, 1).
  public mutating func attemptFailed(_ failure: AttemptFailure, random: Double) -> Action {
    failures += 1
    if case .transport(.timedOut(let phase, _, _)) = failure.cause, phase != .connect { timeouts += 1 }
    guard failures < policy.maximumAttempts else { return .giveUp(.attempts) }
    guard timeouts < policy.maximumTimeouts else { return .giveUp(.silence) }
    var cap = policy.baseDelay
    for _ in 1..<failures where cap < policy.maximumDelay { cap *= 2 }
    cap = min(cap, policy.maximumDelay)
    let delay: Duration
    if let asked = failure.retryAfter {
      guard asked <= policy.maximumRetryAfter else { return .giveUp(.longWait) }
      delay = asked + min(policy.baseDelay, cap) * (random / 2)
    } else {
      delay = cap * random
    }
    guard waited + delay <= policy.maximumTotalWait else { return .giveUp(.wait) }
    waited += delay
    return .retry(after: delay)
  }
}
