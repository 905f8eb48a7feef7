import MemfunCore

extension Secret {
  /// A key without white space around it; nil when nothing is left, because an empty variable is no key.
  func trimmedKey() -> Secret? {
    let text = reveal().trimmed
    return text.isEmpty ? nil : Secret(text)
  }

  /// `text` without this secret, and without words that show parts of it around asterisks, as OpenAI's
  /// message about a wrong key does.
  func redacted(_ text: String) -> String {
    let result = text.replacing(reveal(), with: Self.placeholder)
    guard result.contains("**") else { return result }
    return result.split(separator: " ", omittingEmptySubsequences: false)
      .map { word in word.contains("**") ? Self.placeholder : String(word) }
      .joined(separator: " ")
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
