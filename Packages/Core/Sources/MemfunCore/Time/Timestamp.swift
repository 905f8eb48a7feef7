/// An instant of wall-clock time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds ignored.
///
/// The range is the years 1678 to 2262.
public struct Timestamp: Sendable, Hashable, Comparable {
  /// Nanoseconds since the Unix epoch; negative before it.
  public var nanoseconds: Int64

  /// - Parameter nanoseconds: since the Unix epoch.
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// - Parameter seconds: whole seconds since the Unix epoch; clamped to the range.
  public init(seconds: Int64) { nanoseconds = Duration.seconds(seconds).wholeNanoseconds }

  /// Milliseconds since the epoch, rounded down.
  public var milliseconds: Int64 { nanoseconds.flooredQuotient(1_000_000) }

  /// Seconds since the epoch, rounded down.
  public var seconds: Int64 { nanoseconds.flooredQuotient(1_000_000_000) }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

  /// This instant moved by `duration`, clamped to the range.
  public static func + (left: Timestamp, duration: Duration) -> Timestamp {
    let step = duration.wholeNanoseconds
    let (sum, overflow) = left.nanoseconds.addingReportingOverflow(step)
    return Timestamp(nanoseconds: overflow ? (step < 0 ? .min : .max) : sum)
  }

  /// The time from `right` to `left`.
  public static func - (left: Timestamp, right: Timestamp) -> Duration {
    .nanoseconds(left.nanoseconds) - .nanoseconds(right.nanoseconds)
  }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC with milliseconds: `2026-11-21T09:30:00.250Z`.
  public var description: String {
    let day = seconds.flooredQuotient(86_400)
    let date = CivilDate(daysSinceEpoch: day)
    let rest = Int(self.milliseconds - day * 86_400_000)
    let (milliseconds, whole) = (rest % 1000, rest / 1000)
    return "\(date)T\(pad(whole / 3600, 2)):\(pad(whole / 60 % 60, 2)):\(pad(whole % 60, 2))"
      + ".\(pad(milliseconds, 3))Z"
  }
}

/// A date of the proleptic Gregorian calendar.
///
/// Source of the conversions: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
public struct CivilDate: Sendable, Hashable, CustomStringConvertible {
  /// Year, month (1–12) and day of the month (1–31).
  public let year: Int, month: Int, day: Int

  /// - Parameter days: days since 1970-01-01; negative before it.
  public init(daysSinceEpoch days: Int64) {
    let shifted = days + 719_468
    let era = shifted.flooredQuotient(146_097)
    let dayOfEra = Int(shifted - era * 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0)
  }

  /// - Parameters:
  ///   - year: astronomical year.
  ///   - month: 1–12.
  ///   - day: 1–31.
  public init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// Days since 1970-01-01; negative before it.
  public var daysSinceEpoch: Int64 {
    let shiftedYear = Int64(month <= 2 ? year - 1 : year)
    let era = shiftedYear.flooredQuotient(400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// `YYYY-MM-DD`.
  public var description: String { "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))" }
}

extension Duration {
  /// The duration in nanoseconds, cut to whole ones and clamped to 64 bits.
  public var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, second) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflow || second ? (seconds < 0 ? .min : .max) : sum
  }

  /// The duration in seconds.
  public var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

extension Int64 {
  /// Division that rounds towards negative infinity, so that instants before 1970 come out right.
  func flooredQuotient(_ divisor: Int64) -> Int64 {
    self % divisor < 0 ? self / divisor - 1 : self / divisor
  }
}

private func pad(_ value: Int, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
}
