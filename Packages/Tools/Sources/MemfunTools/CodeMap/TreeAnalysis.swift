import MemfunCore

/// Analyses all files of a walk: from the cache where nothing has changed, else anew, on all workers.
struct TreeAnalysis: Sendable {
  let analyser: BatchAnalyser
  /// What earlier runs found out; nil without a cache.
  let cache: AnalysisCache?
  let workers: Int
  let time: any TimeSource
  let progress: @Sendable (CodeMapProgress) -> Void

  /// What was found out about a whole tree.
  struct Result: Sendable {
    /// One for each file of the walk.
    var analyses: [FileAnalysis] = []
    var hits = 0
    var misses = 0
    /// For the next run; empty when it would find what is there already.
    var records: [AnalysisCache.Record] = []
  }

  private struct Recalled: Sendable {
    var index: Int
    var entry: AnalysisCache.Entry
    var analysis: FileAnalysis
  }

  private struct Found: Sendable {
    var finding: BatchAnalyser.Finding
    var encoded: [UInt8]?
  }

  /// Analyses the files.
  ///
  /// - Throws: `CancellationError`.
  func run(_ files: [WalkedFile]) async throws -> Result {
    var result = Result()
    var analyses = [FileAnalysis?](repeating: nil, count: files.count)
    let recalled = try await recall(files)
    for item in recalled { analyses[item.index] = item.analysis }
    result.hits = recalled.count

    let rest = files.indices.filter { analyses[$0] == nil }
    let found = try await find(rest, files)
    for item in found {
      analyses[item.finding.index] = item.finding.analysis
      if item.finding.isKnown { result.hits += 1 } else { result.misses += 1 }
    }
    if let cache, !found.isEmpty || cache.count != files.count {
      result.records = records(files, recalled, found, cache)
    }
    result.analyses = analyses.compactMap { $0 }
    return result
  }

  /// Decodes the entries of files whose stamps have not changed.
  private func recall(_ files: [WalkedFile]) async throws -> [Recalled] {
    guard let cache, cache.count > 0 else { return [] }
    let share = max(64, files.count / (workers * 4) + 1)
    return try await withThrowingTaskGroup(of: [Recalled].self) { group in
      for start in stride(from: 0, to: files.count, by: share) {
        group.addTask {
          var recalled: [Recalled] = []
          for index in start..<min(files.count, start + share) {
            try Task.checkCancellation()
            guard let entry = cache.entry(of: files[index]), let analysis = cache.analysis(entry) else {
              continue
            }
            recalled.append(Recalled(index: index, entry: entry, analysis: analysis))
          }
          return recalled
        }
      }
      var all: [Recalled] = []
      for try await some in group { all += some }
      return all
    }
  }

  private func find(_ indices: [Int], _ files: [WalkedFile]) async throws -> [Found] {
    guard !indices.isEmpty else { return [] }
    let queue = BatchQueue(files: files, indices: indices, workers: workers)
    return try await withThrowingTaskGroup(of: [Found].self) { group in
      for _ in 0..<workers {
        group.addTask {
          var all: [Found] = []
          while let jobs = queue.next() {
            let findings = try await analyser.analyse(
              jobs, now: { time.now().nanoseconds },
              known: { hash, file in cache?.analysis(of: hash, for: file) })
            for finding in findings {
              let keeps = cache != nil && finding.stamp != nil
              all.append(
                Found(
                  finding: finding,
                  encoded: keeps ? AnalysisCache.encode(finding.analysis, tools: analyser.tools) : nil))
            }
            progress(CodeMapProgress(phase: .reading, done: queue.finish(jobs.count), total: indices.count))
          }
          return all
        }
      }
      var all: [Found] = []
      for try await some in group { all += some }
      return all
    }
  }

  private func records(
    _ files: [WalkedFile], _ recalled: [Recalled], _ found: [Found], _ cache: AnalysisCache
  ) -> [AnalysisCache.Record] {
    var records: [(index: Int, record: AnalysisCache.Record)] = []
    records.reserveCapacity(files.count)
    for item in recalled {
      records.append(
        (
          item.index,
          AnalysisCache.Record(
            file: files[item.index], stamp: item.entry.stamp, isSettled: item.entry.isSettled,
            hash: item.entry.hash, analysis: cache.bytes(of: item.entry))
        ))
    }
    for item in found {
      guard let stamp = item.finding.stamp, let encoded = item.encoded else { continue }
      records.append(
        (
          item.finding.index,
          AnalysisCache.Record(
            file: files[item.finding.index], stamp: stamp,
            isSettled: stamp.isSettled(whenReadAt: item.finding.readAt), hash: item.finding.analysis.hash,
            analysis: encoded[...])
        ))
    }
    return records.sorted { $0.index < $1.index }.map(\.record)
  }
}
