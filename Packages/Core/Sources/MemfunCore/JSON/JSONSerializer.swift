/// Writes JSON text. The same value always gives the same bytes.
public struct JSONSerializer {
  /// How the text is laid out.
  public enum Layout: Sendable {
    /// No white space at all.
    case compact
    /// Two spaces of indentation a level, one member a line.
    case pretty
  }

  private var output: [UInt8] = []
  private let layout: Layout
  private let sortsKeys: Bool

  private init(layout: Layout, sortsKeys: Bool) {
    self.layout = layout
    self.sortsKeys = sortsKeys
  }

  /// The UTF-8 bytes of `value`.
  ///
  /// - Parameter sortsKeys: true for canonical text (members by code point), for hashing.
  public static func bytes(
    of value: JSONValue, layout: Layout = .compact, sortsKeys: Bool = false
  ) -> [UInt8] {
    var serializer = JSONSerializer(layout: layout, sortsKeys: sortsKeys)
    serializer.write(value, level: 0)
    return serializer.output
  }

  /// Appends `text` as a JSON string, quotes included.
  public static func appendQuoted(_ text: String, to output: inout [UInt8]) {
    var text = text
    output.append(UInt8(ascii: "\""))
    text.withUTF8 { bytes in
      // Whole runs at once: most strings have nothing to escape, and reports hold a million of them.
      var start = 0
      for place in bytes.indices where needsEscape(bytes[place]) {
        output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<place]))
        appendEscape(bytes[place], to: &output)
        start = place + 1
      }
      output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start...]))
    }
    output.append(UInt8(ascii: "\""))
  }

  @inline(__always)
  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
  }

  private static func appendEscape(_ byte: UInt8, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case 0x09: output.append(UInt8(ascii: "t"))
    default:
      let digits: StaticString = "0123456789abcdef"
      output += [
        UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"),
        digits.utf8Start[Int(byte >> 4)], digits.utf8Start[Int(byte & 15)],
      ]
    }
  }

  private mutating func write(_ value: JSONValue, level: Int) {
    switch value {
    case .null: output += Array("null".utf8)
    case .bool(let flag): output += Array((flag ? "true" : "false").utf8)
    case .integer(let integer): output += Array(String(integer).utf8)
    case .bigInteger(let digits): output += Array(digits.utf8)
    // JSON has no infinity and no NaN; null is what every peer writes for them.
    case .number(let double): output += Array((double.isFinite ? "\(double)" : "null").utf8)
    case .string(let text): Self.appendQuoted(text, to: &output)
    case .array(let elements):
      write(elements, open: "[", close: "]", level: level) { writer, element, level in
        writer.write(element, level: level)
      }
    case .object(let object):
      var members = Array(object)
      if sortsKeys {
        members.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
      }
      write(members, open: "{", close: "}", level: level) { writer, member, level in
        Self.appendQuoted(member.key, to: &writer.output)
        writer.output.append(UInt8(ascii: ":"))
        if writer.layout == .pretty { writer.output.append(0x20) }
        writer.write(member.value, level: level)
      }
    }
  }

  private mutating func write<Item>(
    _ items: [Item], open: Unicode.Scalar, close: Unicode.Scalar, level: Int,
    item: (inout JSONSerializer, Item, Int) -> Void
  ) {
    output.append(UInt8(ascii: open))
    for (place, element) in items.enumerated() {
      if place > 0 { output.append(UInt8(ascii: ",")) }
      breakLine(level + 1)
      item(&self, element, level + 1)
    }
    if !items.isEmpty { breakLine(level) }
    output.append(UInt8(ascii: close))
  }

  private mutating func breakLine(_ level: Int) {
    guard layout == .pretty else { return }
    output.append(0x0A)
    output.append(contentsOf: repeatElement(0x20, count: level * 2))
  }
}

extension JSONValue: CustomStringConvertible {
  /// Compact JSON text.
  public var description: String { String(decoding: JSONSerializer.bytes(of: self), as: UTF8.self) }

  /// JSON text for people: indented, one member a line.
  public var prettyDescription: String {
    String(decoding: JSONSerializer.bytes(of: self, layout: .pretty), as: UTF8.self)
  }
}
