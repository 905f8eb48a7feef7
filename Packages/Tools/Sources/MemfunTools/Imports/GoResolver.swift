/// Go: an import names a package, that is a folder; the edges lead to its files that define what is used.
///
/// The folder follows from the module path of a `go.mod` (the longest that fits) or its `replace`, or lies
/// below a `vendor` folder. Of the folder's files without tests those are meant that define a name the
/// importing file mentions behind a dot; when there is none (an import for its side effects) the file named
/// like the package, or else the first. Files of one package also depend on each other by the names they
/// mention, when exactly one file of the package defines the name.
struct GoResolver {
  private let context: ResolverContext
  /// Folders by module path.
  private var modules: [String: String] = [:]
  /// Numbers of folders with Go files, and the files without tests.
  private var packages: [String: Int32] = [:]
  private var members: [[FileID]] = []
  /// The file that defines a name in a package; -1 when several do.
  private var definers: [ScopedName: FileID] = [:]

  init(_ context: ResolverContext, manifests: [String: [UInt8]]) {
    self.context = context
    for path in manifests.keys.sorted() where Path.name(path) == "go.mod" {
      let folder = Path.folder(path)
      let text = String(decoding: manifests[path] ?? [], as: UTF8.self)
      for line in text.split(whereSeparator: \.isNewline) {
        let words = line.split { $0 == " " || $0 == "\t" || $0 == "\"" }
        if words.first == "module", words.count > 1 { modules[String(words[1])] = folder }
        // `replace a v1 => ./b`, also inside a block.
        if let arrow = words.firstIndex(of: "=>"), arrow + 1 < words.count, words[arrow + 1].hasPrefix(".") {
          let name = words[words.first == "replace" ? 1 : 0]
          if let target = Path.join(folder, words[arrow + 1]) { modules[String(name)] = target }
        }
      }
    }
    for (number, file) in context.files.enumerated() where file.language == .go {
      let folder = Path.folder(file.path)
      let package: Int32
      if let known = packages[folder] {
        package = known
      } else {
        package = Int32(members.count)
        packages[folder] = package
        members.append([])
      }
      let isTest = file.path.hasSuffix("_test.go")
      if !isTest { members[Int(package)].append(FileID(number)) }
      for name in context.facts[number].definedNames {
        let key = ScopedName(name: name, scope: package)
        // A test file's names are seen by the package's other tests only, and never hide the code's.
        if isTest, definers[key] != nil { continue }
        if let other = definers[key], other >= 0, !context.path(other).hasSuffix("_test.go") {
          definers[key] = -1
        } else {
          definers[key] = FileID(number)
        }
      }
    }
  }

  func resolve(_ file: FileID) -> (targets: [Import.Target], others: [FileID]) {
    let facts = context.facts[Int(file)]
    let folder = Path.folder(context.path(file))
    let targets = facts.imports.map { raw -> Import.Target in
      guard let target = self.folder(of: raw.text, from: folder) else { return .external(raw.text) }
      guard let package = packages[target], !members[Int(package)].isEmpty else { return .unresolved }
      var found: Set<FileID> = []
      for name in facts.referencedNames {
        let key = ScopedName(name: name ^ NameHash.selectorSalt, scope: package)
        if let definer = definers[key], definer >= 0, definer != file { found.insert(definer) }
      }
      if found.isEmpty { found.insert(main(of: package, folder: target)) }
      return .files(found.sorted())
    }
    var others: Set<FileID> = []
    if let package = packages[folder] {
      for name in facts.referencedNames {
        if let definer = definers[ScopedName(name: name, scope: package)], definer >= 0, definer != file {
          others.insert(definer)
        }
      }
    }
    return (targets, others.sorted())
  }

  /// The folder of an import path; nil when it lies outside the tree.
  private func folder(of path: String, from folder: String) -> String? {
    if path.hasPrefix("./") || path.hasPrefix("../") { return Path.join(folder, path) }
    for ancestor in Path.ancestors(path) where !ancestor.isEmpty {
      guard let root = modules[ancestor] else { continue }
      return Path.join(root, path.dropFirst(ancestor.count))
    }
    for ancestor in Path.ancestors(folder) {
      let vendored = Path.append(Path.append(ancestor, "vendor"), path)
      if packages[vendored] != nil { return vendored }
    }
    return nil
  }

  /// The file that stands for a package of which no name is used.
  private func main(of package: Int32, folder: String) -> FileID {
    let files = members[Int(package)]
    let name = Path.name(folder)
    return files.first { Path.stem(context.path($0)) == name } ?? files[0]
  }
}
