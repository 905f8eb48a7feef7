/// Makes one short sentence of whatever a server sent: people must not have to read a web page or a
/// control sequence in an error message.
enum ServerText {
  /// The longest sentence, in characters.
  static let limit = 300

  /// The title (or the first words) of an HTML page, or the beginning of plain text.
  static func summary(of text: String) -> String {
    let head = text.prefix(20_000)
    guard head.drop(while: \.isWhitespace).first == "<" else { return clean(head) }
    if let title = element("title", in: head) ?? element("h1", in: head), !clean(title).isEmpty {
      return "an HTML page titled \"\(clean(title))\""
    }
    return "an HTML page"
  }

  /// `text` on one line, without control characters, cut to `limit` characters.
  static func clean(_ text: some StringProtocol) -> String {
    var result = ""
    var count = 0
    var gap = false
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        gap = count > 0
        continue
      }
      // Control and format characters could move the cursor or reorder the line.
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
        continue
      default: break
      }
      if count + (gap ? 2 : 1) > limit { return result + "…" }
      if gap {
        result += " "
        count += 1
        gap = false
      }
      result.unicodeScalars.append(scalar)
      count += 1
    }
    return result
  }

  private static func element(_ name: String, in html: Substring) -> Substring? {
    let lower = Array(html.utf8).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    let bytes = Array(html.utf8)
    guard let opening = find(Array("<\(name)".utf8), in: lower, from: 0),
      let start = lower[opening...].firstIndex(of: UInt8(ascii: ">")),
      let end = find(Array("</\(name)".utf8), in: lower, from: start)
    else { return nil }
    return Substring(String(decoding: bytes[(start + 1)..<end], as: UTF8.self))
  }

  private static func find(_ needle: [UInt8], in hay: [UInt8], from start: Int) -> Int? {
    guard hay.count >= needle.count else { return nil }
    for place in stride(from: start, through: hay.count - needle.count, by: 1)
    where hay[place] == needle[0] && hay[place..<(place + needle.count)].elementsEqual(needle) {
      return place
    }
    return nil
  }
}
