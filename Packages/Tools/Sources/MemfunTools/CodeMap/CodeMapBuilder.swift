import Glibc
import MemfunCore
import Synchronization

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
      try await build(root, progress: progress ?? { _ in })
    }
  }

  private var workers: Int { max(1, options.parallelism ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  private func build(
    _ root: AnalysedRoot, progress: @escaping @Sendable (CodeMapProgress) -> Void
  ) async throws -> CodeMap {
    var map = CodeMap(root: root.path)
    progress(CodeMapProgress(phase: .walking))
    let staging: StagingFolder?
    do { staging = try StagingFolder(in: options.environment["TMPDIR"] ?? "/tmp") } catch {
      staging = nil
      map.notes.append(
        Note(
          kind: "staging.unavailable",
          message: "no temporary folder could be made (\(error.reason)): ast-grep is not used, and files "
            + "with unusual names have no symbols",
          remedy: "set TMPDIR to a folder that can be written"))
    }
    let repository = EnclosingRepository(around: root.path)
    async let foundTools = SymbolTools.find(options, root: root.path, staging: staging)
    let walk = try await walkTree(root, repository)
    let tools = try await foundTools
    map.skipped = walk.skipped
    map.notes += tools.notes

    let analyses = try await analyse(
      walk.files, root: root, tools: tools, staging: staging, progress: progress)
    progress(CodeMapProgress(phase: .linking))
    MapAssembly.fill(&map, files: walk.files, analyses: analyses)
    return map
  }

  private func walkTree(
    _ root: AnalysedRoot, _ repository: EnclosingRepository?
  ) async throws -> FileTreeWalker.Result {
    var walker = FileTreeWalker(
      root: root.path, rootFolder: root.descriptor, repository: repository, userIgnoreFile: nil,
      excludes: options.excludes)
    return try root.onlyFile.map { walker.walk(onlyFile: $0) } ?? walker.walk()
  }

  private func analyse(
    _ files: [WalkedFile], root: AnalysedRoot, tools: SymbolTools, staging: StagingFolder?,
    progress: @escaping @Sendable (CodeMapProgress) -> Void
  ) async throws -> [FileAnalysis] {
    let analyser = BatchAnalyser(
      root: root.path, reader: FileReader(rootFolder: root.descriptor, limit: options.maximumFileBytes),
      tools: tools, staging: staging)
    let queue = BatchQueue(files: files, indices: Array(files.indices), workers: workers)
    let time = self.time
    let findings = try await withThrowingTaskGroup(of: [BatchAnalyser.Finding].self) { group in
      for _ in 0..<workers {
        group.addTask {
          var findings: [BatchAnalyser.Finding] = []
          while let jobs = queue.next() {
            findings += try await analyser.analyse(
              jobs, now: { time.now().nanoseconds }, known: { _, _ in nil })
            progress(CodeMapProgress(phase: .reading, done: queue.finish(jobs.count), total: files.count))
          }
          return findings
        }
      }
      var all: [BatchAnalyser.Finding] = []
      for try await some in group { all += some }
      return all
    }
    var analyses = [FileAnalysis?](repeating: nil, count: files.count)
    for finding in findings { analyses[finding.index] = finding.analysis }
    return analyses.compactMap { $0 }
  }
}
