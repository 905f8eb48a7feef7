/// Which records are written: a level for all, and others for some subsystems.
public struct LogFilter: Sendable, Equatable {
  /// Records below this level are dropped.
  public var minimum: LogLevel
  /// Levels of subsystems; the longest matching name wins, and `models` matches `models.anthropic` too.
  public var overrides: [String: LogLevel]

  /// A filter from its parts.
  public init(minimum: LogLevel = .info, overrides: [String: LogLevel] = [:]) {
    self.minimum = minimum
    self.overrides = overrides
  }

  /// The level from which records of `subsystem` are written.
  public func minimum(for subsystem: String) -> LogLevel {
    var name = subsystem[...]
    while true {
      if let level = overrides[String(name)] { return level }
      guard let dot = name.lastIndex(of: ".") else { return minimum }
      name = name[..<dot]
    }
  }
}

/// Writes structured records to sinks. A value: copies may carry more fields or another subsystem.
///
/// Secrets cannot pass: every record is scrubbed by the redactor before any sink sees it.
public struct Logger: Sendable {
  private struct Output: Sendable {
    let filter: LogFilter
    let sinks: [any LogSink]
    let redactor: Redactor
    let time: any TimeSource
  }

  /// The part of the program that speaks, with dots between levels: `models.anthropic`.
  public let subsystem: String
  private let output: Output?
  private let minimum: LogLevel
  private let fields: JSONObject

  private init(subsystem: String, output: Output?, fields: JSONObject) {
    self.subsystem = subsystem
    self.output = output
    self.fields = fields
    minimum = output?.filter.minimum(for: subsystem) ?? .error
  }

  /// - Parameters:
  ///   - subsystem: the label of its records.
  ///   - filter: what is written.
  ///   - sinks: where to; each gets every record.
  ///   - redactor: what takes the secrets out.
  ///   - time: stamps the records.
  public init(
    subsystem: String, filter: LogFilter = LogFilter(), sinks: [any LogSink], redactor: Redactor,
    time: any TimeSource
  ) {
    let output = Output(filter: filter, sinks: sinks, redactor: redactor, time: time)
    self.init(subsystem: subsystem, output: sinks.isEmpty ? nil : output, fields: [:])
  }

  /// Writes nothing.
  public static let disabled = Logger(subsystem: "", output: nil, fields: [:])

  /// The same outputs for another part of the program.
  public func subsystem(_ name: String) -> Logger {
    Logger(subsystem: name, output: output, fields: fields)
  }

  /// The same logger with fields that each of its records carries.
  public func with(_ more: JSONObject) -> Logger {
    Logger(subsystem: subsystem, output: output, fields: Self.merge(fields, more))
  }

  /// Whether a record of this level would be written; saves work that prepares one.
  public func isEnabled(_ level: LogLevel) -> Bool { output != nil && level >= minimum }

  /// Writes a record. Message and fields are evaluated only if it is enabled.
  ///
  /// - Parameters:
  ///   - message: what happened, without data in it.
  ///   - fields: the data; they replace fields of `with` of the same name.
  public func log(
    _ level: LogLevel, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSONObject = [:]
  ) {
    guard let output, level >= minimum else { return }
    let record = LogRecord(
      time: output.time.now(), level: level, subsystem: subsystem,
      message: output.redactor.scrub(message()),
      fields: output.redactor.scrub(Self.merge(self.fields, fields())))
    for sink in output.sinks { sink.write(record) }
  }

  /// Every step.
  public func trace(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSONObject = [:]) {
    log(.trace, message(), fields())
  }

  /// A decision and its reason.
  public func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSONObject = [:]) {
    log(.debug, message(), fields())
  }

  /// What a user may want to know afterwards.
  public func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSONObject = [:]) {
    log(.info, message(), fields())
  }

  /// Something went wrong and was dealt with.
  public func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSONObject = [:]) {
    log(.warning, message(), fields())
  }

  /// Something went wrong and the task suffers.
  public func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSONObject = [:]) {
    log(.error, message(), fields())
  }

  private static func merge(_ first: JSONObject, _ second: JSONObject) -> JSONObject {
    if second.isEmpty { return first }
    var all = first
    for (key, value) in second { all[key] = value }
    return all
  }
}
