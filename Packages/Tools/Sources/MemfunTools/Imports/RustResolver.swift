/// Rust: modules are files, crates are folders with a `Cargo.toml` or a `lib.rs`/`main.rs`.
///
/// `a::b` below a module is `a/b.rs` or `a/b/mod.rs`; a path leads to the deepest module it names, and to
/// the module itself for items in it. `crate`, `self` and `super` are followed, also from inline modules
/// (`mod tests { use super::*; }` is the file itself). Crates of the tree are found by package or library
/// name; re-exports are not followed. Paths in code count like `use`, but are not listed as imports.
///
/// `mod name;` leads to its file, yet makes no edge: it says where a module lies, not that it is used, and
/// with it nearly every crate would be one cycle, as modules refer to their parents.
struct RustResolver {
  private let context: ResolverContext
  private var index: FileIndex { context.index }
  /// Crate folders by crate name, and all crate folders.
  private var crates: [String: String] = [:]
  private var folders: Set<String> = []
  /// Where `[lib] path` is not `src/lib.rs`.
  private var roots: [String: String] = [:]

  init(_ context: ResolverContext, manifests: [String: [UInt8]]) {
    self.context = context
    for path in manifests.keys.sorted() where Path.name(path) == "Cargo.toml" {
      let folder = Path.folder(path)
      var section = ""
      var isPackage = false
      let text = String(decoding: manifests[path] ?? [], as: UTF8.self)
      for line in text.split(whereSeparator: \.isNewline) {
        let line = line.drop { $0 == " " || $0 == "\t" }
        if line.hasPrefix("[") {
          section = String(line.prefix { $0 != "#" }.filter { $0 != " " && $0 != "\t" })
          isPackage = isPackage || section == "[package]"
          continue
        }
        guard section == "[package]" || section == "[lib]", let equal = line.firstIndex(of: "=") else {
          continue
        }
        let key = line[..<equal].filter { $0 != " " && $0 != "\t" }
        let quoted = line[equal...].split(separator: "\"", omittingEmptySubsequences: false)
        guard quoted.count >= 3 else { continue }
        if key == "name" {
          let name = String(quoted[1].map { $0 == "-" ? "_" : $0 })
          if crates[name] == nil { crates[name] = folder }
        } else if key == "path", section == "[lib]" {
          roots[folder] = Path.join(folder, quoted[1])
        }
      }
      if isPackage { folders.insert(folder) }
    }
  }

  /// Where a file stands in the module tree of its crate.
  private struct Position {
    /// The folder of the crate's modules, and the file at its root.
    var source: String
    var root: FileID?
    /// The names of its module; empty for the root.
    var module: [Substring]
    /// The folder in which its child modules lie.
    var children: String
  }

  private func position(of file: FileID) -> Position {
    let path = context.path(file)
    let folder = Path.folder(path)
    let stem = Path.stem(path)
    let isRootName = stem == "lib" || stem == "main" || stem == "mod"
    let children = isRootName ? folder : Path.append(folder, String(stem))
    let home = Path.ancestors(folder).first { folders.contains($0) }
    // tests/a.rs, examples/a.rs, src/bin/a.rs and build.rs are crates of their own.
    var source = home.map { roots[$0].map(Path.folder) ?? Path.append($0, "src") }
    if let home {
      let inside = home.isEmpty ? path[...] : path.dropFirst(home.utf8.count + 1)
      let parts = inside.split(separator: "/")
      let isOwnRoot =
        parts.count == 1
        || (parts.count == 2 && ["tests", "examples", "benches"].contains(parts[0]))
        || (parts.count == 3 && parts[0] == "src" && parts[1] == "bin")
      if isOwnRoot, roots[home] != path {
        return Position(source: folder, root: file, module: [], children: folder)
      }
      if let first = parts.first, ["tests", "examples", "benches"].contains(first) {
        source = Path.append(home, parts.prefix(max(1, parts.count - 1)).prefix(2).joined(separator: "/"))
        if index[Path.append(source ?? "", "main.rs")] == nil { source = Path.append(home, String(first)) }
      } else if parts.count > 3, parts[0] == "src", parts[1] == "bin" {
        source = Path.append(home, parts.prefix(3).joined(separator: "/"))
      }
    } else {
      source = Path.ancestors(folder).first {
        index[Path.append($0, "lib.rs")] != nil || index[Path.append($0, "main.rs")] != nil
      }
    }
    let top = source ?? folder
    let root = rootFile(of: top, home: home)
    guard root != file else { return Position(source: top, root: root, module: [], children: folder) }
    let inside = children == top ? "" : top.isEmpty ? children[...] : children.dropFirst(top.utf8.count + 1)
    return Position(
      source: top, root: stem == "main" || stem == "lib" ? file : root,
      module: stem == "main" || stem == "lib" ? [] : inside.split(separator: "/"), children: children)
  }

  private func rootFile(of source: String, home: String?) -> FileID? {
    if let home, let path = roots[home], Path.folder(path) == source { return index[path] }
    return index.first([Path.append(source, "lib.rs"), Path.append(source, "main.rs")])
  }

  /// The file of a module below a folder.
  private func module(_ folder: String, _ name: Substring) -> FileID? {
    let base = Path.append(folder, String(name))
    return index.first([base + ".rs", base + "/mod.rs"])
  }

  func resolve(_ raw: RawImport, in file: FileID) -> Import.Target {
    let position = position(of: file)
    switch raw.kind {
    case .rustMod:
      if let path = raw.members.first {
        let folder = Path.folder(context.path(file))
        return Path.join(folder, path).flatMap { index[$0] }.map { .files([$0]) } ?? .unresolved
      }
      let names = raw.text.split(separator: ":")
      let folder = names.dropLast().reduce(position.children) { Path.append($0, String($1)) }
      return module(folder, names.last ?? "").map { .files([$0]) } ?? .unresolved
    case .rustExternCrate:
      return crate(raw.text).map { .files([$0]) } ?? .external(raw.text)
    case .rustPath:
      let segments = (raw.members.first ?? "").split(separator: ":")
      guard let first = segments.first else { return .unresolved }
      // Without a `use` a path begins at a keyword, a module declared here, or a crate; all else are names
      // that some `use` brought in, or variables' types.
      let isKnown =
        first == "crate" || first == "self" || first == "super"
        || (raw.level == 0 && module(position.children, first) != nil) || crates[String(first)] != nil
      return isKnown ? follow(segments, raw, file, position) : .external(String(first))
    default: break
    }
    var found: [FileID] = []
    var external: String?
    for member in raw.members {
      switch follow(member.split(separator: ":"), raw, file, position) {
      case .files(let files): found += files
      case .external(let name): external = external ?? name
      case .unresolved: break
      }
    }
    if !found.isEmpty { return .files(ResolverContext.unique(found)) }
    return external.map { .external($0) } ?? .unresolved
  }

  /// The root file of a crate of the tree.
  private func crate(_ name: String) -> FileID? {
    guard let home = crates[name] else { return nil }
    return rootFile(of: roots[home].map(Path.folder) ?? Path.append(home, "src"), home: home)
  }

  private func follow(
    _ segments: [Substring], _ raw: RawImport, _ file: FileID, _ position: Position
  ) -> Import.Target {
    guard let first = segments.first else { return .unresolved }
    switch first {
    case "std", "core", "alloc", "proc_macro": return .external(String(first))
    case "crate":
      guard let root = position.root else { return .unresolved }
      return descend(position.source, root, segments.dropFirst())
    case "self", "super":
      var rest = segments[...]
      var ups = 0
      while let next = rest.first, next == "self" || next == "super" {
        if next == "super" { ups += 1 }
        rest = rest.dropFirst()
      }
      let above = ups - Int(raw.level)
      // Still inside this file: an inline module, or an item of the file.
      if above < 0 || (raw.level > 0 && ups == 0) { return .files([file]) }
      guard above > 0 else { return descend(position.children, file, rest) }
      guard above <= position.module.count else { return .unresolved }
      let parents = position.module.dropLast(above)
      guard let last = parents.last else {
        guard let root = position.root else { return .unresolved }
        return descend(position.source, root, rest)
      }
      let folder = Path.append(position.source, parents.dropLast().joined(separator: "/"))
      guard let parent = module(folder, last) else { return .unresolved }
      return descend(Path.append(folder, String(last)), parent, rest)
    default:
      if raw.level == 0, let child = module(position.children, first), child != file {
        return descend(Path.append(position.children, String(first)), child, segments.dropFirst())
      }
      // `mod first { mod second; }`: an inline module has a folder but no file.
      let inline = Path.append(position.children, String(first))
      if raw.level == 0, let second = segments.dropFirst().first, let child = module(inline, second),
        child != file
      {
        return descend(Path.append(inline, String(second)), child, segments.dropFirst(2))
      }
      if let root = crate(String(first)) {
        return descend(Path.folder(context.path(root)), root, segments.dropFirst())
      }
      // Edition 2015: paths of `use` begin at the crate root.
      if let child = module(position.source, first), child != file {
        return descend(Path.append(position.source, String(first)), child, segments.dropFirst())
      }
      return .external(String(first))
    }
  }

  /// The deepest module that the segments name below a module.
  private func descend(_ folder: String, _ file: FileID, _ segments: ArraySlice<Substring>) -> Import.Target {
    var folder = folder
    var file = file
    for segment in segments {
      guard let next = module(folder, segment) else { break }
      file = next
      folder = Path.append(folder, String(segment))
    }
    return .files([file])
  }
}
