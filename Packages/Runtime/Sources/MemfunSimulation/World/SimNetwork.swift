import MemfunCore

/// Carries messages between processes: late, twice, in another order, or not at all.
final class SimNetwork {
  private let world: SimWorld
  private var cut: Set<String> = []
  /// The shares of messages that are lost, or delivered twice.
  var lossRate = 0.0, duplicationRate = 0.0
  /// The longest time that a message takes.
  var slowest: Duration = .milliseconds(5)

  init(world: SimWorld) { self.world = world }

  /// Delivers to whichever life of `receiver` there is when the message arrives.
  func send(from sender: SimProcess, to receiver: SimProcess, _ deliver: @escaping () -> Void) {
    let copies = world.random.chance(lossRate) ? 0 : world.random.chance(duplicationRate) ? 2 : 1
    for _ in 0..<copies {
      world.after(world.random.duration(.microseconds(100)...slowest)) { [weak self] in
        guard let self, !self.cut.contains("\(sender.name)>\(receiver.name)") else { return }
        receiver.arrive(deliver)
      }
    }
  }

  /// Cuts one direction.
  func cut(from: String, to: String) {
    world.note("cut \(from) > \(to)")
    cut.insert("\(from)>\(to)")
  }

  func mend(from: String, to: String) { cut.remove("\(from)>\(to)") }

  /// Ends all faults.
  func heal() {
    cut = []
    lossRate = 0
    duplicationRate = 0
    slowest = .milliseconds(5)
  }
}
