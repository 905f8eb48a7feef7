import MemfunTools
import Testing

@Suite("Scanners on any input")
struct ScannerPropertyTests {
  /// A small generator with a seed, so that a failure repeats.
  private struct Random {
    var state: UInt64
    mutating func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
  }

  /// Pieces that open, close and confuse.
  private static let pieces: [String] = [
    "\n", "\n", "\r\n", " ", "\t", "a", "if", "for", "case", "match", "enum", "import", "from", "use", "mod",
    "export",
    "require", "def", "class", "func", "//", "/*", "*/", "#", "\"", "\"\"\"", "'", "'''", "`", "${", "{", "}",
    "(", ")",
    "[", "]", "<", ">", "/>", "</a>", "<a>", "=>", "?", "&&", "||", "\\", "\\(", "#\"", "\"#", "r#", "R\"x(",
    ")x\"",
    "f\"", "b'", ":", ";", ",", ".", "=", "TODO", "fixme:", "#if 0", "#else", "#endif", "#include", "\u{E9}",
    "1'0", "0", "@", "_",
  ]

  private static func input(_ random: inout Random) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<random.next(60) {
      if random.next(12) == 0 {
        bytes.append(UInt8(random.next(256)))
      } else {
        bytes += Array(pieces[random.next(pieces.count)].utf8)
      }
    }
    return bytes
  }

  @Test("lines add up and stay in range, and facts survive encoding", arguments: Language.allCases)
  func invariants(_ language: Language) throws {
    var random = Random(state: 42)
    for _ in 0..<400 {
      let bytes = Self.input(&random)
      let facts = facts(bytes, language)
      let feeds = bytes.count { $0 == 0x0A }
      let lines = Int32(feeds + (bytes.isEmpty || bytes.last == 0x0A ? 0 : 1))
      try #require(facts.lines == lines, "\(bytes)")
      try #require(facts.codeLines + facts.commentLines + facts.blankLines == lines, "\(bytes)")
      try #require(facts.decisionLines == facts.decisionLines.sorted(), "\(bytes)")
      try #require(facts.decisionLines.allSatisfy { $0 >= 1 && $0 <= lines }, "\(bytes)")
      try #require(facts.fingerprints.allSatisfy { $0.line >= 1 && $0.line <= lines }, "\(bytes)")
      try #require(
        facts.blocks.allSatisfy {
          $0.headLine <= $0.openLine && $0.openLine <= $0.closeLine && $0.closeLine <= lines
        },
        "\(bytes)")
      for line in 0...lines { try #require(facts.endLine(ofDeclarationAt: line) >= line) }
      var encoded: [UInt8] = [1, 2]
      facts.append(to: &encoded)
      let decoded = encoded.dropFirst(2).withUnsafeBytes { FileFacts(decoding: $0) }
      try #require(decoded == facts, "\(bytes)")
    }
  }

  @Test("damaged encodings are refused or read as something, and never trap")
  func damage() {
    var random = Random(state: 7)
    var encoded: [UInt8] = []
    facts("// TODO a\nimport b\nfunc c() {\n  if d {\n  }\n}\n", .swift).append(to: &encoded)
    for length in 0..<encoded.count {
      #expect(encoded.prefix(length).withUnsafeBytes { FileFacts(decoding: $0) } == nil)
    }
    #expect((encoded + [0]).withUnsafeBytes { FileFacts(decoding: $0) } == nil)
    for _ in 0..<5_000 {
      var broken = encoded
      for _ in 0...random.next(3) { broken[random.next(broken.count)] = UInt8(random.next(256)) }
      let decoded = broken.withUnsafeBytes { FileFacts(decoding: $0) }
      _ = decoded?.endLine(ofDeclarationAt: 3)
      _ = decoded?.complexity(ofLines: 1...6)
    }
  }

  @Test(
    "hostile repetition is read in linear time",
    arguments: [
      "(", "{", "\"", "'", "`", "`${", "\"\\(", "/", "/[", "<a ", "<a>", "#", "r#\"", "/*", "import {",
      "use {",
      "from . import (", "#if\n", "#if 0\n", "f\"{", "R\"(", "a?", "import a,", "\\", "' ", "case",
      "let a = /x",
    ])
  func hostile(piece: String) {
    let bytes = Array(String(repeating: piece, count: 60_000 / piece.utf8.count).utf8)
    for language in Language.allCases where language.isAnalysed {
      // A square of 60,000 would take minutes here; the result does not matter.
      #expect(facts(bytes, language).lines > 0)
    }
  }

  @Test("what stands behind a closed construct counts as it does alone", arguments: Language.allCases)
  func concatenation(_ language: Language) {
    let closed = "x = 1;\n\n"
    let alone = facts(closed, language)
    let twice = facts(closed + closed, language)
    #expect(twice.codeLines == 2 * alone.codeLines)
    #expect(twice.blankLines == 2 * alone.blankLines)
    #expect(twice.fingerprints.map(\.hash) == alone.fingerprints.map(\.hash) + alone.fingerprints.map(\.hash))
  }
}
