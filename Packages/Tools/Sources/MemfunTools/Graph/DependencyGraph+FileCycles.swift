extension DependencyGraph {
  /// The cycles of a tree that a reader should know of.
  ///
  /// Edges between Go files of one folder are left out: there a package is the unit, its files are free to
  /// refer to each other, and nearly every package would be a cycle.
  ///
  /// - Parameters:
  ///   - files: of the map.
  ///   - dependencies: between these files.
  /// - Returns: strongly connected groups of two or more files, as `cycles()`.
  public static func fileCycles(files: [SourceFile], dependencies: [Dependency]) -> [[FileID]] {
    var packages: [String: Int32] = [:]
    let packageOf = files.map { file -> Int32 in
      guard file.language == .go else { return -1 }
      let folder = Path.folder(file.path)
      let next = Int32(packages.count)
      if let known = packages[folder] { return known }
      packages[folder] = next
      return next
    }
    let coupling = dependencies.lazy.filter { edge in
      let package = packageOf[Int(edge.from)]
      return package < 0 || package != packageOf[Int(edge.to)]
    }
    return DependencyGraph(fileCount: files.count, dependencies: coupling).cycles()
  }
}
