/// A key of the state store.
///
/// Any text may be given; bytes outside `[-/_.A-Za-z0-9]` are escaped as `=HH`, so that every tier can
/// hold it. The escaped form has at most 200 bytes, no leading or trailing `.` or `/`, and no `..`.
public struct StoreKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The escaped form, as tiers store it.
  public let escaped: String

  /// - Throws: `RuntimeError.illegalKey`.
  public init(_ text: String) throws(RuntimeError) {
    escaped = Self.escape(text)
    try Self.check(escaped, of: text)
  }

  /// Takes an escaped form that a tier gives back.
  ///
  /// - Throws: `RuntimeError.illegalKey` when it is no such form.
  public init(escaped: String) throws(RuntimeError) {
    guard let text = Self.unescape(escaped), Self.escape(text) == escaped else {
      throw .illegalKey(escaped, reason: "it is no escaped key")
    }
    try Self.check(escaped, of: escaped)
    self.escaped = escaped
  }

  /// The text as it was given.
  public var description: String { Self.unescape(escaped) ?? escaped }

  public static func < (left: StoreKey, right: StoreKey) -> Bool {
    left.escaped.utf8.lexicographicallyPrecedes(right.escaped.utf8)
  }

  /// The escaped form of the beginning of a key. Unlike a key it may be empty or end in `.` or `/`.
  public static func escape(_ text: String) -> String {
    var bytes: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      if NameSyntax.isNameByte(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func unescape(_ escaped: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(escaped.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "=") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else {
        return nil
      }
      rest.removeFirst(2)
      bytes.append(value)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func check(_ escaped: String, of text: String) throws(RuntimeError) {
    if escaped.isEmpty { throw .illegalKey(text, reason: "it is empty") }
    if escaped.utf8.count > RuntimeLimits.nameBytes {
      throw .illegalKey(text, reason: "its escaped form is longer than \(RuntimeLimits.nameBytes) bytes")
    }
    for edge in [escaped.utf8.first, escaped.utf8.last]
    where edge == UInt8(ascii: ".") || edge == UInt8(ascii: "/") {
      throw .illegalKey(text, reason: "it begins or ends with '.' or '/'")
    }
    if escaped.contains("..") { throw .illegalKey(text, reason: "it contains '..'") }
  }
}
