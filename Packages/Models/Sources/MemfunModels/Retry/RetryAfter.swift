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
    guard let date = Timestamp(httpDate: text, now: now) else { return nil }
    return max(.zero, date - now)
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
