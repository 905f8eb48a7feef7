import MemfunCore

/// Reads, scans and has tools read a handful of files at a time.
struct BatchAnalyser: Sendable {
  let root: String
  let reader: FileReader
  let tools: SymbolTools
  let staging: StagingFolder?

  /// One file to look at.
  struct Job: Sendable {
    /// Its place in the walk's list.
    var index: Int
    var file: WalkedFile
  }

  /// What was found, and the stamp it belongs to.
  struct Finding: Sendable {
    var index: Int
    var analysis: FileAnalysis
    /// Nil when the file could not be read.
    var stamp: FileStamp?
    /// Wall clock just before reading, in nanoseconds since 1970.
    var readAt: Int64
    /// The content was known from an earlier run.
    var isKnown = false

    /// Drops what was found in a file that did not stay as it was.
    mutating func forget(because reason: SkippedFile.Reason) {
      analysis = FileAnalysis(
        language: analysis.language, role: analysis.role, hash: ContentHash(low: 0, high: 0),
        facts: FileFacts())
      analysis.problem = reason
      stamp = nil
    }
  }

  private struct Open {
    var finding: Finding
    var path: String
    var text: [UInt8]
    var isTranscoded: Bool
  }

  /// Looks at the files of one batch. At most their texts are held in memory at once.
  ///
  /// - Parameter known: what is known of a content from another run or another path.
  /// - Throws: `CancellationError`. What is wrong with a file is in its finding.
  func analyse(
    _ jobs: [Job], now: @Sendable () -> Int64, known: (ContentHash, WalkedFile) -> FileAnalysis?
  ) async throws -> [Finding] {
    var findings: [Finding] = []
    var open: [Open] = []
    for job in jobs {
      try Task.checkCancellation()
      let readAt = now()
      if Int(job.file.stamp.size) <= reader.limit, job.file.role == .binary {
        // Known by its name: nothing in it is of use.
        let analysis = FileAnalysis(
          language: nil, role: .binary, hash: ContentHash(low: 0, high: 0), facts: FileFacts())
        findings.append(Finding(index: job.index, analysis: analysis, stamp: job.file.stamp, readAt: readAt))
        continue
      }
      switch reader.read(job.file.path) {
      case .failed(let reason):
        var analysis = FileAnalysis(
          language: job.file.language, role: job.file.role, hash: ContentHash(low: 0, high: 0),
          facts: FileFacts())
        analysis.problem = reason
        findings.append(Finding(index: job.index, analysis: analysis, stamp: nil, readAt: readAt))
      case .bytes(let bytes, let stamp):
        let hash = FileInspector.hash(bytes)
        if let analysis = known(hash, job.file) {
          findings.append(
            Finding(index: job.index, analysis: analysis, stamp: stamp, readAt: readAt, isKnown: true))
          continue
        }
        let inspected = FileInspector.inspect(bytes, hash: hash, file: job.file)
        let finding = Finding(index: job.index, analysis: inspected.analysis, stamp: stamp, readAt: readAt)
        if let language = inspected.analysis.language,
          FileAnalysis.isDeep(inspected.analysis.role, language), tools.reader(of: language) != .none
        {
          open.append(
            Open(
              finding: finding, path: job.file.path, text: inspected.text,
              isTranscoded: inspected.isTranscoded))
        } else {
          findings.append(finding)
        }
      }
    }
    for language in Set(open.compactMap { $0.finding.analysis.language }) {
      let members = open.indices.filter { open[$0].finding.analysis.language == language }
      try await readSymbols(of: members, in: &open, language: language)
    }
    return findings + open.map(\.finding)
  }

  private func readSymbols(of members: [Int], in open: inout [Open], language: Language) async throws {
    var files: [ToolFile] = []
    for index in members {
      do {
        files.append(
          ToolFile(
            index: index, argument: try argument(for: open[index], language), size: open[index].text.count))
      } catch {
        open[index].finding.analysis.problem = .parserFailed(error.what)
      }
    }
    let outcome: ToolOutcome
    switch tools.reader(of: language) {
    case .ctags: outcome = try await tools.ctags?.read(files, language: language) ?? ToolOutcome()
    case .astGrep: outcome = try await tools.astGrep?.read(files, language: language) ?? ToolOutcome()
    case .none: return
    }
    for file in files {
      try Task.checkCancellation()
      if open[file.index].finding.stamp != reader.stamp(of: open[file.index].path) {
        // The tool may have seen another state than the scanner.
        open[file.index].finding.forget(because: .changedWhileRead)
        open[file.index].text = []
        continue
      }
      var analysis = open[file.index].finding.analysis
      if let reason = outcome.failures[file.index] {
        analysis.problem = .parserFailed(reason)
      } else {
        analysis.hasSymbols = true
        if let tags = outcome.tags[file.index] {
          analysis.symbols = open[file.index].text.withUnsafeBytes { text in
            SymbolAssembler(text: text, language: language, facts: analysis.facts).symbols(from: tags)
          }
        }
      }
      open[file.index].finding.analysis = analysis
      open[file.index].text = []
    }
  }

  /// How a file is named to a tool: by its path below the root, or by a stand-in.
  private func argument(for file: Open, _ language: Language) throws(SystemCallError) -> String {
    let ending = AstGrepRules.ending(of: language)
    if file.isTranscoded, let staging { return try staging.copy(of: file.text, ending: ending) }
    let isPlain = file.path.utf8.allSatisfy { Self.isPlain($0) } && file.path.utf8.last != 0x20
    // ast-grep goes by endings, ctags is told the language.
    let isRecognised =
      tools.reader(of: language) == .ctags || Language(fileName: file.path) == language
      || (language == .cpp && Language(fileName: file.path) == .c)
    if isPlain, isRecognised { return "./" + file.path }
    guard let staging else { return "./" + file.path }
    return try staging.link(to: root + "/" + file.path, ending: ending)
  }

  /// Bytes that neither tool's input nor its output escapes.
  private static func isPlain(_ byte: UInt8) -> Bool {
    guard byte >= 0x20, byte < 0x7F else { return false }
    switch byte {
    case UInt8(ascii: "\\"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "%"), UInt8(ascii: "\""):
      return false
    default: return true
    }
  }
}
