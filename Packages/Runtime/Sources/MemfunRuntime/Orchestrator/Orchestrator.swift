import MemfunCore
import Synchronization

/// Work that a parent hands out.
public struct Child: Sendable {
  /// Unique among the parent's children and the same after a restart: that is how the child is found
  /// again. At most 100 bytes.
  public var name: String
  /// Who does it.
  public var queue: QueueName
  /// What it is about.
  public var payload: [UInt8]
  /// 0–3; higher first.
  public var priority: Int
  /// Attempts, leases, retention.
  public var policy: TaskPolicy

  /// A child with the default policy.
  public init(
    name: String, queue: QueueName, payload: [UInt8], priority: Int = 1, policy: TaskPolicy = TaskPolicy()
  ) {
    self.name = name
    self.queue = queue
    self.payload = payload
    self.priority = priority
    self.policy = policy
  }
}

/// Hands work to queues on behalf of one parent, and waits for it.
///
/// The parent is a task, or a run that is no task. Every child carries the parent's id, has a key made of
/// the parent's id and its own name, and is noted in the state store below the parent. So an
/// orchestrator that is started again, in whatever process, finds its children and their results instead
/// of starting them anew, and cancelling the parent reaches all that is below it.
public struct Orchestrator: Sendable {
  /// How long the notes about children are kept after the last change.
  public static let notesTimeToLive: Duration = .seconds(7 * 86_400)

  /// The task or run that the children belong to.
  public let parent: UUIDv7
  private let queue: any TaskQueue
  private let store: any StateStore
  private let cancelsChildren: @Sendable () -> Bool

  /// - Parameters:
  ///   - runtime: where the children are queued and noted.
  ///   - parent: the same id after a restart.
  ///   - cancelsChildren: whether the cancellation of the calling task means that the work is not
  ///     wanted any more. A worker that shuts down answers false: another one will go on.
  public init(
    runtime: Runtime, parent: UUIDv7, cancelsChildren: @escaping @Sendable () -> Bool = { true }
  ) {
    self.parent = parent
    queue = runtime.queue
    store = runtime.store
    self.cancelsChildren = cancelsChildren
  }

  // MARK: One child

  /// Queues a child, or finds it when it was queued before.
  ///
  /// - Returns: its id.
  @discardableResult
  public func dispatch(_ child: Child) async throws -> UUIDv7 {
    let note = try Self.noteKey(parent: parent, name: child.name)
    if let entry = try await store.get(note), let id = UUIDv7(String(decoding: entry.value, as: UTF8.self)) {
      return id
    }
    try Task.checkCancellation()
    let id = try await queue.enqueue(
      child.queue,
      NewTask(
        payload: child.payload, key: "\(parent)/\(child.name)", priority: child.priority, parent: parent,
        policy: child.policy))
    try await store.put(note, Array(id.description.utf8), timeToLive: Self.notesTimeToLive)
    return id
  }

  /// Waits until a child has ended. Its result is read from the queue.
  ///
  /// - Throws: `RuntimeError.notFound` when its record was removed after its time.
  public func outcome(of id: UUIDv7) async throws -> ChildOutcome {
    let record = try await queue.awaitEnd(id)
    switch record.phase {
    case .succeeded: return .succeeded(record.result ?? [])
    case .cancelled: return .cancelled
    case .dead, .waiting, .leased: return .dead(error: record.lastError ?? "unknown")
    }
  }

  /// Queues a child and waits for its result. When the caller is cancelled, so is the child.
  ///
  /// - Throws: `OrchestrationError.childFailed`.
  public func call(_ child: Child) async throws -> [UInt8] {
    guard case .succeeded(let result) = try await fanOut([child], maximumConcurrency: 1, mode: .failFast)[0]
    else { preconditionFailure("failFast throws for every other outcome") }
    return result
  }

  // MARK: Many children

  /// Runs children side by side and waits for all of them.
  ///
  /// - Parameters:
  ///   - maximumConcurrency: how many are queued or running at once.
  ///   - mode: whether the first failure ends it all.
  /// - Returns: the outcomes in the order of the children.
  /// - Throws: `OrchestrationError.childFailed` in mode `.failFast`, when the others were cancelled;
  ///   `.duplicateName`; `CancellationError`.
  public func fanOut(
    _ children: [Child], maximumConcurrency: Int = 16, mode: FailureMode = .failFast
  ) async throws -> [ChildOutcome] {
    var names: Set<String> = []
    for child in children where !names.insert(child.name).inserted {
      throw OrchestrationError.duplicateName(child.name)
    }
    var machine = FanOutStateMachine(
      count: children.count, maximumConcurrency: maximumConcurrency, mode: mode)
    let started = Mutex<[Int: UUIDv7]>([:])
    do {
      return try await withThrowingTaskGroup(of: (Int, ChildOutcome).self) { group in
        var actions = machine.begin()
        while true {
          for action in actions {
            switch action {
            case .start(let place):
              let id = try await dispatch(children[place])
              started.withLock { $0[place] = id }
              group.addTask { (place, try await outcome(of: id)) }
            case .cancel(let place):
              if let id = started.withLock({ $0[place] }) { try await cancelTree(id) }
            case .fail(let place):
              throw OrchestrationError.childFailed(
                name: children[place].name, task: started.withLock { $0[place] } ?? parent,
                outcome: machine.outcomes[place] ?? .cancelled)
            case .finish:
              return machine.outcomes.compactMap(\.self)
            }
          }
          guard let (place, outcome) = try await group.next() else { throw CancellationError() }
          actions = machine.ended(place, outcome)
        }
      }
    } catch {
      // Already cancelled by `.cancel` when a child failed.
      if case OrchestrationError.childFailed = error { throw error }
      if Task.isCancelled ? cancelsChildren() : mode == .failFast {
        let ids = machine.live.sorted().compactMap { place in started.withLock { $0[place] } }
        try await uncancelled { for id in ids { try await cancelTree(id) } }
      }
      throw error
    }
  }

  /// One stage of a pipeline.
  public struct Stage: Sendable {
    /// Unique within the parent.
    public var name: String
    /// Who does it.
    public var queue: QueueName
    /// Attempts, leases, retention.
    public var policy: TaskPolicy

    /// A stage with the default policy.
    public init(name: String, queue: QueueName, policy: TaskPolicy = TaskPolicy()) {
      self.name = name
      self.queue = queue
      self.policy = policy
    }
  }

  /// Runs stages one after the other; the result of each is the payload of the next.
  ///
  /// - Returns: the result of the last.
  /// - Throws: `OrchestrationError.stageFailed`; later stages are then not started.
  public func pipeline(_ stages: [Stage], input: [UInt8]) async throws -> [UInt8] {
    var value = input
    for (place, stage) in stages.enumerated() {
      do {
        value = try await call(
          Child(name: stage.name, queue: stage.queue, payload: value, policy: stage.policy))
      } catch OrchestrationError.childFailed(_, _, let outcome) {
        throw OrchestrationError.stageFailed(stage: place, name: stage.name, outcome: outcome)
      }
    }
    return value
  }

  /// Hands a child to one of the live agents with a capability and waits for its result. The queue of an
  /// agent has the agent's name. The choice is by rendezvous hashing over the child's name (Thaler and
  /// Ravishankar, 1998): the same child goes to the same agent while that one lives.
  ///
  /// - Throws: `OrchestrationError.noRoute`, `.childFailed`.
  public func route(
    _ name: String, payload: [UInt8], capability: String, registry: Registry,
    policy: TaskPolicy = TaskPolicy()
  ) async throws -> [UInt8] {
    let candidates = try await registry.discover(capability: capability)
    guard let chosen = Self.choose(candidates.map(\.agent), for: "\(parent)/\(name)") else {
      throw OrchestrationError.noRoute(capability: capability)
    }
    return try await call(Child(name: name, queue: QueueName(chosen), payload: payload, policy: policy))
  }

  static func choose(_ agents: [String], for key: String) -> String? {
    agents.max { left, right in
      let (one, other) = (weight(left, key), weight(right, key))
      return one == other ? left < right : one < other
    }
  }

  private static func weight(_ agent: String, _ key: String) -> UInt64 {
    // FNV-1a, finished with SplitMix64's mixer: the order must not depend on the process.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "\(agent)\u{0}\(key)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return hash ^ (hash >> 31)
  }

  // MARK: The tree

  /// Cancels a task and everything below it. What has ended stays as it is.
  public func cancelTree(_ id: UUIDv7) async throws {
    // The parent first: what it would still start is not started any more.
    do { _ = try await queue.cancel(id) } catch RuntimeError.notFound {
      // A run that is no task, or a record that was removed after its time.
    }
    for child in try await Self.children(of: id, store: store) { try await cancelTree(child) }
  }

  /// The children of a task or run that are noted, by name.
  public static func children(of parent: UUIDv7, store: any StateStore) async throws -> [UUIDv7] {
    var ids: [UUIDv7] = []
    for key in try await store.list(prefix: notes(of: parent)) {
      guard let entry = try await store.get(key) else { continue }
      guard let id = UUIDv7(String(decoding: entry.value, as: UTF8.self)) else {
        throw RuntimeError.corrupted(path: key.description, detail: "it is no id of a task")
      }
      ids.append(id)
    }
    return ids
  }

  /// Removes the notes about the children: the parent's work is done and nobody will look for them.
  public func forgetChildren() async throws {
    for key in try await store.list(prefix: Self.notes(of: parent)) {
      try await store.delete(key, revision: nil)
    }
  }

  private static func notes(of parent: UUIDv7) -> String { "children/\(parent)/" }

  private static func noteKey(parent: UUIDv7, name: String) throws -> StoreKey {
    guard (1...100).contains(name.utf8.count) else {
      throw RuntimeError.illegalName(name, reason: "the name of a child has 1 to 100 bytes")
    }
    return try StoreKey(notes(of: parent) + name)
  }

  /// Runs `body` although the calling task was cancelled.
  private func uncancelled(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await Task { try await body() }.value
  }
}
