/// How much a log line matters.
public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  /// Every step, for finding out how something works.
  case trace
  /// Decisions and their reasons.
  case debug
  /// What a user may want to know afterwards.
  case info
  /// Something went wrong and was dealt with.
  case warning
  /// Something went wrong and the task suffers.
  case error

  /// The name in configuration, flags and JSON.
  public var name: String {
    switch self {
    case .trace: "trace"
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }

  /// - Parameter name: as in `name`, or `warn`; in any case. Nil for anything else.
  public init?(_ name: String) {
    let lower = name.lowercased()
    guard let level = Self.allCases.first(where: { $0.name == lower }) ?? (lower == "warn" ? .warning : nil)
    else { return nil }
    self = level
  }

  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// One thing that happened.
public struct LogRecord: Sendable, Equatable {
  /// When.
  public var time: Timestamp
  /// How much it matters.
  public var level: LogLevel
  /// Which part of the program says so: `http`, `models.anthropic`.
  public var subsystem: String
  /// What happened, as a sentence without data in it.
  public var message: String
  /// The data.
  public var fields: JSONObject

  /// A record from its parts.
  public init(time: Timestamp, level: LogLevel, subsystem: String, message: String, fields: JSONObject = [:])
  {
    self.time = time
    self.level = level
    self.subsystem = subsystem
    self.message = message
    self.fields = fields
  }
}

/// How a record becomes a line.
public enum LogFormat: Sendable {
  /// For people: `2026-11-21T09:30:00.250Z warning http: the server is slow host=example.org`.
  case text
  /// One JSON object: `{"time","level","subsystem","message","fields"}`.
  case json

  /// The line without its end. It never contains a line break, nor anything a terminal would obey.
  public func line(for record: LogRecord) -> String {
    switch self {
    case .json:
      var object: JSONObject = [
        "time": .string(record.time.description), "level": .string(record.level.name),
        "subsystem": .string(record.subsystem), "message": .string(record.message),
      ]
      if !record.fields.isEmpty { object["fields"] = .object(record.fields) }
      return VisibleText.escapeJSON(JSONValue.object(object).description)
    case .text:
      var line = "\(record.time) \(record.level.name) "
      if !record.subsystem.isEmpty { line += VisibleText.escape(record.subsystem) + ": " }
      line += VisibleText.escape(record.message)
      for (key, value) in record.fields {
        line += " \(VisibleText.escape(key))=\(Self.text(of: value))"
      }
      return line
    }
  }

  private static func text(of value: JSONValue) -> String {
    guard case .string(let text) = value else { return VisibleText.escape(value.description) }
    let isPlain =
      !text.isEmpty
      && text.unicodeScalars.allSatisfy { $0 != " " && $0 != "\"" && $0 != "=" && !VisibleText.isHidden($0) }
    return isPlain ? text : VisibleText.escape(value.description)
  }
}

/// Makes characters visible that a terminal would obey or hide.
public enum VisibleText {
  /// Whether a terminal acts on this character, or shows nothing or something misleading for it:
  /// control characters (C0, DEL, C1), line separators, direction marks, zero-width characters, tags.
  public static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0xAD, 0x61C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xE0000...0xE007F:
      true
    default: false
    }
  }

  /// JSON text in which hidden characters are written as `\uXXXX`; it means the same as before.
  ///
  /// Outside of strings JSON is ASCII, and inside them the serializer has escaped C0 and DEL already.
  static func escapeJSON(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: isHidden) else { return json }
    var result = ""
    for scalar in json.unicodeScalars {
      guard isHidden(scalar) else {
        result.unicodeScalars.append(scalar)
        continue
      }
      for unit in UTF16.encode(scalar).unsafelyUnwrapped {
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result
  }

  /// The text with `\n`, `\t`, `\r` and otherwise `\u{…}` in place of hidden characters. Other text,
  /// backslashes included, stays as it is: this is for reading, not for parsing.
  public static func escape(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHidden) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where isHidden(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
