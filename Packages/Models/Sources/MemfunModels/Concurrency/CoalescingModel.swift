import MemfunCore
import Synchronization

/// A model that sends identical requests that are in flight once, when they allow it.
///
/// The first reader's stream is the call's owner and gets its usage; the others get the same chunks
/// without usage, and `ResponseInfo.isShared`. When the owner leaves, the next reader owns the rest. The
/// call goes on while anybody reads it, and is cancelled when nobody does. Put this outside of metering
/// and budgets, so that those count the one real call.
public final class CoalescingModel: LanguageModel {
  private let base: any LanguageModel
  private let calls = Mutex<[ModelRequest: SharedCall]>([:])

  /// - Parameter base: the model that answers.
  public init(_ base: any LanguageModel) { self.base = base }

  public var identity: ModelIdentity { base.identity }

  /// What the base model can do.
  public func capabilities() async throws -> ModelCapabilities { try await base.capabilities() }

  /// A stream of its own, or a share of one that is in flight.
  public func stream(_ request: ModelRequest) -> ModelStream {
    guard request.allowsCoalescing else { return base.stream(request) }
    let reader = Reader(request: request, model: self)
    return ModelStream { try await reader.next() }
  }

  /// Joins the call of an equal request, or begins one.
  fileprivate func join(_ request: ModelRequest) -> (call: SharedCall, id: Int) {
    calls.withLock { calls in
      if let call = calls[request], let id = call.join() { return (call, id) }
      let call = SharedCall()
      calls[request] = call
      // `join` cannot fail on a call that has not begun.
      let id = call.join() ?? 0
      call.begin(base.stream(request)) { [weak self] in self?.remove(request, call) }
      return (call, id)
    }
  }

  private func remove(_ request: ModelRequest, _ call: SharedCall) {
    calls.withLock { if $0[request] === call { $0[request] = nil } }
  }

  /// One caller's place in a shared call.
  private final class Reader: Sendable {
    private let request: ModelRequest
    private let model: CoalescingModel
    private let seat = Mutex<(call: SharedCall, id: Int)?>(nil)

    init(request: ModelRequest, model: CoalescingModel) {
      self.request = request
      self.model = model
    }

    func next() async throws -> ModelChunk? {
      let (call, id) = seat.withLock { seat in
        let taken = seat ?? model.join(request)
        seat = taken
        return taken
      }
      do {
        return try await call.next(id)
      } catch {
        call.leave(id)
        throw error
      }
    }

    deinit { if let (call, id) = seat.withLock({ $0 }) { call.leave(id) } }
  }
}

/// One call that several readers share. Its chunks are kept, so that a late reader gets them all.
private final class SharedCall: Sendable {
  private struct State {
    var chunks: [ModelChunk] = []
    var isOver = false
    var failure: (any Error)?
    var nextID = 0
    /// Readers in the order in which they came, and how many chunks each has had.
    var readers: [(id: Int, place: Int)] = []
    /// Usage in the chunks before this place has been told to an owner.
    var accounted = 0
    /// Usage that the present owner passed over before it was the owner.
    var owedUsage: Usage?
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var task: Task<Void, Never>?
  }

  private enum Step {
    case deliver(ModelChunk)
    case skip
    case wait
    case end
    case fail(any Error)
  }

  private let state = Mutex(State())

  /// A new reader's id; nil when the call was left by all and is ending.
  func join() -> Int? {
    state.withLock { state in
      if state.nextID > 0, state.readers.isEmpty { return nil }
      let id = state.nextID
      state.nextID += 1
      state.readers.append((id, 0))
      return id
    }
  }

  /// Reads `stream` to its end. The task belongs to no caller, because any of them may be cancelled
  /// while the others go on; it ends when the last of them leaves.
  func begin(_ stream: ModelStream, atEnd: @escaping @Sendable () -> Void) {
    let task = Task { [weak self] in
      var failure: (any Error)?
      do {
        while let chunk = try await stream.next() {
          guard let self else { break }
          self.append(chunk)
        }
      } catch {
        failure = error
      }
      atEnd()
      self?.finish(failure)
    }
    state.withLock { $0.task = task }
  }

  private func append(_ chunk: ModelChunk) { wake { $0.chunks.append(chunk) } }

  private func finish(_ failure: (any Error)?) {
    wake { state in
      state.isOver = true
      state.failure = failure
    }
  }

  private func wake(_ change: (inout State) -> Void) {
    let waiters = state.withLock { state in
      change(&state)
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  func leave(_ id: Int) {
    let task = state.withLock { state -> Task<Void, Never>? in
      guard let place = state.readers.firstIndex(where: { $0.id == id }) else { return nil }
      let reader = state.readers.remove(at: place)
      if place == 0 {
        state.accounted = max(state.accounted, reader.place)
        if let heir = state.readers.first, heir.place > state.accounted {
          for case .usage(let usage) in state.chunks[state.accounted..<heir.place].reversed() {
            state.owedUsage = usage
            break
          }
          state.accounted = heir.place
        }
      }
      return state.readers.isEmpty && !state.isOver ? state.task : nil
    }
    task?.cancel()
  }

  func next(_ id: Int) async throws -> ModelChunk? {
    while true {
      try Task.checkCancellation()
      switch state.withLock({ Self.step(id, &$0) }) {
      case .deliver(let chunk): return chunk
      case .skip: continue
      case .end: return nil
      case .fail(let error): throw error
      case .wait: await wait(id)
      }
    }
  }

  private static func step(_ id: Int, _ state: inout State) -> Step {
    guard let reader = state.readers.firstIndex(where: { $0.id == id }) else { return .end }
    let isOwner = reader == 0
    if isOwner, let usage = state.owedUsage {
      state.owedUsage = nil
      return .deliver(.usage(usage))
    }
    let place = state.readers[reader].place
    guard place < state.chunks.count else {
      guard state.isOver else { return .wait }
      return state.failure.map(Step.fail) ?? .end
    }
    state.readers[reader].place += 1
    switch state.chunks[place] {
    case .usage where !isOwner || place < state.accounted: return .skip
    case .started(var info) where !isOwner:
      info.isShared = true
      return .deliver(.started(info))
    default: return .deliver(state.chunks[place])
    }
  }

  private func wait(_ id: Int) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let waits = state.withLock { state -> Bool in
          let place = state.readers.first { $0.id == id }?.place ?? .max
          if state.isOver || place < state.chunks.count || Task.isCancelled { return false }
          state.waiters[id] = continuation
          return true
        }
        if !waits { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
      waiter?.resume()
    }
  }
}
