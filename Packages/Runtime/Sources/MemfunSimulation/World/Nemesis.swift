import MemfunCore

/// Makes faults while they are wanted. Each seed has its own mixture, so that some runs see much of
/// one kind (swarm testing: Groce et al., ISSTA 2012).
final class Nemesis {
  private enum Fault: String, CaseIterable {
    case killStore, pauseStore, killClient, pauseClient, partition, clockJump, diskFull, bitRot
  }

  private let world: SimWorld
  private let network: SimNetwork
  private let store: SimStore
  private let clients: [SimClient]
  private var faults: [Fault]

  init(world: SimWorld, network: SimNetwork, store: SimStore, clients: [SimClient]) {
    self.world = world
    self.network = network
    self.store = store
    self.clients = clients
    faults = []
    faults = Fault.allCases.filter { _ in world.random.chance(0.6) }
    if world.random.chance(0.7) {
      network.lossRate = world.random.unit() * 0.04
      network.duplicationRate = world.random.unit() * 0.05
      network.slowest = world.random.duration(.milliseconds(2)...(.milliseconds(400)))
    }
    // Not the values themselves: how a private type is printed differs from process to process.
    world.note("faults \(faults.map(\.rawValue))")
  }

  func start() {
    guard !faults.isEmpty else { return }
    world.after(world.random.duration(.milliseconds(200)...(.seconds(3)))) { [weak self] in
      guard let self, self.world.isFaulty else { return }
      self.strike(self.world.random.pick(self.faults))
      self.start()
    }
  }

  /// Ends every fault; the calm begins with freshly started clients.
  func end() {
    world.isFaulty = false
    network.heal()
    store.disk.isFull = false
    world.wallError = .zero
    store.resume()
    store.start()
    for client in clients {
      client.kill()
      client.start()
    }
  }

  private func strike(_ fault: Fault) {
    let random = world.random
    switch fault {
    case .killStore:
      store.kill()
      world.after(random.duration(.milliseconds(20)...(.seconds(2)))) { [weak self] in self?.store.start() }
    case .pauseStore: store.pause(random.duration(.milliseconds(100)...(.seconds(4))))
    case .killClient:
      let client = random.pick(clients)
      client.kill()
      world.after(random.duration(.milliseconds(20)...(.seconds(4)))) { client.start() }
    case .pauseClient: random.pick(clients).pause(random.duration(.milliseconds(500)...(.seconds(8))))
    case .partition: partition(random.pick(clients).name)
    case .clockJump: jump()
    case .diskFull:
      store.disk.isFull = true
      world.note("disk full")
      world.after(random.duration(.milliseconds(100)...(.seconds(3)))) { [weak self] in
        self?.store.disk.isFull = false
      }
    case .bitRot: store.disk.rot()
    }
  }

  private func partition(_ name: String) {
    let directions = world.random.pick([
      [(name, "store")], [("store", name)], [(name, "store"), ("store", name)],
    ])
    for (from, to) in directions { network.cut(from: from, to: to) }
    world.after(world.random.duration(.milliseconds(200)...(.seconds(6)))) { [weak self] in
      for (from, to) in directions { self?.network.mend(from: from, to: to) }
    }
  }

  private func jump() {
    let steps: [Duration] = [
      .seconds(-3600), .seconds(-5), .seconds(-1), .seconds(2), .seconds(600), .seconds(3600),
    ]
    let step = world.random.pick(steps)
    world.wallError += step
    world.note("the wall clock jumps by \(step)")
    guard world.random.chance(0.5) else { return }
    world.after(world.random.duration(.seconds(1)...(.seconds(10)))) { [weak self] in
      guard let world = self?.world, world.isFaulty else { return }
      world.wallError -= step
      world.note("the wall clock is set right")
    }
  }
}
