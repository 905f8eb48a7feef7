/// An amount of US dollars as an exact whole number of picodollars (10⁻¹² $), at most about 9.2 million
/// dollars. With prices of up to six decimals for a million tokens every cost is exact.
public struct Money: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Whole picodollars.
  public var picodollars: Int64

  /// - Parameter picodollars: whole picodollars.
  public init(picodollars: Int64) { self.picodollars = picodollars }

  /// Reads `12`, `0.075`, `.5` or `$3.00`; nil for anything else, for negative amounts, and for more
  /// than twelve decimals.
  public init?(dollars text: String) {
    var rest = text.trimmed[...]
    if rest.first == "$" { rest = rest.dropFirst() }
    let parts = rest.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, parts.count <= 2 else { return nil }
    let fraction = parts.count == 2 ? parts[1] : ""
    guard !(whole.isEmpty && fraction.isEmpty), fraction.utf8.count <= 12,
      (whole + fraction).utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      let dollars = Int64(whole.isEmpty ? "0" : String(whole)),
      let rest = Int64(fraction + String(repeating: "0", count: 12 - fraction.utf8.count))
    else { return nil }
    let (product, overflow) = dollars.multipliedReportingOverflow(by: 1_000_000_000_000)
    let (sum, carry) = product.addingReportingOverflow(rest)
    guard !overflow, !carry else { return nil }
    picodollars = sum
  }

  /// Nothing.
  public static let zero = Money(picodollars: 0)

  public static func < (left: Money, right: Money) -> Bool { left.picodollars < right.picodollars }

  /// The sum; the largest amount when it does not fit.
  public static func + (left: Money, right: Money) -> Money {
    let (sum, overflow) = left.picodollars.addingReportingOverflow(right.picodollars)
    return Money(picodollars: overflow ? (left.picodollars < 0 ? .min : .max) : sum)
  }

  /// The difference.
  public static func - (left: Money, right: Money) -> Money {
    let (difference, overflow) = left.picodollars.subtractingReportingOverflow(right.picodollars)
    return Money(picodollars: overflow ? (left.picodollars < 0 ? .min : .max) : difference)
  }

  /// The exact amount in dollars as decimal text without sign of currency, at least two decimals:
  /// `0.00`, `1.50`, `0.004512`.
  public var decimal: String {
    let sign = picodollars < 0 ? "-" : ""
    let magnitude = picodollars.magnitude
    var fraction = String(magnitude % 1_000_000_000_000)
    fraction = String(repeating: "0", count: 12 - fraction.utf8.count) + fraction
    while fraction.utf8.count > 2, fraction.hasSuffix("0") { fraction.removeLast() }
    return "\(sign)\(magnitude / 1_000_000_000_000).\(fraction)"
  }

  public var description: String { "$\(decimal)" }
}

/// What something costs, as far as that is known. Unknown is not free.
public enum Cost: Sendable, Hashable, CustomStringConvertible {
  /// Exactly this much.
  case known(Money)
  /// The price of a model is not known.
  case unknown

  /// The amount, if it is known.
  public var money: Money? { if case .known(let money) = self { money } else { nil } }

  /// The sum; unknown when either is.
  public static func + (left: Cost, right: Cost) -> Cost {
    guard case .known(let first) = left, case .known(let second) = right else { return .unknown }
    return .known(first + second)
  }

  public var description: String { money.map(\.description) ?? "unknown" }
}
