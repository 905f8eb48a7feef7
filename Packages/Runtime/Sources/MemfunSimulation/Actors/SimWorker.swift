import MemfunCore

@testable import MemfunRuntime

/// Takes tasks, keeps their leases, settles them; and, while faults are wanted, does what workers
/// should not: sleeps over its lease, goes on after losing it, dies at the worst place.
final class SimWorker: SimClient {
  private let queues: [String]
  private var openJobs = 0

  init(world: SimWorld, network: SimNetwork, store: SimStore, name: String, queues: [String]) {
    self.queues = queues
    super.init(world: world, network: network, store: store, name: name)
  }

  override func begin() {
    openJobs = 0
    claim()
  }

  private func claim() {
    let command = StoreCommand.claim(
      queue: world.random.pick(queues), maximum: 1 + world.random.below(2), owner: name)
    call(command, wait: .seconds(2 + world.random.below(8))) { [self] result in
      guard case .reply(.leases(let leases), _) = result, !leases.isEmpty else {
        after(.milliseconds(10 + world.random.below(200))) { [self] in claim() }
        return
      }
      if dies(0.01) { return }
      openJobs = leases.count
      for lease in leases { begin(lease) }
    }
  }

  private func begin(_ lease: Lease) {
    let isLazy = world.buggify(0.1)
    let work = world.random.duration(.milliseconds(20)...(world.isFaulty ? .seconds(6) : .seconds(1)))
    if isLazy {
      after(work) { [self] in finish(lease) }
    } else {
      goOn(lease, until: world.now + work)
    }
  }

  private func goOn(_ lease: Lease, until end: Duration) {
    let left = end - world.now
    if left <= .milliseconds(900) {
      after(left) { [self] in finish(lease) }
      return
    }
    after(.milliseconds(900)) { [self] in
      let progress = Array("\(lease.fence) \(world.now)".utf8)
      call(.heartbeat(lease.id, fence: lease.fence, progress: progress)) { [self] result in
        switch result {
        case .reply(.heartbeat(.lost), _):
          // Someone who does not listen: the fence must stop him.
          if world.buggify(0.4) { goOn(lease, until: end) } else { close() }
        case .reply(.heartbeat(.cancelRequested), _):
          if world.random.chance(0.5) {
            settle(lease, .fail(lease.id, fence: lease.fence, retryable: true, jitter: 0))
          } else {
            goOn(lease, until: end)
          }
        default: goOn(lease, until: end)
        }
      }
    }
  }

  private func finish(_ lease: Lease) {
    if dies(0.02) { return }
    let kind = world.isFaulty ? world.random.below(100) : 0
    let jitter = world.random.uniform(in: -1...1)
    switch kind {
    case 0..<75: settle(lease, .complete(lease.id, fence: lease.fence, result: Array("\(lease.fence)".utf8)))
    case 75..<87: settle(lease, .fail(lease.id, fence: lease.fence, retryable: true, jitter: jitter))
    case 87..<90: settle(lease, .fail(lease.id, fence: lease.fence, retryable: false, jitter: jitter))
    default:
      let delay = world.random.duration(.zero...(.seconds(2)))
      settle(lease, .release(lease.id, fence: lease.fence, delay: delay))
    }
    if dies(0.02) { return }
  }

  /// Settles; a call of unknown outcome is made again, which must give the same answer.
  private func settle(_ lease: Lease, _ command: StoreCommand, tries: Int = 4) {
    call(command) { [self] result in
      if dies(0.01) { return }
      switch result {
      case .unknown where tries > 0, .reply(.refused(.storageFull), _) where tries > 0:
        after(.milliseconds(300)) { [self] in settle(lease, command, tries: tries - 1) }
      default:
        // A second time although it was answered: as after an answer that a crash swallowed.
        if world.buggify(0.05), tries > 0 { settle(lease, command, tries: 0) } else { close() }
      }
    }
  }

  private func close() {
    openJobs -= 1
    guard openJobs <= 0 else { return }
    after(.milliseconds(5 + world.random.below(50))) { [self] in claim() }
  }

  /// A place at which a crash would hurt.
  private func dies(_ probability: Double) -> Bool {
    guard world.buggify(probability) else { return false }
    kill()
    world.after(world.random.duration(.milliseconds(100)...(.seconds(3)))) { [weak self] in self?.start() }
    return true
  }
}
