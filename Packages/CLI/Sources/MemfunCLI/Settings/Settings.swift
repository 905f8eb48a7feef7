import Glibc
import MemfunCore

/// The configuration files of this user and this working directory, and how they are read.
public struct Settings: Sendable {
  /// The folder in which the command works; absolute.
  public let workingDirectory: String
  /// The user's file.
  public let userPath: String
  /// The user's keys.
  public let credentialsPath: String
  private let environment: [String: String]
  private let explicitPath: String?
  private let overrides: [String]

  /// - Parameters:
  ///   - environment: the process environment; without HOME, the user database is asked.
  ///   - global: `--config` and `-c`.
  /// - Throws: when the working directory is gone, or no home folder is known.
  init(environment: [String: String], global: GlobalOptions) throws {
    var environment = environment
    if environment["HOME"] == nil, let entry = getpwuid(geteuid()), let home = entry.pointee.pw_dir {
      environment["HOME"] = String(cString: home)
    }
    guard let folder = getcwd(nil, 0) else { throw SystemCallError("getcwd", on: ".") }
    defer { free(folder) }
    workingDirectory = String(cString: folder)
    let directory = try XDGDirectories(environment: environment).config + "/memfun"
    userPath = directory + "/config.toml"
    credentialsPath = directory + "/credentials.toml"
    self.environment = environment
    explicitPath = global.configFile
    overrides = global.assignments
  }

  /// The effective configuration.
  ///
  /// - Parameter replacing: files by path whose content is to be taken as given, to see what a change
  ///   would mean before it is made.
  public func load(replacing: [String: [UInt8]] = [:]) throws(ConfigurationError) -> Configuration {
    try loader(replacing).load(explicitPath: explicitPath, overrides: overrides)
  }

  /// The file that `config set --project` changes: that of `--config`, else the nearest `memfun.toml`
  /// from the working directory upwards. Nil when there is none.
  public func projectPath() throws -> String? { try explicitPath ?? loader([:]).projectPath() }

  /// The path of a `memfun.toml` in the working directory, whether it is there or not.
  public var newProjectPath: String {
    (workingDirectory == "/" ? "" : workingDirectory) + "/" + ConfigurationLoader.projectFileName
  }

  /// The user's keys. No key is read unless this is called.
  public func credentials() throws(ConfigurationError) -> Credentials {
    try Credentials(path: credentialsPath)
  }

  private func loader(_ replacing: [String: [UInt8]]) -> ConfigurationLoader {
    ConfigurationLoader(environment: environment, workingDirectory: workingDirectory, userPath: userPath) {
      path in
      try replacing[path] ?? Self.content(of: path)
    }
  }

  /// The bytes of a file; nil when there is none.
  static func content(of path: String) throws -> [UInt8]? {
    do throws(FileError) {
      return try WholeFile.read(path, maximumBytes: 1 << 20)
    } catch .system(let error) where error.code == ENOENT || error.code == ENOTDIR {
      return nil
    } catch {
      throw error
    }
  }
}

/// A change of single settings in one file, checked before it is written.
struct SettingsEdit {
  let path: String
  private let before: [UInt8]
  private var editor: ConfigurationEditor

  /// - Parameter initial: the text of a file that does not exist yet.
  init(path: String, initial: String = "") throws {
    self.path = path
    before = try Settings.content(of: path) ?? Array(initial.utf8)
    editor = try ConfigurationEditor(before, path: path)
  }

  /// The text as edited so far.
  var text: [UInt8] { editor.text }

  mutating func set(_ key: String, to value: ConfigurationScalar) throws(ConfigurationProblem) {
    try editor.set(key, to: value)
  }

  mutating func unset(_ key: String) throws(ConfigurationProblem) { try editor.unset(key) }

  /// The problems that the configuration would have with the new text and does not have without it.
  func newProblems(_ settings: Settings, with others: [String: [UInt8]] = [:]) -> [ConfigurationProblem] {
    func problems(_ replacing: [String: [UInt8]]) -> [ConfigurationProblem] {
      do throws(ConfigurationError) {
        _ = try settings.load(replacing: replacing)
        return []
      } catch {
        return error.problems
      }
    }
    // Lines shift with the edit, so problems are compared without their places.
    let old = Set(problems([:]).map { $0.kind + $0.what })
    return problems(others.merging([path: editor.text]) { $1 }).filter { !old.contains($0.kind + $0.what) }
  }
}
