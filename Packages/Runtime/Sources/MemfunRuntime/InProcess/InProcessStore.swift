import MemfunCore
import Synchronization

/// The state store of tier T0: the reference model behind a lock.
final class InProcessStore: StateStore {
  private struct State {
    var model = StateStoreModel()
    var watches: [UInt64: InProcessWatch] = [:]
    var nextWatch: UInt64 = 0
    var isClosed = false
  }

  private let state = Mutex(State())
  private let clock: SharedStoreClock
  private let queue: InProcessQueue
  private let timer = Mutex<DueTimer?>(nil)

  /// - Parameter queue: says whether a lease is held, for guarded writes.
  init(clock: SharedStoreClock, queue: InProcessQueue) {
    self.clock = clock
    self.queue = queue
    let timer = DueTimer(time: clock.time) { [weak self] in self?.timeCame() }
    self.timer.withLock { $0 = timer }
  }

  func get(_ key: StoreKey) async throws -> StoreEntry? {
    try mutate { model, now in model.get(key, now: now) }
  }

  func put(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration?) async throws -> UInt64 {
    try mutate { model, now in try model.put(key, value, timeToLive: timeToLive, now: now) }
  }

  func put(
    _ key: StoreKey, _ value: [UInt8], timeToLive: Duration?, guardedBy lease: Lease
  ) async throws -> UInt64 {
    try queue.whileHeld(lease) {
      try mutate { model, now in try model.put(key, value, timeToLive: timeToLive, now: now) }
    }
  }

  func create(_ key: StoreKey, _ value: [UInt8], timeToLive: Duration?) async throws -> UInt64 {
    try mutate { model, now in try model.create(key, value, timeToLive: timeToLive, now: now) }
  }

  func update(_ key: StoreKey, _ value: [UInt8], revision: UInt64, timeToLive: Duration?) async throws
    -> UInt64
  {
    try mutate { model, now in
      try model.update(key, value, revision: revision, timeToLive: timeToLive, now: now)
    }
  }

  func delete(_ key: StoreKey, revision: UInt64?) async throws -> UInt64? {
    try mutate { model, now in try model.delete(key, revision: revision, now: now) }
  }

  func touch(_ key: StoreKey, timeToLive: Duration?) async throws -> UInt64 {
    try mutate { model, now in try model.touch(key, timeToLive: timeToLive, now: now) }
  }

  func list(prefix: String) async throws -> [StoreKey] {
    let escaped = StoreKey.escape(prefix)
    return try mutate { model, now in model.list(escapedPrefix: escaped, now: now) }
  }

  func watch(prefix: String) async throws -> StateWatch {
    let escaped = StoreKey.escape(prefix)
    let now = clock.now()
    let (watch, next) = try state.withLock { state in
      if state.isClosed { throw RuntimeError.closed }
      state.model.expire(now: now)
      let present = state.model.entries.values
        .filter { $0.key.escaped.utf8.starts(with: escaped.utf8) }.sorted { $0.revision < $1.revision }
      let watch = InProcessWatch(escapedPrefix: escaped, present: present)
      state.nextWatch += 1
      let id = state.nextWatch
      state.watches[id] = watch
      watch.onCancel { [weak self] in self?.state.withLock { $0.watches[id] = nil } }
      return (watch, state.model.nextExpiry)
    }
    arm(next, now: now)
    return StateWatch(pull: { try await watch.next() }, stop: { watch.cancel() })
  }

  /// Ends every watch.
  func close() {
    timer.withLock { $0 }?.close()
    let watches = state.withLock { state in
      state.isClosed = true
      return Array(state.watches.values)
    }
    for watch in watches { watch.cancel() }
  }

  private func mutate<Result: Sendable>(
    _ change: (inout StateStoreModel, Timestamp) throws -> Result
  ) throws -> Result {
    let now = clock.now()
    let (result, watches, changes, next) = try state.withLock { state in
      if state.isClosed { throw RuntimeError.closed }
      let result = Swift.Result { try change(&state.model, now) }
      let changes = state.model.takeChanges()
      // Offered under the lock, so that every watcher sees the changes in the order of revisions.
      let watches = changes.isEmpty ? [] : state.watches.values.filter { $0.offer(changes) }
      return (result, watches, changes, state.watches.isEmpty ? nil : state.model.nextExpiry)
    }
    if !changes.isEmpty { for watch in watches { watch.wake() } }
    arm(next, now: now)
    return try result.get()
  }

  /// Expiry is checked on every read; the timer only serves watchers, who must hear of it.
  private func arm(_ next: Timestamp?, now: Timestamp) {
    timer.withLock { $0 }?.arm(at: next, now: now)
  }

  private func timeCame() {
    // Closed meanwhile: there is nobody left to tell.
    try? mutate { model, now in model.expire(now: now) }
  }
}

/// One watch: what is still to be told, the latest change of each key only.
///
/// A slow watcher costs at most one entry a key: an older change of a key that was not yet read is
/// replaced by the newer one, which keeps its place at the end.
package final class InProcessWatch: Sendable {
  private struct State {
    var present: ArraySlice<StoreEntry>
    var isCaughtUp = false
    var latest: [StoreKey: StateStoreModel.Change] = [:]
    var order: [(revision: UInt64, key: StoreKey)] = []
    var orderHead = 0
    var waiter: Waiter<Void>?
    var isCancelled = false
    var onCancel: (@Sendable () -> Void)?
  }

  private let escapedPrefix: String
  private let state: Mutex<State>

  package init(escapedPrefix: String, present: [StoreEntry]) {
    self.escapedPrefix = escapedPrefix
    state = Mutex(State(present: present[...]))
  }

  package func onCancel(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.onCancel = action } }

  /// Takes what concerns this watch. True: there was something.
  package func offer(_ changes: [StateStoreModel.Change]) -> Bool {
    state.withLock { state in
      var took = false
      for change in changes where change.key.escaped.utf8.starts(with: escapedPrefix.utf8) {
        state.latest[change.key] = change
        state.order.append((change.revision, change.key))
        took = true
      }
      return took
    }
  }

  package func wake() {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(with: .success(()))
  }

  package func cancel() {
    let action = state.withLock { state in
      state.isCancelled = true
      defer { state.onCancel = nil }
      return state.onCancel
    }
    action?()
    wake()
  }

  package func next() async throws -> StateEvent? {
    while true {
      try Task.checkCancellation()
      let waiter = Waiter<Void>()
      enum Step { case event(StateEvent), end, wait }
      let step: Step = state.withLock { state in
        if state.isCancelled { return .end }
        if let entry = state.present.popFirst() {
          // Changed since: the newer value comes with the changes.
          return .event(.put(entry))
        }
        if !state.isCaughtUp {
          state.isCaughtUp = true
          return .event(.caughtUp)
        }
        if let event = Self.popChange(&state) { return .event(event) }
        state.waiter = waiter
        return .wait
      }
      switch step {
      case .event(let event): return event
      case .end: return nil
      case .wait: try await waiter.wait()
      }
    }
  }

  private static func popChange(_ state: inout State) -> StateEvent? {
    while state.orderHead < state.order.count {
      let (revision, key) = state.order[state.orderHead]
      state.orderHead += 1
      if state.orderHead > 256, state.orderHead * 2 > state.order.count {
        state.order.removeFirst(state.orderHead)
        state.orderHead = 0
      }
      guard let change = state.latest[key], change.revision == revision else { continue }
      state.latest[key] = nil
      switch change.kind {
      case .put(let entry): return .put(entry)
      case .deleted: return .deleted(key, revision: revision)
      case .expired: return .expired(key, revision: revision)
      }
    }
    state.order.removeAll(keepingCapacity: true)
    state.orderHead = 0
    return nil
  }
}
