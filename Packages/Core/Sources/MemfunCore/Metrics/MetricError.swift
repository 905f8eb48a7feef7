/// Why a metric could not be registered. These are mistakes of the program, found by its tests.
public enum MetricError: MemfunError, Equatable {
  /// A name that OpenMetrics does not allow, or that it keeps for itself.
  case invalidName(String, problem: String)
  /// The name is taken by a metric of another kind, unit or set of labels, or its samples would have
  /// the same names as those of another metric.
  case conflict(String, problem: String)
  /// The upper bounds of a histogram are not finite, not increasing or negative.
  case invalidBuckets(String)

  public var kind: String {
    switch self {
    case .invalidName: "metrics.invalid_name"
    case .conflict: "metrics.conflict"
    case .invalidBuckets: "metrics.invalid_buckets"
    }
  }

  public var what: String {
    switch self {
    case .invalidName(let name, let problem): "the name \"\(name)\" cannot be used: \(problem)"
    case .conflict(_, let problem): "the metric cannot be registered: \(problem)"
    case .invalidBuckets: "the bounds of the histogram's buckets must be finite, positive and increasing"
    }
  }

  public var location: String? {
    switch self {
    case .invalidName(let name, _), .conflict(let name, _), .invalidBuckets(let name): name
    }
  }

  public var remedy: String? { "correct the registration of the metric" }
}
