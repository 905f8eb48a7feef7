import Glibc
import MemfunCore

/// The programs on this machine that read symbols, and which of them reads what.
struct SymbolTools: Sendable {
  /// universal-ctags, if it is there and is really that one.
  var ctags: CtagsDriver?
  /// ast-grep, if it is there.
  var astGrep: AstGrepDriver?
  /// What is missing.
  var notes: [Note] = []

  /// Which program reads a language.
  enum Reader: Sendable {
    case ctags, astGrep, none
  }

  /// The reader of a language: ctags is many times faster, ast-grep knows Swift and stands in.
  func reader(of language: Language) -> Reader {
    if ctags != nil, CtagsKinds.name(of: language) != nil { return .ctags }
    if astGrep != nil, AstGrepRules.yaml(for: language) != nil { return .astGrep }
    return .none
  }

  /// Part of the key of cached symbols: another version may see other symbols.
  func key(of language: Language) -> String {
    switch reader(of: language) {
    case .ctags: "ctags \(ctags?.version ?? "")"
    case .astGrep: "ast-grep \(astGrep?.version ?? "")"
    case .none: "none"
    }
  }

  /// The notes on missing programs that matter for these files.
  func missing(for files: [WalkedFile]) -> [Note] {
    let languages = Set(files.compactMap { FileAnalysis.isDeep($0.role, $0.language) ? $0.language : nil })
    return notes.filter { note in
      note.kind == "ctags.missing"
        ? languages.contains { CtagsKinds.name(of: $0) != nil } : languages.contains(.swift)
    }
  }

  /// Looks for the programs and asks them for their versions.
  ///
  /// - Parameters:
  ///   - root: the folder that files are relative to.
  ///   - staging: where ast-grep's empty project file lies.
  /// - Throws: `CancellationError`.
  static func find(_ options: CodeMapOptions, root: String, staging: StagingFolder?) async throws
    -> SymbolTools
  {
    async let ctags = findCtags(options, root: root)
    async let astGrep = findAstGrep(options, root: root, staging: staging)
    var tools = SymbolTools()
    let (foundCtags, ctagsNote) = try await ctags
    let (foundAstGrep, astGrepNote) = try await astGrep
    tools.ctags = foundCtags
    tools.astGrep = foundAstGrep
    tools.notes = [ctagsNote, astGrepNote].compactMap { $0 }
    return tools
  }

  // MARK: - universal-ctags

  private static func findCtags(
    _ options: CodeMapOptions, root: String
  ) async throws -> (CtagsDriver?, Note?) {
    var impostor: String?
    for name in options.ctags.map({ [$0] }) ?? ["ctags", "ctags-universal", "universal-ctags"] {
      guard let path = try? Subprocess.locate(name, searchPath: options.environment["PATH"]) else {
        continue  // The note below says that none was found.
      }
      guard let line = try await firstLine(of: path, ["--version"]) else { continue }
      if line.hasPrefix("Universal Ctags") {
        return (CtagsDriver(program: path, version: line, folder: root), nil)
      }
      impostor = "\(path) is not universal-ctags (\(line.prefix(60)))"
    }
    let problem = impostor ?? options.ctags.map { "\($0) was not found" } ?? "universal-ctags was not found"
    return (
      nil,
      Note(
        kind: "ctags.missing",
        message: problem + ": symbols of Python, JavaScript, TypeScript, Go, Rust, Java, C and C++ "
          + "are read with ast-grep if that is there, or not at all",
        remedy: "install the package universal-ctags")
    )
  }

  // MARK: - ast-grep

  private static func findAstGrep(
    _ options: CodeMapOptions, root: String, staging: StagingFolder?
  ) async throws -> (AstGrepDriver?, Note?) {
    for path in astGrepCandidates(options) {
      guard let program = try? Subprocess.locate(path, searchPath: options.environment["PATH"]) else {
        continue  // The note below says that none was found.
      }
      guard let staging, let line = try await firstLine(of: program, ["--version"]),
        line.hasPrefix("ast-grep")
      else { continue }
      return (
        AstGrepDriver(program: program, version: line, folder: root, projectFile: staging.projectFile), nil
      )
    }
    let problem = options.astGrep.map { "\($0) was not found or is not ast-grep" } ?? "ast-grep was not found"
    return (
      nil,
      Note(
        kind: "ast-grep.missing",
        message: problem + ": Swift files have line counts, imports and complexity by file, but no symbols",
        remedy: "run script/bootstrap, or: pip install ast-grep-cli")
    )
  }

  /// Configured; or installed beside the program or in its checkout, which is the version it was tested
  /// with; or in PATH; or in the user's data folder.
  ///
  /// `sg`, ast-grep's other name, is not tried: on Linux it is a program that changes groups.
  private static func astGrepCandidates(_ options: CodeMapOptions) -> [String] {
    if let configured = options.astGrep { return [configured] }
    var candidates: [String] = []
    if let folder = options.programFolder {
      candidates.append(folder + "/../libexec/memfun/ast-grep")
      // A checkout's build folder is `.build/<triple>/<configuration>`.
      var above = folder
      for _ in 0..<5 {
        candidates.append(above + "/.tools/bin/ast-grep")
        guard let slash = above.lastIndex(of: "/"), slash != above.startIndex else { break }
        above = String(above[..<slash])
      }
    }
    candidates.append("ast-grep")
    let home = options.environment["HOME"]
    if let data = options.environment["XDG_DATA_HOME"] ?? home.map({ $0 + "/.local/share" }) {
      candidates.append(data + "/memfun/tools/bin/ast-grep")
    }
    return candidates
  }

  /// What a program prints first; nil when it fails or does not answer within five seconds.
  private static func firstLine(of program: String, _ arguments: [String]) async throws -> String? {
    do {
      let result = try await Subprocess(
        program, arguments, output: .capture(head: 4096, tail: 0), error: .capture(head: 4096, tail: 0),
        timeout: .seconds(5), killGrace: .milliseconds(200)
      ).run()
      let text = result.output.head.isEmpty ? result.error.text : result.output.text
      return text.split(separator: "\n").first.map(String.init)
    } catch is SubprocessError {
      // It is there but cannot be run: the same as not there, and the note says so.
      return nil
    }
  }
}
