import Glibc

/// The user's keys: `~/.config/memfun/credentials.toml`, one table a provider with its `api_key`.
///
/// Only the owner may read or write the file (mode 0600); otherwise it is refused, because a key that
/// others could read is a key to revoke.
public struct Credentials: Sendable {
  private let keys: [String: Secret]

  /// No keys.
  public init() { keys = [:] }

  /// Reads the file. A file that does not exist holds no keys.
  ///
  /// - Throws: `ConfigurationError` when it is broken or others can reach it.
  public init(path: String) throws(ConfigurationError) {
    var info = stat()
    guard stat(path, &info) == 0 else {
      if errno == ENOENT || errno == ENOTDIR {
        keys = [:]
        return
      }
      throw ConfigurationError([.unreadable(path: path, reason: SystemCallError("stat", on: path).reason)])
    }
    if info.st_mode & 0o077 != 0 {
      let mode = String(info.st_mode & 0o777, radix: 8)
      throw ConfigurationError([
        .unsafeCredentials(path: path, reason: "its mode is 0\(mode), others can reach it")
      ])
    }
    if info.st_uid != geteuid() {
      throw ConfigurationError([.unsafeCredentials(path: path, reason: "it belongs to another user")])
    }
    let bytes: [UInt8]
    do { bytes = try WholeFile.read(path, maximumBytes: TOMLDocument.maximumBytes) } catch {
      throw ConfigurationError([.unreadable(path: path, reason: error.what)])
    }
    do throws(ConfigurationProblem) { keys = try Self.parse(bytes, path: path) } catch {
      throw ConfigurationError([error])
    }
  }

  private static func parse(_ bytes: [UInt8], path: String) throws(ConfigurationProblem) -> [String: Secret] {
    var keys: [String: Secret] = [:]
    for section in try TOMLDocument(bytes, source: path).root.members {
      let place = "\(path):\(section.keyRegion.start)"
      guard let table = section.node.table else {
        throw .badValue(
          key: section.key, place: place, expected: "a table: [\(section.key)] with api_key",
          found: section.node.value.typeName)
      }
      for member in table.members {
        guard member.key == "api_key" else {
          throw .unknownKey(
            "\(section.key).\(member.key)", place: place, suggestion: "\(section.key).api_key")
        }
        guard case .string(let text) = member.node.value else {
          throw .badValue(
            key: "\(section.key).api_key", place: place, expected: "a string",
            found: member.node.value.typeName)
        }
        keys[section.key] = Secret(text)
      }
    }
    return keys
  }

  /// The key of a provider.
  public subscript(provider: String) -> Secret? { keys[provider] }
}

extension Configuration {
  /// The variable that holds the provider's key: `model.api_key_env`, or the provider's usual one.
  public var apiKeyVariable: String? {
    let named = self[ConfigurationKeys.modelAPIKeyEnv]
    if !named.isEmpty { return named }
    switch self[ConfigurationKeys.modelProvider] {
    case "anthropic": return "ANTHROPIC_API_KEY"
    case "openai": return "OPENAI_API_KEY"
    default: return nil
    }
  }

  /// The provider's key: from its environment variable, else from the credentials. Nil: there is none,
  /// which local servers do not mind.
  public func apiKey(environment: [String: String], credentials: Credentials) -> Secret? {
    if let variable = apiKeyVariable, let value = environment[variable], !value.isEmpty {
      return Secret(value)
    }
    return credentials[self[ConfigurationKeys.modelProvider]]
  }
}
