import MemfunCore

/// Writes some characters of finished JSON text as `\uXXXX`. Outside ASCII they stand only within
/// strings, so the value stays the same.
enum JSONEscaping {
  /// Escapes what a terminal, or the eye, would obey (`VisibleText.isActive`).
  static func escapeActive(_ bytes: [UInt8]) -> [UInt8] {
    escape(bytes) { $0.value >= 0x80 && VisibleText.isActive($0) }
  }

  /// Escapes everything outside ASCII.
  static func escapeNonASCII(_ bytes: [UInt8]) -> [UInt8] {
    escape(bytes) { !$0.isASCII }
  }

  private static func escape(_ bytes: [UInt8], where matches: (Unicode.Scalar) -> Bool) -> [UInt8] {
    if bytes.allSatisfy({ $0 < 0x80 }) { return bytes }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      if matches(scalar) {
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          output += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
        }
      } else {
        output += Array(String(scalar).utf8)
      }
    }
    return output
  }
}
