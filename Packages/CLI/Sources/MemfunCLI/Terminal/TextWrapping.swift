/// Breaks and cuts text by columns.
public enum TextWrapping {
  /// The lines of `text` (which may have several paragraphs), broken at spaces so that each fits
  /// `width` columns. A word that is longer stays whole: a cut path or URL is worth nothing.
  public static func wrap(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = ""
      var columns = 0
      for word in paragraph.split(separator: " ") {
        let wordColumns = DisplayWidth.columns(of: word)
        if columns > 0, columns + 1 + wordColumns > width {
          lines.append(line)
          line = ""
          columns = 0
        }
        if columns > 0 {
          line += " "
          columns += 1
        }
        line += word
        columns += wordColumns
      }
      lines.append(line)
    }
    return lines
  }

  /// `text` cut to `width` columns, with `…` at the end when something is missing.
  public static func truncate(_ text: String, to width: Int) -> String {
    if DisplayWidth.columns(of: text) <= width { return text }
    var result = ""
    var columns = 0
    for character in text {
      let next = DisplayWidth.columns(of: character)
      if columns + next > width - 1 { break }
      result.append(character)
      columns += next
    }
    return width > 0 ? result + "…" : ""
  }

  /// `text` followed by spaces up to `width` columns.
  public static func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - DisplayWidth.columns(of: text)))
  }
}
