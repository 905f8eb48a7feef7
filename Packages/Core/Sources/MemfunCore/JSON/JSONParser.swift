/// Reads JSON text (RFC 8259) from UTF-8 bytes, in one pass, with positions in its errors.
public struct JSONParser {
  /// What the reader accepts.
  public struct Options: Sendable {
    /// Arrays and objects nested deeper than this are refused. Default 512.
    public var maximumDepth: Int
    /// Whether a repeated member name is an error; otherwise its last value wins. Default false.
    public var rejectsDuplicateKeys: Bool

    /// The defaults suit answers of providers: lenient about duplicates.
    public init(maximumDepth: Int = 512, rejectsDuplicateKeys: Bool = false) {
      self.maximumDepth = maximumDepth
      self.rejectsDuplicateKeys = rejectsDuplicateKeys
    }
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private let options: Options
  private let source: String?
  private var offset = 0
  private var depth = 0

  private init(bytes: UnsafeBufferPointer<UInt8>, options: Options, source: String?) {
    self.bytes = bytes
    self.options = options
    self.source = source
  }

  /// Parses a whole document; anything but white space after the value is an error.
  ///
  /// - Parameter source: the file name or URL that errors name as their place.
  /// - Throws: `JSONParseError` with line and column (both from 1; columns count UTF-8 bytes).
  public static func parse(
    _ bytes: some Sequence<UInt8>, options: Options = Options(), source: String? = nil
  ) throws(JSONParseError) -> JSONValue {
    let result = bytes.withContiguousStorageIfAvailable { buffer in
      Result { () throws(JSONParseError) in try parse(buffer: buffer, options: options, source: source) }
    }
    if let result { return try result.get() }
    return try ContiguousArray(bytes).withUnsafeBufferPointer { buffer in
      Result { () throws(JSONParseError) in try parse(buffer: buffer, options: options, source: source) }
    }.get()
  }

  /// Parses a whole document from a string.
  public static func parse(
    _ text: String, options: Options = Options(), source: String? = nil
  ) throws(JSONParseError) -> JSONValue {
    try parse(text.utf8, options: options, source: source)
  }

  private static func parse(
    buffer: UnsafeBufferPointer<UInt8>, options: Options, source: String?
  ) throws(JSONParseError) -> JSONValue {
    var parser = JSONParser(bytes: buffer, options: options, source: source)
    // A byte order mark is not JSON, but editors on other systems write one.
    if buffer.count >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF { parser.offset = 3 }
    parser.skipWhitespace()
    let value = try parser.value()
    parser.skipWhitespace()
    if parser.offset < buffer.count { throw parser.error("unexpected text after the value") }
    return value
  }

  // MARK: Values

  private mutating func value() throws(JSONParseError) -> JSONValue {
    guard let byte = peek else { throw error("unexpected end of input, a value was expected") }
    switch byte {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["): return .array(try array())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): try word("true"); return .bool(true)
    case UInt8(ascii: "f"): try word("false"); return .bool(false)
    case UInt8(ascii: "n"): try word("null"); return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw error("unexpected \(describe(byte)), a value was expected")
    }
  }

  private mutating func object() throws(JSONParseError) -> JSONObject {
    try enter()
    defer { depth -= 1 }
    var object = JSONObject()
    skipWhitespace()
    if take(UInt8(ascii: "}")) { return object }
    while true {
      skipWhitespace()
      guard peek == UInt8(ascii: "\"") else { throw error("a member name in double quotes was expected") }
      let start = offset
      let key = try string()
      if options.rejectsDuplicateKeys, object[key] != nil {
        offset = start
        throw error("the member \"\(key)\" stands twice in one object")
      }
      skipWhitespace()
      guard take(UInt8(ascii: ":")) else { throw error("':' was expected after the member name") }
      skipWhitespace()
      object[key] = try value()
      skipWhitespace()
      if take(UInt8(ascii: ",")) { continue }
      if take(UInt8(ascii: "}")) { return object }
      throw error("',' or '}' was expected")
    }
  }

  private mutating func array() throws(JSONParseError) -> [JSONValue] {
    try enter()
    defer { depth -= 1 }
    var array: [JSONValue] = []
    skipWhitespace()
    if take(UInt8(ascii: "]")) { return array }
    while true {
      skipWhitespace()
      array.append(try value())
      skipWhitespace()
      if take(UInt8(ascii: ",")) { continue }
      if take(UInt8(ascii: "]")) { return array }
      throw error("',' or ']' was expected")
    }
  }

  private mutating func enter() throws(JSONParseError) {
    depth += 1
    if depth > options.maximumDepth { throw error("nested deeper than \(options.maximumDepth) levels") }
    offset += 1
  }

  private mutating func word(_ word: StaticString) throws(JSONParseError) {
    let end = offset + word.utf8CodeUnitCount
    let matches =
      end <= bytes.count
      && UnsafeBufferPointer(rebasing: bytes[offset..<end]).elementsEqual(
        UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    guard matches else { throw error("'\(word)' was expected") }
    offset = end
  }

  private mutating func number() throws(JSONParseError) -> JSONValue {
    let start = offset
    _ = take(UInt8(ascii: "-"))
    if take(UInt8(ascii: "0")) {
      if let next = peek, isDigit(next) { throw error("a number must not begin with 0") }
    } else {
      guard digits() > 0 else { throw error("a digit was expected") }
    }
    var isInteger = true
    if take(UInt8(ascii: ".")) {
      isInteger = false
      guard digits() > 0 else { throw error("a digit was expected after the decimal point") }
    }
    if let next = peek, next | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      offset += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() > 0 else { throw error("a digit was expected in the exponent") }
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isInteger {
      if text == "-0" { return .number(-0.0) }
      return Int64(text).map(JSONValue.integer) ?? .bigInteger(text)
    }
    guard let double = Double(text), double.isFinite else {
      offset = start
      throw error("the number \(text) is out of range")
    }
    return .number(double)
  }

  private mutating func digits() -> Int {
    let start = offset
    while let byte = peek, isDigit(byte) { offset += 1 }
    return offset - start
  }

  // MARK: Strings

  private mutating func string() throws(JSONParseError) -> String {
    let opening = offset
    offset += 1
    // Most strings have no escape: find the end first and decode once.
    let start = offset
    while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      offset += 1
    }
    if peek == UInt8(ascii: "\"") {
      let text = try utf8(start..<offset)
      offset += 1
      return text
    }
    var decoded = [UInt8](bytes[start..<offset])
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: decoded, as: UTF8.self) else {
          offset = opening
          throw error("the string is not valid UTF-8")
        }
        offset += 1
        return text
      case UInt8(ascii: "\\"):
        try escape(into: &decoded)
      case 0..<0x20:
        throw error("a control character must be escaped in a string")
      default:
        decoded.append(byte)
        offset += 1
      }
    }
    offset = opening
    throw error("the string is not closed")
  }

  private func utf8(_ range: Range<Int>) throws(JSONParseError) -> String {
    guard let text = String(validating: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
      throw error("the string is not valid UTF-8")
    }
    return text
  }

  private mutating func escape(into decoded: inout [UInt8]) throws(JSONParseError) {
    offset += 1
    guard let byte = peek else { throw error("the string is not closed") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(byte)
    case UInt8(ascii: "b"): decoded.append(0x08)
    case UInt8(ascii: "f"): decoded.append(0x0C)
    case UInt8(ascii: "n"): decoded.append(0x0A)
    case UInt8(ascii: "r"): decoded.append(0x0D)
    case UInt8(ascii: "t"): decoded.append(0x09)
    case UInt8(ascii: "u"):
      var unit = try hexadecimal()
      if (0xD800..<0xDC00).contains(unit), offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
        bytes[offset + 1] == UInt8(ascii: "u")
      {
        let rewind = offset
        offset += 2
        let low = try hexadecimal()
        if (0xDC00..<0xE000).contains(low) {
          unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
        } else {
          offset = rewind
        }
      }
      // A lone surrogate is legal JSON but no Unicode scalar; models do emit them when a reply is cut.
      let scalar = Unicode.Scalar(unit) ?? "\u{FFFD}"
      decoded.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
    default:
      offset -= 1
      throw error("unknown escape \\\(describe(byte))")
    }
  }

  private mutating func hexadecimal() throws(JSONParseError) -> UInt32 {
    guard offset + 4 <= bytes.count else { throw error("four hexadecimal digits were expected") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = bytes[offset]
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
      default: throw error("four hexadecimal digits were expected")
      }
      offset += 1
    }
    return value
  }

  // MARK: Bytes

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    offset += 1
    return true
  }

  private mutating func skipWhitespace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private func describe(_ byte: UInt8) -> String {
    byte >= 0x21 && byte < 0x7F
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x" + String(byte, radix: 16)
  }

  private func error(_ problem: String) -> JSONParseError {
    var line = 1
    var lineStart = 0
    for (place, byte) in bytes[..<min(offset, bytes.count)].enumerated() where byte == 0x0A {
      line += 1
      lineStart = place + 1
    }
    return JSONParseError(
      problem: problem, source: source, line: line, column: offset - lineStart + 1, offset: offset)
  }
}

/// Text that is not JSON, and the place where that shows.
public struct JSONParseError: MemfunError, Equatable {
  /// What is wrong there.
  public let problem: String
  /// The file or URL, if the caller named one.
  public let source: String?
  /// Line, from 1.
  public let line: Int
  /// Column in UTF-8 bytes, from 1.
  public let column: Int
  /// Byte offset, from 0.
  public let offset: Int

  public var kind: String { "json.syntax" }
  public var what: String { "invalid JSON: \(problem)" }
  public var location: String? { "\(source.map { $0 + ":" } ?? "line ")\(line):\(column)" }
  public var remedy: String? { "correct the text at that place" }
}
