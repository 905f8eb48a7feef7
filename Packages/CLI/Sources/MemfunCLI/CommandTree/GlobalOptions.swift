import MemfunCore

/// The form of what a command prints on standard output.
public enum OutputFormat: String, Sendable, CaseIterable {
  /// For people.
  case text
  /// Exactly one JSON object, on success and on failure.
  case json
}

/// When colours are used.
public enum ColorChoice: String, Sendable, CaseIterable {
  /// On a terminal, unless the environment says otherwise.
  case auto
  case always
  case never
}

/// The options that every command takes, anywhere on the line.
public struct GlobalOptions: Sendable {
  static let help = Flag("help", short: "h", "Show this help.")
  static let version = Flag("version", "Show the version.")
  static let json = Flag("json", "Print exactly one JSON object; the same as --output json.")
  static let output = Option(
    "output", "FORMAT", .choice(of: OutputFormat.self), default: "text", "The form of the output.")
  static let quiet = Flag("quiet", short: "q", "No progress and no notes on standard error.")
  static let verbose = Flag("verbose", short: "v", "Log more; twice (-vv) for everything.")
  static let logFile = Option(
    "log-file", "FILE", .file, "Append the log to FILE instead of writing it to standard error.")
  static let logFormat = Option(
    "log-format", "FORMAT", logFormatType, "The form of log lines; else log.format decides.")
  static let color = Option(
    "color", "WHEN", .choice(of: ColorChoice.self), "When to use colours; else output.color decides.")
  static let noColor = Flag("no-color", "No colours; the same as --color never.")
  static let workingDirectory = Option(
    "cwd", "DIR", .directory, "Run as if started in DIR; all relative paths start there.")
  static let configFile = Option(
    "config", "FILE", .file, "Use FILE as the project's configuration instead of searching memfun.toml.")
  static let assignment = Option(
    "set", short: "c", "KEY=VALUE", assignmentType, isRepeatable: true,
    "Set a configuration value for this run.")

  private static let logFormatType = ValueType<LogFormat>(
    expectation: "text or json", choices: ["text", "json"], completion: .choices(["text", "json"])
  ) { ["text": .text, "json": .json][$0] }

  private static let assignmentType = ValueType<String>(
    expectation: "key=value", completion: .dynamic(.configurationAssignments)
  ) { text in
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
    return text
  }

  /// In the order of the help.
  static let declared: [any DeclaredOption] = [
    help, version, json, output, quiet, verbose, logFile, logFormat, color, noColor, workingDirectory,
    configFile, assignment,
  ]

  /// Their declarations, in the order of the help.
  static let declarations = declared.map(\.declaration)

  /// How the result is printed.
  public let output: OutputFormat
  /// Whether notes and progress are left out.
  public let isQuiet: Bool
  /// How often `-v` was given; 0 when `-q` came later.
  public let verbosity: Int
  /// Where the log goes; nil leaves it to the configuration.
  public let logFile: String?
  /// The form of log lines; nil leaves it to the configuration.
  public let logFormat: LogFormat?
  /// When colours are used; nil leaves it to the configuration.
  public let color: ColorChoice?
  /// The folder to work in; nil is the current one.
  public let workingDirectory: String?
  /// The configuration file that replaces the search for `memfun.toml`.
  public let configFile: String?
  /// `key=value` pairs of `-c`, in order.
  public let assignments: [String]

  /// Reads the global options out of a parsed command line. Of contradicting ones the last wins.
  init(_ parsed: ParsedCommand) {
    func last(of options: [any DeclaredOption]) -> ParsedCommand.Occurrence? {
      let names = options.map(\.declaration.long)
      return parsed.occurrences.last { names.contains($0.long) }
    }
    let format = last(of: [Self.json, Self.output])
    output = format?.long == Self.json.declaration.long ? .json : parsed.value(of: Self.output) ?? .text
    isQuiet = last(of: [Self.quiet, Self.verbose])?.long == Self.quiet.declaration.long
    verbosity = isQuiet ? 0 : parsed.count(of: Self.verbose)
    logFile = parsed.value(of: Self.logFile)
    logFormat = parsed.value(of: Self.logFormat)
    let color = last(of: [Self.color, Self.noColor])
    self.color = color?.long == Self.noColor.declaration.long ? .never : parsed.value(of: Self.color)
    workingDirectory = parsed.value(of: Self.workingDirectory)
    configFile = parsed.value(of: Self.configFile)
    assignments = parsed.values(of: Self.assignment)
  }

  /// The output format of a command line that could not be parsed: JSON when it asks for it anywhere.
  static func outputFormat(ofUnparsed words: [String]) -> OutputFormat {
    var format = OutputFormat.text
    for (place, word) in words.enumerated() {
      switch word {
      case "--": return format
      case "--json", "--output=json": format = .json
      case "--output=text": format = .text
      case "--output" where place + 1 < words.count:
        format = OutputFormat(rawValue: words[place + 1]) ?? format
      default: break
      }
    }
    return format
  }

  /// The colour choice of a command line that could not be parsed.
  static func colorChoice(ofUnparsed words: [String]) -> ColorChoice {
    var choice = ColorChoice.auto
    for (place, word) in words.prefix(while: { $0 != "--" }).enumerated() {
      if word == "--no-color" { choice = .never }
      if word == "--color", place + 1 < words.count {
        choice = ColorChoice(rawValue: words[place + 1]) ?? choice
      }
      if word.hasPrefix("--color=") { choice = ColorChoice(rawValue: String(word.dropFirst(8))) ?? choice }
    }
    return choice
  }
}
