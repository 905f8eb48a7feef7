import MemfunCore

/// The time that a store's processes share: the wall clock, made safe against its jumps.
///
/// It never goes back. A forward jump of more than `largestJump`, against the monotonic clock, is
/// refused the first time (time then goes on by the monotonic clock) and believed when it is still
/// there `confirmation` later: a wrong date that is soon corrected must not end every lease at once.
/// Pure: readings come in, the decision goes out.
public struct StoreClock: Sendable {
  /// A jump that was refused, for the log.
  public struct RefusedJump: Sendable, Equatable {
    /// How far the wall clock moved beyond the time that really passed.
    public let by: Duration
  }

  /// Forward jumps up to this are believed at once (a laptop's correction after sleep). 5 min.
  public static let largestJump: Duration = .seconds(300)
  /// How long a larger jump must last before it is believed. 60 s.
  public static let confirmation: Duration = .seconds(60)

  private var highWater: Timestamp
  private var last: (wall: Timestamp, monotonic: Duration)?
  private var jumpSeen: Duration?
  private var refused: RefusedJump?

  /// - Parameter highWater: the highest time that any process of the store gave out before.
  public init(highWater: Timestamp = Timestamp(nanoseconds: .min / 2)) { self.highWater = highWater }

  /// The store's time for a pair of readings of one instant.
  public mutating func read(wall: Timestamp, monotonic: Duration) -> Timestamp {
    guard let last else {
      self.last = (wall, monotonic)
      highWater = max(highWater, wall)
      return highWater
    }
    let passed = max(.zero, monotonic - last.monotonic)
    let expected = highWater + passed
    if wall - expected > Self.largestJump {
      if jumpSeen == nil {
        jumpSeen = monotonic
        refused = RefusedJump(by: wall - expected)
      }
      if let seen = jumpSeen, monotonic - seen < Self.confirmation {
        highWater = expected
        self.last = (wall, monotonic)
        return highWater
      }
    }
    jumpSeen = nil
    // After a step back time goes on by the monotonic clock, so that leases still end.
    highWater = max(expected, wall)
    self.last = (wall, monotonic)
    return highWater
  }

  /// The jump that was refused since the last call, once.
  public mutating func takeRefusedJump() -> RefusedJump? {
    defer { refused = nil }
    return refused
  }

  /// Learns what another process gave out.
  public mutating func raise(to other: Timestamp) { highWater = max(highWater, other) }
}
