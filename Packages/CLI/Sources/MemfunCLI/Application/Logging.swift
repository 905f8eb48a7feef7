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
  /// The logger that the global options ask for.
  ///
  /// On standard error: warnings and worse; `-v` adds information, `-vv` everything; `-q` leaves only
  /// errors. A log file gets information too without `-v`: who asks for a file wants to read something.
  ///
  /// - Throws: `FileError` when the log file cannot be opened.
  init(_ global: GlobalOptions, console: Console, redactor: Redactor, time: any TimeSource) throws(FileError)
  {
    let sink: any LogSink
    if let path = global.logFile {
      sink = try LineSink.file(path, format: global.logFormat, redactor: redactor)
    } else {
      sink = ConsoleLogSink(console: console, format: global.logFormat)
    }
    let minimum: LogLevel =
      switch global.verbosity {
      case 0: global.logFile != nil ? .info : global.isQuiet ? .error : .warning
      case 1: .info
      default: .trace
      }
    self.init(
      subsystem: "cli", filter: LogFilter(minimum: minimum), sinks: [sink], redactor: redactor, time: time)
  }
}
