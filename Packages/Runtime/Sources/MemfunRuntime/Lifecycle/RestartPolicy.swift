import MemfunCore

/// What happens when an agent ends although nobody asked it to.
public struct RestartPolicy: Sendable, Hashable {
  /// The wait before the first restart; it doubles with each further failure. Default 0.5 s.
  public var backoffBase: Duration = .milliseconds(500)
  /// The longest wait between restarts. Default 30 s.
  public var backoffMaximum: Duration = .seconds(30)
  /// The wait is changed at random by at most this share, 0–1. Default 0.2.
  public var jitter = 0.2
  /// So many failures within `crashWindow` are a crash loop: the agent is `failed`. Default 5.
  public var crashLimit = 5
  /// Default 60 s.
  public var crashWindow: Duration = .seconds(60)
  /// Whether an agent that returns without error is started again. Default false.
  public var restartsAfterSuccess = false

  /// The defaults.
  public init() {}

  /// min(maximum, base · 2^(n−1)) · (1 ± jitter).
  ///
  /// - Parameters:
  ///   - failures: n, the failures within the window, from 1.
  ///   - chance: uniform in -1…1.
  func backoff(failures: Int, chance: Double) -> Duration {
    // 2^40 times any base exceed any maximum.
    let doublings = UInt64(min(max(failures - 1, 0), 40))
    let raw = backoffBase.inSeconds * Double(UInt64(1) << doublings)
    return .nanoseconds(Int64(max(0, min(backoffMaximum.inSeconds, raw) * (1 + jitter * chance)) * 1e9))
  }
}
