import Glibc

/// What a code map is made from and within which limits.
public struct CodeMapOptions: Sendable {
  /// Larger files are listed but not read. In bytes, default 2 MiB.
  public var maximumFileBytes = 2 << 20
  /// Patterns of files to leave out, in gitignore syntax, relative to the root; they weigh more than
  /// every ignore file.
  public var excludes: [String] = []
  /// Whether results of earlier runs are used and this one's are kept.
  public var usesCache = true
  /// Where caches are kept; nil chooses: below the project's `.memfun` when it has one, else below the
  /// user's cache folder.
  public var cacheFolder: String?
  /// Whether git is asked.
  public var usesHistory = true
  /// How far back commits count as churn, in days before now; nil means all of them. Default 365.
  public var churnDays: Int? = 365
  /// The time git may take. Default 60 s.
  public var historyTimeout: Duration = .seconds(60)
  /// universal-ctags: a path, or a name to look up in PATH; nil looks for the usual names.
  public var ctags: String?
  /// ast-grep: a path, or a name to look up in PATH; nil looks in the usual places.
  public var astGrep: String?
  /// git: a path, or a name to look up in PATH; nil means `git`.
  public var git: String?
  /// The folder of the running program: tools are looked for beside it. Default: where this process's
  /// program is.
  public var programFolder: String?
  /// Lines of code that a block must have to count as duplicated, braces and blank lines apart. Default 10.
  public var minimumDuplicateLines = 10
  /// Threads and tool processes at a time; nil means one for each processor.
  public var parallelism: Int?
  /// `HOME`, `PATH`, `XDG_…`: where the user's own settings and caches are.
  public var environment: [String: String]

  /// The defaults.
  ///
  /// - Parameter environment: defaults to that of the process.
  public init(environment: [String: String] = CodeMapOptions.processEnvironment()) {
    self.environment = environment
    programFolder = Self.folderOfThisProgram
  }

  private static let folderOfThisProgram: String? = {
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    let program = String(cString: path)
    return program.lastIndex(of: "/").map { String(program[..<$0]) }
  }()

  /// The environment of this process.
  public static func processEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    for name in ["HOME", "PATH", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR"] {
      if let value = getenv(name) { variables[name] = String(cString: value) }
    }
    return variables
  }
}

/// How far the making of a map has come.
public struct CodeMapProgress: Sendable, Equatable {
  /// What is being done.
  public var phase: Phase
  /// Files done and files to do in this phase; 0 of 0 when that is not known.
  public var done: Int, total: Int

  /// The steps, in order.
  public enum Phase: String, Sendable {
    case walking, reading, linking, history
  }

  /// Made by the builder.
  public init(phase: Phase, done: Int = 0, total: Int = 0) {
    self.phase = phase
    self.done = done
    self.total = total
  }
}
