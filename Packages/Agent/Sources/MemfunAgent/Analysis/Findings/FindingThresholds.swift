/// From which measure on something is a finding, and how severe it is. A measure has the highest
/// severity whose bound it exceeds; at or below `low` it is no finding.
public struct FindingThresholds: Sendable, Equatable {
  /// Three bounds, each exclusive: a measure of 15 does not exceed a bound of 15.
  public struct Bounds: Sendable, Equatable {
    /// Exceeding these is of low, medium or high severity.
    public var low: Int, medium: Int, high: Int

    /// - Precondition: none; when the bounds are not ascending, the highest one that is exceeded counts.
    public init(low: Int, medium: Int, high: Int) {
      self.low = low
      self.medium = medium
      self.high = high
    }

    /// The severity of a measure, or nil when it is no finding.
    public func severity(of measure: Int) -> Severity? {
      if measure > high { return .high }
      if measure > medium { return .medium }
      return measure > low ? .low : nil
    }
  }

  /// Cyclomatic complexity of a function.
  public var complexity = Bounds(low: 15, medium: 25, high: 50)
  /// Lines of a function.
  public var functionLines = Bounds(low: 80, medium: 150, high: 300)
  /// Code lines of a file.
  public var fileLines = Bounds(low: 600, medium: 1200, high: 3000)
  /// Files in a cycle; two files are already one.
  public var cycleFiles = Bounds(low: 0, medium: 2, high: 9)
  /// Code lines that would go away if only one copy of a block stayed.
  public var repeatedLines = Bounds(low: 0, medium: 40, high: 150)
  /// How many of the hottest files are asked for tests and authors.
  public var hotSpots = 10

  /// The documented defaults.
  public static let standard = FindingThresholds()

  /// The documented defaults.
  public init() {}
}
