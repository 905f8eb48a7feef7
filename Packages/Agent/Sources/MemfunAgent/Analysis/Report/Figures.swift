/// How numbers are written in reports for people.
enum Figures {
  /// `1,234,567`.
  static func grouped(_ value: some BinaryInteger) -> String {
    let digits = String(value.magnitude)
    var text = value < 0 ? "-" : ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// `2.5 %`, `13 %`, `99.6 %`: one decimal near the ends, where it tells much and a little, and much and all,
  /// apart. Only all is `100 %`. `share` is 0–1.
  static func percent(_ share: Double) -> String {
    guard share.isFinite else { return "–" }
    let rounded = Int((share * 1000).rounded())
    let tenths = share < 1 ? min(rounded, 999) : rounded
    return tenths % 10 == 0 || (100..<990).contains(tenths) || tenths > 1000
      ? "\(Int((share * 100).rounded())) %" : "\(tenths / 10).\(tenths % 10) %"
  }

  /// Two decimals: `0.07`. For scores between 0 and 1.
  static func score(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    let hundredths = Int((value * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }

  /// `1 file`, `2 files`, `1,000 files`.
  static func counted(_ count: some BinaryInteger, _ noun: String, plural: String? = nil) -> String {
    "\(grouped(count)) \(count == 1 ? noun : plural ?? noun + "s")"
  }

  /// `512 bytes`, `1.5 KiB`, `20 MiB`.
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    var unit = 0
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    if unit == 0 { return counted(count, "byte") }
    let tenths = Int((value * 10).rounded())
    return tenths >= 100 || tenths % 10 == 0
      ? "\(Int(value.rounded())) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}
