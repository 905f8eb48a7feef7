import MemfunCore
import MemfunTools

/// A map of the size that the page must still open quickly, from a seed.
enum LargeMap {
  /// - Parameters:
  ///   - files: how many.
  ///   - seed: equal seeds give equal maps.
  static func make(files count: Int, seed: UInt64 = 7) -> CodeMap {
    let random = SeededRandomSource(seed: seed)
    func pick(_ range: Range<Int>) -> Int { range.lowerBound + Int(random.next() % UInt64(range.count)) }
    let folders = [
      "core/memory", "core/io", "core/text", "net/http", "net/tls", "ui/widgets", "ui/layout/grid", "tools",
      "tests/unit", "db/engine", "db/sql/parser",
    ]
    var map = CodeMap(root: "/srv/large")
    let paths = (0..<count).map { "\(folders[pick(0..<folders.count)])/module\($0 % 37)/file_\($0).cc" }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for (index, path) in paths.enumerated() {
      var file = SourceFile(
        path: path, language: .cpp, role: path.hasPrefix("tests/") ? .test : .source, bytes: 6000)
      file.lines = Int32(pick(20..<400) * pick(1..<4))
      file.codeLines = file.lines * 7 / 10
      file.complexity = Int32(pick(1..<80))
      file.commits = Int32(pick(0..<30) * pick(0..<3))
      file.hotSpotScore = min(1, Double(file.complexity) * Double(file.commits) / 4600)
      map.files.append(file)
      for place in 0..<pick(1..<9) {
        map.symbols.append(
          Symbol(
            file: FileID(index), name: "function_\(place)", scope: "Type\(index % 90)", kind: .method,
            signature: "void f()", startLine: Int32(place * 20 + 1),
            endLine: Int32(place * 20 + pick(2..<140)), complexity: Int32(pick(1..<7) * pick(1..<7))))
      }
      for _ in 0..<pick(0..<6) where index > 0 {
        // Most needs lead to an earlier file, so that there are layers; a few lead back.
        let target = random.unit() < 0.002 ? pick(0..<count) : pick(max(0, index - 900)..<index)
        if target != index { map.dependencies.append(Dependency(from: FileID(index), to: FileID(target))) }
      }
      if pick(0..<9) == 0 {
        map.markers.append(
          Marker(
            file: FileID(index), line: 5, kind: .todo,
            text: "think again </script><img src=x onerror=alert(1)>"))
      }
    }
    map.dependencies = Array(Set(map.dependencies)).sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    map.history = History(
      head: "feedc0de", isDirty: false, windowDays: 365, commits: 900, isShallow: false,
      authors: [.init(name: "Ada", commits: 500), .init(name: "Grace", commits: 400)], ownership: [:])
    return map
  }
}
