import MemfunCore

@testable import MemfunRuntime

/// Publishes, repeats what is unknown with the same dedupe key, and sometimes what is known.
final class SimPublisher: SimClient {
  private var made = 0
  private var sent: [(subject: String, payload: [UInt8], key: String)] = []
  /// How many messages it still publishes.
  private(set) var left: Int

  init(world: SimWorld, network: SimNetwork, store: SimStore, name: String, messages: Int) {
    left = messages
    super.init(world: world, network: network, store: store, name: name)
  }

  override func begin() { work() }
  func add(_ count: Int) { left += count }

  private func work() {
    after(world.random.duration(.milliseconds(100)...(.milliseconds(1500)))) { [self] in
      if let old = sent.last, world.random.chance(0.2) {
        publish(old.subject, old.payload, old.key)
      } else if left > 0 {
        left -= 1
        made += 1
        let subject = world.random.chance(0.5) ? "orders.a" : "orders.b"
        let key = world.random.chance(0.7) ? "\(name).\(made)" : nil
        publish(subject, Array("\(name).\(made)".utf8), key)
      } else {
        work()
      }
    }
  }

  private func publish(_ subject: String, _ payload: [UInt8], _ key: String?, tries: Int = 8) {
    call(.publish(subject: subject, payload, dedupeKey: key)) { [self] result in
      switch result {
      case .unknown where tries > 0 && key != nil, .reply(.refused, _) where tries > 0:
        after(.milliseconds(200)) { [self] in publish(subject, payload, key, tries: tries - 1) }
      default:
        if let key { sent.append((subject, payload, key)) }
        work()
      }
    }
  }
}

/// A member of a group.
final class SimConsumer: SimClient {
  private let group: String
  private let shape: GroupShape

  init(
    world: SimWorld, network: SimNetwork, store: SimStore, name: String, group: String, shape: GroupShape
  ) {
    self.group = group
    self.shape = shape
    super.init(world: world, network: network, store: store, name: name)
  }

  override func begin() { attach() }

  private func attach() {
    call(.attach(group: group, shape)) { [self] result in
      if case .reply(.done, _) = result { fetch() } else { after(.milliseconds(300)) { [self] in attach() } }
    }
  }

  private func fetch() {
    call(.fetch(group: group), wait: .seconds(3 + world.random.below(5))) { [self] result in
      guard case .reply(.delivery(let delivery?), _) = result else {
        after(.milliseconds(10 + world.random.below(100))) { [self] in fetch() }
        return
      }
      let isSlow = world.buggify(0.2)
      let range: ClosedRange<Duration> =
        isSlow ? .milliseconds(1500)...(.seconds(4)) : .milliseconds(5)...(.milliseconds(200))
      after(world.random.duration(range)) { [self] in settle(delivery) }
    }
  }

  private func settle(_ delivery: Delivery) {
    let dice = world.isFaulty ? world.random.below(20) : 0
    let settlement: StoreCommand.Settlement =
      switch dice {
      case 0..<13: .acknowledge
      case 13..<17: .reject(delay: world.random.duration(.zero...(.seconds(2))))
      case 17: .terminate
      default: .inProgress
      }
    let token = delivery.token
    call(.settle(group: group, seq: token.seq, delivery: token.delivery, settlement)) { [self] _ in
      if settlement == .inProgress {
        after(.milliseconds(300)) { [self] in settle(delivery) }
      } else {
        fetch()
      }
    }
  }
}
