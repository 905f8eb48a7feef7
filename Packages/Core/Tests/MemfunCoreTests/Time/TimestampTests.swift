import Testing

@testable import MemfunCore

@Suite("A timestamp")
struct TimestampTests {
  private let now = Timestamp(rfc3339: "2026-11-21T09:30:00Z")!

  @Test(
    "is written as RFC 3339 in UTC with milliseconds",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (-86_400_000_000_000, "1969-12-31T00:00:00.000Z"),
      (1_709_164_800_000_000_000, "2024-02-29T00:00:00.000Z"),
      (951_782_399_999_999_999, "2000-02-28T23:59:59.999Z"),
      (-2_203_891_200_000_000_000, "1900-03-01T00:00:00.000Z"),
      (Int64.max, "2262-04-11T23:47:16.854Z"), (Int64.min, "1677-09-21T00:12:43.145Z"),
    ])
  func formatting(nanoseconds: Int64, text: String) {
    #expect(Timestamp(nanoseconds: nanoseconds).description == text)
  }

  @Test(
    "is read from RFC 3339 with offsets and fractions",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00z", 0), ("1970-01-01 01:00:00+01:00", 0),
      ("1969-12-31T23:59:59.5Z", -500_000_000), ("1969-12-31T19:30:00-04:30", 0),
      ("1970-01-01T00:00:00.123456789Z", 123_456_789), ("1970-01-01T00:00:00.1234567899Z", 123_456_789),
      ("1970-01-01T00:00:00.000000001-00:00", 1), ("1970-01-01T00:00:60Z", 60_000_000_000),
      ("2000-02-29T00:00:00Z", 951_782_400_000_000_000), ("2262-04-11T23:47:16.854775807Z", Int64.max),
    ])
  func parsing(text: String, nanoseconds: Int64) {
    #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
  }

  @Test(
    "is not read from text that is no such date",
    arguments: [
      "", "1970-01-01", "1970-01-01T00:00:00", "1970-1-01T00:00:00Z", "1970-01-01T24:00:00Z",
      "1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z", "1970-01-00T00:00:00Z", "1970-01-32T00:00:00Z",
      "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-04-31T00:00:00Z", "1970-01-01T00:60:00Z",
      "1970-01-01T00:00:61Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00Zx", "1970-01-01T00:00:00+1:00",
      "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+01:60", "1970-01-01T00:00:00+0100",
      "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:0\u{661}Z", " 1970-01-01T00:00:00Z",
    ])
  func refusing(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

  @Test("comes back from its own text")
  func roundTrip() {
    let random = SeededRandomSource(seed: 7)
    for _ in 0..<2000 {
      let stamp = Timestamp(nanoseconds: Int64(bitPattern: random.next()))
      let milliseconds = Timestamp(rfc3339: stamp.description)?.milliseconds
      #expect(milliseconds == stamp.milliseconds)
    }
  }

  @Test(
    "is read from the three forms of an HTTP date",
    arguments: [
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
  func httpDate(text: String) {
    #expect(Timestamp(httpDate: text, now: now)?.seconds == 784_111_777)
  }

  @Test(
    "takes a year of two digits as the past when it would be more than 50 years ahead",
    arguments: [
      ("94", "1994"), ("26", "2026"), ("76", "2076"), ("77", "1977"), ("00", "2000"),
    ])
  func twoDigitYear(short: String, year: String) {
    let stamp = Timestamp(httpDate: "Monday, 01-Jan-\(short) 00:00:00 GMT", now: now)
    #expect(stamp == Timestamp(rfc3339: "\(year)-01-01T00:00:00Z"))
  }

  @Test(
    "is not read from text that is no HTTP date",
    arguments: [
      "", "120", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "06 Nov 1994 08:49:37 GMT",
      "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06-Nov-94 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun, 06 Nov 1994 25:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 GMT ",
    ])
  func refusingHTTPDate(text: String) { #expect(Timestamp(httpDate: text, now: now) == nil) }

  @Test("is clamped, and does not trap, at the ends of its range")
  func clamping() {
    let latest = Timestamp(nanoseconds: .max)
    let earliest = Timestamp(nanoseconds: .min)
    #expect(latest + .seconds(1) == latest)
    #expect(earliest + .seconds(-1) == earliest)
    #expect(Timestamp(seconds: .max) == latest)
    #expect(Timestamp(seconds: 0) + .seconds(Int64.max) == latest)
    #expect(latest - earliest > .seconds(18_446_744_000))
    #expect(earliest - latest < .zero)
  }

  @Test("rounds down to milliseconds and seconds, also before 1970")
  func rounding() {
    let stamp = Timestamp(nanoseconds: -1_500_000_001)
    #expect(stamp.milliseconds == -1501)
    #expect(stamp.seconds == -2)
    #expect(Timestamp(nanoseconds: -2_000_000_000).seconds == -2)
  }
}

@Suite("A civil date")
struct CivilDateTests {
  @Test("and its day number are inverse to each other over four thousand years")
  func inverse() {
    var previous = CivilDate(daysSinceEpoch: -800_001)
    for days in stride(from: Int64(-800_000), through: 800_000, by: 1) {
      let date = CivilDate(daysSinceEpoch: days)
      if date.daysSinceEpoch != days { Issue.record("day \(days)") }
      let isNext =
        date.day == previous.day + 1 && date.month == previous.month
        || date.day == 1 && (date.month == previous.month + 1 || date.month == 1 && previous.month == 12)
      if !isNext { Issue.record("\(previous) is followed by \(date)") }
      previous = date
    }
  }

  @Test(
    "knows the leap years of the Gregorian calendar",
    arguments: [
      (1900, 28), (2000, 29), (2023, 28), (2024, 29), (2100, 28), (1600, 29),
    ])
  func leapYears(year: Int, lastOfFebruary: Int) {
    let before = CivilDate(daysSinceEpoch: CivilDate(year: year, month: 3, day: 1).daysSinceEpoch - 1)
    #expect(before == CivilDate(year: year, month: 2, day: lastOfFebruary))
  }
}

@Suite("A manual clock")
struct ManualTimeSourceTests {
  @Test("wakes sleepers when their time has come, and not before")
  func waking() async throws {
    let time = ManualTimeSource(start: Timestamp(seconds: 1000))
    let sleeper = Task { try await time.sleep(for: .seconds(10)) }
    while time.sleeperCount == 0 { await Task.yield() }
    time.advance(by: .seconds(9))
    #expect(time.sleeperCount == 1)
    time.advance(by: .seconds(1))
    try await sleeper.value
    #expect(time.now() == Timestamp(seconds: 1010))
    #expect(time.sleeps == [.seconds(10)])
  }

  @Test("ends a sleep when the task is cancelled")
  func cancelling() async {
    let time = ManualTimeSource()
    let sleeper = Task { try await time.sleep(for: .seconds(10)) }
    while time.sleeperCount == 0 { await Task.yield() }
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
    #expect(time.sleeperCount == 0)
  }

  @Test("moves by itself when it is automatic")
  func automatic() async throws {
    let time = ManualTimeSource(automatic: true)
    try await time.sleep(for: .seconds(30))
    #expect(time.monotonic() == .seconds(30))
  }
}
