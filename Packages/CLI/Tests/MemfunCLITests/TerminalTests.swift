import MemfunCore
import Testing

@testable import MemfunCLI

@Suite("Terminals")
struct TerminalTests {
  private func terminal(_ environment: [String: String], columns: Int? = nil) -> TerminalEnvironment {
    TerminalEnvironment(environment: environment, terminals: (true, true, true), windowColumns: columns)
  }

  @Test(
    "colours: the option, then NO_COLOR, CLICOLOR_FORCE, TERM=dumb, CLICOLOR=0, then the stream",
    arguments: [
      ([:], ColorChoice.auto, true, true),
      ([:], .auto, false, false),
      ([:], .always, false, true),
      ([:], .never, true, false),
      (["NO_COLOR": "1"], .auto, true, false),
      (["NO_COLOR": ""], .auto, true, true),
      (["NO_COLOR": "1"], .always, true, true),
      (["NO_COLOR": "1", "CLICOLOR_FORCE": "1"], .auto, true, false),
      (["CLICOLOR_FORCE": "1"], .auto, false, true),
      (["CLICOLOR_FORCE": "0"], .auto, false, false),
      (["CLICOLOR_FORCE": "1", "TERM": "dumb"], .auto, false, true),
      (["TERM": "dumb"], .auto, true, false),
      (["CLICOLOR": "0"], .auto, true, false),
      (["CLICOLOR": "1"], .auto, false, false),
    ] as [([String: String], ColorChoice, Bool, Bool)])
  func colors(environment: [String: String], choice: ColorChoice, isTerminal: Bool, expected: Bool) {
    #expect(terminal(environment).usesColor(choice, isTerminal: isTerminal) == expected)
  }

  @Test("the width is the window's, else COLUMNS, else 80; never below 20")
  func width() {
    #expect(terminal(["COLUMNS": "90"], columns: 120).width == 120)
    #expect(terminal(["COLUMNS": "90"]).width == 90)
    #expect(terminal(["COLUMNS": "-3"]).width == 80 && terminal(["COLUMNS": "x"]).width == 80)
    #expect(terminal([:], columns: 5).width == 20)
  }

  @Test("the locale is the first of LC_ALL, LC_CTYPE and LANG that is not empty")
  func locale() {
    #expect(terminal(["LANG": "en_US.UTF-8"]).isUTF8)
    #expect(terminal(["LANG": "C", "LC_CTYPE": "de_DE.utf8", "LC_ALL": ""]).isUTF8)
    #expect(!terminal(["LANG": "en_US.UTF-8", "LC_ALL": "C"]).isUTF8)
    #expect(!terminal([:]).isUTF8 && !terminal(["LANG": "de_DE.ISO-8859-1"]).isUTF8)
  }

  @Test(
    "columns: ASCII, accents, wide letters, emoji, combining marks",
    arguments: [
      ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("🙂", 2), ("👨‍👩‍👧", 2), ("🇩🇪", 2), ("한글", 4), ("", 0),
      ("a\u{200B}b", 2), ("⚠\u{FE0F}", 2), ("…", 1), ("ｱ", 1), ("Ａ", 2),
    ])
  func columns(text: String, width: Int) {
    #expect(DisplayWidth.columns(of: text) == width)
  }

  @Test("text is wrapped at spaces and cut with an ellipsis, by columns")
  func wrapping() {
    #expect(TextWrapping.wrap("aa bb  cc\n\ndd", width: 5) == ["aa bb", "cc", "", "dd"])
    #expect(TextWrapping.wrap("日本 日本", width: 5) == ["日本", "日本"])
    #expect(TextWrapping.wrap("abcdefgh ij", width: 5) == ["abcdefgh", "ij"])
    #expect(TextWrapping.truncate("abcdef", to: 4) == "abc…")
    #expect(TextWrapping.truncate("日本語", to: 4) == "日…")
    #expect(TextWrapping.truncate("abcd", to: 4) == "abcd" && TextWrapping.truncate("ab", to: 0) == "")
  }

  @Test("the progress line is drawn at most 30 times a second and leaves nothing behind")
  func progress() {
    var line = ProgressLine(width: 12)
    let renderer = TextRenderer()
    func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
    #expect(text(line.update("one", at: .zero, renderer: renderer)) == "one")
    #expect(line.update("two", at: .milliseconds(20), renderer: renderer) == nil)
    #expect(
      text(line.update("a\nvery long line", at: .milliseconds(40), renderer: renderer))
        == "\r\u{1B}[Ka very lon…")
    #expect(text(line.erase()) == "\r\u{1B}[K" && line.erase().isEmpty)
    #expect(text(line.redraw(renderer: renderer)) == "a very lon…")
    #expect(text(line.end()) == "\r\u{1B}[K" && line.end().isEmpty)
    #expect(line.redraw(renderer: renderer).isEmpty)
    var frames = 0
    for millisecond in 0..<1000
    where line.update("x", at: .milliseconds(1000 + millisecond), renderer: renderer) != nil {
      frames += 1
    }
    #expect(frames <= 30 && frames > 25)
  }

  @Test("there is no progress line unless standard error is a terminal that can rewrite lines")
  func progressOnlyOnTerminals() {
    func output(_ terminal: TerminalEnvironment, quiet: Bool = false) -> String {
      let error = OutputRecorder()
      let console = Console(
        output: OutputRecorder(), error: error, terminal: terminal, color: .never, isQuiet: quiet,
        time: ManualTimeSource())
      console.progress("working")
      console.clearProgress()
      return error.text
    }
    let utf8 = ["LANG": "C.UTF-8"]
    #expect(output(terminal(utf8)).contains("working"))
    #expect(output(terminal(utf8), quiet: true).isEmpty)
    #expect(output(terminal(utf8.merging(["TERM": "dumb"]) { $1 })).isEmpty)
    let piped = TerminalEnvironment(environment: utf8, terminals: (true, true, false), windowColumns: nil)
    #expect(output(piped).isEmpty)
  }

  @Test("a note stands above the progress line, which is drawn again")
  func noteDuringProgress() {
    let error = OutputRecorder()
    let console = Console(
      output: OutputRecorder(), error: error, terminal: terminal(["LANG": "C.UTF-8"]), color: .never,
      isQuiet: false, time: ManualTimeSource())
    console.progress("working")
    console.note("hello")
    #expect(error.text == "working\r\u{1B}[Kmemfun: note: hello\nworking")
  }
}
