extension CodeMap {
  /// Fills what follows from the facts of all files together: imports, dependencies, cycles, duplicates and
  /// test links. Notes are added for manifests that could not be read.
  ///
  /// Duplicates are looked for in sources and tests; generated and vendored files are left out. Edges
  /// between Go files of one folder make no cycle: there a package is the unit, and its files are free to
  /// refer to each other.
  ///
  /// - Parameters:
  ///   - facts: one for each of `files`, in their order.
  ///   - manifests: the bytes of files for which `ImportResolver.isManifest(path:)` holds, by path.
  ///   - duplicateOptions: how large a block of equal code must be.
  public mutating func relate(
    facts: [FileFacts], manifests: [String: [UInt8]],
    duplicateOptions: DuplicateFinder.Options = DuplicateFinder.Options()
  ) {
    let resolved = ImportResolver.resolve(files: files, facts: facts, manifests: manifests)
    imports = resolved.imports
    dependencies = resolved.dependencies
    notes += resolved.notes

    var packages: [String: Int32] = [:]
    let packageOf = files.map { file -> Int32 in
      guard file.language == .go else { return -1 }
      let folder = Path.folder(file.path)
      let next = Int32(packages.count)
      if let known = packages[folder] { return known }
      packages[folder] = next
      return next
    }
    let coupling = dependencies.filter { edge in
      let package = packageOf[Int(edge.from)]
      return package < 0 || package != packageOf[Int(edge.to)]
    }
    cycles = DependencyGraph(fileCount: files.count, dependencies: coupling).cycles()
    testLinks = TestMapper.links(files: files, facts: facts, dependencies: dependencies)
    let searched = zip(files, facts).map { file, facts in
      file.role == .source || file.role == .test ? facts : FileFacts()
    }
    duplicates = DuplicateFinder.find(in: searched, options: duplicateOptions)
  }
}
