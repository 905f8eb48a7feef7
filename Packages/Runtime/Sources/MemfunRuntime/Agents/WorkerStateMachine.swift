/// When a worker claims, and how it comes to an end. Pure.
struct WorkerStateMachine: Sendable {
  enum Phase: Equatable, Sendable {
    case working
    /// Claims nothing new and finishes what it has.
    case draining
    /// Ends what it has by force.
    case stopping
    case stopped
  }

  enum Action: Equatable, Sendable {
    /// End the waits for tasks.
    case stopClaiming
    /// Begin to count the drain's deadline.
    case startDeadline
    /// Cancel the handlers; their tasks go back to the queue.
    case cancelHandlers
    /// A slot is free: whoever waits for one may claim.
    case wakeClaimers
    /// Nothing is left to do.
    case finish
  }

  private let concurrency: Int
  private(set) var phase = Phase.working
  private(set) var running = 0

  /// - Parameter concurrency: how many tasks are handled at once; at least 1.
  init(concurrency: Int) { self.concurrency = max(1, concurrency) }

  /// How many tasks may be claimed now.
  var freeSlots: Int { phase == .working ? concurrency - running : 0 }

  /// Takes a slot for a claimed task. False: there is none (another queue's claim was faster), or the
  /// worker no longer works; the task goes back.
  mutating func take() -> Bool {
    if freeSlots == 0 { return false }
    running += 1
    return true
  }

  /// A handler ended and its task is settled.
  mutating func finished() -> [Action] {
    running -= 1
    if phase == .working { return [.wakeClaimers] }
    return finishIfIdle()
  }

  /// Somebody asked for a graceful end.
  mutating func drain() -> [Action] {
    guard phase == .working else { return [] }
    phase = .draining
    return [.stopClaiming, .wakeClaimers] + (running == 0 ? finishIfIdle() : [.startDeadline])
  }

  /// Somebody asked for the end now, or the drain's deadline passed.
  mutating func stop() -> [Action] {
    switch phase {
    case .working:
      phase = .stopping
      return [.stopClaiming, .wakeClaimers] + (running == 0 ? finishIfIdle() : [.cancelHandlers])
    case .draining:
      phase = .stopping
      return running == 0 ? finishIfIdle() : [.cancelHandlers]
    case .stopping, .stopped: return []
    }
  }

  private mutating func finishIfIdle() -> [Action] {
    guard running == 0, phase == .draining || phase == .stopping else { return [] }
    phase = .stopped
    return [.finish]
  }
}
