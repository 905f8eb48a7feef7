import MemfunCore

/// Writes log lines to standard error through the console, so that they stand above the progress line.
struct ConsoleLogSink: LogSink {
  let console: Console
  let format: LogFormat

  func write(_ record: LogRecord) {
    let style: StyledText.Style =
      switch record.level {
      case .error: .failure
      case .warning: .warning
      case .trace, .debug, .info: .muted
      }
    console.printError(StyledText(format.line(for: record) + "\n", style))
  }
}

extension Logger {
  /// The logger that the global options, and else the configuration, ask for.
  ///
  /// On standard error: `-v` adds information, `-vv` everything; `-q` leaves only errors. A file given
  /// with `--log-file` gets information too without `-v`: who asks for a file wants to read something.
  ///
  /// - Throws: `FileError` when the log file cannot be opened.
  init(
    _ global: GlobalOptions, _ configuration: Configuration, console: Console, redactor: Redactor,
    time: any TimeSource
  ) throws(FileError) {
    let configuredFile = configuration[ConfigurationKeys.logFile]
    let format: LogFormat =
      global.logFormat ?? (configuration[ConfigurationKeys.logFormat] == "json" ? .json : .text)
    let sink: any LogSink
    if let path = global.logFile ?? (configuredFile.isEmpty ? nil : configuredFile) {
      sink = try LineSink.file(path, format: format, redactor: redactor)
    } else {
      sink = ConsoleLogSink(console: console, format: format)
    }
    let configured = LogLevel(configuration[ConfigurationKeys.logLevel]) ?? .warning
    let minimum: LogLevel =
      switch global.verbosity {
      case 0: global.logFile != nil ? min(.info, configured) : global.isQuiet ? .error : configured
      case 1: min(.info, configured)
      default: .trace
      }
    self.init(
      subsystem: "cli", filter: LogFilter(minimum: minimum), sinks: [sink], redactor: redactor, time: time)
  }
}
