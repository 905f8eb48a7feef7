import MemfunCore
import Synchronization

/// Runs ast-grep over lists of files and survives the files that it does not.
struct AstGrepDriver: Sendable {
  /// The program's absolute path.
  let program: String
  /// What `--version` prints, part of the key of cached results.
  let version: String
  /// The folder that file arguments are relative to.
  let folder: String
  /// An empty project file: one found above the files could load native code.
  let projectFile: String
  private let health = ToolHealth()

  /// Reads the definitions in several files of one language.
  ///
  /// - Throws: `CancellationError`; everything else is in the outcome.
  func read(_ files: [ToolFile], language: Language) async throws -> ToolOutcome {
    guard let rules = AstGrepRules.yaml(for: language) else { return ToolOutcome() }
    return try await health.survive(files) { list in
      try await run(list, language: language, rules: rules)
    }
  }

  private func run(
    _ files: [ToolFile], language: Language, rules: String
  ) async throws -> (tags: [Int: [RawTag]], problem: String?) {
    let parser = Mutex(AnnotationStreamParser(language: language, files: files))
    let bytes = files.reduce(0) { $0 + $1.size }
    let process = Subprocess(
      program,
      [
        "scan", "--config", projectFile, "--inline-rules", rules, "--format", "github", "--color", "never",
        "--no-ignore", "hidden", "--no-ignore", "vcs", "--no-ignore", "dot", "-j", "1", "--",
      ] + files.map(\.argument),
      workingDirectory: folder,
      output: .stream { chunk in parser.withLock { $0.consume(chunk) } },
      error: .capture(head: 4096, tail: 0),
      // Ten times what it takes on a busy machine.
      timeout: .seconds(5 + Double(bytes) / 200_000), killGrace: .milliseconds(200))
    let result: SubprocessResult
    do { result = try await process.run() } catch let error as SubprocessError {
      return ([:], error.what)
    }
    switch result.termination {
    case .exited(0), .exited(1): return (parser.withLock { $0.tags }, nil)
    case .exited(let status):
      let message = result.error.text.split(separator: "\n").first.map { ": \($0)" } ?? ""
      return ([:], "ast-grep ended with status \(status)\(message)")
    case .signalled(let signal): return ([:], "ast-grep crashed (signal \(signal))")
    case .timedOut: return ([:], "ast-grep did not come to an end")
    }
  }
}
