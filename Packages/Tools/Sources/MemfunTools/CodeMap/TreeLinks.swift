/// What follows from looking at all files together.
struct TreeLinks: Sendable {
  var imports: [Import] = []
  var dependencies: [Dependency] = []
  var cycles: [[FileID]] = []
  var duplicates: [DuplicateGroup] = []
  var testLinks: [TestLink] = []
  var notes: [Note] = []

  /// Computes everything; the search for duplicates runs beside the rest.
  ///
  /// - Parameters:
  ///   - files: of the map.
  ///   - facts: of the same files.
  ///   - manifests: bytes of the files that tell where imports lead, by path.
  ///   - minimumDuplicateLines: how long equal blocks must be.
  ///   - threads: where it is computed.
  /// - Throws: `CancellationError`.
  static func compute(
    files: [SourceFile], facts: [FileFacts], manifests: [String: [UInt8]], minimumDuplicateLines: Int,
    on threads: any TaskExecutor
  ) async throws -> TreeLinks {
    async let duplicates = abandonable(on: threads) {
      DuplicateFinder.find(in: facts, options: .init(minimumLines: minimumDuplicateLines))
    }
    var links = try await abandonable(on: threads) {
      var links = TreeLinks()
      let resolved = ImportResolver.resolve(files: files, facts: facts, manifests: manifests)
      links.imports = resolved.imports
      links.dependencies = resolved.dependencies
      links.notes = resolved.notes
      links.cycles = DependencyGraph(fileCount: files.count, dependencies: resolved.dependencies).cycles()
      links.testLinks = TestMapper.links(files: files, facts: facts, dependencies: resolved.dependencies)
      return links
    }
    links.duplicates = try await duplicates
    return links
  }

  /// The files whose content says where imports lead.
  static func readManifests(_ files: [SourceFile], _ reader: FileReader) -> [String: [UInt8]] {
    var manifests: [String: [UInt8]] = [:]
    for file in files where file.role != .vendored && ImportResolver.isManifest(path: file.path) {
      // One that cannot be read is among the skipped files already.
      if case .bytes(let bytes, _) = reader.read(file.path) { manifests[file.path] = bytes }
    }
    return manifests
  }
}
