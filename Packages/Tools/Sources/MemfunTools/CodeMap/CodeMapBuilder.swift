import Glibc
import MemfunCore

/// Makes a `CodeMap` of a folder or a single file.
///
/// Files are read and scanned on threads of their own, a bounded number at a time, while the symbol
/// tools run beside them; what an earlier run found out about unchanged content is not found out again.
/// The same tree and the same tools give the same map.
public struct CodeMapBuilder: Sendable {
  private let options: CodeMapOptions
  private let time: any TimeSource

  /// - Parameters:
  ///   - options: limits, tools and places.
  ///   - time: decides which commits are recent.
  public init(options: CodeMapOptions = CodeMapOptions(), time: any TimeSource = SystemTimeSource()) {
    self.options = options
    self.time = time
  }

  /// Makes the map.
  ///
  /// - Parameters:
  ///   - path: a folder or a regular file, absolute or relative to the current folder.
  ///   - progress: called from several threads, at most some hundred times.
  /// - Throws: `CodeMapError` when nothing can be made of the path; `CancellationError` within 100 ms of a
  ///   cancellation. Whatever is wrong with single files or tools is in `skipped` and `notes`.
  public func build(
    _ path: String, progress: (@Sendable (CodeMapProgress) -> Void)? = nil
  ) async throws -> CodeMap {
    let root = try AnalysedRoot(path)
    let threads = WorkerThreads(count: workers)
    defer { threads.shutDown() }
    return try await withTaskExecutorPreference(threads) {
      try await build(root, threads: threads, progress: progress ?? { _ in })
    }
  }

  private var workers: Int {
    min(64, max(1, options.parallelism ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
  }

  private func build(
    _ root: AnalysedRoot, threads: any TaskExecutor,
    progress: @escaping @Sendable (CodeMapProgress) -> Void
  ) async throws -> CodeMap {
    var map = CodeMap(root: root.path)
    progress(CodeMapProgress(phase: .walking))
    let staging = makeStaging(&map)
    let store = openStore(root, &map)
    async let foundTools = SymbolTools.find(options, root: root.path, staging: staging)
    async let cachedBytes = store?.load("files")
    let git = try await openGit(root, &map)
    async let tracked = trackedButIgnored(git?.reader)
    async let history = readHistory(git?.reader, root, store)

    var walk = try await walkTree(root, git?.repository, git?.userIgnoreFile)
    if root.onlyFile == nil {
      FileTreeWalker.addTracked(
        try await tracked, to: &walk, root: root.path, rootFolder: root.descriptor)
    }
    map.skipped = walk.skipped
    let tools = try await foundTools
    map.notes += tools.missing(for: walk.files)

    let kept = await cachedBytes
    let cache = store.map { _ in AnalysisCache(kept ?? [], tools: tools) }
    let reader = FileReader(rootFolder: root.descriptor, limit: options.maximumFileBytes)
    let analysis = TreeAnalysis(
      analyser: BatchAnalyser(root: root.path, reader: reader, tools: tools, staging: staging),
      cache: cache, workers: workers, time: time, progress: progress)
    let result = try await analysis.run(walk.files)
    map.cache = CacheUse(hits: result.hits, misses: result.misses, isEnabled: store != nil)

    progress(CodeMapProgress(phase: .linking))
    async let saved = save(result.records, store)
    MapAssembly.fill(&map, files: walk.files, analyses: result.analyses)
    map.apply(try await link(map.files, result.analyses, reader, store, on: threads))

    progress(CodeMapProgress(phase: .history))
    let outcome = try await history
    map.notes += outcome.notes
    if let facts = outcome.history { map.apply(facts, windowDays: options.churnDays) }
    if let problem = await saved {
      map.cache.isEnabled = false
      map.notes.append(problem)
    }
    map.notes.sort { $0.kind < $1.kind }
    return map
  }

  // MARK: - Steps

  private func makeStaging(_ map: inout CodeMap) -> StagingFolder? {
    do {
      return try StagingFolder(in: options.environment["TMPDIR"] ?? "/tmp")
    } catch {
      map.notes.append(
        Note(
          kind: "staging.unavailable",
          message: "no temporary folder could be made (\(error.reason)): ast-grep is not used, and files "
            + "with unusual names have no symbols",
          remedy: "set TMPDIR to a folder that can be written"))
      return nil
    }
  }

  private func openStore(_ root: AnalysedRoot, _ map: inout CodeMap) -> CacheStore? {
    guard options.usesCache else { return nil }
    do {
      return try CacheStore(root: root.path + (root.onlyFile.map { "/" + $0 } ?? ""), options: options)
    } catch {
      map.notes.append(Self.cacheUnavailable(error))
      return nil
    }
  }

  private static func cacheUnavailable(_ error: FileError) -> Note {
    Note(
      kind: "cache.unavailable",
      message:
        "results are not kept for the next run: \(error.what)\(error.location.map { " (\($0))" } ?? "")",
      remedy: error.remedy)
  }

  private struct Git {
    var repository: EnclosingRepository
    var userIgnoreFile: String?
    /// Nil when git is not there or not to be asked.
    var reader: HistoryReader?
  }

  /// Looks for a repository around the root, and for a git that reads it.
  private func openGit(_ root: AnalysedRoot, _ map: inout CodeMap) async throws -> Git? {
    guard let repository = EnclosingRepository(around: root.path) else { return nil }
    var git = Git(
      repository: repository, userIgnoreFile: HistoryReader.defaultIgnoreFile(options.environment))
    do {
      let reader = try HistoryReader(root: root.path, repository: repository, options: options)
      let (configured, configuration) = try await reader.configured()
      git.reader = configured
      git.userIgnoreFile = configuration.userIgnoreFile
    } catch let error as SubprocessError {
      map.notes.append(
        Note(
          kind: "git.missing", message: "git cannot be run (\(error.what)): no churn, no authors",
          remedy: error.remedy))
    }
    return git
  }

  /// Files that git tracks against its own ignore rules; none without an answer from git.
  private func trackedButIgnored(_ reader: HistoryReader?) async throws -> [String] {
    do { return try await reader?.trackedButIgnored() ?? [] } catch is SubprocessError { return [] }
  }

  private func readHistory(
    _ reader: HistoryReader?, _ root: AnalysedRoot, _ store: CacheStore?
  ) async throws -> HistoryReader.Outcome {
    guard options.usesHistory, let reader else { return HistoryReader.Outcome() }
    return try await reader.read(now: time.now().seconds, store: store)
  }

  private func walkTree(
    _ root: AnalysedRoot, _ repository: EnclosingRepository?, _ userIgnoreFile: String?
  ) async throws -> FileTreeWalker.Result {
    var walker = FileTreeWalker(
      root: root.path, rootFolder: root.descriptor, repository: repository, userIgnoreFile: userIgnoreFile,
      excludes: options.excludes)
    return try root.onlyFile.map { walker.walk(onlyFile: $0) } ?? walker.walk()
  }

  /// Looks at all files together, unless an earlier run did so and nothing has changed.
  private func link(
    _ files: [SourceFile], _ analyses: [FileAnalysis], _ reader: FileReader, _ store: CacheStore?,
    on threads: any TaskExecutor
  ) async throws -> TreeLinks {
    let key = LinksCache.key(
      files: files, analyses: analyses, minimumDuplicateLines: options.minimumDuplicateLines)
    if let kept = store?.load("links"),
      let links = LinksCache.decode(kept, key: key, fileCount: files.count)
    {
      return links
    }
    let links = try await TreeLinks.compute(
      files: files, facts: analyses.map(\.facts), manifests: TreeLinks.readManifests(files, reader),
      minimumDuplicateLines: options.minimumDuplicateLines,
      on: threads)
    // Links that cannot be kept are computed again next time; the note on the cache tells enough.
    try? store?.save("links", body: LinksCache.encode(links, key: key))
    return links
  }

  /// Keeps the analyses for the next run and returns what went wrong.
  private func save(_ records: [AnalysisCache.Record], _ store: CacheStore?) async -> Note? {
    guard let store, !records.isEmpty, !Task.isCancelled else { return nil }
    let body = AnalysisCache.body(records)
    // Writing cannot be broken off; it is better not begun for somebody who has left.
    guard !Task.isCancelled else { return nil }
    do {
      try store.save("files", body: body)
      store.prune(now: time.now().seconds)
      return nil
    } catch {
      return Self.cacheUnavailable(error)
    }
  }
}
