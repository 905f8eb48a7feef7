extension Timestamp {
  /// Parses a date and time of RFC 3339 §5.6: `2026-11-21T09:30:00.25+01:00`.
  ///
  /// The separator may be `T`, `t` or a space. Digits of the fraction beyond nanoseconds are cut off. A
  /// leap second (`:60`) counts as the first second of the next minute. Nil for any other text, for
  /// impossible dates and for years outside the range.
  public init?(rfc3339 text: String) {
    var scanner = DateScanner(text)
    guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2),
      scanner.take("-"), let day = scanner.digits(2),
      scanner.take("T") || scanner.take("t") || scanner.take(" "),
      let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2),
      scanner.take(":"), let second = scanner.digits(2)
    else { return nil }
    var fraction = 0
    if scanner.take(".") {
      guard let nanoseconds = scanner.fraction() else { return nil }
      fraction = nanoseconds
    }
    var offset = 0
    if !(scanner.take("Z") || scanner.take("z")) {
      let sign: Int
      if scanner.take("+") { sign = 1 } else if scanner.take("-") { sign = -1 } else { return nil }
      guard let hours = scanner.digits(2), hours < 24, scanner.take(":"),
        let minutes = scanner.digits(2), minutes < 60
      else { return nil }
      offset = sign * (hours * 3600 + minutes * 60)
    }
    guard scanner.isAtEnd else { return nil }
    self.init(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second,
      nanosecond: fraction, offset: offset)
  }

  /// Parses a date of an HTTP header in any of the three forms of RFC 9110 §5.6.7:
  /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
  ///
  /// The name of the weekday must be one, but is not compared with the date.
  ///
  /// - Parameter now: places a year of two digits: one that would be more than 50 years ahead is taken
  ///   as the latest year in the past with these digits.
  public init?(httpDate text: String, now: Timestamp) {
    var scanner = DateScanner(text)
    guard let weekday = scanner.word() else { return nil }
    let short = DateScanner.weekdays.contains { $0.prefix(3) == weekday }
    let long = DateScanner.weekdays.contains { $0 == weekday }
    guard short || long else { return nil }

    if scanner.take(",") {
      guard scanner.take(" "), let day = scanner.digits(2) else { return nil }
      let separator: Character = short ? " " : "-"
      guard scanner.take(separator), let month = scanner.month(), scanner.take(separator) else {
        return nil
      }
      var year = 0
      if short {
        guard let four = scanner.digits(4) else { return nil }
        year = four
      } else {
        guard let two = scanner.digits(2) else { return nil }
        let current = CivilDate(daysSinceEpoch: now.seconds.flooredQuotient(86_400)).year
        year = current - current % 100 + two
        // The nearest reading that is not more than 50 years ahead, and otherwise in the past.
        if year > current + 50 { year -= 100 } else if year <= current - 50 { year += 100 }
      }
      guard scanner.take(" "), let time = scanner.time(), scanner.take(" "), scanner.word() == "GMT",
        scanner.isAtEnd
      else { return nil }
      self.init(
        year: year, month: month, day: day, hour: time.hour, minute: time.minute, second: time.second)
      return
    }

    guard short, scanner.take(" "), let month = scanner.month(), scanner.take(" ") else { return nil }
    guard let day = scanner.take(" ") ? scanner.digits(1) : scanner.digits(2) else { return nil }
    guard scanner.take(" "), let time = scanner.time(), scanner.take(" "), let year = scanner.digits(4),
      scanner.isAtEnd
    else { return nil }
    self.init(
      year: year, month: month, day: day, hour: time.hour, minute: time.minute, second: time.second)
  }

  private init?(
    year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, nanosecond: Int = 0,
    offset: Int = 0
  ) {
    guard (1...12).contains(month), day >= 1, hour < 24, minute < 60, second <= 60 else { return nil }
    let date = CivilDate(year: year, month: month, day: day)
    // A day that the month does not have comes back as a day of the next month.
    guard CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date else { return nil }
    let seconds =
      date.daysSinceEpoch * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(offset)
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, second) = product.addingReportingOverflow(Int64(nanosecond))
    guard !overflow, !second else { return nil }
    self.init(nanoseconds: sum)
  }
}

/// Reads the pieces of which dates are made, from the left.
private struct DateScanner {
  static let weekdays = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ character: Character) -> Bool {
    guard let byte = rest.first, byte == character.asciiValue else { return false }
    rest.removeFirst()
    return true
  }

  /// Exactly `count` decimal digits.
  mutating func digits(_ count: Int) -> Int? {
    let piece = rest.prefix(count)
    guard piece.count == count, piece.allSatisfy(Self.isDigit) else { return nil }
    rest = rest.dropFirst(count)
    return piece.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }

  /// One or more digits after a decimal point, as nanoseconds.
  mutating func fraction() -> Int? {
    let piece = rest.prefix(while: Self.isDigit)
    guard !piece.isEmpty else { return nil }
    rest = rest.dropFirst(piece.count)
    var nanoseconds = 0
    for place in 0..<9 {
      let index = piece.index(piece.startIndex, offsetBy: place, limitedBy: piece.endIndex)
      let digit = index.flatMap { $0 < piece.endIndex ? piece[$0] - UInt8(ascii: "0") : nil } ?? 0
      nanoseconds = nanoseconds * 10 + Int(digit)
    }
    return nanoseconds
  }

  mutating func word() -> String? {
    let piece = rest.prefix { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") }
    rest = rest.dropFirst(piece.count)
    return piece.isEmpty ? nil : String(Substring(piece))
  }

  mutating func month() -> Int? {
    guard let name = word(), let place = Self.months.firstIndex(of: name) else { return nil }
    return place + 1
  }

  mutating func time() -> (hour: Int, minute: Int, second: Int)? {
    guard let hour = digits(2), take(":"), let minute = digits(2), take(":"), let second = digits(2)
    else { return nil }
    return (hour, minute, second)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
