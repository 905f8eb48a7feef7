/// A rule that code can break. The names are a public contract: `--fail-on` and `--json` use them.
public enum Rule: String, Sendable, CaseIterable {
  case complexity
  case functionLines = "function-lines"
  case fileLines = "file-lines"
  case cycles
  case duplicates
  case todo
  case fixme
  case unresolvedImports = "unresolved-imports"
  case untestedHotSpots = "untested-hot-spots"
  case singleAuthorHotSpots = "single-author-hot-spots"
  case skipped
  case incomplete

  /// What the number of a condition such as `complexity>25` is compared with.
  public enum Measure: Sendable {
    /// A quantity of each function or file; the condition fails for each that exceeds it.
    case each(noun: String, quantity: String)
    /// How many findings of the rule there are; their noun for one and for many.
    case count(one: String, many: String)
  }

  /// What is measured.
  public var measure: Measure {
    switch self {
    case .complexity: .each(noun: "function", quantity: "a cyclomatic complexity")
    case .functionLines: .each(noun: "function", quantity: "a number of lines")
    case .fileLines: .each(noun: "file", quantity: "a number of code lines")
    case .cycles: .count(one: "import cycle", many: "import cycles")
    case .duplicates: .count(one: "group of duplicate blocks", many: "groups of duplicate blocks")
    case .todo: .count(one: "TODO, FIXME, HACK or XXX comment", many: "TODO, FIXME, HACK and XXX comments")
    case .fixme: .count(one: "FIXME comment", many: "FIXME comments")
    case .unresolvedImports: .count(one: "import that leads nowhere", many: "imports that lead nowhere")
    case .untestedHotSpots:
      .count(one: "hot spot without a linked test", many: "hot spots without a linked test")
    case .singleAuthorHotSpots: .count(one: "hot spot with one author", many: "hot spots with one author")
    case .skipped: .count(one: "file that was not analysed", many: "files that were not analysed")
    case .incomplete:
      .count(one: "note about a missing or failing program", many: "notes about missing or failing programs")
    }
  }

  /// One sentence for `--help` and the documentation.
  public var summary: String {
    switch self {
    case .complexity: "a function of own code with a high cyclomatic complexity (McCabe)"
    case .functionLines: "a function of own code with many lines"
    case .fileLines: "a file of own code with many code lines"
    case .cycles: "a group of files that need each other in a circle"
    case .duplicates:
      "the same block of code in two or more places; with % the share of own lines in such blocks"
    case .todo: "a TODO, FIXME, HACK or XXX comment outside vendored and generated files"
    case .fixme: "a FIXME comment outside vendored and generated files"
    case .unresolvedImports: "an import that looks local but leads to no file"
    case .untestedHotSpots: "a file among the hottest to which no test file is linked"
    case .singleAuthorHotSpots: "a file among the hottest which one person alone changed"
    case .skipped: "a file that could not be analysed, or only in part"
    case .incomplete:
      "a program or parser was missing or failed, so that some languages were read less exactly"
    }
  }
}

/// How much a finding matters.
public enum Severity: Int, Sendable, Comparable, CaseIterable {
  case info, low, medium, high

  /// The name used by `--fail-on severity=…` and in JSON.
  public var name: String {
    switch self {
    case .info: "info"
    case .low: "low"
    case .medium: "medium"
    case .high: "high"
    }
  }

  /// The severity with this name, or nil.
  public init?(name: some StringProtocol) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }

  public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
}
