/// Java: `a.b.C` is the file `C.java` whose package clause says `a.b`, wherever it lies.
///
/// Trailing parts are dropped until a class is found (nested classes, static members). A wildcard leads to
/// the files of the package that define a name the importing file mentions. Files of one package also
/// depend on each other by the type names they mention, when exactly one file of the package defines the
/// name.
struct JavaResolver {
  private let context: ResolverContext
  private var packages: [String: Int32] = [:]
  private var classes: [String: FileID] = [:]
  /// The file that defines a type in a package; -1 when several do.
  private var definers: [ScopedName: FileID] = [:]

  init(_ context: ResolverContext) {
    self.context = context
    for (number, file) in context.files.enumerated() where file.language == .java {
      let facts = context.facts[number]
      let package: Int32
      if let known = packages[facts.module] {
        package = known
      } else {
        package = Int32(packages.count)
        packages[facts.module] = package
      }
      let stem = String(Path.stem(file.path))
      let name = facts.module.isEmpty ? stem : facts.module + "." + stem
      if classes[name] == nil { classes[name] = FileID(number) }
      for type in facts.definedNames {
        let key = ScopedName(name: type, scope: package)
        definers[key] = definers[key] == nil ? FileID(number) : -1
      }
    }
  }

  func resolve(_ file: FileID) -> (targets: [Import.Target], others: [FileID]) {
    let facts = context.facts[Int(file)]
    let targets = facts.imports.map { raw -> Import.Target in
      if raw.text.hasSuffix(".*") {
        let name = String(raw.text.dropLast(2))
        if let package = packages[name] { return .files(used(by: facts, package: package, except: file)) }
        return named(name) ?? .external(name)
      }
      return named(raw.text) ?? .external(raw.text)
    }
    let others = packages[facts.module].map { used(by: facts, package: $0, except: file) } ?? []
    return (targets, others)
  }

  /// The file of a class, or of the class around a nested one; unresolved when only its package is known.
  private func named(_ name: String) -> Import.Target? {
    var parts = name.split(separator: ".")
    while parts.count > 0 {
      let path = parts.joined(separator: ".")
      if let file = classes[path] { return .files([file]) }
      parts.removeLast()
      let package = parts.joined(separator: ".")
      if let number = packages[package], !package.isEmpty {
        // A second top-level type of some file.
        let type = String(name.dropFirst(package.count + 1).prefix { $0 != "." })
        if let file = definers[ScopedName(name: NameHash.of(type), scope: number)], file >= 0 {
          return .files([file])
        }
        return .unresolved
      }
    }
    return nil
  }

  private func used(by facts: FileFacts, package: Int32, except file: FileID) -> [FileID] {
    var found: Set<FileID> = []
    for name in facts.referencedNames {
      if let definer = definers[ScopedName(name: name, scope: package)], definer >= 0, definer != file {
        found.insert(definer)
      }
    }
    return found.sorted()
  }
}
