/// One thing that is wrong with the configuration.
public enum ConfigurationProblem: MemfunError, Equatable {
  /// The text is no TOML.
  case syntax(place: String, reason: String)
  /// No such key. The nearest known one, if one is near.
  case unknownKey(String, place: String, suggestion: String?)
  /// The value is not of the key's type, or out of its range.
  case badValue(key: String, place: String, expected: String, found: String)
  /// A key that only the user's own files may set stands in a project's file.
  case userOnly(key: String, place: String, userFile: String)
  /// A project's file directs requests to a host that the user has not trusted.
  case untrustedHost(host: String, place: String, userFile: String)
  /// A project's file names a variable that may hold something else than a provider's key.
  case untrustedVariable(name: String, place: String, userFile: String)
  /// Something that looks like a secret stands where a reference belongs.
  case literalSecret(key: String, place: String)
  /// A file cannot be read.
  case unreadable(path: String, reason: String)
  /// The file named by `--config` does not exist.
  case missingFile(path: String)
  /// Others can read or change the credentials file.
  case unsafeCredentials(path: String, reason: String)
  /// An override is not of the form `key=value`.
  case badOverride(String)
  /// The edited text would not mean what was asked for.
  case editFailed(key: String, path: String)

  public var kind: String {
    switch self {
    case .syntax: "config.syntax"
    case .unknownKey: "config.unknown_key"
    case .badValue: "config.bad_value"
    case .userOnly: "config.user_only"
    case .untrustedHost: "config.untrusted_host"
    case .untrustedVariable: "config.untrusted_variable"
    case .literalSecret: "config.literal_secret"
    case .unreadable: "config.unreadable"
    case .missingFile: "config.missing_file"
    case .unsafeCredentials: "config.unsafe_credentials"
    case .badOverride: "config.bad_override"
    case .editFailed: "config.edit_failed"
    }
  }

  public var what: String {
    switch self {
    case .syntax(_, let reason): "broken TOML: \(reason)"
    case .unknownKey(let key, _, let suggestion?):
      "unknown key \"\(MessageText.shown(key))\"; did you mean \"\(suggestion)\"?"
    case .unknownKey(let key, _, nil): "unknown key \"\(MessageText.shown(key))\""
    case .badValue(let key, _, let expected, let found): "\(key) must be \(expected), not \(found)"
    case .userOnly(let key, _, _): "\(key) cannot be set by a project"
    case .untrustedHost(let host, _, _):
      "a project directs requests to \(MessageText.shown(host)), which you have not trusted"
    case .untrustedVariable(let name, _, _):
      "a project wants to send the content of \(name), which may not be a provider's key"
    case .literalSecret(let key, _): "\(key) looks like a secret; a reference belongs there"
    case .unreadable(_, let reason): "the configuration file cannot be read: \(reason)"
    case .missingFile: "the configuration file does not exist"
    case .unsafeCredentials(_, let reason): "the credentials file is not safe: \(reason)"
    case .badOverride(let text): "\"\(MessageText.shown(text))\" is not of the form key=value"
    case .editFailed(let key, _): "\(key) cannot be changed without changing other settings"
    }
  }

  public var location: String? {
    switch self {
    case .syntax(let place, _), .unknownKey(_, let place, _), .badValue(_, let place, _, _),
      .userOnly(_, let place, _), .untrustedHost(_, let place, _), .untrustedVariable(_, let place, _),
      .literalSecret(_, let place):
      place
    case .unreadable(let path, _), .missingFile(let path), .unsafeCredentials(let path, _),
      .editFailed(_, let path):
      path
    case .badOverride: "-c"
    }
  }

  public var remedy: String? {
    switch self {
    case .syntax: "correct the file at that place"
    case .unknownKey: "memfun config describe prints every key"
    case .badValue(let key, _, _, _): "memfun config describe \(key) shows its meaning and default"
    case .userOnly(_, _, let file): "put it into \(file), if you want it"
    case .untrustedHost(let host, _, let file):
      "if you trust it, add \"\(host)\" to model.trusted_hosts in \(file)"
    case .untrustedVariable(_, _, let file): "put model.api_key_env into \(file), if you want it"
    case .literalSecret:
      "remove it, revoke the secret if others could see the file, and name an environment variable in model.api_key_env"
    case .unreadable: "check the file's permissions"
    case .missingFile: "check the path given with --config"
    case .unsafeCredentials(let path, _): "chmod 600 \(path)"
    case .badOverride: "for example -c model.provider=ollama"
    case .editFailed(_, let path): "change \(path) with an editor"
    }
  }

  public var exitCode: ExitCode { .usage }
}

/// Everything that is wrong with a configuration, found in one go.
public struct ConfigurationError: MemfunError, Equatable {
  /// At least one.
  public let problems: [ConfigurationProblem]

  private static let maximumListed = 25

  /// - Parameter problems: at least one.
  public init(_ problems: [ConfigurationProblem]) { self.problems = problems }

  public var kind: String { problems.count == 1 ? problems[0].kind : "config.several" }
  public var what: String {
    if problems.count == 1 { return problems[0].what }
    let listed = problems.prefix(Self.maximumListed)
    let more = problems.count - listed.count
    return "\(problems.count) problems in the configuration:\n"
      + listed.map { "  \($0.location ?? "?"): \($0.what)" }.joined(separator: "\n")
      + (more > 0 ? "\n  … and \(more) more" : "")
  }
  public var location: String? { problems.count == 1 ? problems[0].location : nil }
  public var remedy: String? {
    problems.count == 1 ? problems[0].remedy : problems.compactMap(\.remedy).first
  }
  public var exitCode: ExitCode { .usage }
}
