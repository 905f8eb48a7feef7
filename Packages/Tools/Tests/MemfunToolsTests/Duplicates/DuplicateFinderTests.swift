import MemfunTools
import Testing

@Suite("Duplicate blocks")
struct DuplicateFinderTests {
  /// Lines of code that are all different: `count` of them from `from` on.
  private func lines(_ from: Int, _ count: Int) -> String {
    (from..<from + count).map { "value\($0) = compute(\($0), other)\n" }.joined()
  }

  private func find(_ texts: [String], lines: Int = 10, tokens: Int = 50) -> [DuplicateGroup] {
    DuplicateFinder.find(
      in: texts.map { facts($0, .javascript) },
      options: .init(minimumLines: lines, minimumTokens: tokens))
  }

  private func show(_ groups: [DuplicateGroup]) -> [String] {
    groups.map { group in
      "\(group.codeLines): "
        + group.places.map { "\($0.file):\($0.startLine)-\($0.endLine)" }.joined(separator: " ")
    }
  }

  @Test("a block in two files is one group of maximal length")
  func two() {
    let found = find([
      lines(100, 3) + lines(0, 12) + lines(200, 3), lines(300, 1) + lines(0, 12) + lines(400, 2),
    ])
    #expect(show(found) == ["12: 0:4-15 1:2-13"])
  }

  @Test("nine lines are too few, ten are enough")
  func threshold() {
    #expect(find([lines(0, 9), lines(0, 9)]).isEmpty)
    #expect(show(find([lines(0, 10), lines(0, 10)])) == ["10: 0:1-10 1:1-10"])
    #expect(find([lines(0, 10), lines(0, 10)], tokens: 1_000).isEmpty)
  }

  @Test("white space, blank lines and comments make no difference, names do")
  func normalisation() {
    let block = lines(0, 10)
    let spaced = "// a\n" + block.split(separator: "\n").map { "   \($0) // b\n\n" }.joined()
    #expect(show(find([block, spaced])) == ["10: 0:1-10 1:2-20"])
    let renamed = block.split(separator: "\n").map { "\($0)x\n" }.joined()
    #expect(find([block, renamed]).isEmpty)
  }

  @Test("braces and imports do not count towards the minimum, but differing ones keep blocks apart")
  func trivial() {
    let imports = (0..<20).map { "import a\($0) from 'b\($0)'\n" }.joined()
    #expect(find([imports, imports]).isEmpty)
    let braces = String(repeating: "{\n", count: 20) + String(repeating: "}\n", count: 20)
    #expect(find([braces, braces]).isEmpty)
    #expect(find([lines(0, 5) + "{\n" + lines(5, 5), lines(0, 5) + "}\n" + lines(5, 5)]).isEmpty)
  }

  @Test("a long block in two places and a part of it in a third are two groups")
  func nested() {
    let found = find([
      lines(0, 30), lines(0, 30), lines(500, 2) + lines(5, 12) + lines(600, 2),
    ])
    #expect(show(found) == ["30: 0:1-30 1:1-30", "12: 0:6-17 1:6-17 2:3-14"])
  }

  @Test("copies in one file do not overlap")
  func sameFile() {
    #expect(show(find([lines(0, 12) + lines(50, 1) + lines(0, 12)])) == ["12: 0:1-12 0:14-25"])
    for group in find([String(repeating: "a = b(c, d, e)\n", count: 1_000)]) {
      for (left, right) in zip(group.places, group.places.dropFirst()) {
        #expect(left.endLine < right.startLine)
      }
    }
  }

  @Test("one line repeated a hundred thousand times takes no time to speak of")
  func repeatedLine() {
    let found = find([String(repeating: "a = b(c, d, e)\n", count: 100_000)])
    #expect(found.first?.codeLines == 50_000)
    #expect(found.count == 1)
  }

  @Test("ten thousand equal files are one group")
  func equalFiles() {
    let one = facts(lines(0, 40), .javascript)
    let found = DuplicateFinder.find(in: Array(repeating: one, count: 10_000))
    #expect(found.count == 1)
    #expect(found.first?.places.count == 10_000)
    #expect(found.first?.codeLines == 40)
  }

  @Test("every place of a group has the same lines, whatever the files")
  func property() {
    var state: UInt64 = 7
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    for _ in 0..<60 {
      let texts = (0..<4).map { _ in
        (0..<60).map { _ in "a\(random(3)) = b(c)\n" }.joined()
      }
      let split = texts.map { $0.split(separator: "\n") }
      for group in find(texts, lines: 3, tokens: 1) {
        #expect(group.places.count >= 2)
        let blocks = group.places.map {
          Array(split[Int($0.file)][Int($0.startLine) - 1..<Int($0.endLine)])
        }
        #expect(blocks.allSatisfy { $0 == blocks[0] && $0.count == Int(group.codeLines) })
      }
    }
  }
}
