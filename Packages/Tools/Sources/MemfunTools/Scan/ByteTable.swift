/// What a byte can begin or continue, as one table look-up.
enum ByteTable {
  /// Continues an identifier: letters, digits, `_`, `$` and every byte of a non-ASCII character.
  static let identifier: UInt8 = 1
  /// Begins an identifier.
  static let identifierStart: UInt8 = 2
  /// A decimal digit.
  static let digit: UInt8 = 4
  /// Space, tab, carriage return, form feed, vertical tab.
  static let space: UInt8 = 8
  /// May begin TODO, FIXME, HACK or XXX.
  static let markerStart: UInt8 = 16
  /// Ends a run of bytes inside a string: quotes, backslash, line feed, `$`, `{`, `}`.
  static let stringStop: UInt8 = 32

  /// The flags of each byte.
  static let flags: [UInt8] = (0..<256).map { value in
    let byte = UInt8(value)
    var flags: UInt8 = 0
    switch byte {
    case 0x61...0x7A, 0x41...0x5A, 0x5F, 0x24, 0x80...0xFF: flags |= identifier | identifierStart
    case 0x30...0x39: flags |= identifier | digit
    case 0x20, 0x09, 0x0D, 0x0C, 0x0B: flags |= space
    default: break
    }
    switch byte {
    case Ascii.T, Ascii.F, Ascii.H, Ascii.X, Ascii.T | 32, Ascii.F | 32, Ascii.H | 32, Ascii.X | 32:
      flags |= markerStart
    case Ascii.quote, Ascii.apostrophe, Ascii.backtick, Ascii.backslash, Ascii.lineFeed, Ascii.dollar,
      Ascii.openBrace, Ascii.closeBrace:
      flags |= stringStop
    default: break
    }
    return flags
  }
}

/// The bytes that the scanners name.
enum Ascii {
  static let lineFeed: UInt8 = 0x0A, carriageReturn: UInt8 = 0x0D, tab: UInt8 = 0x09, space: UInt8 = 0x20
  static let bang: UInt8 = 0x21, quote: UInt8 = 0x22, hash: UInt8 = 0x23, dollar: UInt8 = 0x24
  static let percent: UInt8 = 0x25, ampersand: UInt8 = 0x26, apostrophe: UInt8 = 0x27
  static let openParen: UInt8 = 0x28, closeParen: UInt8 = 0x29, star: UInt8 = 0x2A, plus: UInt8 = 0x2B
  static let comma: UInt8 = 0x2C, minus: UInt8 = 0x2D, dot: UInt8 = 0x2E, slash: UInt8 = 0x2F
  static let colon: UInt8 = 0x3A, semicolon: UInt8 = 0x3B, less: UInt8 = 0x3C, equal: UInt8 = 0x3D
  static let greater: UInt8 = 0x3E, question: UInt8 = 0x3F, at: UInt8 = 0x40
  static let openBracket: UInt8 = 0x5B, backslash: UInt8 = 0x5C, closeBracket: UInt8 = 0x5D
  static let underscore: UInt8 = 0x5F, backtick: UInt8 = 0x60
  static let openBrace: UInt8 = 0x7B, pipe: UInt8 = 0x7C, closeBrace: UInt8 = 0x7D
  static let F: UInt8 = 0x46, H: UInt8 = 0x48, T: UInt8 = 0x54, X: UInt8 = 0x58, R: UInt8 = 0x52
  static let a: UInt8 = 0x61, b: UInt8 = 0x62, e: UInt8 = 0x65, z: UInt8 = 0x7A
}

/// The hash under which names are kept: FNV-1a, 64 bits (Fowler, Noll and Vo).
///
/// Names meet only by hash: 2⁻⁶⁴ per pair is far below the odds that two unrelated types share a name.
public enum NameHash {
  static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  static let prime: UInt64 = 0x0000_0100_0000_01B3
  /// Set apart: a name after a dot, as in Go's `package.Name`.
  static let selectorSalt: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The hash of a name.
  public static func of(_ name: String) -> UInt64 {
    var hash = seed
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* prime }
    return hash
  }
}
