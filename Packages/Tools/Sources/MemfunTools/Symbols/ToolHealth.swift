import Synchronization

/// Remembers how a tool fares, so that one which fails on every file is not run thousands of times.
final class ToolHealth: Sendable {
  private struct State {
    var failuresInARow = 0
    var surrender: String?
  }

  private let state = Mutex(State())
  /// More than the cuts it takes to find one bad file among hundreds.
  private static let patience = 10

  /// Runs a tool over files and survives those that it does not.
  ///
  /// When it crashes or does not end in time, the list is cut into eight until the file at fault stands
  /// alone, so that all the others keep their symbols.
  ///
  /// - Parameter run: gives tags by `ToolFile.index`, or says what went wrong.
  /// - Throws: what `run` throws.
  func survive(
    _ files: [ToolFile], run: ([ToolFile]) async throws -> (tags: [Int: [RawTag]], problem: String?)
  ) async throws -> ToolOutcome {
    var outcome = ToolOutcome()
    var waiting = [files[...]]
    while let list = waiting.popLast() {
      if list.isEmpty { continue }
      if let reason = surrender {
        for file in list { outcome.failures[file.index] = reason }
        continue
      }
      let (tags, problem) = try await run(Array(list))
      guard let problem else {
        reportSuccess()
        outcome.tags.merge(tags) { $1 }
        continue
      }
      reportFailure(problem)
      if list.count == 1 {
        outcome.failures[list[list.startIndex].index] = problem
        continue
      }
      let share = (list.count + 7) / 8
      for start in stride(from: list.startIndex, to: list.endIndex, by: share).reversed() {
        waiting.append(list[start..<min(list.endIndex, start + share)])
      }
    }
    return outcome
  }

  /// Why the tool is not run any more; nil as long as it is.
  var surrender: String? { state.withLock { $0.surrender } }

  private func reportSuccess() { state.withLock { $0.failuresInARow = 0 } }

  private func reportFailure(_ reason: String) {
    state.withLock { state in
      state.failuresInARow += 1
      if state.failuresInARow >= Self.patience, state.surrender == nil {
        state.surrender = "not tried any more after \(Self.patience) failures in a row: \(reason)"
      }
    }
  }
}
