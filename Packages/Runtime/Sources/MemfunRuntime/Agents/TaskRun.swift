import MemfunCore
import Synchronization

/// Why a handler was told to stop before it was done.
enum HandlerStop: Sendable, Equatable {
  /// Somebody cancelled the task.
  case cancelRequested
  /// The lease is gone.
  case lost
  /// The worker ends.
  case workerStops
}

/// What is done with a task when its handler has ended.
enum TaskSettlement: Sendable, Equatable {
  case complete([UInt8])
  case fail(error: String, retryable: Bool)
  /// Back to the queue, without counting the attempt.
  case release
  /// It is somebody else's now.
  case drop

  /// Pure: the handler's end and the reason why it was stopped decide.
  static func decide(_ result: Result<[UInt8], any Error>, stop: HandlerStop?) -> TaskSettlement {
    if stop == .lost { return .drop }
    switch result {
    case .success(let bytes):
      if bytes.count > RuntimeLimits.payloadBytes {
        let error = RuntimeError.payloadTooLarge(bytes: bytes.count, limit: RuntimeLimits.payloadBytes)
        return .fail(error: error.what, retryable: false)
      }
      // Done is done, also when somebody wanted it to stop meanwhile.
      return .complete(bytes)
    case .failure(let error):
      switch stop {
      case .workerStops: return .release
      case .cancelRequested: return .fail(error: "cancelled", retryable: false)
      case .lost, nil: break
      }
      if let error = error as? any MemfunError {
        return .fail(error: error.what, retryable: error.isRetryable)
      }
      return .fail(error: "\(error)", retryable: true)
    }
  }
}

/// One attempt at one task: the handler, the heartbeats beside it, and the settlement.
struct TaskRun<Environment: Sendable>: Sendable {
  let lease: Lease
  let agent: any Agent<Environment>
  let runtime: Runtime
  let blobs: any BlobStore
  let environment: Environment
  let log: Logger
  let time: any TimeSource
  let random: any RandomSource
  /// Stops the handler from outside.
  let control: HandlerControl

  /// Handles the task and settles it. Never throws: what fails is logged, and the lease's end mends it.
  func run() async {
    guard let record = await record() else { return }
    if await parentIsCancelled(record) { return await cancelAsChild() }
    let progress = ProgressSlot()
    let context = AgentContext(
      task: lease, parent: record.parent, bus: runtime.bus, store: runtime.store, queue: runtime.queue,
      blobs: blobs,
      // A worker that ends leaves the children to the next attempt, which finds them by their names.
      orchestrator: Orchestrator(
        runtime: runtime, parent: lease.id, cancelsChildren: { control.stop == .cancelRequested }),
      log: log, clock: time, random: random, environment: environment, progress: progress)
    let work = Task { try await agent.handle(context) }
    control.attach(work)
    let heartbeats = Task { await beat(record.policy, progress) }
    let result = await work.result
    heartbeats.cancel()
    await heartbeats.value
    await settle(TaskSettlement.decide(result, stop: control.stop), progress: progress.take())
  }

  private func record() async -> TaskRecord? {
    do {
      return try await retrying { try await runtime.queue.inspect(lease.id) }
    } catch {
      log.warning(
        "a claimed task could not be read; it comes back when its lease ends", ["error": text(error)])
      return nil
    }
  }

  /// Whether a task above this one was cancelled: it may have been queued while that happened.
  private func parentIsCancelled(_ record: TaskRecord) async -> Bool {
    var parent = record.parent
    for _ in 0..<64 {
      guard let id = parent else { return false }
      do {
        guard let above = try await runtime.queue.inspect(id) else { return false }
        if above.phase == .cancelled || above.cancelRequested != nil { return true }
        parent = above.parent
      } catch {
        // Not known: working in vain does less harm than not working.
        log.debug("a task's parent could not be read", ["error": text(error)])
        return false
      }
    }
    return false
  }

  private func cancelAsChild() async {
    do { _ = try await retrying { try await runtime.queue.cancel(lease.id) } } catch {
      log.warning("a child of a cancelled task could not be cancelled", ["error": text(error)])
    }
    await settle(.fail(error: "the parent was cancelled", retryable: false), progress: nil)
  }

  /// Keeps the lease; three times in a lease, and often enough that a cancel is heard within its grace.
  private func beat(_ policy: TaskPolicy, _ progress: ProgressSlot) async {
    let interval = max(.milliseconds(50), min(policy.lease / 3, max(policy.cancelGrace / 3, .seconds(1))))
    while true {
      // Cancelled: the handler has ended.
      do { try await time.sleep(for: interval) } catch { return }
      let report = progress.take()
      do {
        switch try await runtime.queue.heartbeat(lease, progress: report) {
        case .held: break
        case .cancelRequested: control.stop(.cancelRequested)
        case .lost:
          control.stop(.lost)
          return
        }
      } catch {
        progress.giveBack(report)
        log.warning("a heartbeat failed", ["error": text(error)])
      }
    }
  }

  private func settle(_ settlement: TaskSettlement, progress: [UInt8]?) async {
    let queue = runtime.queue
    do {
      try await retrying {
        if let progress, settlement.leavesTaskOpen {
          _ = try await queue.heartbeat(lease, progress: progress)
        }
        switch settlement {
        case .complete(let result): try await queue.complete(lease, result: result)
        case .fail(let error, let retryable): try await queue.fail(lease, error: error, retryable: retryable)
        case .release: try await queue.release(lease, delay: .zero)
        case .drop: log.info("the lease was lost; the attempt has no effect")
        }
      }
    } catch RuntimeError.leaseLost {
      log.info("the lease was lost; the attempt has no effect")
    } catch {
      log.error("a task could not be settled; it comes back when its lease ends", ["error": text(error)])
    }
  }

  /// Repeats what a store refused for now, for some seconds.
  private func retrying<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    var wait: Duration = .milliseconds(50)
    for _ in 0..<8 {
      do { return try await body() } catch let error as RuntimeError where error.isRetryable {
        log.debug("a store is not available; trying again", ["error": text(error)])
        try await time.sleep(for: wait)
        wait *= 2
      }
    }
    return try await body()
  }

  private func text(_ error: any Error) -> JSONValue {
    .string((error as? any MemfunError)?.what ?? "\(error)")
  }
}

extension TaskSettlement {
  /// Whether there may be another attempt, which needs the progress.
  fileprivate var leavesTaskOpen: Bool {
    switch self {
    case .release, .fail(_, retryable: true): true
    case .complete, .fail, .drop: false
    }
  }
}

/// The handle by which a handler is stopped; the first reason counts, but a lost lease always does.
final class HandlerControl: Sendable {
  private struct State {
    var stop: HandlerStop?
    var work: Task<[UInt8], any Error>?
  }

  private let state = Mutex(State())

  /// Why the handler was stopped; nil: it was not.
  var stop: HandlerStop? { state.withLock { $0.stop } }

  /// Takes the handler; one that is stopped already is cancelled at once.
  func attach(_ work: Task<[UInt8], any Error>) {
    let isStopped = state.withLock { state in
      state.work = work
      return state.stop != nil
    }
    if isStopped { work.cancel() }
  }

  /// Cancels the handler.
  func stop(_ reason: HandlerStop) {
    let work = state.withLock { state in
      if state.stop == nil || reason == .lost { state.stop = reason }
      return state.work
    }
    work?.cancel()
  }
}
