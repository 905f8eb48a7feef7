import MemfunCore
import MemfunRuntime
import Synchronization

/// The watches of this process, and how far the entries' changes have been handed to them.
final class Watches: Sendable {
  private struct Watched {
    let watch: InProcessWatch
    /// The revision of the state that it began with.
    let from: UInt64
  }

  private struct State {
    var watches: [UInt64: Watched] = [:]
    var next: UInt64 = 0
    /// The revision up to which changes were offered.
    var tailed: UInt64 = 0
    var isClosed = false
  }

  private static let pageEntries = 256

  private let state = Mutex(State())
  private let arrived: Mutex<(@Sendable () -> Void)?> = Mutex(nil)

  /// - Parameter action: called when the first watch comes.
  func onFirst(_ action: @escaping @Sendable () -> Void) { arrived.withLock { $0 = action } }

  var isEmpty: Bool { state.withLock { $0.watches.isEmpty } }

  /// Adds a watch whose present state was read at `revision`. Nil: changes after it were handed out
  /// already, read the present again.
  func add(escapedPrefix: String, present: [StoreEntry], at revision: UInt64) throws -> InProcessWatch? {
    let (watch, isFirst) = try state.withLock { state -> (InProcessWatch?, Bool) in
      if state.isClosed { throw RuntimeError.closed }
      let isFirst = state.watches.isEmpty
      if isFirst { state.tailed = max(state.tailed, revision) }
      if state.tailed > revision { return (nil, false) }
      let watch = InProcessWatch(escapedPrefix: escapedPrefix, present: present)
      state.next += 1
      let id = state.next
      state.watches[id] = Watched(watch: watch, from: revision)
      watch.onCancel { [weak self] in self?.state.withLock { $0.watches[id] = nil } }
      return (watch, isFirst)
    }
    if isFirst { arrived.withLock { $0 }?() }
    return watch
  }

  /// Hands on what changed. Called on the tail's thread only.
  ///
  /// - Returns: when the next of the changed entries expires.
  func tail(_ database: Connection) throws -> Timestamp? {
    if isEmpty { return nil }
    var due: Timestamp?
    while true {
      let from = state.withLock { $0.tailed }
      let changes = try EntryRow.changes(database, after: from, limit: Self.pageEntries)
      if changes.isEmpty { return due }
      for change in changes {
        if case .put(let entry) = change.kind { due = [due, entry.expires].compactMap(\.self).min() }
      }
      let woken = state.withLock { state in
        state.tailed = changes[changes.count - 1].revision
        return state.watches.values.filter { watched in
          watched.watch.offer(changes.filter { $0.revision > watched.from })
        }
      }
      for watched in woken { watched.watch.wake() }
      if changes.count < Self.pageEntries { return due }
    }
  }

  /// Ends every watch.
  func close() {
    let all = state.withLock { state in
      state.isClosed = true
      return Array(state.watches.values)
    }
    for watched in all { watched.watch.cancel() }
  }
}
