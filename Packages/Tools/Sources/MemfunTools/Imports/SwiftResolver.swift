/// Swift: files of a module see each other without imports, so edges follow from the types they mention.
///
/// A file depends on the file that defines a top-level type (class, struct, enum, protocol, actor, type
/// alias) whose name it mentions: first in its own module, then in the modules it imports. A name that
/// several files of a module define makes no edge, and functions, variables and extensions make none. An
/// import of a module of the tree leads to those of its files that define a mentioned type, which may be
/// none. Modules are the targets of each `Package.swift` (with `path:` or in the usual folders), and without
/// one the folders below `Sources` and `Tests`.
struct SwiftResolver {
  private let context: ResolverContext
  /// Module numbers by name, and of each Swift file.
  private var modules: [String: Int32] = [:]
  private var moduleOf: [FileID: Int32] = [:]
  /// The file that defines a type in a module; -1 when several do.
  private var definers: [ScopedName: FileID] = [:]

  init(_ context: ResolverContext, manifests: [String: [UInt8]]) {
    self.context = context
    var targets: [String: String] = [:]
    for path in manifests.keys.sorted() where Path.name(path) == "Package.swift" {
      let package = Path.folder(path)
      for target in SwiftManifest.targets(manifests[path] ?? []) {
        let folders =
          target.path.map { [$0] } ?? [
            "Sources/\(target.name)", "Source/\(target.name)", "src/\(target.name)",
            "srcs/\(target.name)", "Tests/\(target.name)", "Plugins/\(target.name)",
          ]
        for folder in folders {
          if let joined = Path.join(package, folder), context.index.folders.contains(joined) {
            targets[joined] = target.name
            break
          }
        }
      }
    }
    var byFolder: [String: Int32] = [:]
    for (number, file) in context.files.enumerated() where file.language == .swift {
      let folder = Path.folder(file.path)
      let module: Int32
      if let known = byFolder[folder] {
        module = known
      } else {
        let name = Self.module(of: folder, targets: targets)
        let next = Int32(modules.count)
        module = modules[name] ?? next
        modules[name] = module
        byFolder[folder] = module
      }
      moduleOf[FileID(number)] = module
      for type in context.facts[number].definedNames {
        let key = ScopedName(name: type, scope: module)
        definers[key] = definers[key] == nil ? FileID(number) : -1
      }
    }
  }

  /// The name of the module whose sources lie in a folder; empty when nothing tells.
  private static func module(of folder: String, targets: [String: String]) -> String {
    for ancestor in Path.ancestors(folder) { if let name = targets[ancestor] { return name } }
    let parts = folder.split(separator: "/")
    if let sources = parts.lastIndex(where: { $0 == "Sources" || $0 == "Tests" }), sources + 1 < parts.count {
      return String(parts[sources + 1])
    }
    return ""
  }

  func resolve(_ file: FileID) -> (targets: [Import.Target], others: [FileID]) {
    let facts = context.facts[Int(file)]
    guard let own = moduleOf[file] else { return (facts.imports.map { _ in .unresolved }, []) }
    var others: Set<FileID> = []
    var foreign: [UInt64] = []
    for name in facts.referencedNames {
      if let definer = definers[ScopedName(name: name, scope: own)] {
        if definer >= 0, definer != file { others.insert(definer) }
      } else {
        foreign.append(name)
      }
    }
    let targets = facts.imports.map { raw -> Import.Target in
      let name = String(raw.text.prefix { $0 != "." })
      guard let module = modules[name], !name.isEmpty else { return .external(name) }
      // `import struct Module.Type` says itself which one is meant.
      if let type = raw.text.split(separator: ".").dropFirst().first,
        let definer = definers[ScopedName(name: NameHash.of(String(type)), scope: module)], definer >= 0
      {
        return .files([definer])
      }
      var found: Set<FileID> = []
      for name in foreign {
        if let definer = definers[ScopedName(name: name, scope: module)], definer >= 0 {
          found.insert(definer)
        }
      }
      return .files(found.sorted())
    }
    return (targets, others.sorted())
  }
}

/// The targets that a `Package.swift` declares, read without running it.
enum SwiftManifest {
  struct Target: Equatable {
    var name: String
    var path: String?
  }

  /// Targets with literal names; a manifest that computes its targets yields what it spells out.
  static func targets(_ bytes: [UInt8]) -> [Target] {
    var targets: [Target] = []
    let text = Array(bytes.prefix(1_000_000))
    var at = 0
    while at < text.count {
      // Strings are skipped as a whole below, so a dot here begins a member.
      guard text[at] == Ascii.dot else {
        at = text[at] == Ascii.quote ? string(text, at).end : at + 1
        continue
      }
      var end = at + 1
      while end < text.count, text[end] &- 0x41 < 26 || text[end] &- 0x61 < 26 { end += 1 }
      let word = String(decoding: text[(at + 1)..<end], as: UTF8.self)
      guard isTarget(word), end < text.count, text[end] == Ascii.openParen else {
        at = end
        continue
      }
      at = read(text, from: end + 1, into: &targets)
    }
    return targets
  }

  private static func isTarget(_ word: String) -> Bool {
    switch word {
    case "target", "executableTarget", "testTarget", "macro", "plugin": true
    default: false
    }
  }

  /// The string literal at an offset and where it ends.
  private static func string(_ text: [UInt8], _ start: Int) -> (value: String, end: Int) {
    var end = start + 1
    while end < text.count, text[end] != Ascii.quote, text[end] != Ascii.lineFeed {
      end += text[end] == Ascii.backslash ? 2 : 1
    }
    end = min(end, text.count)
    return (
      String(decoding: text[(start + 1)..<max(start + 1, end)], as: UTF8.self), min(end + 1, text.count)
    )
  }

  /// Reads the arguments of a target up to its closing parenthesis; returns the offset behind it.
  private static func read(_ text: [UInt8], from start: Int, into targets: inout [Target]) -> Int {
    var depth = 1
    var at = start
    var label = ""
    var name: String?
    var path: String?
    while at < text.count, depth > 0 {
      switch text[at] {
      case Ascii.openParen, Ascii.openBracket: depth += 1
      case Ascii.closeParen, Ascii.closeBracket: depth -= 1
      case Ascii.quote:
        let literal = string(text, at)
        if depth == 1, label == "name", name == nil { name = literal.value }
        if depth == 1, label == "path", path == nil { path = literal.value }
        at = literal.end
        continue
      case let byte where byte &- 0x61 < 26:
        var end = at
        while end < text.count, text[end] &- 0x41 < 26 || text[end] &- 0x61 < 26 { end += 1 }
        label = String(decoding: text[at..<end], as: UTF8.self)
        at = end
        continue
      default: break
      }
      at += 1
    }
    if let name { targets.append(Target(name: name, path: path)) }
    return at
  }
}
