/// Where a value was set.
public enum ConfigurationOrigin: Sendable, Hashable, CustomStringConvertible {
  case builtIn
  /// `/etc/memfun/config.toml`
  case system(path: String, position: String)
  /// `~/.config/memfun/config.toml`
  case user(path: String, position: String)
  /// The project's `memfun.toml`, or the file of `--config`.
  case project(path: String, position: String)
  case environment(variable: String)
  /// `-c key=value`, or a flag that stands for a key.
  case commandLine(flag: String)

  /// `default`, `path:line:column`, the variable or the flag.
  public var description: String {
    switch self {
    case .builtIn: "default"
    case .system(let path, let position), .user(let path, let position), .project(let path, let position):
      "\(path):\(position)"
    case .environment(let variable): variable
    case .commandLine(let flag): flag
    }
  }

  /// The layer's name for JSON output.
  public var layer: String {
    switch self {
    case .builtIn: "default"
    case .system: "system"
    case .user: "user"
    case .project: "project"
    case .environment: "environment"
    case .commandLine: "command_line"
    }
  }
}

/// The effective configuration: for each key the value of the strongest layer, and where it was set.
public struct Configuration: Sendable {
  /// A value and its origin.
  public struct Setting: Sendable, Equatable {
    /// The value; the table has checked its type.
    public let value: ConfigurationScalar
    /// Where it was set.
    public let origin: ConfigurationOrigin
  }

  private var settings: [String: Setting]
  /// Things worth telling that are no errors, such as a misspelt `MEMFUN_…` variable.
  public internal(set) var warnings: [String] = []

  /// The built-in defaults alone.
  public init() {
    settings = Dictionary(
      uniqueKeysWithValues: ConfigurationKeys.all.map {
        ($0.name, Setting(value: $0.defaultValue, origin: .builtIn))
      })
  }

  /// The value of a key.
  public subscript<Value>(key: ConfigurationKey<Value>) -> Value {
    Value(checked: setting(of: key.entry).value)
  }

  /// Value and origin of a key.
  public func setting(of entry: ConfigurationEntry) -> Setting {
    settings[entry.name] ?? Setting(value: entry.defaultValue, origin: .builtIn)
  }

  /// Where a key was set.
  public func origin<Value>(of key: ConfigurationKey<Value>) -> ConfigurationOrigin {
    setting(of: key.entry).origin
  }

  /// Replaces a value; the caller has checked it.
  mutating func set(_ entry: ConfigurationEntry, _ value: ConfigurationScalar, origin: ConfigurationOrigin) {
    settings[entry.name] = Setting(value: value, origin: origin)
  }
}
