import MemfunCore

/// Looks for the programs that make memfun know more. None of them is needed to start.
struct ProgramChecks {
  /// A program, what it is for, and where it comes from.
  struct Program: Sendable {
    let name: String
    let arguments: [String]
    let purpose: String
    let installation: String
    /// A text that a second call must print, with its arguments, and what is missing without it.
    var capability: (arguments: [String], text: String, missing: String)?
  }

  static let programs = [
    Program(
      name: "git", arguments: ["--version"], purpose: "history: churn, authors and hot spots",
      installation: "apt-get install git"),
    Program(
      name: "ctags", arguments: ["--version"], purpose: "symbols of many languages",
      installation: "apt-get install universal-ctags",
      capability: (["--list-features"], "json", "it cannot write JSON, so it is not universal-ctags")),
    Program(
      name: "ast-grep", arguments: ["--version"], purpose: "exact syntax: functions, imports, complexity",
      installation: "pip install ast-grep-cli (or 'make build' in a checkout, which keeps it in .tools)"),
    Program(
      name: "python3", arguments: ["--version"],
      purpose: "the agent's working memory (not needed to analyse)",
      installation: "apt-get install python3"),
    Program(
      name: "swift", arguments: ["--version"], purpose: "building memfun (not needed to run it)",
      installation: "https://www.swift.org/install"),
  ]

  /// Programs by name that the configuration sets (`tools.…`): nothing else is taken for them.
  let configured: [String: String]
  /// The folder of the running binary; helpers of an installation or a checkout are near it.
  let programFolder: String?
  let environment: [String: String]

  func findings() async -> [DoctorFinding] {
    await withTaskGroup(of: (Int, DoctorFinding).self) { group in
      for (place, program) in Self.programs.enumerated() {
        group.addTask { (place, await check(program)) }
      }
      return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private func check(_ program: Program) async -> DoctorFinding {
    let name = "program.\(program.name)"
    let remedy = "for \(program.purpose): \(program.installation)"
    do {
      let path = try locate(program)
      let version = try await output(path, program.arguments)
      guard let version else {
        return .warning(
          name, "\(path) does not answer \(program.arguments.joined(separator: " "))", remedy: remedy)
      }
      let line = version.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
      let facts: JSONObject = ["path": .string(path), "version": .string(line)]
      if let capability = program.capability {
        let answer = try await output(path, capability.arguments) ?? ""
        let words = answer.split { !$0.isLetter && !$0.isNumber }
        guard words.contains(where: { $0 == capability.text }) else {
          return .warning(name, "\(path): \(capability.missing)", remedy: remedy, facts: facts)
        }
      }
      return .ok(name, "\(TextWrapping.truncate(line, to: 60)) (\(path))", facts: facts)
    } catch SubprocessError.notFound {
      return .warning(name, "not installed", remedy: remedy)
    } catch let error as any MemfunError {
      return .warning(name, error.what, remedy: error.remedy ?? remedy)
    } catch {
      return .warning(name, "not looked at: \(error)", remedy: remedy)
    }
  }

  /// Where the program is, in the order in which the code map looks for it.
  private func locate(_ program: Program) throws(SubprocessError) -> String {
    let candidates = configured[program.name].map { [$0] } ?? [program.name] + others(program.name)
    var firstError: SubprocessError?
    for candidate in candidates {
      do throws(SubprocessError) {
        return try Subprocess.locate(candidate, searchPath: environment["PATH"])
      } catch {
        firstError = firstError ?? error
      }
    }
    throw firstError ?? .notFound(program: program.name, searched: [])
  }

  private func others(_ name: String) -> [String] {
    switch name {
    case "ctags": return ["ctags-universal", "universal-ctags"]
    case "ast-grep":
      var paths: [String] = []
      if let programFolder {
        paths.append(programFolder + "/../libexec/memfun/ast-grep")
        var above = programFolder
        for _ in 0..<5 where above != "/" {
          paths.append(above + "/.tools/bin/ast-grep")
          above = above.parentFolder
        }
      }
      let data = environment["XDG_DATA_HOME"] ?? environment["HOME"].map { $0 + "/.local/share" }
      return paths + (data.map { [$0 + "/memfun/tools/bin/ast-grep"] } ?? [])
    default: return []
    }
  }

  /// What the program prints when it succeeds; nil when it fails.
  private func output(_ path: String, _ arguments: [String]) async throws -> String? {
    var variables = Subprocess.minimalEnvironment
    // Version managers put scripts in the place of programs, which need these to find the real one.
    for name in ["PATH", "HOME"] { variables[name] = environment[name] ?? variables[name] }
    let result = try await Subprocess(
      path, arguments, environment: variables, output: .capture(head: 65536, tail: 0), timeout: .seconds(5)
    ).run()
    return result.succeeded ? result.output.text : nil
  }
}
