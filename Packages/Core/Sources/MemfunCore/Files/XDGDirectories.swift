/// Where a user's files belong (XDG Base Directory Specification 0.8).
public struct XDGDirectories: Sendable, Equatable {
  /// Settings; `~/.config` unless `XDG_CONFIG_HOME` says otherwise.
  public let config: String
  /// What can be computed again; `~/.cache` unless `XDG_CACHE_HOME` says otherwise.
  public let cache: String
  /// Logs, histories, sessions; `~/.local/state` unless `XDG_STATE_HOME` says otherwise.
  public let state: String
  /// Data of the user; `~/.local/share` unless `XDG_DATA_HOME` says otherwise.
  public let data: String
  /// Sockets and locks of one login; nil unless `XDG_RUNTIME_DIR` is set.
  public let runtime: String?

  /// A value that is empty or no absolute path is ignored, as the specification demands.
  ///
  /// - Parameter environment: the variables of the process, or of a test.
  /// - Throws: `.noHomeDirectory` when `HOME` is needed and missing.
  public init(environment: [String: String]) throws(FileError) {
    func absolute(_ name: String) -> String? {
      guard var path = environment[name], path.hasPrefix("/") else { return nil }
      while path.count > 1, path.hasSuffix("/") { path.removeLast() }
      return path
    }
    func folder(_ variable: String, _ fallback: String) throws(FileError) -> String {
      if let chosen = absolute(variable) { return chosen }
      guard let home = absolute("HOME") else { throw .noHomeDirectory(variable: variable) }
      return home == "/" ? "/" + fallback : "\(home)/\(fallback)"
    }
    config = try folder("XDG_CONFIG_HOME", ".config")
    cache = try folder("XDG_CACHE_HOME", ".cache")
    state = try folder("XDG_STATE_HOME", ".local/state")
    data = try folder("XDG_DATA_HOME", ".local/share")
    runtime = absolute("XDG_RUNTIME_DIR")
  }
}
