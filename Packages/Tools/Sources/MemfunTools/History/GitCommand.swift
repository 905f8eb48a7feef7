import MemfunCore

/// Runs git so that it only reads, and so that nothing the repository configures is run.
///
/// A repository that somebody else made can name programs in its configuration: a file-system monitor,
/// hooks, a pager, filters, text converters, an external diff, a signature checker, a transport. All of
/// them are switched off here, one by one, because git has no single switch for it. The configuration of
/// the user and of the machine stays in force: `safe.directory` is only honoured there.
struct GitCommand: Sendable {
  /// git's absolute path.
  let program: String
  /// Where it runs.
  let folder: String
  private let environment: [String: String]
  private var filters: [String] = []

  /// - Parameters:
  ///   - name: a path, or a name to look up in `PATH`.
  ///   - folder: below a repository's top.
  ///   - environment: `HOME` and `XDG_CONFIG_HOME` are passed on, `PATH` is searched for git.
  /// - Throws: `SubprocessError` when git is not there.
  init(_ name: String, folder: String, environment: [String: String]) throws(SubprocessError) {
    program = try Subprocess.locate(name, searchPath: environment["PATH"])
    self.folder = folder
    var variables = Subprocess.minimalEnvironment
    for name in ["HOME", "XDG_CONFIG_HOME"] { variables[name] = environment[name] }
    variables["GIT_OPTIONAL_LOCKS"] = "0"
    variables["GIT_TERMINAL_PROMPT"] = "0"
    variables["GIT_NO_LAZY_FETCH"] = "1"
    variables["GIT_NO_REPLACE_OBJECTS"] = "1"
    variables["GIT_ALLOW_PROTOCOL"] = "none"
    variables["GIT_PAGER"] = "cat"
    for name in ["GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EDITOR", "GIT_PROXY_COMMAND"] {
      variables[name] = "/bin/false"
    }
    self.environment = variables
  }

  private static let overrides: [(name: String, value: String)] = [
    ("core.fsmonitor", "false"), ("core.hooksPath", "/dev/null"), ("core.pager", "cat"),
    ("core.sshCommand", "/bin/false"), ("core.gitProxy", ""), ("core.alternateRefsCommand", ""),
    ("core.attributesFile", "/dev/null"), ("diff.external", ""), ("diff.ignoreSubmodules", "all"),
    ("diff.submodule", "short"), ("log.showSignature", "false"), ("gpg.program", "/bin/false"),
    ("gpg.ssh.program", "/bin/false"), ("gpg.x509.program", "/bin/false"), ("submodule.recurse", "false"),
    ("protocol.allow", "never"), ("credential.helper", ""), ("uploadpack.packObjectsHook", ""),
    // A folder below the root that looks like a repository without working tree is just a folder.
    ("safe.bareRepository", "explicit"),
  ]

  /// Switches the clean and smudge filters off that the configuration names; `git status` would run them.
  ///
  /// - Parameter names: of the configuration, lower-cased by git where case does not matter.
  mutating func disableFilters(namedIn names: [String]) {
    filters = names.filter {
      $0.hasPrefix("filter.")
        && ($0.hasSuffix(".clean") || $0.hasSuffix(".smudge") || $0.hasSuffix(".process")
          || $0.hasSuffix(".required"))
    }
  }

  /// Runs a subcommand.
  ///
  /// - Throws: `SubprocessError`, `CancellationError`.
  func run(
    _ arguments: [String], output: Subprocess.Output = .capture(head: 8 << 20, tail: 0), timeout: Duration
  ) async throws -> SubprocessResult {
    // Through the environment, because `-c` cannot name a filter with an equals sign in its name, and
    // because processes that git starts get it too.
    var variables = environment
    let settings = Self.overrides + filters.map { ($0, $0.hasSuffix(".required") ? "false" : "") }
    variables["GIT_CONFIG_COUNT"] = "\(settings.count)"
    for (number, (name, value)) in settings.enumerated() {
      variables["GIT_CONFIG_KEY_\(number)"] = name
      variables["GIT_CONFIG_VALUE_\(number)"] = value
    }
    return try await Subprocess(
      program, ["--no-pager", "--literal-pathspecs"] + arguments, environment: variables,
      workingDirectory: folder, output: output,
      error: .capture(head: 8192, tail: 0), timeout: timeout, killGrace: .milliseconds(300)
    ).run()
  }
}
