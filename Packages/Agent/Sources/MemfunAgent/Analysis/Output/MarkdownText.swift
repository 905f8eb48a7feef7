/// Text from a code base, made harmless for Markdown and for terminals.
enum MarkdownText {
  /// Control characters, line breaks and bidirectional overrides as visible signs: a file name must
  /// not move the cursor of the terminal that shows it, nor end the line of a list.
  static func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isDangerous) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      // U+2400… are the pictures of the C0 controls.
      case 0..<0x20: result.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
      case 0x7F: result.append("\u{2421}")
      default: result.append(isDangerous(scalar) ? "\u{FFFD}" : scalar)
      }
    }
    return String(result)
  }

  /// A path of which, when it is endless, only both ends are shown.
  static func shortened(_ path: String) -> String {
    let limit = 200
    guard path.unicodeScalars.count > limit else { return path }
    return "\(path.prefix(limit / 2))…\(path.suffix(limit / 2))"
  }

  private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// A code span that holds `text` whatever it consists of (CommonMark 6.1).
  ///
  /// - Parameter inTable: a `|` would end the cell and is escaped.
  static func code(_ text: String, inTable: Bool = false) -> String {
    var content = visible(text)
    if content.isEmpty { return "``" }
    var longest = 0
    var run = 0
    for character in content.utf8 {
      run = character == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    let blankEnds = content.hasPrefix(" ") && content.hasSuffix(" ") && content.contains { $0 != " " }
    if content.hasPrefix("`") || content.hasSuffix("`") || blankEnds { content = " \(content) " }
    if inTable { content = escapePipes(content) }
    return fence + content + fence
  }

  /// Words that are shown as they are: what Markdown would take as markup is escaped, and nothing
  /// that is harmless, so that the raw text stays readable.
  static func words(_ text: String, inTable: Bool = false) -> String {
    let characters = Array(visible(text))
    var result = ""
    for (place, character) in characters.enumerated() {
      switch character {
      case "\\", "`", "*", "<", "[", "]", "~": result.append("\\")
      case "_":
        // Within a word an underscore is no emphasis (GitHub Flavored Markdown 6.2).
        let inside =
          place > 0 && place + 1 < characters.count && isWord(characters[place - 1])
          && isWord(characters[place + 1])
        if !inside { result.append("\\") }
      case "|" where inTable: result.append("\\")
      case "#" where place == 0: result.append("\\")
      default: break
      }
      result.append(character)
    }
    return result
  }

  private static func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }

  private static func escapePipes(_ text: String) -> String {
    var result = ""
    for character in text {
      if character == "|" { result.append("\\") }
      result.append(character)
    }
    return result
  }

  /// A sentence with names and places as code spans.
  static func sentence(_ sentence: Sentence, inTable: Bool = false) -> String {
    sentence.fragments.map { fragment in
      switch fragment {
      case .words(let text): words(text, inTable: inTable)
      case .name(let name): code(name, inTable: inTable)
      case .place(let place): code(place.description, inTable: inTable)
      }
    }.joined()
  }

  /// Columns that a terminal needs for `text`: 2 for wide East Asian characters and emoji, 0 for
  /// combining marks (after Unicode Annex 11, by ranges).
  static func columns(of text: String) -> Int {
    var width = 0
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0300...0x036F, 0x200B...0x200D, 0xFE00...0xFE0F, 0x20D0...0x20FF: break
      case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
        width += 2
      default: width += 1
      }
    }
    return width
  }
}
