/// A set of bytes, as written between brackets in a wildcard pattern.
struct ByteSet: Sendable, Equatable {
  private var low: (UInt64, UInt64) = (0, 0)
  private var high: (UInt64, UInt64) = (0, 0)

  static func == (left: ByteSet, right: ByteSet) -> Bool {
    left.low == right.low && left.high == right.high
  }

  func contains(_ byte: UInt8) -> Bool {
    let bit: UInt64 = 1 << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: return low.0 & bit != 0
    case 1: return low.1 & bit != 0
    case 2: return high.0 & bit != 0
    default: return high.1 & bit != 0
    }
  }

  private mutating func insert(_ byte: UInt8) {
    let bit: UInt64 = 1 << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: low.0 |= bit
    case 1: low.1 |= bit
    case 2: high.0 |= bit
    default: high.1 |= bit
    }
  }

  private mutating func invert() {
    low = (~low.0, ~low.1)
    high = (~high.0, ~high.1)
  }

  /// Reads a set that starts with the `[` at `start`.
  ///
  /// - Returns: the set and the index behind its `]`; nil when it is never closed or names a class that
  ///   does not exist, in which case git lets the whole pattern match nothing.
  static func parse(_ bytes: [UInt8], from start: Int) -> (ByteSet, Int)? {
    var set = ByteSet()
    var at = start + 1
    func byte(_ index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }
    let isNegated = byte(at) == UInt8(ascii: "!") || byte(at) == UInt8(ascii: "^")
    if isNegated { at += 1 }
    var previous: UInt8?
    var isFirst = true
    while isFirst || byte(at) != UInt8(ascii: "]") {
      isFirst = false
      guard var current = byte(at) else { return nil }
      if current == UInt8(ascii: "\\") {
        at += 1
        guard let quoted = byte(at) else { return nil }
        set.insert(quoted)
        previous = quoted
      } else if current == UInt8(ascii: "-"), let first = previous, let last = byte(at + 1),
        last != UInt8(ascii: "]")
      {
        at += 1
        current = last
        if current == UInt8(ascii: "\\") {
          at += 1
          guard let quoted = byte(at) else { return nil }
          current = quoted
        }
        if first <= current { for member in first...current { set.insert(member) } }
        previous = nil
      } else if current == UInt8(ascii: "["), byte(at + 1) == UInt8(ascii: ":") {
        let nameStart = at + 2
        var end = nameStart
        while let next = byte(end), next != UInt8(ascii: "]") { end += 1 }
        guard end < bytes.count else { return nil }
        if end > nameStart, bytes[end - 1] == UInt8(ascii: ":") {
          guard let members = Self.members(ofClass: bytes[nameStart..<end - 1]) else { return nil }
          for member in UInt8.min...UInt8.max where members(member) { set.insert(member) }
          previous = nil
          at = end
        } else {
          set.insert(current)
          previous = current
        }
      } else {
        set.insert(current)
        previous = current
      }
      at += 1
    }
    if isNegated { set.invert() }
    return (set, at + 1)
  }

  private static func members(ofClass name: ArraySlice<UInt8>) -> ((UInt8) -> Bool)? {
    func isLower(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }
    func isUpper(_ byte: UInt8) -> Bool { byte >= 0x41 && byte <= 0x5A }
    func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    func isPrintable(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7F }
    switch String(decoding: name, as: UTF8.self) {
    case "alnum": return { isLower($0) || isUpper($0) || isDigit($0) }
    case "alpha": return { isLower($0) || isUpper($0) }
    case "blank": return { $0 == 0x20 || $0 == 0x09 }
    case "cntrl": return { $0 < 0x20 || $0 == 0x7F }
    case "digit": return isDigit
    case "graph": return { isPrintable($0) && $0 != 0x20 }
    case "lower": return isLower
    case "print": return isPrintable
    case "punct": return { isPrintable($0) && $0 != 0x20 && !isLower($0) && !isUpper($0) && !isDigit($0) }
    // git's own table of white space, which leaves out vertical tab and form feed.
    case "space": return { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    case "upper": return isUpper
    case "xdigit":
      return { isDigit($0) || ($0 >= 0x61 && $0 <= 0x66) || ($0 >= 0x41 && $0 <= 0x46) }
    default: return nil
    }
  }
}
