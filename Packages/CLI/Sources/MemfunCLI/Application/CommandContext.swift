import MemfunCore

/// What a command gets: its values, and the world it acts on.
public struct CommandContext: Sendable {
  /// The values of the command line.
  public let parsed: ParsedCommand
  /// The global options.
  public let global: GlobalOptions
  /// Where notes and progress go. Results are returned, not printed.
  public let console: Console
  /// The process environment.
  public let environment: [String: String]
  /// Where the log goes.
  public let log: Logger
  /// Keeps registered secrets out of the log and of error messages.
  public let redactor: Redactor
  /// The clock.
  public let time: any TimeSource
  /// The source of chance.
  public let random: any RandomSource
  /// What reading the configuration gave.
  let loaded: Loaded
  /// What this binary is.
  public let build: BuildInformation
  /// The whole command tree, for help, completion and documentation.
  public let root: Command

  /// Settings and configuration, or why there are none.
  struct Loaded: Sendable {
    let settings: Result<Settings, any Error>
    let configuration: Result<Configuration, any Error>

    init(environment: [String: String], global: GlobalOptions) {
      let settings = Result { try Settings(environment: environment, global: global) }
      self.settings = settings
      configuration = Result { try settings.get().load() }
    }
  }

  /// The configuration files.
  ///
  /// - Throws: when the working directory is gone, or no home folder is known.
  public func settings() throws -> Settings { try loaded.settings.get() }

  /// The effective configuration. What it warns of is told to the user; call it once.
  ///
  /// - Throws: `ConfigurationError` with every problem of every layer.
  public func configuration() throws -> Configuration {
    let configuration = try loaded.configuration.get()
    for warning in configuration.warnings { console.warn(warning) }
    return configuration
  }
}

/// What a binary can say about itself.
public struct BuildInformation: Sendable, Equatable {
  /// The version of the project (semver.org).
  public static let projectVersion = "0.1.0"
  /// The day of that version, for the manual page.
  static let releaseDate = "2026-11-21"

  /// The version.
  public let version: String
  /// The git revision it was built from (perhaps with `-dirty`), or "unknown".
  public let commit: String

  /// - Parameter commit: the full revision, or "unknown".
  public init(version: String = projectVersion, commit: String) {
    self.version = version
    self.commit = commit
  }

  /// `memfun 0.1.0 (abc1234)`.
  public var line: String {
    let isHash = commit.allSatisfy { $0.isASCII && $0.isHexDigit }
    return "memfun \(version) (\(isHash ? String(commit.prefix(7)) : commit))"
  }
}
