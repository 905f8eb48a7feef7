import Glibc

/// Reads the layers of the configuration. Later ones win: built-in defaults, the machine's file, the
/// user's file, the project's file, `MEMFUN_…` variables, `-c key=value`.
///
/// Everything it looks at comes in: the environment, the folder, and how files are read.
public struct ConfigurationLoader: Sendable {
  /// Reads a file. Nil: there is none.
  ///
  /// Throws a `MemfunError` when there is one that cannot be read.
  public typealias FileReader = @Sendable (_ path: String) throws -> [UInt8]?

  /// The machine's file.
  public static let systemPath = "/etc/memfun/config.toml"
  /// The name of a project's file.
  public static let projectFileName = "memfun.toml"

  private let environment: [String: String]
  private let workingDirectory: String
  private let userPath: String
  private let read: FileReader

  /// - Parameters:
  ///   - environment: the process environment.
  ///   - workingDirectory: absolute; the search for the project's file begins here.
  ///   - userPath: the user's file, usually `~/.config/memfun/config.toml`.
  ///   - read: how files are read.
  public init(
    environment: [String: String], workingDirectory: String, userPath: String, read: @escaping FileReader
  ) {
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.userPath = userPath
    self.read = read
  }

  /// The project's file: the nearest `memfun.toml` from the working directory upwards. Nil: none.
  ///
  /// The search ends at the home folder, whose `memfun.toml` is not a project's but anybody's leftover
  /// for everything below it, unless the work is done in the home folder itself.
  public func projectPath() throws -> String? {
    var folder = workingDirectory[...]
    let home = environment["HOME"]
    while true {
      let path = (folder == "/" ? "" : folder) + "/" + Self.projectFileName
      let isHomeAbove = home.map { folder == $0[...] && workingDirectory != $0 } ?? false
      if isHomeAbove { return nil }
      if try read(path) != nil { return path }
      guard let slash = folder.lastIndex(of: "/"), folder != "/" else { return nil }
      folder = slash == folder.startIndex ? "/" : folder[..<slash]
    }
  }

  /// Reads all layers.
  ///
  /// - Parameters:
  ///   - explicitPath: the file of `--config`, in place of the project's file; it counts as given by
  ///     the user and may set every key.
  ///   - overrides: `key=value` texts of `-c`, in order.
  /// - Throws: `ConfigurationError` with every problem of every layer.
  public func load(explicitPath: String? = nil, overrides: [String] = []) throws(ConfigurationError)
    -> Configuration
  {
    var configuration = Configuration()
    var problems: [ConfigurationProblem] = []

    apply(file: Self.systemPath, trust: .full, to: &configuration, &problems) {
      .system(path: $0, position: $1)
    }
    apply(file: userPath, trust: .full, to: &configuration, &problems) { .user(path: $0, position: $1) }
    if let explicitPath {
      let found = apply(file: explicitPath, trust: .full, to: &configuration, &problems) {
        .project(path: $0, position: $1)
      }
      if !found { problems.append(.missingFile(path: explicitPath)) }
    } else {
      do {
        if let path = try projectPath() {
          apply(file: path, trust: .project, to: &configuration, &problems) {
            .project(path: $0, position: $1)
          }
        }
      } catch { problems.append(Self.unreadable(workingDirectory, error)) }
    }
    applyEnvironment(to: &configuration, &problems)
    for override in overrides { apply(override: override, to: &configuration, &problems) }
    // The file of --config was named by the user, who answers for it.
    if explicitPath == nil { checkTrust(in: configuration, &problems) }

    if !problems.isEmpty { throw ConfigurationError(problems) }
    return configuration
  }

  // MARK: Layers

  private enum Trust { case full, project }

  @discardableResult
  private func apply(
    file path: String, trust: Trust, to configuration: inout Configuration,
    _ problems: inout [ConfigurationProblem], origin: (String, String) -> ConfigurationOrigin
  ) -> Bool {
    let document: TOMLDocument
    do {
      guard let bytes = try read(path) else { return false }
      document = try TOMLDocument(bytes, source: path)
    } catch let problem as ConfigurationProblem {
      problems.append(problem)
      return true
    } catch {
      problems.append(Self.unreadable(path, error))
      return true
    }
    for section in document.root.members {
      let place = "\(path):\(section.keyRegion.start)"
      guard let table = section.node.table else {
        problems.append(Self.misplaced(section, place: place))
        if problems.count >= Self.maximumProblems { return true }
        continue
      }
      for member in table.members {
        let place = "\(path):\(member.keyRegion.start)"
        do throws(ConfigurationProblem) {
          let entry = try ConfigurationKeys.entry(named: "\(section.key).\(member.key)", place: place)
          if trust == .project, entry.isUserOnly {
            throw .userOnly(key: entry.name, place: place, userFile: userPath)
          }
          let value = try entry.check(member.node.value, place: "\(path):\(member.node.region.start)")
          if trust == .project, Self.loosens(entry, from: configuration.setting(of: entry).value, to: value) {
            configuration.warnings.append(
              "\(place): a project cannot raise your limit \(entry.name), which stays")
            continue
          }
          configuration.set(entry, value, origin: origin(path, member.node.region.start))
        } catch { problems.append(error) }
        // A file that is something else than a configuration need not be read to its end.
        if problems.count >= Self.maximumProblems { return true }
      }
    }
    return true
  }

  private static let maximumProblems = 1000

  /// Whether a limit that the user has set (0 is none) would be raised.
  private static func loosens(
    _ entry: ConfigurationEntry, from old: ConfigurationScalar, to new: ConfigurationScalar
  ) -> Bool {
    guard entry.section == "budget" else { return false }
    func limit(_ value: ConfigurationScalar) -> Double {
      if case .string(let text) = value { return DurationText.parse(text)?.inSeconds ?? 0 }
      return Double(checked: value)
    }
    return limit(old) > 0 && (limit(new) == 0 || limit(new) > limit(old))
  }

  /// A key that stands outside every table: often its section was forgotten.
  private static func misplaced(_ member: TOMLTable.Member, place: String) -> ConfigurationProblem {
    let sections = Set(ConfigurationKeys.all.map(\.section))
    if sections.contains(member.key) {
      return .badValue(
        key: member.key, place: place, expected: "a table: [\(member.key)]", found: member.node.value.typeName
      )
    }
    let byShortName = ConfigurationKeys.all.first { $0.shortName == member.key }?.name
    return .unknownKey(
      member.key, place: place, suggestion: byShortName ?? ConfigurationKeys.suggestion(for: member.key))
  }

  private func applyEnvironment(
    to configuration: inout Configuration, _ problems: inout [ConfigurationProblem]
  ) {
    let known = Dictionary(uniqueKeysWithValues: ConfigurationKeys.all.map { ($0.environmentName, $0) })
    for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("MEMFUN_") {
      guard let entry = known[name] else {
        // Not an error: other programs may use the prefix too.
        if let near = Suggestion.closest(to: name, among: known.keys.sorted()) {
          configuration.warnings.append(
            "the environment variable \(name) is not known; did you mean \(near)?")
        }
        continue
      }
      // By custom an empty variable is one that is not set, unless empty is a value.
      if text.isEmpty, !entry.type.hasEmptyValue { continue }
      do throws(ConfigurationProblem) {
        configuration.set(
          entry, try entry.check(text: text, place: name), origin: .environment(variable: name))
      } catch { problems.append(error) }
    }
  }

  private func apply(
    override text: String, to configuration: inout Configuration, _ problems: inout [ConfigurationProblem]
  ) {
    do throws(ConfigurationProblem) {
      guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { throw .badOverride(text) }
      let name = String(text[..<equals])
      let entry = try ConfigurationKeys.entry(named: name, place: "-c \(name)")
      let value = try entry.check(text: String(text[text.index(after: equals)...]), place: "-c \(name)")
      configuration.set(entry, value, origin: .commandLine(flag: "-c \(name)"))
    } catch { problems.append(error) }
  }

  // MARK: Trust

  /// Hosts that get the user's key when a project merely names them.
  static let publicHosts = ["api.anthropic.com", "api.openai.com"]

  /// A repository must not send the user's key to a host of its choice, nor something else than a key.
  private func checkTrust(in configuration: Configuration, _ problems: inout [ConfigurationProblem]) {
    if let (variable, place) = projectText(ConfigurationKeys.modelAPIKeyEnv, in: configuration),
      !Self.mayHoldProviderKey(variable)
    {
      problems.append(.untrustedVariable(name: variable, place: place, userFile: userPath))
    }
    guard let (text, place) = projectText(ConfigurationKeys.modelBaseURL, in: configuration) else { return }
    // Providers accept an address without scheme, and read it so.
    let written = text[...].range(of: "://") != nil ? text : "https://" + text
    guard let url = try? HTTPURL(written) else {
      problems.append(
        .badValue(
          key: "model.base_url", place: place, expected: "an http or https address",
          found: "\"\(MessageText.shown(text))\""))
      return
    }
    // Without TLS whoever is on the way reads the key.
    let isPublic = url.isSecure && Self.publicHosts.contains(url.host)
    if url.isLoopback || isPublic { return }
    if configuration[ConfigurationKeys.modelTrustedHosts].contains(where: { $0.lowercased() == url.host }) {
      return
    }
    problems.append(.untrustedHost(host: url.host, place: place, userFile: userPath))
  }

  /// The text of a key, and where it stands, when a project's file has set it.
  private func projectText(
    _ key: ConfigurationKey<String>, in configuration: Configuration
  ) -> (text: String, place: String)? {
    guard case .project(let path, let position) = configuration.origin(of: key) else { return nil }
    let text = configuration[key]
    return text.isEmpty ? nil : (text, "\(path):\(position)")
  }

  /// Whether a name is that of a provider's key. Tokens and secrets of other services have names of
  /// other forms, by and large: GITHUB_TOKEN, AWS_SECRET_ACCESS_KEY, SSH_PRIVATE_KEY, DATABASE_URL.
  static func mayHoldProviderKey(_ variable: String) -> Bool {
    let name = variable.uppercased()
    return name.hasSuffix("_KEY")
      && !["SECRET", "PRIVATE", "ACCESS"].contains { name[...].range(of: $0) != nil }
  }

  private static func unreadable(_ path: String, _ error: any Error) -> ConfigurationProblem {
    let known = error as? any MemfunError
    return .unreadable(path: known?.location ?? path, reason: known?.what ?? "\(error)")
  }
}

extension Substring {
  /// The first place of `needle`.
  fileprivate func range(of needle: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
      start = index(after: start)
    }
    return nil
  }
}

extension ConfigurationLoader {
  /// Reads configuration files from the disk. Nil: there is none; a folder of that name is an error.
  public static let disk: FileReader = { path in
    do { return try WholeFile.read(path, maximumBytes: TOMLDocument.maximumBytes) } catch let error
      as FileError
    {
      if case .system(let call) = error, call.isAbsence { return nil }
      throw error
    }
  }
}

extension SystemCallError {
  /// Whether the call failed because there is nothing at the path.
  fileprivate var isAbsence: Bool { code == ENOENT || code == ENOTDIR }
}
