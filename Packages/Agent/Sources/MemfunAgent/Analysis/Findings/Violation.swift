import MemfunTools

/// A condition of `--fail-on` that a report breaks.
public struct Violation: Sendable, Equatable {
  /// Which condition.
  public var condition: FailCondition
  /// What was measured, as one sentence with numbers.
  public var message: Sentence
  /// How many functions, files or findings break it.
  public var count: Int
  /// The worst of them, at most `Violation.exampleLimit`.
  public var examples: [Finding]

  /// How many examples a violation carries.
  public static let exampleLimit = 5
}

extension AnalysisReport {
  /// The conditions that this report breaks, in the order given; empty when all hold.
  public func violations(of conditions: [FailCondition]) -> [Violation] {
    conditions.compactMap(violation(of:))
  }

  private func violation(of condition: FailCondition) -> Violation? {
    switch condition {
    case .severity(let severity):
      let broken = findings.filter { $0.severity >= severity }
      return violation(
        condition, broken, "\(Figures.counted(broken.count, "finding")) of severity \(severity.name) or above"
      )
    case .anyFinding(let rule):
      let broken = findings.filter { $0.rule == rule }
      return violation(condition, broken, describeCount(rule, broken.count))
    case .limit(.duplicates, let limit) where limit.isPercent:
      guard limit.isBroken(by: duplicates.share * 100) else { return nil }
      let broken = findings.filter { $0.rule == .duplicates }
      return Violation(
        condition: condition,
        message:
          "\(Figures.percent(duplicates.share)) of own code (\(duplicates.lines) of \(overview.ownLines) lines) lies in duplicate blocks",
        count: broken.count, examples: Array(broken.prefix(Violation.exampleLimit)))
    case .limit(let rule, let limit):
      switch rule.measure {
      case .count:
        let found = findings.filter { $0.rule == rule }
        guard limit.isBroken(by: Double(found.count)) else { return nil }
        return Violation(
          condition: condition, message: describeCount(rule, found.count), count: found.count,
          examples: Array(found.prefix(Violation.exampleLimit)))
      case .each(let noun, let quantity):
        let broken = measured(rule).filter { limit.isBroken(by: Double($0.measure)) }
        let worst = broken.map(\.measure).max() ?? 0
        let sign = limit.inclusive ? "at or above" : "above"
        return violation(
          condition, broken,
          "\(Figures.counted(broken.count, noun)) with \(quantity) \(sign) \(Int(limit.value)); the worst has \(worst)"
        )
      }
    }
  }

  private func violation(_ condition: FailCondition, _ broken: [Finding], _ message: Sentence) -> Violation? {
    guard !broken.isEmpty else { return nil }
    return Violation(
      condition: condition, message: message, count: broken.count,
      examples: Array(broken.prefix(Violation.exampleLimit)))
  }

  private func describeCount(_ rule: Rule, _ count: Int) -> Sentence {
    switch rule.measure {
    case .count(let one, let many): "\(Figures.counted(count, one, plural: many))"
    case .each(let noun, let quantity): "\(Figures.counted(count, noun)) with \(quantity) above its threshold"
    }
  }

  /// Everything a rule measures, whether or not it is a finding by the standard thresholds, largest
  /// first.
  private func measured(_ rule: Rule) -> [Finding] {
    switch rule {
    case .complexity:
      return complexFunctions.map { id in
        let symbol = map.symbols[Int(id)]
        return Finding(
          rule: rule, severity: thresholds.complexity.severity(of: Int(symbol.complexity)) ?? .info,
          place: map.place(ofSymbol: id),
          message: "\(name: symbol.qualifiedName) has a cyclomatic complexity of \(symbol.complexity)",
          measure: Int(symbol.complexity))
      }
    case .functionLines:
      return longFunctions.map { id in
        let symbol = map.symbols[Int(id)]
        return Finding(
          rule: rule, severity: thresholds.functionLines.severity(of: symbol.lineCount) ?? .info,
          place: map.place(ofSymbol: id),
          message: "\(name: symbol.qualifiedName) is \(symbol.lineCount) lines long",
          measure: symbol.lineCount)
      }
    case .fileLines:
      return map.files.indices.filter { map.files[$0].isOwnCode }.map { index in
        let lines = Int(map.files[index].codeLines)
        return Finding(
          rule: rule, severity: thresholds.fileLines.severity(of: lines) ?? .info,
          place: map.place(ofFile: FileID(index)), message: "the file has \(lines) lines of code",
          measure: lines)
      }.enumerated().sorted { ($1.element.measure, $0.offset) < ($0.element.measure, $1.offset) }
        .map(\.element)
    default:
      return findings.filter { $0.rule == rule }
    }
  }
}
