import Glibc
import MemfunTools

/// Makes one code map and prints what it took.
///
/// With `--cancel-after` it prints how long the work went on after it was cancelled.
@main
enum Benchmark {
  static func main() async {
    var options = CodeMapOptions()
    options.usesCache = false
    var path: String?
    var cancelAfter: Int?
    var rest = CommandLine.arguments.dropFirst()
    while let argument = rest.popFirst() {
      switch argument {
      case "--cache":
        options.usesCache = true
        options.cacheFolder = rest.popFirst()
      case "--no-history": options.usesHistory = false
      case "--cancel-after": cancelAfter = rest.popFirst().flatMap { Int($0) }
      case "--ast-grep": options.astGrep = rest.popFirst()
      case "--ctags": options.ctags = rest.popFirst()
      default: path = argument
      }
    }
    guard let path else {
      print(
        "usage: codemap-benchmark FOLDER [--cache FOLDER] [--no-history] [--ctags PROGRAM]",
        "[--ast-grep PROGRAM] [--cancel-after MILLISECONDS]")
      exit(2)
    }
    if let cancelAfter {
      await cancel(CodeMapBuilder(options: options), path, after: .milliseconds(cancelAfter))
      return
    }
    let start = ContinuousClock.now
    do {
      let map = try await CodeMapBuilder(options: options).build(path)
      let elapsed = ContinuousClock.now - start
      report(map, elapsed)
    } catch {
      print("\(error)")
      exit(1)
    }
  }

  private static func cancel(_ builder: CodeMapBuilder, _ path: String, after delay: Duration) async {
    let task = Task { try await builder.build(path).files.count }
    try? await Task.sleep(for: delay)
    let start = ContinuousClock.now
    task.cancel()
    let result = await task.result
    print("after=\(delay) latency=\(ContinuousClock.now - start) result=\(result)")
  }

  private static func report(_ map: CodeMap, _ elapsed: Duration) {
    let lines = map.files.reduce(0) { $0 + Int($1.lines) }
    let seconds =
      Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    print(
      "seconds=\(seconds) files=\(map.files.count) lines=\(lines) symbols=\(map.symbols.count)",
      "imports=\(map.imports.count) dependencies=\(map.dependencies.count)",
      "duplicates=\(map.duplicates.count) hits=\(map.cache.hits) misses=\(map.cache.misses)",
      "own_rss_mb=\(peak(RUSAGE_SELF.rawValue)) child_rss_mb=\(peak(RUSAGE_CHILDREN.rawValue))")
    if getenv("MEMFUN_BENCHMARK_VERBOSE") != nil {
      for note in map.notes { print("note", note.kind, note.message) }
      for skipped in map.skipped { print("skipped", skipped.path, skipped.reason) }
      for symbol in map.symbols.prefix(400) {
        print(
          map.files[Int(symbol.file)].path, symbol.startLine, symbol.endLine, symbol.kind.rawValue,
          "[\(symbol.scope)]", symbol.name, symbol.complexity, "|", symbol.signature)
      }
    }
  }

  /// The largest resident size of this process, or of the largest child, in MiB.
  private static func peak(_ who: Int32) -> Int {
    var usage = rusage()
    getrusage(who, &usage)
    return usage.ru_maxrss / 1024
  }
}
