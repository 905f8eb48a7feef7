/// What a configuration key may hold.
public enum ConfigurationType: Sendable, Equatable {
  case string
  /// The name of an environment variable, or nothing.
  case variable
  case integer(ClosedRange<Int>)
  case float(ClosedRange<Double>)
  case bool
  case choice([String])
  /// `"90s"`, `"1h30m"`, `"250ms"`; `"0s"` means none where the key says so.
  case duration
  /// A number of bytes: `65536`, `"64KiB"`, `"2MiB"`.
  case byteCount
  case strings

  /// Whether no text at all is a value.
  var hasEmptyValue: Bool {
    switch self {
    case .string, .variable, .strings: true
    case .integer, .float, .bool, .choice, .duration, .byteCount: false
    }
  }

  /// The type in words, for messages and documentation.
  public var description: String {
    switch self {
    case .string: "a string"
    case .variable: "the name of an environment variable"
    case .integer(let range) where range.upperBound == .max: "an integer of at least \(range.lowerBound)"
    case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
    case .float(let range) where range.upperBound == .greatestFiniteMagnitude:
      "a number of at least \(range.lowerBound)"
    case .float(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
    case .bool: "true or false"
    case .choice(let choices): "one of " + choices.map { "\"\($0)\"" }.joined(separator: ", ")
    case .duration: "a duration such as \"30s\" or \"5m\""
    case .byteCount: "a number of bytes such as 65536 or \"2MiB\""
    case .strings: "a list of strings"
    }
  }
}

/// A value as configuration holds it, whatever its Swift type above.
public enum ConfigurationScalar: Sendable, Hashable {
  case string(String)
  case integer(Int)
  case float(Double)
  case bool(Bool)
  case strings([String])

  /// The value as TOML source.
  public var toml: String {
    switch self {
    case .string(let text): TOMLText.quoted(text)
    case .integer(let value): String(value)
    case .float(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value)).0" : "\(value)"
    case .bool(let value): String(value)
    case .strings(let values): "[" + values.map(TOMLText.quoted).joined(separator: ", ") + "]"
    }
  }

  /// The value for `config get`: strings bare, lists one item a line.
  public var plain: String {
    switch self {
    case .string(let text): text
    case .strings(let values): values.joined(separator: "\n")
    default: toml
    }
  }

  /// The value as JSON.
  public var json: JSONValue {
    switch self {
    case .string(let text): .string(text)
    case .integer(let value): .int(value)
    case .float(let value): .number(value)
    case .bool(let value): .bool(value)
    case .strings(let values): .array(values.map(JSONValue.string))
    }
  }
}

/// A Swift type that a key can have.
public protocol ConfigurationValue: Sendable {
  /// Reads what the table has checked to be of the key's type.
  init(checked scalar: ConfigurationScalar)
}

extension String: ConfigurationValue {
  public init(checked scalar: ConfigurationScalar) { self = scalar.plain }
}

extension Int: ConfigurationValue {
  public init(checked scalar: ConfigurationScalar) {
    switch scalar {
    case .integer(let value): self = value
    case .string(let text): self = ByteCountText.parse(text) ?? 0
    default: self = 0
    }
  }
}

extension Double: ConfigurationValue {
  public init(checked scalar: ConfigurationScalar) {
    switch scalar {
    case .float(let value): self = value
    case .integer(let value): self = Double(value)
    default: self = 0
    }
  }
}

extension Bool: ConfigurationValue {
  public init(checked scalar: ConfigurationScalar) { self = scalar == .bool(true) }
}

extension Duration: ConfigurationValue {
  public init(checked scalar: ConfigurationScalar) { self = DurationText.parse(scalar.plain) ?? .zero }
}

extension [String]: ConfigurationValue {
  public init(checked scalar: ConfigurationScalar) {
    if case .strings(let values) = scalar { self = values } else { self = [] }
  }
}

/// A key whose value has the Swift type `Value`: asking for another type does not compile.
public struct ConfigurationKey<Value: ConfigurationValue>: Sendable {
  /// What the table knows about it.
  public let entry: ConfigurationEntry
}

/// One row of the table of keys.
public struct ConfigurationEntry: Sendable, Equatable {
  /// `section.name`.
  public let name: String
  /// What it may hold.
  public let type: ConfigurationType
  /// What it holds when nobody sets it.
  public let defaultValue: ConfigurationScalar
  /// One or two sentences for memfun.toml.example and the documentation.
  public let doc: String
  /// Whether only the user's own files, the environment and the command line may set it. A
  /// repository that somebody clones must not redirect requests, run programs or write files.
  public let isUserOnly: Bool

  /// The environment variable that sets it: `MEMFUN_MODEL_NAME` for `model.name`.
  public var environmentName: String {
    "MEMFUN_" + name.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
  }

  /// The part before the dot.
  public var section: String { String(name.prefix { $0 != "." }) }
  /// The part after the dot.
  public var shortName: String { String(name.drop { $0 != "." }.dropFirst()) }
}
