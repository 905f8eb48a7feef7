import MemfunTools
import Testing

@testable import MemfunAgent

@Suite("Markdown report")
struct MarkdownReportTests {
  private func render(_ map: CodeMap, width: Int = 80, failOn: String? = nil) throws -> String {
    let conditions = try failOn.map { try FailCondition.parse($0) } ?? []
    return MarkdownReport.render(
      AnalysisDocument(report: AnalysisReport(of: map), conditions: conditions), width: width)
  }

  @Test("says on the first screen what a reader did not know, with numbers and places")
  func firstScreen() throws {
    let top = try render(SampleMap.make()).split(separator: "\n").prefix(20).joined(separator: "\n")
    #expect(top.contains("## What stands out"))
    #expect(top.contains("`Cart.total` (`app/cart.py:10`): 55 in 251 lines"))
    #expect(top.contains("`app/cart.py:2` → `app/order.py:4` → `app/cart.py`"))
    #expect(top.contains("6.9 % of own code lies in duplicate blocks"))
  }

  @Test("says under the title which program was missing")
  func missingProgram() throws {
    var map = SampleMap.make()
    map.notes = [
      Note(kind: "ctags.missing", message: "universal-ctags was not found: no symbols", remedy: "x")
    ]
    let head = try render(map).split(separator: "\n").prefix(6).joined(separator: "\n")
    #expect(head.contains("**Incomplete:** universal-ctags was not found: no symbols."))
    map.notes = []
    #expect(try !render(map).contains("Incomplete"))
  }

  @Test("shows both ends of an endless path that was not analysed")
  func endlessPath() throws {
    var map = SampleMap.make()
    let path = "first/" + String(repeating: "d/", count: 2_000) + "last.py"
    map.skipped = [SkippedFile(path: path, reason: .symlinkLoop)]
    let line = try #require(render(map).split(separator: "\n").first { $0.contains("first/") })
    #expect(line.contains("last.py`: a symbolic link that leads back to itself"))
    #expect(line.count < 300)
  }

  @Test("uses tables only when the terminal has at least 100 columns and they fit")
  func widths() throws {
    let narrow = try render(SampleMap.make(), width: 99)
    let wide = try render(SampleMap.make(), width: 120)
    #expect(!narrow.contains("| ---"))
    #expect(wide.contains("| ---"))
    #expect(wide.split(separator: "\n").filter { $0.hasPrefix("|") }.allSatisfy { $0.count <= 120 })
  }

  @Test("aligns every row of a table")
  func alignment() throws {
    let lines = try render(SampleMap.make(), width: 160).split(separator: "\n").map(String.init)
    var widths: [Int] = []
    for line in lines + [""] {
      if line.hasPrefix("|") {
        widths.append(MarkdownText.columns(of: line))
      } else {
        #expect(Set(widths).count <= 1)
        widths = []
      }
    }
  }

  @Test("cuts long lists and says where the rest is")
  func longLists() throws {
    var map = SampleMap.make()
    map.markers = (1...25).map { Marker(file: 1, line: $0, kind: .todo, text: "item \($0)") }
    #expect(try render(map).contains("… and 15 more (`--json` has all)"))
  }

  @Test("leaves out sections without content")
  func emptySections() throws {
    var map = SampleMap.make(history: false)
    map.duplicates = []
    map.markers = []
    map.cycles = []
    let text = try render(map)
    for title in ["Hot spots", "Authors", "Duplicates", "Open promises", "Import cycles", "Conditions"] {
      #expect(!text.contains("## \(title)"), "\(title)")
    }
    #expect(text.contains("There is no git history here"))
  }

  @Test("says plainly that a folder is empty")
  func emptyFolder() throws {
    let text = try render(CodeMap(root: "/tmp/empty"))
    #expect(text.hasPrefix("# Code report: empty\n\nThere is nothing to analyse here"))
    #expect(text.contains("Offline: no model was asked"))
  }

  @Test("lists what violates a condition, and what holds")
  func conditions() throws {
    let broken = try render(SampleMap.make(), failOn: "complexity>17,cycles>5")
    #expect(broken.contains("**violated** `complexity>17`: 3 functions with"))
    #expect(broken.contains("  - `app/cart.py:10`: `Cart.total` has a cyclomatic complexity of 55"))
    #expect(!broken.contains("cycles>5"))
    #expect(try render(SampleMap.make(), failOn: "cycles>5").contains("All hold: `cycles>5`."))
  }

  @Test(
    "a code span holds any text",
    arguments: [
      ("plain", "`plain`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a``b`", "``` a``b` ```"),
      ("line\nbreak", "`line␊break`"), ("\u{1B}[2J", "`␛[2J`"), ("a\u{202E}b", "`a\u{FFFD}b`"), ("", "``"),
    ])
  func codeSpans(text: String, expected: String) {
    #expect(MarkdownText.code(text) == expected)
  }

  @Test("a pipe does not end a table's cell")
  func pipes() {
    #expect(MarkdownText.code("a|b", inTable: true) == "`a\\|b`")
    #expect(MarkdownText.words("a|b", inTable: true) == "a\\|b")
    #expect(MarkdownText.words("a|b") == "a|b")
  }

  @Test("markup in words is shown, not obeyed; names with underscores stay readable")
  func words() {
    #expect(
      MarkdownText.words("<b>*x*</b> [y](z) snake_case _em_")
        == "\\<b>\\*x\\*\\</b> \\[y\\](z) snake_case \\_em\\_")
    #expect(MarkdownText.words("# no heading") == "\\# no heading")
  }

  @Test("no control character of a file name reaches the terminal")
  func controlCharacters() throws {
    let text = try render(SampleMap.make(), width: 120)
    #expect(
      !text.unicodeScalars.contains { ($0.value < 0x20 && $0 != "\n") || (0x7F..<0xA0).contains($0.value) })
    #expect(text.contains("`odd␊name␛[2J`"))
  }

  @Test("numbers are grouped and agree with their nouns")
  func figures() {
    #expect(Figures.grouped(1_234_567) == "1,234,567")
    #expect(Figures.grouped(-1000) == "-1,000")
    #expect(Figures.counted(1, "file") == "1 file")
    #expect(Figures.percent(0.0694) == "6.9 %")
    #expect(Figures.percent(0.25) == "25 %")
    #expect(Figures.percent(0.9951) == "99.5 %")
    #expect(Figures.percent(0.99999) == "99.9 %")
    #expect(Figures.percent(1) == "100 %")
    #expect(Figures.bytes(1536) == "1.5 KiB")
    #expect(Figures.score(1) == "1.00")
    #expect(Figures.score(0.058) == "0.06")
  }
}
