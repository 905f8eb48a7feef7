/// A JSON value (RFC 8259) that keeps what Codable loses: exact integers and the order of members.
///
/// Order matters because prompts and tool schemas must be byte-stable from turn to turn for provider
/// caches to hit; integers matter because ids and token counts are not floating point.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// An integer literal that fits 64 bits.
  case integer(Int64)
  /// An integer literal that does not fit 64 bits: its digits, exactly as written, with sign.
  case bigInteger(String)
  /// A literal with a fraction or an exponent.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// An object from key-value pairs; a repeated key keeps its last value.
  public static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    .object(JSONObject(members))
  }
}

extension JSONValue {
  /// The member named `key`, or nil when this is no object or has no such member.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  /// The element at `index`, or nil when this is no array or the index is outside it.
  public subscript(index: Int) -> JSONValue? {
    guard case .array(let array) = self, array.indices.contains(index) else { return nil }
    return array[index]
  }

  /// The string, if it is one.
  public var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The boolean, if it is one.
  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The integer, if it is one that fits `Int`; a number without fraction (`3.0`) counts.
  public var intValue: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The value as a `Double`, if it is any number.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .bigInteger(let digits): Double(digits)
    case .number(let value): value
    default: nil
    }
  }

  /// The elements, if it is an array.
  public var arrayValue: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The members, if it is an object.
  public var objectValue: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// Whether it is `null`.
  public var isNull: Bool { self == .null }

  /// The name of the JSON type for messages: "null", "boolean", "integer", "number", "string",
  /// "array" or "object".
  public var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer, .bigInteger: "integer"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(elements))
  }

  /// An integer value from any `Int`.
  public static func int(_ value: Int) -> JSONValue { .integer(Int64(value)) }
}
