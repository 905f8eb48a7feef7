import MemfunCore

/// Reads how long a server asks to wait.
public enum RetryAfter {
  /// The delay that a response's fields ask for: `retry-after-ms`, else `Retry-After` in seconds or as
  /// an HTTP date (RFC 9110 §10.2.3). Nil when there is none or it cannot be read; never negative.
  public static func delay(in fields: HTTPFields, now: Timestamp) -> Duration? {
    if let text = fields["retry-after-ms"], let milliseconds = Double(text.trimmed), milliseconds >= 0 {
      return .milliseconds(min(milliseconds, 1e9))
    }
    guard let text = fields["retry-after"]?.trimmed else { return nil }
    if let seconds = Double(text) {
      return seconds >= 0 && seconds.isFinite ? .seconds(min(seconds, 1e6)) : nil
    }
    guard let date = HTTPDate.parse(text) else { return nil }
    return max(.zero, date - now)
  }
}

/// Dates in HTTP fields (RFC 9110 §5.6.7).
enum HTTPDate {
  /// Reads the preferred form, `Sun, 06 Nov 1994 08:49:37 GMT`, and the two obsolete ones,
  /// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
  static func parse(_ text: String) -> Timestamp? {
    let words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
    guard words.count >= 5 else { return nil }
    if let month = month(words[1]) {
      // asctime: weekday month day time year
      guard let day = Int(words[2]), let year = Int(words[4]) else { return nil }
      return timestamp(year: year, month: month, day: day, time: words[3])
    }
    guard let day = Int(words[1]), let month = month(words[2]), var year = Int(words[3]) else { return nil }
    // Two digits: RFC 9110 says that a year more than 50 in the future is one in the past.
    if words[3].utf8.count == 2 { year += year < 70 ? 2000 : 1900 }
    return timestamp(year: year, month: month, day: day, time: words[4])
  }

  private static func month(_ name: String) -> Int? {
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    return names.firstIndex(of: name.lowercased()).map { $0 + 1 }
  }

  private static func timestamp(year: Int, month: Int, day: Int, time: String) -> Timestamp? {
    let parts = time.split(separator: ":").compactMap { Int($0) }
    guard parts.count == 3, (0..<24).contains(parts[0]), (0..<60).contains(parts[1]),
      (0...60).contains(parts[2]),
      (1...31).contains(day), (1700...2200).contains(year)
    else { return nil }
    let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
    return Timestamp(seconds: days * 86_400 + Int64(parts[0] * 3600 + parts[1] * 60 + parts[2]))
  }
}

extension String {
  /// Without white space at both ends.
  var trimmed: String {
    var rest = Substring(self)
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
