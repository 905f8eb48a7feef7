import MemfunCore

/// Finds the JSON object in what a model wrote around it.
public enum JSONExtraction {
  /// The object in `text`: the whole text, else the content of a code fence, else the longest piece from
  /// a `{` to its matching `}` that parses. Nil when there is none.
  ///
  /// At most 64 openings are tried, so that hostile text takes linear time.
  public static func object(in text: String) -> JSONObject? {
    let trimmed = text.trimmed
    if let object = parse(Array(trimmed.utf8)[...]) { return object }
    let bytes = Array(trimmed.utf8)
    var best: (object: JSONObject, length: Int)?
    var place = 0
    var tries = 0
    while place < bytes.count, tries < 64 {
      guard bytes[place] == UInt8(ascii: "{") else {
        place += 1
        continue
      }
      tries += 1
      guard let end = matchingBrace(in: bytes, from: place) else {
        place += 1
        continue
      }
      if let object = parse(bytes[place...end]) {
        let length = end - place
        if length > best?.length ?? -1 { best = (object, length) }
        place = end + 1
      } else {
        place += 1
      }
    }
    return best?.object
  }

  /// Text that is no JSON is what this function looks for, so the parser's reason does not matter.
  private static func parse(_ bytes: ArraySlice<UInt8>) -> JSONObject? {
    (try? JSONParser.parse(bytes))?.objectValue
  }

  /// The brace that closes the one at `start`, strings taken into account.
  private static func matchingBrace(in bytes: [UInt8], from start: Int) -> Int? {
    var depth = 0
    var isInString = false
    var isEscaped = false
    for place in start..<bytes.count {
      let byte = bytes[place]
      if isEscaped {
        isEscaped = false
      } else if isInString {
        if byte == UInt8(ascii: "\\") { isEscaped = true }
        if byte == UInt8(ascii: "\"") { isInString = false }
      } else if byte == UInt8(ascii: "\"") {
        isInString = true
      } else if byte == UInt8(ascii: "{") {
        depth += 1
      } else if byte == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 { return place }
      }
    }
    return nil
  }
}
