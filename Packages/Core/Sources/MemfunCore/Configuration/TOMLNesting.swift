/// Limits nesting before toml++ sees the text: it recurses over values, and its destructors recurse over
/// tables, for which a long dotted key is enough.
///
/// The scan follows strings and comments as TOML defines them. In text that is not TOML it may lose
/// track, but only behind the place where toml++ stops anyway.
enum TOMLNesting {
  /// The most parts of a dotted key or header.
  static let maximumKeyParts = 16
  /// The deepest nesting of arrays and inline tables.
  static let maximumDepth = 32

  /// The offset at which a limit is exceeded.
  static func firstTooDeepOffset(in bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBufferPointer { bytes in
      var offset = 0
      var depth = 0
      var dots = 0
      while offset < bytes.count {
        switch bytes[offset] {
        case UInt8(ascii: "#"):
          while offset < bytes.count, bytes[offset] != 0x0A { offset += 1 }
          continue
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
          offset = endOfString(bytes, from: offset)
          continue
        case UInt8(ascii: "["), UInt8(ascii: "{"):
          depth += 1
          dots = 0
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
          depth = max(0, depth - 1)
          dots = 0
        case UInt8(ascii: "="), UInt8(ascii: ","), 0x0A: dots = 0
        case UInt8(ascii: "."): dots += 1
        default: break
        }
        if depth > maximumDepth || dots >= maximumKeyParts { return offset }
        offset += 1
      }
      return nil
    }
  }

  /// The offset behind the string that begins at `start`; a string of one line ends with the line.
  private static func endOfString(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let quote = bytes[start]
    func isTripled(_ offset: Int) -> Bool {
      offset + 2 < bytes.count && bytes[offset] == quote && bytes[offset + 1] == quote
        && bytes[offset + 2] == quote
    }
    let isLong = isTripled(start)
    var offset = start + (isLong ? 3 : 1)
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\\") where quote == UInt8(ascii: "\""):
        // An escaped line break is part of a long string only.
        offset += !isLong && offset + 1 < bytes.count && bytes[offset + 1] == 0x0A ? 1 : 2
        continue
      case 0x0A where !isLong: return offset
      case quote where !isLong: return offset + 1
      case quote where isTripled(offset):
        // Up to two quotes may stand directly before the closing three.
        offset += 3
        var extra = 0
        while extra < 2, offset < bytes.count, bytes[offset] == quote {
          offset += 1
          extra += 1
        }
        return offset
      default: offset += 1
      }
    }
    return bytes.count
  }
}
