/// Rows of equal kind, shown as an aligned table where it fits and as a list where it does not.
struct MarkdownListing {
  /// One column.
  struct Column {
    /// The heading in a table.
    var title: String
    /// How a list names the value: `%` stands for it, for example `% commits`. A column whose phrase
    /// is empty shows its value alone.
    var phrase: String = "%"
    /// What the numbers count, in the singular: a list says `1 commit` and `2 commits`.
    var noun: String?
    /// Numbers align to the right.
    var isNumber = false
  }

  /// A cell in both forms: in a table a `|` must be escaped.
  struct Cell {
    var inTable: String
    var inList: String

    init(words: String) {
      inTable = MarkdownText.words(words, inTable: true)
      inList = MarkdownText.words(words)
    }
    init(code: String) {
      inTable = MarkdownText.code(code, inTable: true)
      inList = MarkdownText.code(code)
    }
    init(number: some BinaryInteger) { self.init(words: Figures.grouped(number)) }
    init(_ sentence: Sentence) {
      inTable = MarkdownText.sentence(sentence, inTable: true)
      inList = MarkdownText.sentence(sentence)
    }
    /// Nothing to show: a dash in a table, left out of a list.
    static let none = Cell(inTable: "–", inList: "")

    private init(inTable: String, inList: String) {
      self.inTable = inTable
      self.inList = inList
    }
  }

  var columns: [Column]
  var rows: [[Cell]]
  /// The number of rows that exist when `rows` shows only the first.
  var total: Int

  /// Markdown text that ends with a line break; empty without rows.
  ///
  /// - Parameter width: columns of the terminal; a table that is wider, or any table when there are
  ///   fewer than 100, becomes a list.
  func markdown(width: Int) -> String {
    guard !rows.isEmpty else { return "" }
    let table = width >= 100 ? self.table(width: width) : nil
    var text = table ?? list()
    if total > rows.count {
      let rest = Figures.grouped(total - rows.count)
      text +=
        table == nil
        ? "- … and \(rest) more (`--json` has all)\n" : "\n… and \(rest) more (`--json` has all)\n"
    }
    return text
  }

  private func table(width: Int) -> String? {
    var widths = columns.map { MarkdownText.columns(of: $0.title) }
    for row in rows {
      for (place, cell) in row.enumerated() {
        widths[place] = max(widths[place], MarkdownText.columns(of: cell.inTable))
      }
    }
    guard widths.reduce(0, +) + 3 * widths.count + 1 <= width else { return nil }
    func line(_ texts: [String]) -> String {
      let cells = texts.enumerated().map { place, text in
        let padding = String(repeating: " ", count: widths[place] - MarkdownText.columns(of: text))
        return columns[place].isNumber ? padding + text : text + padding
      }
      return "| " + cells.joined(separator: " | ") + " |\n"
    }
    var text = line(columns.map(\.title))
    text += line(
      columns.indices.map { place in
        let dashes = String(repeating: "-", count: max(1, widths[place] - (columns[place].isNumber ? 1 : 0)))
        return columns[place].isNumber ? dashes + ":" : dashes
      })
    for row in rows { text += line(row.map(\.inTable)) }
    return text
  }

  private func list() -> String {
    var text = ""
    for row in rows {
      let parts = zip(columns, row).compactMap { column, cell -> String? in
        guard !cell.inList.isEmpty else { return nil }
        if let noun = column.noun {
          let plural = noun.hasSuffix("y") ? noun.dropLast() + "ies" : noun + "s"
          return "\(cell.inList) \(cell.inList == "1" ? noun : String(plural))"
        }
        let pieces = column.phrase.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        return pieces.count == 2 ? pieces[0] + cell.inList + pieces[1] : cell.inList
      }
      guard let first = parts.first else { continue }
      let rest = parts.dropFirst().joined(separator: ", ")
      text += rest.isEmpty ? "- \(first)\n" : "- \(first): \(rest)\n"
    }
    return text
  }
}
