/// TOML source of strings.
enum TOMLText {
  static func quoted(_ text: String) -> String {
    var output = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case "\u{0}"..<"\u{20}", "\u{7F}":
        let digits = String(scalar.value, radix: 16, uppercase: true)
        output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: output.unicodeScalars.append(scalar)
      }
    }
    return output + "\""
  }

  static func key(_ name: String) -> String {
    let isBare =
      !name.isEmpty
      && name.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
    return isBare ? name : quoted(name)
  }
}

/// Text from files and variables as it may stand in messages.
enum MessageText {
  /// Without credentials and control characters, and at most 80 characters long.
  static func shown(_ text: String) -> String {
    let start = text.unicodeScalars.prefix(200)
    var clipped = String(String.UnicodeScalarView(start))
    clipped = String(decoding: SecretPatterns.mask(Array(clipped.utf8)), as: UTF8.self)
    let visible = VisibleText.escape(clipped)
    return visible.count > 80 || start.count < text.unicodeScalars.count ? visible.prefix(80) + "…" : visible
  }
}

/// Durations as people write them: `250ms`, `30s`, `5m`, `1h30m`, `7d`.
public enum DurationText {
  /// Nil when the text is no duration or exceeds 100 years.
  public static func parse(_ text: String) -> Duration? {
    var rest = text.utf8[...]
    var seconds = 0.0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix {
        ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) || $0 == UInt8(ascii: ".")
      }
      guard let number = Double(String(digits) ?? ""), number.isFinite else { return nil }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }
      rest = rest.dropFirst(unit.count)
      switch String(unit) {
      case "ms": seconds += number / 1000
      case "s": seconds += number
      case "m": seconds += number * 60
      case "h": seconds += number * 3600
      case "d": seconds += number * 86_400
      default: return nil
      }
    }
    guard seconds <= 100 * 366 * 86_400 else { return nil }
    return .nanoseconds(Int64((seconds * 1e9).rounded()))
  }
}

/// Numbers of bytes as people write them: `65536`, `64KiB`, `2MiB`, `1GB`.
public enum ByteCountText {
  /// Nil when the text is no number of bytes.
  public static func parse(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits) else { return nil }
    let factor: Int
    switch text.dropFirst(digits.count).drop(while: { $0 == " " }).lowercased() {
    case "", "b": factor = 1
    case "kib", "k": factor = 1 << 10
    case "mib", "m": factor = 1 << 20
    case "gib", "g": factor = 1 << 30
    case "kb": factor = 1000
    case "mb": factor = 1_000_000
    case "gb": factor = 1_000_000_000
    default: return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
  }
}
