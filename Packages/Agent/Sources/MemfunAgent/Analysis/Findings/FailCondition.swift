import MemfunCore

/// One condition of `--fail-on`, such as `complexity>25`, `cycles` or `severity=high`.
///
/// Grammar: a condition is a rule's name, alone or followed by `>` or `>=` and a whole number (for
/// `duplicates` a number with `%` compares the share of duplicated lines); or `severity=` or
/// `severity>=` and a severity; or a severity alone. Several conditions are separated by commas.
/// White space around the parts does not matter.
public enum FailCondition: Sendable, Equatable {
  /// Fails when the rule has any finding.
  case anyFinding(Rule)
  /// Fails when a measure exceeds `limit`, or reaches it when `inclusive`.
  case limit(Rule, Limit)
  /// Fails when a finding is at least this severe.
  case severity(Severity)

  /// The right-hand side of a comparison.
  public struct Limit: Sendable, Equatable {
    /// The number as written, percent points when `isPercent`.
    public var value: Double
    /// True for `>=`.
    public var inclusive: Bool
    /// True when the number had a `%`.
    public var isPercent: Bool

    /// Whether a measure breaks the limit.
    func isBroken(by measure: Double) -> Bool { inclusive ? measure >= value : measure > value }
  }

  /// Parses one argument of `--fail-on`.
  ///
  /// - Throws: `FailConditionError`, with a suggestion for a mistyped name.
  public static func parse(_ text: String) throws(FailConditionError) -> [FailCondition] {
    var conditions: [FailCondition] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let trimmed = trim(part)
      if trimmed.isEmpty { throw FailConditionError(condition: text, problem: .empty) }
      conditions.append(try parseOne(trimmed))
    }
    return conditions
  }

  private static func parseOne(_ text: String) throws(FailConditionError) -> FailCondition {
    let operators: Set<Character> = [">", "<", "=", "!"]
    let name = trim(text.prefix { !operators.contains($0) })
    let comparison = String(text.drop { !operators.contains($0) }.prefix { operators.contains($0) })
    let value = trim(text.drop { !operators.contains($0) }.drop { operators.contains($0) })

    if let severity = Severity(name: name) {
      guard comparison.isEmpty else {
        throw FailConditionError(condition: text, problem: .severityCompared(name))
      }
      return .severity(severity)
    }
    if name == "severity" {
      guard ["=", "==", ">="].contains(comparison), let severity = Severity(name: value) else {
        throw FailConditionError(condition: text, problem: .badSeverity(value))
      }
      return .severity(severity)
    }
    guard let rule = Rule(rawValue: name) else {
      let names = Rule.allCases.map(\.rawValue) + ["severity"]
      throw FailConditionError(
        condition: text, problem: .unknownRule(name, nearest: Suggestion.closest(to: name, among: names)))
    }
    if comparison.isEmpty { return .anyFinding(rule) }
    guard comparison == ">" || comparison == ">=" else {
      throw FailConditionError(condition: text, problem: .badOperator(comparison))
    }
    let isPercent = value.hasSuffix("%")
    let digits = isPercent ? trim(value.dropLast()) : value
    if isPercent, rule != .duplicates {
      throw FailConditionError(condition: text, problem: .percentNotMeasured(rule))
    }
    guard let number = number(digits, allowsFraction: isPercent) else {
      throw FailConditionError(condition: text, problem: .badNumber(value))
    }
    return .limit(rule, Limit(value: number, inclusive: comparison == ">=", isPercent: isPercent))
  }

  /// Digits, with at most one decimal point when it is allowed. `Double`'s own parser would take
  /// "inf", "nan" and hexadecimal as well.
  private static func number(_ text: String, allowsFraction: Bool) -> Double? {
    let digits: ClosedRange<Character> = "0"..."9"
    guard let first = text.first, digits.contains(first), text.count <= 15 else { return nil }
    let points = text.filter { $0 == "." }.count
    guard points <= (allowsFraction ? 1 : 0), text.allSatisfy({ digits.contains($0) || $0 == "." }) else {
      return nil
    }
    return Double(text)
  }

  private static func trim(_ text: some StringProtocol) -> String {
    var part = Substring(text)
    while part.first?.isWhitespace == true { part.removeFirst() }
    while part.last?.isWhitespace == true { part.removeLast() }
    return String(part)
  }
}

extension FailCondition: CustomStringConvertible {
  /// The condition in its normal form, which parses to the same condition.
  public var description: String {
    switch self {
    case .anyFinding(let rule): return rule.rawValue
    case .severity(let severity): return "severity>=\(severity.name)"
    case .limit(let rule, let limit):
      let whole = limit.value == limit.value.rounded()
      let number = whole ? String(Int(limit.value)) : String(limit.value)
      return "\(rule.rawValue)\(limit.inclusive ? ">=" : ">")\(number)\(limit.isPercent ? "%" : "")"
    }
  }
}

/// A `--fail-on` argument that cannot be understood.
public struct FailConditionError: MemfunError, Equatable {
  /// What is wrong with it.
  public enum Problem: Sendable, Equatable {
    case empty
    case unknownRule(String, nearest: String?)
    case badOperator(String)
    case badNumber(String)
    case badSeverity(String)
    case severityCompared(String)
    case percentNotMeasured(Rule)
  }

  /// The text of the condition.
  public let condition: String
  /// What is wrong with it.
  public let problem: Problem

  public var kind: String { "analyze.fail_on" }
  public var exitCode: ExitCode { .usage }
  public var location: String? { "--fail-on \(condition)" }

  public var what: String {
    switch problem {
    case .empty: "a condition is empty"
    case .unknownRule(let name, _): "there is no rule \"\(name)\""
    case .badOperator(let text): "\"\(text)\" is no comparison that a condition can make"
    case .badNumber(let text): text.isEmpty ? "the limit is missing" : "\"\(text)\" is no whole number"
    case .badSeverity(let text): text.isEmpty ? "the severity is missing" : "there is no severity \"\(text)\""
    case .severityCompared(let name): "\"\(name)\" is a severity and takes no comparison"
    case .percentNotMeasured(let rule): "\(rule.rawValue) is not measured in percent"
    }
  }

  public var remedy: String? {
    let rules = Rule.allCases.map(\.rawValue).joined(separator: ", ")
    switch problem {
    case .empty: return "write for example --fail-on 'complexity>25,cycles'"
    case .unknownRule(_, let nearest?): return "did you mean \"\(nearest)\"? Rules: \(rules), severity"
    case .unknownRule: return "choose one of: \(rules), severity"
    case .badOperator:
      return "use > or >=, for example 'complexity>25' (quoted, because > redirects in a shell)"
    case .badNumber: return "write a whole number without sign, for example 'complexity>25'"
    case .badSeverity, .severityCompared:
      return "write severity=\(Severity.allCases.map(\.name).joined(separator: " or severity="))"
    case .percentNotMeasured: return "leave out the %, or use 'duplicates>5%'"
    }
  }
}
