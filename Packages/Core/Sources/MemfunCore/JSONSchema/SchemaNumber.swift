/// Comparisons of JSON numbers that do not lose the exactness of integers.
enum SchemaNumber {
  /// Whether `left` is below, equal to or above `right` (-1, 0, 1); nil when one of them is no number.
  static func compare(_ left: JSONValue, _ right: JSONValue) -> Int? {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): return left < right ? -1 : left > right ? 1 : 0
    case (.integer(let left), .number(let right)): return compare(left, right)
    case (.number(let left), .integer(let right)): return compare(right, left).map { -$0 }
    case (.bigInteger(let left), .bigInteger(let right)): return compareDigits(left, right)
    // Digits that do not fit 64 bits are further from zero than anything that does.
    case (.bigInteger(let left), .integer): return left.hasPrefix("-") ? -1 : 1
    case (.integer, .bigInteger(let right)): return right.hasPrefix("-") ? 1 : -1
    default:
      guard let left = left.doubleValue, let right = right.doubleValue else { return nil }
      return left < right ? -1 : left > right ? 1 : 0
    }
  }

  private static func compare(_ left: Int64, _ right: Double) -> Int? {
    if right.isNaN { return nil }
    if right >= 0x1p63 { return -1 }
    if right < -0x1p63 { return 1 }
    let floor = right.rounded(.down)
    let whole = Int64(floor)
    if left != whole { return left < whole ? -1 : 1 }
    return right > floor ? -1 : 0
  }

  private static func compareDigits(_ left: String, _ right: String) -> Int {
    let isNegative = left.hasPrefix("-")
    if isNegative != right.hasPrefix("-") { return isNegative ? -1 : 1 }
    if left.utf8.count != right.utf8.count {
      return (left.utf8.count < right.utf8.count) != isNegative ? -1 : 1
    }
    if left == right { return 0 }
    return (left < right) != isNegative ? -1 : 1
  }

  /// Whether `value` is `divisor` times an integer. Integers are exact; with fractions the quotient may
  /// be off by the rounding of binary floating point (0.3 is a multiple of 0.1).
  static func isMultiple(_ value: JSONValue, of divisor: JSONValue) -> Bool {
    if case .integer(let step) = normalized(divisor), step > 0 {
      switch normalized(value) {
      case .integer(let value): return value % step == 0
      case .bigInteger(let digits):
        var rest: UInt128 = 0
        for digit in digits.utf8 where digit != UInt8(ascii: "-") {
          rest = (rest * 10 + UInt128(digit - UInt8(ascii: "0"))) % UInt128(step)
        }
        return rest == 0
      default: break
      }
    }
    guard let value = value.doubleValue, let divisor = divisor.doubleValue else { return false }
    let quotient = value / divisor
    guard quotient.isFinite else { return false }
    return abs(quotient - quotient.rounded()) <= 1e-12 * max(1, abs(quotient))
  }

  /// The same value with whole numbers as integers, at every level, so that 1 and 1.0 are equal.
  static func normalized(_ value: JSONValue) -> JSONValue {
    switch value {
    case .number(let double):
      Int64(exactly: double).map(JSONValue.integer) ?? value
    case .array(let elements): .array(elements.map(normalized))
    case .object(let object): .object(JSONObject(object.map { ($0.key, normalized($0.value)) }))
    case .null, .bool, .integer, .bigInteger, .string: value
    }
  }

  /// Whether it is a number without fraction.
  static func isInteger(_ value: JSONValue) -> Bool {
    switch value {
    case .integer, .bigInteger: true
    case .number(let double): double.isFinite && double == double.rounded()
    default: false
    }
  }
}
