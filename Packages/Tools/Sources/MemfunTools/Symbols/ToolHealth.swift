import Synchronization

/// Remembers how a tool fares, so that one which fails on every file is not run thousands of times.
final class ToolHealth: Sendable {
  private struct State {
    var failuresInARow = 0
    var surrender: String?
  }

  private let state = Mutex(State())
  /// More than the halvings it takes to find one bad file among hundreds.
  private static let patience = 16

  /// Why the tool is not run any more; nil as long as it is.
  var surrender: String? { state.withLock { $0.surrender } }

  func reportSuccess() { state.withLock { $0.failuresInARow = 0 } }

  func reportFailure(_ reason: String) {
    state.withLock { state in
      state.failuresInARow += 1
      if state.failuresInARow >= Self.patience, state.surrender == nil {
        state.surrender = "not tried any more after \(Self.patience) failures in a row: \(reason)"
      }
    }
  }
}
