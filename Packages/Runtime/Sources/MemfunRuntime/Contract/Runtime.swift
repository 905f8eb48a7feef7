import MemfunCore

/// The four stores of one tier, opened together. The program above does not change with the tier.
public struct Runtime: Sendable {
  /// Which implementation this is.
  public enum Tier: String, Sendable, CaseIterable {
    case inProcess = "in-process"
    case sqlite, redis, nats
  }

  /// Which implementation this is.
  public let tier: Tier
  /// What an acknowledged write survives.
  public let durability: Durability
  /// Messages.
  public let bus: any EventBus
  /// Keys and values.
  public let store: any StateStore
  /// Tasks.
  public let queue: any TaskQueue
  private let closeAction: @Sendable () async -> Void

  /// Made by tiers.
  public init(
    tier: Tier, durability: Durability, bus: any EventBus, store: any StateStore, queue: any TaskQueue,
    close: @escaping @Sendable () async -> Void
  ) {
    self.tier = tier
    self.durability = durability
    self.bus = bus
    self.store = store
    self.queue = queue
    closeAction = close
  }

  /// Ends every subscription, watch and wait; further calls throw `RuntimeError.closed`.
  public func close() async { await closeAction() }
}

extension Runtime {
  /// Tier T0: everything in this process' memory. Durability D0.
  ///
  /// - Parameters:
  ///   - time: the clock of leases, delays and times to live.
  ///   - random: ids and jitter.
  public static func inProcess(
    time: any TimeSource = SystemTimeSource(), random: any RandomSource = SystemRandomSource()
  ) -> Runtime {
    let clock = SharedStoreClock(time: time)
    let bus = InProcessBus(clock: clock)
    let queue = InProcessQueue(clock: clock, random: random) { ended in
      // Queue names and ids are legal tokens; a closed bus has nobody who could miss the event.
      guard let subject = try? Subject("task.\(ended.queue).\(ended.id).\(ended.state.rawValue)") else {
        return
      }
      _ = try? bus.append(subject, [], dedupeKey: "\(ended.id).\(ended.state.rawValue)", headers: [:])
    }
    let store = InProcessStore(clock: clock, queue: queue)
    return Runtime(tier: .inProcess, durability: .process, bus: bus, store: store, queue: queue) {
      queue.close()
      store.close()
      bus.close()
    }
  }
}
