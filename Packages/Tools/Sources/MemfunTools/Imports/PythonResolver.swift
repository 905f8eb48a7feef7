/// Python: `a.b` is `a/b.py` or `a/b/__init__.py` below a source root.
///
/// Source roots, nearest first: the importing file's folder and the folders above it that are no packages,
/// each also with `src`; then the parents of all top-level packages of the tree. `from p import n` leads to
/// the submodule `n` if there is one and else to `p` itself.
struct PythonResolver {
  private let context: ResolverContext
  private var index: FileIndex { context.index }
  /// The parents of packages that lie in no package, by the package's name.
  private var roots: [Substring: [String]] = [:]

  init(_ context: ResolverContext) {
    self.context = context
    for name in ["__init__.py", "__init__.pyi"] {
      for file in context.index.byName[name[...]] ?? [] {
        let package = Path.folder(context.path(file))
        let parent = Path.folder(package)
        guard !package.isEmpty, !isPackage(parent) else { continue }
        roots[Path.name(package), default: []].append(parent)
      }
    }
  }

  private func isPackage(_ folder: String) -> Bool {
    index[Path.append(folder, "__init__.py")] != nil || index[Path.append(folder, "__init__.pyi")] != nil
  }

  func resolve(_ raw: RawImport, in file: FileID) -> Import.Target {
    let folder = Path.folder(context.path(file))
    guard raw.level > 0 else {
      let parts = raw.text.split(separator: ".")
      guard let head = parts.first else { return .unresolved }
      var isKnown = false
      for root in candidates(folder, head) {
        let top = Path.append(root, String(head))
        guard module(top) != nil || index.folders.contains(top) else { continue }
        let base = Path.append(root, parts.joined(separator: "/"))
        let found = targets(base, raw)
        if !found.isEmpty { return .files(found) }
        // `os.path`: a name that a plain module defines, not a submodule.
        if parts.count > 1, !isPackage(top), let plain = module(top) { return .files([plain]) }
        // A folder without modules (`docs`, `json`) does not make a library's name ours.
        isKnown = isKnown || module(top) != nil
      }
      return isKnown ? .unresolved : .external(String(head))
    }
    var base = folder
    for _ in 1..<max(1, raw.level) {
      if base.isEmpty { return .unresolved }
      base = Path.folder(base)
    }
    let rest = raw.text.dropFirst(Int(raw.level)).split(separator: ".").joined(separator: "/")
    let found = targets(Path.append(base, rest), raw)
    return found.isEmpty ? .unresolved : .files(found)
  }

  /// The roots below which a module of this name may lie.
  private func candidates(_ folder: String, _ head: Substring) -> [String] {
    var result: [String] = []
    for ancestor in Path.ancestors(folder) where !isPackage(ancestor) {
      result.append(ancestor)
      result.append(Path.append(ancestor, "src"))
    }
    let others = (roots[head] ?? []).prefix(64)
    return result
      + others.sorted {
        Path.commonFolders($0 + "/", folder + "/") > Path.commonFolders($1 + "/", folder + "/")
      }
  }

  private func module(_ base: String) -> FileID? {
    base.isEmpty
      ? index.first(["__init__.py"])
      : index.first([base + ".py", base + "/__init__.py", base + ".pyi", base + "/__init__.pyi"])
  }

  /// The files behind a module and the names taken from it.
  private func targets(_ base: String, _ raw: RawImport) -> [FileID] {
    let own = module(base)
    guard raw.kind == .pythonFrom else { return own.map { [$0] } ?? [] }
    var found: [FileID] = []
    var needsOwn = raw.members.isEmpty
    for member in raw.members {
      if member != "*", let submodule = module(Path.append(base, member)) {
        found.append(submodule)
      } else {
        needsOwn = true
      }
    }
    if needsOwn, let own { found.append(own) }
    return ResolverContext.unique(found)
  }
}
