import MemfunTools

/// A small map built by hand: three folders, a cycle, duplicates, markers, tests, a vendored file.
enum SampleMap {
  static func make(history: Bool = true) -> CodeMap {
    var map = CodeMap(root: "/home/someone/shop")
    func add(
      _ path: String, _ language: Language?, _ role: SourceFile.Role, lines: Int32, complexity: Int32,
      commits: Int32, score: Double
    ) {
      var file = SourceFile(path: path, language: language, role: role, bytes: Int(lines) * 30)
      file.lines = lines
      file.codeLines = lines * 8 / 10
      file.commentLines = lines / 10
      file.blankLines = lines - file.codeLines - file.commentLines
      file.complexity = complexity
      if history {
        file.commits = commits
        file.churnedLines = commits * 11
        file.hotSpotScore = score
      }
      map.files.append(file)
    }
    add("README.md", .markdown, .documentation, lines: 40, complexity: 0, commits: 3, score: 0)
    add("app/cart.py", .python, .source, lines: 420, complexity: 90, commits: 40, score: 1)
    add("app/order.py", .python, .source, lines: 300, complexity: 40, commits: 20, score: 0.2222)
    add("app/util.py", .python, .source, lines: 60, complexity: 10, commits: 2, score: 0.0056)
    add("tests/test_cart.py", .python, .test, lines: 120, complexity: 12, commits: 10, score: 0.0333)
    add("vendor/lib.js", .javascript, .vendored, lines: 5000, complexity: 900, commits: 1, score: 0)
    add("web/a|b`.ts", .typescript, .source, lines: 80, complexity: 6, commits: 4, score: 0.0067)
    add("web/main.ts", .typescript, .source, lines: 200, complexity: 20, commits: 8, score: 0.0444)

    func function(
      _ file: FileID, _ name: String, scope: String = "", _ lines: ClosedRange<Int32>, _ complexity: Int32
    ) {
      map.symbols.append(
        Symbol(
          file: file, name: name, scope: scope, kind: scope.isEmpty ? .function : .method,
          signature: "def \(name)(self)", startLine: lines.lowerBound, endLine: lines.upperBound,
          complexity: complexity))
    }
    function(1, "total", scope: "Cart", 10...260, 55)
    function(1, "add", scope: "Cart", 262...290, 12)
    function(2, "place", 5...100, 18)
    function(3, "money", 1...9, 2)
    function(4, "test_total", 3...30, 2)
    function(5, "jQuery", 1...4000, 700)
    function(6, "render", 4...40, 6)
    function(7, "start", 8...190, 20)

    func imports(_ file: FileID, _ line: Int32, _ name: String, _ target: Import.Target) {
      map.imports.append(Import(file: file, line: line, name: name, target: target))
    }
    imports(1, 1, "os", .external("os"))
    imports(1, 2, ".order", .files([2]))
    imports(1, 3, ".util", .files([3]))
    imports(2, 4, ".cart", .files([1]))
    imports(2, 5, ".util", .files([3]))
    imports(4, 1, "app.cart", .files([1]))
    imports(7, 1, "./a|b`", .files([6]))
    imports(7, 2, "./gone", .unresolved)
    map.dependencies = [(1, 2), (1, 3), (2, 1), (2, 3), (4, 1), (7, 6)].map {
      Dependency(from: $0.0, to: $0.1)
    }
    map.cycles = [[1, 2]]
    map.duplicates = [
      DuplicateGroup(
        places: [
          .init(file: 1, startLine: 300, endLine: 340), .init(file: 2, startLine: 200, endLine: 240),
          .init(file: 5, startLine: 1, endLine: 41),
        ], codeLines: 35)
    ]
    map.markers = [
      Marker(file: 1, line: 33, kind: .todo, text: "round *half* up"),
      Marker(file: 5, line: 1, kind: .todo, text: "not ours"),
      Marker(file: 7, line: 12, kind: .fixme, text: "leaks the listener"),
    ]
    map.testLinks = [TestLink(test: 4, code: 1, evidence: .imports)]
    if history {
      map.history = History(
        head: "0123456789abcdef0123456789abcdef01234567", isDirty: false, windowDays: 365, commits: 60,
        isShallow: false, authors: [.init(name: "Ada", commits: 45), .init(name: "Bob", commits: 15)],
        ownership: [
          1: .init(authors: 2, mainAuthor: "Ada", mainShare: 0.8),
          2: .init(authors: 1, mainAuthor: "Ada", mainShare: 1),
        ])
    }
    map.skipped = [
      SkippedFile(path: "data/big.bin", reason: .tooLarge(bytes: 104_857_600, limit: 2_097_152)),
      SkippedFile(path: "odd\nname\u{1B}[2J", reason: .invalidName),
    ]
    map.notes = [
      Note(
        kind: "ast-grep.missing", message: "ast-grep is not installed: Swift symbols come from line rules",
        remedy: "pip install ast-grep-cli")
    ]
    map.cache = CacheUse(hits: 3, misses: 5, isEnabled: true)
    return map
  }
}
