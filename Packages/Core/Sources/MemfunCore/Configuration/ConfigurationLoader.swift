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
    checkHost(of: configuration, &problems)

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
          configuration.set(entry, value, origin: origin(path, member.node.region.start))
        } catch { problems.append(error) }
      }
    }
    return true
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
      member.key, place: place,
      suggestion: byShortName ?? Suggestion.closest(to: member.key, among: ConfigurationKeys.all.map(\.name)))
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

  /// A repository must not send the user's key to a host of its choice.
  private func checkHost(of configuration: Configuration, _ problems: inout [ConfigurationProblem]) {
    let setting = configuration.setting(of: ConfigurationKeys.modelBaseURL.entry)
    guard case .project(let path, let position) = setting.origin, case .string(let url) = setting.value,
      !url.isEmpty
    else { return }
    let host = Self.host(of: url)
    if Self.isLoopback(host) || Self.publicHosts.contains(host) { return }
    if configuration[ConfigurationKeys.modelTrustedHosts].contains(host) { return }
    // The file of --config was named by the user.
    guard (try? projectPath()) == path else { return }
    problems.append(.untrustedHost(host: host, place: "\(path):\(position)", userFile: userPath))
  }

  static func host(of url: String) -> String {
    var rest = url[...]
    if let scheme = rest.range(of: "://") { rest = rest[scheme.upperBound...] }
    rest = rest.prefix { !"/?#\\".contains($0) }
    if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    if rest.first == "[" { return String(rest.dropFirst().prefix { $0 != "]" }).lowercased() }
    return String(rest.prefix { $0 != ":" }).lowercased()
  }

  static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  private static func unreadable(_ path: String, _ error: any Error) -> ConfigurationProblem {
    .unreadable(path: path, reason: (error as? any MemfunError)?.what ?? "\(error)")
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
