/// A credential. It prints as `[key]`, so that no log, error or debugger output shows it.
public struct APIKey: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The characters themselves; only for the header that is sent to the provider.
  package let secret: String

  /// Nil when nothing but white space is given: an empty variable is no key.
  public init?(_ text: String) {
    var rest = Substring(text)
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    guard !rest.isEmpty else { return nil }
    secret = String(rest)
  }

  public var description: String { "[key]" }
  public var debugDescription: String { "[key]" }
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// `text` without the key, and without words that show parts of it around asterisks, as OpenAI's
  /// message about a wrong key does.
  public func redacted(_ text: String) -> String {
    var result = text.replacing(secret, with: "[key]")
    guard result.contains("**") else { return result }
    result = result.split(separator: " ", omittingEmptySubsequences: false)
      .map { word in word.contains("**") ? "[key]" : String(word) }
      .joined(separator: " ")
    return result
  }
}

extension String {
  /// Every occurrence of `needle` replaced; the standard library's own needs the Regex runtime.
  func replacing(_ needle: String, with replacement: String) -> String {
    let hay = Array(utf8)
    let wanted = Array(needle.utf8)
    guard !wanted.isEmpty, hay.count >= wanted.count else { return self }
    var result: [UInt8] = []
    result.reserveCapacity(hay.count)
    var place = 0
    while place < hay.count {
      if place + wanted.count <= hay.count, hay[place] == wanted[0],
        hay[place..<place + wanted.count].elementsEqual(wanted)
      {
        result += Array(replacement.utf8)
        place += wanted.count
      } else {
        result.append(hay[place])
        place += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
