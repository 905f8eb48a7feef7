import Synchronization

/// All metrics of a process, and their text for a scraper (OpenMetrics 1.0).
///
/// Instruments are handed out by name and labels and kept by their users; asking for the same ones again
/// gives the same instrument. Updates do not touch the registry's lock.
public final class MetricsRegistry: Sendable {
  /// What a metric measures.
  enum Kind: String { case counter, gauge, histogram }

  enum Instrument {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
  }

  /// All instruments of one name.
  struct Family {
    let name: String
    let kind: Kind
    let help: String
    let unit: String?
    let labelNames: [String]
    let bounds: [Double]
    /// By the values of the labels, in the order of `labelNames`.
    var children: [[String]: Instrument] = [:]
  }

  private let maximumChildren: Int
  private let families = Mutex<[String: Family]>([:])

  /// The label value that stands for all combinations beyond the cap.
  public static let overflowValue = "_other"

  /// - Parameter maximumChildren: how many combinations of label values one metric may have. Updates of
  ///   further ones are added up in one whose labels all say `_other`, so that a label with
  ///   unforeseen values (a path, an id) costs accuracy and not memory. Default 1000.
  public init(maximumChildren: Int = 1000) { self.maximumChildren = max(1, maximumChildren) }

  // MARK: Instruments

  /// The counter of this name and these labels.
  ///
  /// - Parameters:
  ///   - name: without the ending `_total`, which the exposition adds; with the unit at its end.
  ///   - help: one sentence.
  ///   - unit: `seconds`, `bytes`, `tokens`; nil for plain counts.
  ///   - labels: names and values.
  public func counter(
    _ name: String, help: String, unit: String? = nil, labels: [String: String] = [:]
  ) throws(MetricError) -> Counter {
    let instrument = try instrument(name, .counter, help: help, unit: unit, labels: labels, bounds: []) {
      .counter(Counter())
    }
    guard case .counter(let counter) = instrument else { throw Self.wrongKind(name) }
    return counter
  }

  /// The gauge of this name and these labels. See `counter`.
  public func gauge(
    _ name: String, help: String, unit: String? = nil, labels: [String: String] = [:]
  ) throws(MetricError) -> Gauge {
    let instrument = try instrument(name, .gauge, help: help, unit: unit, labels: labels, bounds: []) {
      .gauge(Gauge())
    }
    guard case .gauge(let gauge) = instrument else { throw Self.wrongKind(name) }
    return gauge
  }

  /// The histogram of this name and these labels. See `counter`.
  ///
  /// - Parameter bounds: the inclusive upper bounds of the buckets, increasing; the bucket without bound
  ///   is added.
  public func histogram(
    _ name: String, help: String, unit: String? = nil, labels: [String: String] = [:],
    bounds: [Double] = Histogram.secondsBounds
  ) throws(MetricError) -> Histogram {
    let increasing = zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }
    guard increasing, bounds.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      throw .invalidBuckets(name)
    }
    let instrument = try instrument(
      name, .histogram, help: help, unit: unit, labels: labels, bounds: bounds
    ) { .histogram(Histogram(bounds: bounds)) }
    guard case .histogram(let histogram) = instrument else { throw Self.wrongKind(name) }
    return histogram
  }

  /// The families at this moment, by name.
  var snapshot: [Family] {
    families.withLock { families in families.values.sorted { $0.name < $1.name } }
  }

  private func instrument(
    _ name: String, _ kind: Kind, help: String, unit: String?, labels: [String: String],
    bounds: [Double], make: () -> Instrument
  ) throws(MetricError) -> Instrument {
    try MetricNames.check(name, kind: kind, unit: unit, labels: labels.keys)
    let labelNames = labels.keys.sorted()
    let values = labelNames.map { labels[$0] ?? "" }
    let result = families.withLock { families -> Result<Instrument, MetricError> in
      var family: Family
      if let known = families[name] {
        guard known.kind == kind, known.unit == unit, known.labelNames == labelNames, known.bounds == bounds
        else {
          return .failure(
            .conflict(name, problem: "it exists with another kind, unit, set of labels or buckets"))
        }
        family = known
      } else {
        let samples = MetricNames.samples(of: name, kind)
        for other in families.values
        where !samples.isDisjoint(with: MetricNames.samples(of: other.name, other.kind)) {
          return .failure(
            .conflict(name, problem: "its samples would have the same names as those of \(other.name)"))
        }
        family = Family(
          name: name, kind: kind, help: help, unit: unit, labelNames: labelNames, bounds: bounds)
      }
      var key = values
      if family.children[key] == nil, family.children.count >= maximumChildren {
        key = values.map { _ in Self.overflowValue }
      }
      if let known = family.children[key] { return .success(known) }
      let new = make()
      family.children[key] = new
      families[name] = family
      return .success(new)
    }
    return try result.get()
  }

  private static func wrongKind(_ name: String) -> MetricError {
    .conflict(name, problem: "it exists with another kind")
  }
}

/// The rules of OpenMetrics about names.
enum MetricNames {
  /// The names that the samples of a metric have in the exposition, and the metric's own.
  static func samples(of name: String, _ kind: MetricsRegistry.Kind) -> Set<String> {
    switch kind {
    case .counter: [name, name + "_total", name + "_created"]
    case .gauge: [name]
    case .histogram: [name, name + "_bucket", name + "_sum", name + "_count", name + "_created"]
    }
  }

  static func check(
    _ name: String, kind: MetricsRegistry.Kind, unit: String?, labels: some Sequence<String>
  ) throws(MetricError) {
    guard isIdentifier(name) else {
      throw .invalidName(name, problem: "letters, digits and _ are allowed, and no digit in front")
    }
    for ending in ["_total", "_bucket", "_created", "_info"] where name.hasSuffix(ending) {
      throw .invalidName(name, problem: "the ending \(ending) is reserved")
    }
    if let unit {
      guard isIdentifier(unit), name.hasSuffix("_" + unit) else {
        throw .invalidName(name, problem: "it must end with its unit, _\(unit)")
      }
    }
    for label in labels {
      guard isIdentifier(label) else {
        throw .invalidName(
          label, problem: "letters, digits and _ are allowed in a label, and no digit in front")
      }
      if label.hasPrefix("__") || kind == .histogram && label == "le" {
        throw .invalidName(label, problem: "this label is reserved")
      }
    }
  }

  private static func isIdentifier(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
      return false
    }
    return name.utf8.allSatisfy(SecretPatterns.isWord)
  }
}
