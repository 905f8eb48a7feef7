extension MetricsRegistry {
  /// The content type of `openMetricsText`.
  public static let contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

  /// All metrics in the text format of OpenMetrics 1.0, sorted by name and labels.
  public var openMetricsText: String {
    var text = ""
    for family in snapshot {
      text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
      if let unit = family.unit { text += "# UNIT \(family.name) \(unit)\n" }
      if !family.help.isEmpty { text += "# HELP \(family.name) \(Self.escape(family.help))\n" }
      let children = family.children.sorted { $0.key.lexicographicallyPrecedes($1.key) }
      for (values, instrument) in children {
        let labels = zip(family.labelNames, values).map { "\($0)=\"\(Self.escape($1))\"" }
        switch instrument {
        case .counter(let counter):
          text += "\(family.name)_total\(Self.braces(labels)) \(Self.number(counter.value))\n"
        case .gauge(let gauge):
          text += "\(family.name)\(Self.braces(labels)) \(Self.number(gauge.value))\n"
        case .histogram(let histogram):
          let snapshot = histogram.snapshot
          var cumulative: UInt64 = 0
          let bounds = histogram.bounds.map { "\($0)" } + ["+Inf"]
          for (bound, count) in zip(bounds, snapshot.counts) {
            cumulative += count
            text += "\(family.name)_bucket\(Self.braces(labels + ["le=\"\(bound)\""])) \(cumulative)\n"
          }
          text += "\(family.name)_count\(Self.braces(labels)) \(cumulative)\n"
          text += "\(family.name)_sum\(Self.braces(labels)) \(Self.number(snapshot.sum))\n"
        }
      }
    }
    return text + "# EOF\n"
  }

  private static func braces(_ labels: [String]) -> String {
    labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
  }

  private static func escape(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == value.rounded(), abs(value) < 0x1p53 { return String(Int64(value)) }
    return "\(value)"
  }
}
