import MemfunCore

/// What imports lead to, for a whole tree.
public struct ResolvedImports: Sendable {
  /// Every import, grouped by file, by line within a file.
  public var imports: [Import] = []
  /// The edges between files that follow: unique, sorted, without self-edges.
  public var dependencies: [Dependency] = []
  /// Manifests that could not be read.
  public var notes: [Note] = []
}

/// Finds the files that imports lead to, from paths, facts and manifests alone.
///
/// Everything is looked up in hashed indexes: the time is linear in files, imports and mentioned names.
/// Each language has its own rules, told at its resolver. Some edges follow from names, not imports: Swift
/// and Java files, and Go files of one package, see each other without importing.
public enum ImportResolver {
  /// Whether a file helps to resolve imports, so that its bytes should be passed as a manifest.
  public static func isManifest(path: String) -> Bool {
    let name = Path.name(path)
    switch name {
    case "package.json", "go.mod", "Cargo.toml", "Package.swift", "jsconfig.json": return true
    default: return name.hasPrefix("tsconfig") && name.hasSuffix(".json")
    }
  }

  /// Resolves all imports.
  ///
  /// - Parameters:
  ///   - files: all files of the map.
  ///   - facts: of the same files.
  ///   - manifests: the bytes of files for which `isManifest(path:)` holds, by path.
  public static func resolve(
    files: [SourceFile], facts: [FileFacts], manifests: [String: [UInt8]]
  ) -> ResolvedImports {
    precondition(files.count == facts.count, "one set of facts for each file")
    var result = ResolvedImports()
    let index = FileIndex(files: files)
    let context = ResolverContext(files: files, facts: facts, index: index)
    let python = PythonResolver(context)
    let script = ScriptResolver(context, manifests: manifests, notes: &result.notes)
    let go = GoResolver(context, manifests: manifests)
    let rust = RustResolver(context, manifests: manifests)
    let java = JavaResolver(context)
    let include = IncludeResolver(context)
    let swift = SwiftResolver(context, manifests: manifests)

    result.imports.reserveCapacity(facts.reduce(0) { $0 + $1.imports.count })
    var edges: [Dependency] = []
    func add(_ raw: RawImport, _ file: FileID, _ target: Import.Target) {
      if raw.kind != .rustPath {
        result.imports.append(Import(file: file, line: raw.line, name: raw.text, target: target))
      }
      guard raw.kind != .rustMod else { return }
      guard case .files(let targets) = target else { return }
      for to in targets { edges.append(Dependency(from: file, to: to)) }
    }
    for (number, facts) in facts.enumerated() {
      guard let language = files[number].language else { continue }
      let file = FileID(number)
      switch language {
      case .python: for raw in facts.imports { add(raw, file, python.resolve(raw, in: file)) }
      case .javascript, .typescript:
        for raw in facts.imports { add(raw, file, script.resolve(raw, in: file)) }
      case .rust: for raw in facts.imports { add(raw, file, rust.resolve(raw, in: file)) }
      case .c, .cpp: for raw in facts.imports { add(raw, file, include.resolve(raw, in: file)) }
      case .go, .java, .swift:
        let found: (targets: [Import.Target], others: [FileID]) =
          switch language {
          case .go: go.resolve(file)
          case .java: java.resolve(file)
          default: swift.resolve(file)
          }
        for (raw, target) in zip(facts.imports, found.targets) { add(raw, file, target) }
        for to in found.others { edges.append(Dependency(from: file, to: to)) }
      default: break
      }
    }
    result.dependencies = DependencyGraph(fileCount: files.count, dependencies: edges).edges
    return result
  }
}

/// What every resolver looks at.
struct ResolverContext {
  let files: [SourceFile]
  let facts: [FileFacts]
  let index: FileIndex

  func path(_ file: FileID) -> String { files[Int(file)].path }

  /// Sorted, each file once.
  static func unique(_ files: some Sequence<FileID>) -> [FileID] { Array(Set(files)).sorted() }
}

/// A name as defined in one module or package of a language.
struct ScopedName: Hashable {
  var name: UInt64
  var scope: Int32
}

/// Relative paths with `/`.
enum Path {
  /// What stands behind the last slash.
  static func name(_ path: String) -> Substring {
    guard let slash = path.utf8.lastIndex(of: Ascii.slash) else { return path[...] }
    return path[path.utf8.index(after: slash)...]
  }

  /// The folder of a file; empty at the top.
  static func folder(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: Ascii.slash) else { return "" }
    return String(path[..<slash])
  }

  /// The name without its last extension.
  static func stem(_ path: String) -> Substring {
    let name = name(path)
    guard let dot = name.utf8.lastIndex(of: Ascii.dot), dot != name.startIndex else { return name }
    return name[..<dot]
  }

  /// `relative` seen from `folder`, without `.` and `..`; nil when it leads above the root.
  static func join(_ folder: String, _ relative: some StringProtocol) -> String? {
    var parts = folder.isEmpty ? [] : folder.split(separator: "/").map(String.init)
    for part in relative.split(separator: "/") {
      switch part {
      case ".": continue
      case "..":
        if parts.isEmpty { return nil }
        parts.removeLast()
      default: parts.append(String(part))
      }
    }
    return parts.joined(separator: "/")
  }

  /// Two paths with a slash between them unless the first is empty.
  static func append(_ folder: String, _ rest: String) -> String {
    folder.isEmpty ? rest : rest.isEmpty ? folder : folder + "/" + rest
  }

  /// A folder and all folders above it, down to the root (empty).
  static func ancestors(_ folder: String) -> [String] {
    var result = [folder]
    var current = folder
    while !current.isEmpty {
      current = Self.folder(current)
      result.append(current)
    }
    return result
  }

  /// How many leading folders two paths share.
  static func commonFolders(_ a: String, _ b: String) -> Int {
    var common = 0
    for (left, right) in zip(a.utf8, b.utf8) {
      if left != right { break }
      if left == Ascii.slash { common += 1 }
    }
    return common
  }
}

/// Files by path, by folder and by name.
struct FileIndex {
  private var ids: [String: FileID] = [:]
  private(set) var byFolder: [String: [FileID]] = [:]
  private(set) var byName: [Substring: [FileID]] = [:]
  /// Every folder that holds a file, at any depth.
  private(set) var folders: Set<String> = [""]

  init(files: [SourceFile]) {
    ids.reserveCapacity(files.count)
    for (number, file) in files.enumerated() {
      let id = FileID(number)
      ids[file.path] = id
      var folder = Path.folder(file.path)
      byFolder[folder, default: []].append(id)
      byName[Path.name(file.path), default: []].append(id)
      while folders.insert(folder).inserted { folder = Path.folder(folder) }
    }
  }

  subscript(path: String) -> FileID? { ids[path] }

  /// The first of several paths that exists.
  func first(_ paths: some Sequence<String>) -> FileID? {
    for path in paths { if let id = ids[path] { return id } }
    return nil
  }
}
