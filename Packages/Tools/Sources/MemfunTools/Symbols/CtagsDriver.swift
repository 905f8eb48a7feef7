import MemfunCore
import Synchronization

/// Runs universal-ctags over lists of files and survives the files that it does not.
struct CtagsDriver: Sendable {
  /// The program's absolute path.
  let program: String
  /// The first line of `--version`, part of the key of cached results.
  let version: String
  /// The folder that file arguments are relative to.
  let folder: String
  private let health = ToolHealth()

  /// Reads the symbols of several files of one language.
  ///
  /// - Throws: `CancellationError`; everything else is in the outcome.
  func read(_ files: [ToolFile], language: Language) async throws -> ToolOutcome {
    guard let name = CtagsKinds.name(of: language) else { return ToolOutcome() }
    return try await health.survive(files) { list in
      try await run(list, language: language, name: name)
    }
  }

  private func run(
    _ files: [ToolFile], language: Language, name: String
  ) async throws -> (tags: [Int: [RawTag]], problem: String?) {
    let parser = Mutex(TagStreamParser(language: language, files: files))
    let list = files.map { $0.argument + "\n" }.joined()
    let bytes = files.reduce(0) { $0 + $1.size }
    let fields = language == .c || language == .cpp ? "kest" : "kes"
    let process = Subprocess(
      program,
      [
        // No options of the user's and none from the analysed project: they could run anything.
        "--options=NONE", "--quiet=yes", "--output-format=u-ctags", "--excmd=number", "--sort=no",
        "--pseudo-tags=", "--fields=\(fields)", "--language-force=\(name)", "-f", "-", "-L", "-",
      ],
      workingDirectory: folder, input: .bytes(Array(list.utf8)),
      output: .stream { chunk in parser.withLock { $0.consume(chunk) } },
      error: .capture(head: 4096, tail: 0),
      // Ten times what it takes on a busy machine.
      timeout: .seconds(2 + Double(bytes) / 1_000_000), killGrace: .milliseconds(200))
    let result: SubprocessResult
    do { result = try await process.run() } catch let error as SubprocessError {
      return ([:], error.what)
    }
    switch result.termination {
    case .exited(0):
      return (
        parser.withLock {
          $0.finish()
          return $0.tags
        }, nil
      )
    case .exited(let status):
      let message = result.error.text.split(separator: "\n").last.map { ": \($0)" } ?? ""
      return ([:], "ctags ended with status \(status)\(message)")
    case .signalled(let signal): return ([:], "ctags crashed (signal \(signal))")
    case .timedOut: return ([:], "ctags did not come to an end")
    }
  }
}
