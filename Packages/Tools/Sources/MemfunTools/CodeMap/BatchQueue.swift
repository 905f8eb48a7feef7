import Synchronization

/// Hands out files in batches of one language, small enough to be held in memory.
final class BatchQueue: Sendable {
  private struct State {
    var batches: [[BatchAnalyser.Job]]
    var done = 0
  }

  private let state: Mutex<State>

  private static let maximumFiles = 256
  private static let maximumBytes = 4 << 20

  /// - Parameters:
  ///   - files: the whole walk.
  ///   - indices: which of them are to be looked at.
  ///   - workers: how many take batches at a time; each should get several.
  init(files: [WalkedFile], indices: [Int], workers: Int) {
    var groups: [Language?: [Int]] = [:]
    for index in indices { groups[files[index].language, default: []].append(index) }
    let bytes = indices.reduce(0) { $0 + Int(files[$1].stamp.size) }
    // Enough batches that no worker waits long for the last one, but not a process for every file.
    let share = max(256 << 10, bytes / max(1, workers * 6))
    let limit = min(Self.maximumBytes, share)
    var batches: [(bytes: Int, jobs: [BatchAnalyser.Job])] = []
    for (_, members) in groups {
      var jobs: [BatchAnalyser.Job] = []
      var size = 0
      for index in members {
        if !jobs.isEmpty, jobs.count >= Self.maximumFiles || size + Int(files[index].stamp.size) > limit {
          batches.append((size, jobs))
          jobs = []
          size = 0
        }
        jobs.append(BatchAnalyser.Job(index: index, file: files[index]))
        size += Int(files[index].stamp.size)
      }
      if !jobs.isEmpty { batches.append((size, jobs)) }
    }
    // The largest come first (they are taken from the end); the index makes the order certain.
    batches.sort { ($0.bytes, $0.jobs[0].index) < ($1.bytes, $1.jobs[0].index) }
    state = Mutex(State(batches: batches.map(\.jobs)))
  }

  /// The next batch; nil when there is none left.
  func next() -> [BatchAnalyser.Job]? { state.withLock { $0.batches.popLast() } }

  /// Counts files as done and returns how many are.
  func finish(_ count: Int) -> Int {
    state.withLock { state in
      state.done += count
      return state.done
    }
  }
}
