import MemfunCore

/// JavaScript and TypeScript, as Node.js and the TypeScript compiler look modules up.
///
/// Relative paths with the usual extensions and `index` files (`./a.js` may be written for `a.ts`); `paths`
/// and `baseUrl` of the nearest tsconfig or jsconfig, `extends` followed; `#imports` of the nearest
/// package.json; packages of the tree (workspaces) by name with `exports`, `main` and friends. An entry
/// that is built (`dist/…`) and not in the tree is looked for in `src`.
struct ScriptResolver {
  private let context: ResolverContext
  private var index: FileIndex { context.index }
  /// package.json by its folder, and folders by package name.
  private var packages: [String: JSONValue] = [:]
  private var packageFolders: [String: String] = [:]
  private var configs: [String: Config] = [:]

  /// What a tsconfig says about paths.
  private struct Config {
    /// Where names without a dot are looked for; nil without `baseUrl`.
    var base: String?
    /// Patterns with at most one `*`, and their replacements relative to `pathsBase`.
    var paths: [(pattern: String, targets: [String])] = []
    var pathsBase = ""
  }

  private static let extensions = [
    ".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".json", ".vue", ".svelte",
  ]

  init(_ context: ResolverContext, manifests: [String: [UInt8]], notes: inout [Note]) {
    self.context = context
    var texts: [String: JSONValue] = [:]
    for path in manifests.keys.sorted() {
      let name = Path.name(path)
      guard name.hasSuffix(".json") else { continue }
      do {
        let value = try JSONParser.parse(JSONWithComments.plain(manifests[path] ?? []), source: path)
        if name == "package.json" {
          packages[Path.folder(path)] = value
          if let package = value["name"]?.stringValue, packageFolders[package] == nil {
            packageFolders[package] = Path.folder(path)
          }
        } else {
          texts[path] = value
        }
      } catch {
        notes.append(
          Note(
            kind: "manifest.invalid",
            message: "\(path) is no valid JSON, so imports that depend on it stay unresolved: \(error.what)",
            remedy: "Mend \(path)."))
      }
    }
    for path in texts.keys.sorted() {
      let name = Path.name(path)
      // tsconfig.json is what editors and compilers take; the others only count when it extends them.
      guard name == "tsconfig.json" || name == "jsconfig.json" else { continue }
      let folder = Path.folder(path)
      if name == "jsconfig.json", configs[folder] != nil { continue }
      configs[folder] = Self.config(path, texts, depth: 0)
    }
  }

  private static func config(_ path: String, _ texts: [String: JSONValue], depth: Int) -> Config? {
    guard let value = texts[path], depth < 8 else { return nil }
    let folder = Path.folder(path)
    var config = Config()
    let parents =
      value["extends"]?.stringValue.map { [$0] }
      ?? value["extends"]?.arrayValue?.compactMap(\.stringValue) ?? []
    for parent in parents where parent.hasPrefix(".") {
      guard let joined = Path.join(folder, parent) else { continue }
      if let inherited = Self.config(joined, texts, depth: depth + 1)
        ?? Self.config(joined + ".json", texts, depth: depth + 1)
      {
        config = inherited
      }
    }
    let options = value["compilerOptions"]
    if let base = options?["baseUrl"]?.stringValue { config.base = Path.join(folder, base) }
    if let paths = options?["paths"]?.objectValue {
      config.paths = paths.map { ($0.key, $0.value.arrayValue?.compactMap(\.stringValue) ?? []) }
      config.pathsBase = config.base ?? folder
    }
    return config
  }

  func resolve(_ raw: RawImport, in importer: FileID) -> Import.Target {
    let folder = Path.folder(context.path(importer))
    let name = raw.text.utf8.contains(Ascii.question) ? String(raw.text.prefix { $0 != "?" }) : raw.text
    if name == "." || name == ".." || name.hasPrefix("./") || name.hasPrefix("../") {
      guard let path = Path.join(folder, name), let found = file(at: path) else { return .unresolved }
      return .files([found])
    }
    guard !name.isEmpty, !name.hasPrefix("/") else { return .unresolved }
    let ancestors = Path.ancestors(folder)
    if name.hasPrefix("#") {
      for ancestor in ancestors {
        guard let package = packages[ancestor] else { continue }
        guard let target = entry(package["imports"], key: name) else { return .unresolved }
        if target.hasPrefix("."), let found = built(ancestor, target) { return .files([found]) }
        return target.hasPrefix(".") ? .unresolved : .external(Self.packageName(target))
      }
      return .unresolved
    }
    if let config = ancestors.lazy.compactMap({ configs[$0] }).first {
      if let found = mapped(name, config) { return .files([found]) }
    }
    let package = Self.packageName(name)
    if let home = packageFolders[package], !name.hasPrefix("node:") {
      let rest = name.utf8.count > package.utf8.count ? "." + name.dropFirst(package.count) : "."
      return packageFile(home, rest).map { .files([$0]) } ?? .unresolved
    }
    return .external(package)
  }

  /// `@scope/name` or the first component.
  private static func packageName(_ name: String) -> String {
    let parts = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    if name.hasPrefix("@"), parts.count > 1 { return parts[0] + "/" + parts[1] }
    return String(parts[0])
  }

  /// The file that a path without its extension means, or the index of a folder.
  private func file(at path: String) -> FileID? {
    if let exact = index[path], !path.isEmpty { return exact }
    if !path.isEmpty {
      for suffix in Self.extensions { if let found = index[path + suffix] { return found } }
      // The compiler wants the name of the output, `a.js`, for `a.ts`.
      for (written, sources) in [
        (".js", [".ts", ".tsx", ".d.ts", ".jsx"]), (".jsx", [".tsx"]), (".mjs", [".mts"]), (".cjs", [".cts"]),
      ] where path.hasSuffix(written) {
        let stem = String(path.dropLast(written.count))
        for suffix in sources { if let found = index[stem + suffix] { return found } }
      }
    }
    guard index.folders.contains(path) else { return nil }
    if let package = packages[path] {
      for key in ["source", "types", "module", "main"] {
        guard let main = package[key]?.stringValue, let joined = Path.join(path, main), joined != path else {
          continue
        }
        if let found = index[joined] ?? index.first(Self.extensions.map { joined + $0 }) { return found }
      }
    }
    return index.first(Self.extensions.map { Path.append(path, "index" + $0) })
  }

  private func mapped(_ name: String, _ config: Config) -> FileID? {
    var best: (length: Int, star: Substring, targets: [String])?
    for (pattern, targets) in config.paths {
      guard let star = Self.match(pattern, name) else { continue }
      let length = pattern.utf8.contains(Ascii.star) ? pattern.prefix { $0 != "*" }.utf8.count : Int.max
      if length > best?.length ?? -1 { best = (length, star, targets) }
    }
    for target in best?.targets ?? [] {
      let path = target.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
      let filled = path.count == 2 ? path[0] + (best?.star ?? "") + path[1] : target[...]
      if let joined = Path.join(config.pathsBase, filled), let found = file(at: joined) { return found }
    }
    if let base = config.base, let joined = Path.join(base, name) { return file(at: joined) }
    return nil
  }

  /// What the `*` of a pattern stands for; empty for an exact match.
  private static func match(_ pattern: String, _ name: String) -> Substring? {
    let parts = pattern.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return pattern == name ? "" : nil }
    guard name.count >= parts[0].count + parts[1].count, name.hasPrefix(parts[0]), name.hasSuffix(parts[1])
    else { return nil }
    return name.dropFirst(parts[0].count).dropLast(parts[1].count)
  }

  // MARK: Packages of the tree

  /// The file of a package for `.` or `./sub`.
  private func packageFile(_ home: String, _ rest: String) -> FileID? {
    let package = packages[home] ?? .null
    if let exports = package["exports"] {
      let isMap = exports.objectValue?.keys.contains { $0.hasPrefix(".") } ?? false
      let target = isMap ? entry(exports, key: rest) : rest == "." ? Self.condition(exports) : nil
      if let target, let found = built(home, target) { return found }
    }
    if rest == "." {
      for key in ["source", "module", "main", "types", "typings"] {
        if let main = package[key]?.stringValue, let found = built(home, main) { return found }
      }
      return file(at: home) ?? file(at: Path.append(home, "src")) ?? file(at: Path.append(home, "lib"))
    }
    return built(home, rest) ?? Path.join(Path.append(home, "src"), rest).flatMap { file(at: $0) }
  }

  /// A file as named, or its source when it is built.
  private func built(_ home: String, _ target: String) -> FileID? {
    guard let path = Path.join(home, target) else { return nil }
    if let found = file(at: path) { return found }
    let inside = path.dropFirst(home.isEmpty ? 0 : home.utf8.count + 1)
    guard let slash = inside.firstIndex(of: "/") else { return nil }
    switch inside[..<slash] {
    case "dist", "lib", "build", "out", "esm", "cjs": break
    default: return nil
    }
    // dist/esm/a.d.ts was src/a.ts.
    var rest = inside[inside.index(after: slash)...]
    for _ in 0..<2 {
      var stem = String(rest)
      for suffix in [".d.ts", ".js", ".mjs", ".cjs", ".jsx"] where stem.hasSuffix(suffix) {
        stem.removeLast(suffix.count)
        break
      }
      for folder in ["src", "lib", ""] {
        if let found = file(at: Path.append(Path.append(home, folder), stem)) { return found }
      }
      guard let next = rest.firstIndex(of: "/") else { break }
      rest = rest[rest.index(after: next)...]
    }
    return nil
  }

  /// The target of a key of `exports` or `imports`, patterns included.
  private func entry(_ map: JSONValue?, key: String) -> String? {
    guard let map = map?.objectValue else { return nil }
    if let exact = map[key] { return Self.condition(exact) }
    var best: (length: Int, target: String)?
    for (pattern, value) in map where pattern.utf8.contains(Ascii.star) {
      guard let star = Self.match(pattern, key), let target = Self.condition(value) else { continue }
      let length = pattern.utf8.count
      guard length > best?.length ?? -1 else { continue }
      let parts = target.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
      best = (length, parts.count == 2 ? String(parts[0] + star + parts[1]) : target)
    }
    return best?.target
  }

  /// The target among conditions; sources before outputs.
  private static func condition(_ value: JSONValue, depth: Int = 0) -> String? {
    if let text = value.stringValue { return text }
    guard depth < 8 else { return nil }
    if let list = value.arrayValue {
      return list.lazy.compactMap { condition($0, depth: depth + 1) }.first
    }
    for key in ["source", "development", "import", "module", "default", "node", "require", "types"] {
      if let inner = value[key], let found = condition(inner, depth: depth + 1) { return found }
    }
    return nil
  }
}

/// JSON as configuration files have it: with comments and trailing commas.
enum JSONWithComments {
  /// The same text with comments and trailing commas replaced by spaces, so that positions stay.
  static func plain(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    var at = 0
    var lastComma: Int?
    while at < bytes.count {
      let current = bytes[at]
      let next = at + 1 < bytes.count ? bytes[at + 1] : 0
      if current == Ascii.quote {
        lastComma = nil
        at += 1
        while at < bytes.count, bytes[at] != Ascii.quote { at += bytes[at] == Ascii.backslash ? 2 : 1 }
        at += 1
      } else if current == Ascii.slash, next == Ascii.slash {
        while at < bytes.count, bytes[at] != Ascii.lineFeed {
          result[at] = Ascii.space
          at += 1
        }
      } else if current == Ascii.slash, next == Ascii.star {
        let start = at
        at += 2
        while at + 1 < bytes.count, !(bytes[at] == Ascii.star && bytes[at + 1] == Ascii.slash) { at += 1 }
        at = min(at + 2, bytes.count)
        for place in start..<at where bytes[place] != Ascii.lineFeed { result[place] = Ascii.space }
      } else {
        if current == Ascii.comma {
          lastComma = at
        } else if current == Ascii.closeBrace || current == Ascii.closeBracket {
          if let comma = lastComma { result[comma] = Ascii.space }
          lastComma = nil
        } else if current > Ascii.space {
          lastComma = nil
        }
        at += 1
      }
    }
    return result
  }
}
