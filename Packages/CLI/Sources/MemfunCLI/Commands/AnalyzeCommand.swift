import MemfunAgent
import MemfunCore
import MemfunModels
import MemfunTools

/// `memfun analyze`: a report about a code base, computed without a model and, when one is configured,
/// explained by it.
enum AnalyzeCommand {
  private static let path = Argument(
    "PATH", .file, default: ".", "The folder (or single file) to look at.")
  private static let html = Option(
    "html", "FILE", .file, "Also write one self-contained page, to be opened in a browser.")
  private static let failOn = Option(
    "fail-on", "RULES", .name, isRepeatable: true,
    "Exit with 8 when a rule is broken: 'complexity>25,cycles', 'duplicates>5%', 'severity=high'. May be "
      + "repeated; replaces analyze.fail_on.")
  private static let exclude = Option(
    "exclude", "PATTERN", .name, isRepeatable: true,
    "Leave out what matches, written as in .gitignore. May be repeated; adds to analyze.exclude.")
  private static let noCache = Flag("no-cache", "Neither use nor keep facts about unchanged files.")
  private static let maxFileBytes = Option(
    "max-file-bytes", "BYTES", .byteCount, "List larger files but do not read them, for example 2MiB.")
  private static let churnDays = Option(
    "churn-days", "DAYS", .integer(in: 0...36_500), "How far back the history is read; 0 means all of it.")
  private static let noModel = Flag("no-model", "Ask no model, though one is configured.")
  private static let maxTokens = Option(
    "max-tokens", "COUNT", .integer(in: 1...Int.max), "The most tokens that the narrative may use.")
  private static let maxCost = Option(
    "max-cost", "USD", .money, "The most money that the narrative may cost.")
  private static let maxTime = Option(
    "max-time", "TIME", .duration, "The longest time that the whole command may take, for example 90s.")

  static let command = Command(
    "analyze", summary: "Report what stands out in a code base",
    discussion: [
      "The report is computed from the files and from git: languages, hot spots (complexity × change), "
        + "complex and long functions, dependencies and cycles, duplicates, tests, authors, open promises. "
        + "No model is needed. When one is configured, it adds a section in which every claim names a file "
        + "and a line; claims whose reference does not exist are removed and counted. When the model fails, "
        + "the report is printed all the same and the exit code tells.",
      "Rules of --fail-on: " + Rule.allCases.map(\.rawValue).joined(separator: ", ")
        + "; a rule alone fails on any finding, 'rule>N' and 'rule>=N' compare what it measures, and "
        + "'severity=low', '=medium' or '=high' fails on any finding at or above it. docs/analyze.md "
        + "describes each rule and its thresholds.",
    ],
    examples: [
      Command.Example("memfun analyze", "Report on this folder"),
      Command.Example("memfun analyze ~/src/project --html report.html", "With a page to explore"),
      Command.Example("memfun analyze --fail-on cycles,severity=high", "Check in CI (exit code 8)"),
      Command.Example("memfun analyze --json | jq '.result.hot_spots[0]'", "Let a program read it"),
    ],
    options: [
      html, failOn, exclude, noCache, maxFileBytes, churnDays, noModel, maxTokens, maxCost, maxTime,
    ],
    arguments: [path], resultSchema: AnalysisSchema.value
  ) { context in
    let settings = try settings(of: context)
    return try await AnalysisRun(settings: settings, context: context).outcome()
  }

  /// The command line and the configuration, checked before any work is done.
  private static func settings(of context: CommandContext) throws -> AnalysisSettings {
    let parsed = context.parsed
    let configuration = try context.configuration()
    let rules =
      parsed.isGiven(failOn) ? parsed.values(of: failOn) : configuration[ConfigurationKeys.analyzeFailOn]
    var options = CodeMapOptions(environment: context.environment)
    options.maximumFileBytes =
      parsed.value(of: maxFileBytes) ?? configuration[ConfigurationKeys.analyzeMaxFileBytes]
    options.excludes = configuration[ConfigurationKeys.analyzeExclude] + parsed.values(of: exclude)
    options.usesCache = configuration[ConfigurationKeys.analyzeCache] && !parsed.isSet(noCache)
    let days = parsed.value(of: churnDays) ?? configuration[ConfigurationKeys.analyzeChurnDays]
    options.churnDays = days == 0 ? nil : days
    options.ctags = configuration[ConfigurationKeys.toolsCtags].nonEmpty
    options.astGrep = configuration[ConfigurationKeys.toolsAstGrep].nonEmpty
    options.git = configuration[ConfigurationKeys.toolsGit].nonEmpty
    options.minimumDuplicateLines = configuration[ConfigurationKeys.analyzeDuplicateMinLines]

    let limits = AnalysisSettings.Limits(
      tokens: parsed.value(of: maxTokens) ?? configuration[ConfigurationKeys.budgetMaxTokens].nonZero,
      cost: parsed.value(of: maxCost)
        ?? configuration[ConfigurationKeys.budgetMaxCost].nonZero.map(Money.init(dollars:)),
      time: parsed.value(of: maxTime) ?? configuration[ConfigurationKeys.budgetMaxTime].nonZero)
    let settings = AnalysisSettings(
      path: try parsed.required(path), mapOptions: options,
      conditions: try rules.flatMap { try FailCondition.parse($0) },
      htmlFile: try parsed.value(of: html).map { try ReportFile($0) },
      asksModel: !parsed.isSet(noModel), limits: limits, configuration: configuration,
      prices: try ModelAccess.prices(configuration))
    return settings
  }
}

extension ValueType where Value == Int {
  /// A number of bytes, in the units of the configuration: `65536`, `64KiB`, `2MiB`, `1GiB`.
  fileprivate static let byteCount = ValueType(expectation: "a number of bytes such as 65536 or 2MiB") {
    text in
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let units = ["": 0, "B": 0, "KiB": 10, "MiB": 20, "GiB": 30]
    guard let number = Int(digits), let shift = units[String(text.dropFirst(digits.count))],
      number > 0, number <= Int.max >> shift
    else { return nil }
    return number << shift
  }
}

extension ValueType where Value == Money {
  /// An amount of US dollars: `0.50`, `$2`.
  fileprivate static let money = ValueType(expectation: "an amount of dollars such as 0.50") {
    Money(dollars: $0)
  }
}

extension Money {
  /// An amount of the configuration, to a millionth of a dollar; what is too large to count is no limit
  /// that anybody could reach.
  fileprivate init(dollars: Double) {
    self.init(
      picodollars: Int64(exactly: (dollars * 1e6).rounded()).flatMap {
        $0 < .max / 1_000_000 ? $0 * 1_000_000 : nil
      } ?? .max)
  }
}

extension String {
  fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}

extension AdditiveArithmetic {
  /// Zero stands for "no limit" in the configuration.
  fileprivate var nonZero: Self? { self == .zero ? nil : self }
}
