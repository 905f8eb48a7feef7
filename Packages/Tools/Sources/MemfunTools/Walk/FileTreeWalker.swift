import Glibc
import MemfunCore

/// Finds the files below a folder that belong to a project.
///
/// Ignored files are left out exactly as git would: nested `.gitignore` files, those of the folders
/// above up to the top of the repository, `.git/info/exclude` and the user's own ignore file. A
/// `.memfunignore` of the same syntax, and the excludes of the configuration, weigh more than all of
/// them. `.git`, `.hg`, `.svn` and `.memfun` are never entered. A repository inside the repository is
/// walked under its own rules and counts as vendored. Symbolic links are not followed: what they lead to
/// inside the root is found at its own place, and the rest is reported.
struct FileTreeWalker {
  /// What the walk found.
  struct Result: Sendable {
    /// Sorted by path, bytewise.
    var files: [WalkedFile] = []
    var skipped: [SkippedFile] = []
  }

  private let root: String
  private let rootFolder: Int32
  /// The path of the root below the repository's top, with a slash at the end; empty at the top.
  private let prefix: [UInt8]
  private let repository: EnclosingRepository?
  private let everywhere: IgnoreRules?
  private let excludes: IgnoreRules?
  private var result = Result()

  private struct Folder {
    /// Relative to the root, with a slash at the end unless empty.
    var path: String
    var ignore: IgnoreRules?
    var own: IgnoreRules?
    var attributes: AttributeRules?
    var traits: FolderTraits
  }

  /// - Parameters:
  ///   - root: absolute, without symbolic links.
  ///   - rootFolder: the open root; it stays open and belongs to the caller.
  ///   - repository: the repository around the root.
  ///   - userIgnoreFile: the user's `core.excludesFile`.
  ///   - excludes: patterns of the configuration, relative to the root.
  init(
    root: String, rootFolder: Int32, repository: EnclosingRepository?, userIgnoreFile: String?,
    excludes: [String]
  ) {
    self.root = root
    self.rootFolder = rootFolder
    self.repository = repository
    if let repository, repository.top != root {
      let skip = repository.top == "/" ? 1 : repository.top.utf8.count + 1
      prefix = Array(root.utf8.dropFirst(skip)) + [UInt8(ascii: "/")]
    } else {
      prefix = []
    }
    everywhere = userIgnoreFile.flatMap { WholeRegularFile.read($0, limit: Self.ruleFileLimit) }
      .map { IgnoreRules($0) }
    self.excludes =
      excludes.isEmpty
      ? nil : IgnoreRules(Array(excludes.joined(separator: "\n").utf8), baseLength: prefix.count)
  }

  private static let ruleFileLimit = 4 << 20

  /// Walks the whole tree.
  ///
  /// - Throws: `CodeMapError.unreadable` when the root itself cannot be read; `CancellationError`.
  mutating func walk() throws -> Result {
    var waiting = [startingFolder()]
    while let folder = waiting.popLast() {
      try Task.checkCancellation()
      visit(folder, into: &waiting)
      if folder.path.isEmpty, case .unreadable(let reason)? = result.skipped.first?.reason,
        result.skipped.first?.path == "."
      {
        throw CodeMapError.unreadable(path: root, reason: reason)
      }
    }
    refineHeaders()
    result.files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    result.skipped.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    return result
  }

  /// Describes one file of the root folder alone, whatever the ignore rules say of it.
  mutating func walk(onlyFile name: String) -> Result {
    let start = startingFolder()
    var status = stat()
    if fstatat(rootFolder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 {
      skip(name, .unreadable(SystemCallError("stat").reason))
    } else if status.st_mode & S_IFMT != S_IFREG {
      skip(name, .specialFile)
    } else {
      accept(name: name, in: start, status: status)
    }
    return result
  }

  /// Adds files that git tracks although they are ignored.
  ///
  /// - Parameter paths: relative to the root.
  static func addTracked(_ paths: [String], to result: inout Result, root: String, rootFolder: Int32) {
    guard !paths.isEmpty else { return }
    let known = Set(result.files.map(\.path))
    var walker = FileTreeWalker(
      root: root, rootFolder: rootFolder, repository: nil, userIgnoreFile: nil, excludes: [])
    for path in paths where !known.contains(path) && !path.hasPrefix("../") {
      let parts = path.split(separator: "/")
      guard let name = parts.last, parts.allSatisfy({ !Self.isPrivate(String($0)) }) else { continue }
      var status = stat()
      // Deleted from the working tree, or no regular file: nothing to read.
      guard fstatat(rootFolder, path, &status, AT_SYMLINK_NOFOLLOW) == 0,
        status.st_mode & S_IFMT == S_IFREG
      else { continue }
      var traits = FolderTraits()
      for part in parts.dropLast() { traits = traits.entering(String(part)) }
      let folder = parts.dropLast().map { $0 + "/" }.joined()
      walker.accept(
        name: String(name),
        in: Folder(path: folder, ignore: nil, own: nil, attributes: nil, traits: traits), status: status)
    }
    result.files += walker.result.files
    result.files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  // MARK: - One folder

  /// The root, with the rules of the folders above it.
  private func startingFolder() -> Folder {
    var ignore = everywhere
    var attributes: AttributeRules?
    if let repository {
      if let text = WholeRegularFile.read(
        repository.commonDirectory + "/info/exclude", limit: Self.ruleFileLimit)
      {
        ignore = IgnoreRules(text, parent: ignore)
      }
      // The folders from the top down to the root's parent; the root reads its own files itself.
      var path = repository.top == "/" ? "" : repository.top
      var length = 0
      for part in prefix.split(separator: UInt8(ascii: "/")) {
        if let text = WholeRegularFile.read(
          path + "/.gitignore", limit: Self.ruleFileLimit, followsLinks: false)
        {
          ignore = IgnoreRules(text, baseLength: length, parent: ignore)
        }
        if let text = WholeRegularFile.read(
          path + "/.gitattributes", limit: Self.ruleFileLimit, followsLinks: false),
          let rules = AttributeRules(text, baseLength: length, parent: attributes)
        {
          attributes = rules
        }
        path += "/" + String(decoding: part, as: UTF8.self)
        length += part.count + 1
      }
    } else if let user = everywhere {
      ignore = user
    }
    return Folder(path: "", ignore: ignore, own: excludes, attributes: attributes, traits: [])
  }

  private mutating func visit(_ start: Folder, into waiting: inout [Folder]) {
    var folder = start
    let display = folder.path.isEmpty ? "." : String(folder.path.dropLast())
    let descriptor = openat(
      rootFolder, display, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (folder.path.isEmpty ? 0 : O_NOFOLLOW))
    guard descriptor >= 0 else {
      skip(display, .unreadable(SystemCallError("open").reason))
      return
    }
    defer { close(descriptor) }
    let listing: DirectoryListing
    do { listing = try DirectoryListing(of: descriptor) } catch {
      skip(display, .unreadable(error.reason))
      return
    }
    enterRules(of: &folder, listing, descriptor)

    var full = prefix + Array(folder.path.utf8)
    let folderLength = full.count
    for entry in listing.entries {
      full.removeSubrange(folderLength...)
      full.append(contentsOf: listing.bytes(entry))
      var kind = entry.kind
      var status: stat?
      if kind == .unknown {
        var read = stat()
        if listing.withCName(entry, { fstatat(descriptor, $0, &read, AT_SYMLINK_NOFOLLOW) }) != 0 { continue }
        status = read
        kind = Self.kind(of: read)
      }
      guard let name = String(validating: listing.bytes(entry), as: UTF8.self) else {
        if !isIgnored(full, isFolder: kind == .folder, folder) {
          skip(folder.path + String(decoding: listing.bytes(entry), as: UTF8.self), .invalidName)
        }
        continue
      }
      if Self.isPrivate(name) || isIgnored(full, isFolder: kind == .folder, folder) { continue }
      switch kind {
      case .folder:
        waiting.append(
          Folder(
            path: folder.path + name + "/", ignore: folder.ignore, own: folder.own,
            attributes: folder.attributes, traits: folder.traits.entering(name)))
      case .link: examineLink(name, in: folder, descriptor)
      case .special: skip(folder.path + name, .specialFile)
      case .file, .unknown:
        if status == nil {
          var read = stat()
          if listing.withCName(entry, { fstatat(descriptor, $0, &read, AT_SYMLINK_NOFOLLOW) }) != 0 {
            // Gone between listing and looking: it belongs to no state of the tree any more.
            if errno != ENOENT { skip(folder.path + name, .unreadable(SystemCallError("stat").reason)) }
            continue
          }
          status = read
        }
        if let status { accept(name: name, in: folder, attributesPath: full, status: status) }
      }
    }
  }

  /// Reads the rule files that lie in a folder.
  private func enterRules(of folder: inout Folder, _ listing: DirectoryListing, _ descriptor: Int32) {
    let length = prefix.count + folder.path.utf8.count
    func text(_ name: StaticString) -> [UInt8]? {
      guard let entry = listing.entry(named: name), entry.kind == .file || entry.kind == .unknown else {
        return nil
      }
      return WholeRegularFile.read(
        "\(name)", in: descriptor, limit: Self.ruleFileLimit, followsLinks: false)
    }
    if !folder.path.isEmpty, listing.entry(named: ".git") != nil,
      let common = EnclosingRepository.commonDirectory(at: root + "/" + folder.path.dropLast())
    {
      // Rules of the repository around it end here.
      folder.ignore = everywhere.map { IgnoreRules(rebasing: $0, to: length) }
      if let exclude = WholeRegularFile.read(common + "/info/exclude", limit: Self.ruleFileLimit) {
        folder.ignore = IgnoreRules(exclude, baseLength: length, parent: folder.ignore)
      }
      folder.attributes = nil
      if repository != nil { folder.traits.insert(.vendored) }
    }
    if let text = text(".gitignore") {
      folder.ignore = IgnoreRules(text, baseLength: length, parent: folder.ignore)
    }
    if let text = text(".memfunignore") {
      // The configuration's excludes stay the last word: they were given for this run.
      folder.own = IgnoreRules(text, baseLength: length, parent: folder.own)
    }
    if let text = text(".gitattributes"),
      let rules = AttributeRules(text, baseLength: length, parent: folder.attributes)
    {
      folder.attributes = rules
    }
    // The marker of a Python virtual environment, whatever its folder is called.
    if listing.entry(named: "pyvenv.cfg") != nil { folder.traits.insert(.vendored) }
  }

  private func isIgnored(_ full: [UInt8], isFolder: Bool, _ folder: Folder) -> Bool {
    full.withUnsafeBytes { path in
      switch folder.own?.verdict(path, isFolder: isFolder) ?? .undecided {
      case .ignored: return true
      case .kept: return false
      case .undecided: return folder.ignore?.verdict(path, isFolder: isFolder) == .ignored
      }
    }
  }

  private mutating func accept(
    name: String, in folder: Folder, attributesPath: [UInt8]? = nil, status: stat
  ) {
    let language = Language(fileName: name)
    let full = attributesPath ?? prefix + Array((folder.path + name).utf8)
    let attributes = full.withUnsafeBytes { folder.attributes?.attributes(of: $0) } ?? LinguistAttributes()
    let role = RoleClassifier.role(
      fileName: name, language: language, folder: folder.traits, attributes: attributes)
    result.files.append(
      WalkedFile(
        path: folder.path + name, language: language, role: role, stamp: FileStamp(status),
        isSurelyHandwritten: attributes.isGenerated == false))
  }

  /// Reports a symbolic link unless it leads to something inside the root.
  private mutating func examineLink(_ name: String, in folder: Folder, _ descriptor: Int32) {
    let path = folder.path + name
    var target = stat()
    guard fstatat(descriptor, name, &target, 0) == 0 else {
      switch errno {
      case ELOOP: skip(path, .symlinkLoop)
      case ENOENT: skip(path, .unreadable("it is a symbolic link to nothing"))
      default: skip(path, .unreadable(SystemCallError("stat").reason))
      }
      return
    }
    guard let resolved = realpath(root + "/" + path, nil) else {
      skip(path, .unreadable(SystemCallError("realpath").reason))
      return
    }
    defer { free(resolved) }
    let real = String(cString: resolved)
    let base = root == "/" ? "/" : root + "/"
    if real != root, !real.hasPrefix(base) {
      skip(path, .symlinkOutside)
    } else if target.st_mode & S_IFMT == S_IFDIR,
      real == root || (root + "/" + folder.path).hasPrefix(real + "/")
    {
      // It leads to a folder that it lies in.
      skip(path, .symlinkLoop)
    }
  }

  private mutating func skip(_ path: String, _ reason: SkippedFile.Reason) {
    result.skipped.append(SkippedFile(path: path, reason: reason))
  }

  /// Decides for each `.h` whether it is C or C++ by the sources in its folder, or else in the tree.
  private mutating func refineHeaders() {
    var inFolder: [Substring: (c: Bool, cpp: Bool)] = [:]
    var anywhere = (c: false, cpp: false)
    func folder(of path: String) -> Substring {
      path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[..<$0] } ?? ""
    }
    for file in result.files where file.language == .c && file.path.hasSuffix(".c") {
      inFolder[folder(of: file.path), default: (false, false)].c = true
      anywhere.c = true
    }
    for file in result.files where file.language == .cpp {
      inFolder[folder(of: file.path), default: (false, false)].cpp = true
      anywhere.cpp = true
    }
    guard anywhere.cpp else { return }
    for index in result.files.indices
    where result.files[index].language == .c && !result.files[index].path.hasSuffix(".c") {
      let near = inFolder[folder(of: result.files[index].path)]
      let isCPP = near.map { $0.cpp && !$0.c } ?? !anywhere.c
      if isCPP { result.files[index].language = .cpp }
    }
  }

  private static func isPrivate(_ name: String) -> Bool {
    name == ".git" || name == ".hg" || name == ".svn" || name == ".memfun" || name == ".jj"
  }

  private static func kind(of status: stat) -> DirectoryListing.Kind {
    switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .folder
    case S_IFLNK: .link
    default: .special
    }
  }
}
