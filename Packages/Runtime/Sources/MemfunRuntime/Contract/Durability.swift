/// What survives: a property of the configuration that every runtime reports.
public enum Durability: String, Sendable, Comparable {
  /// Lost with the process.
  case process = "D0"
  /// Survives `kill -9` of any process.
  case crash = "D1"
  /// Survives loss of power.
  case power = "D2"

  public static func < (left: Durability, right: Durability) -> Bool { left.rawValue < right.rawValue }
}
