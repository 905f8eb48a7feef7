import MemfunCore

/// Two copies of an append-only log on disks that lose and tear what was not synchronised, rot, and
/// get full.
///
/// Only the first copy rots: one good copy of each record is what a store may count on.
final class SimDisk {
  /// The log could not be extended; nothing was written.
  struct Full: Error {}

  private struct Copy {
    var durable: [UInt8] = []
    var pending: [UInt8] = []
  }

  private let world: SimWorld
  private var first = Copy()
  private var second = Copy()
  var isFull = false

  init(world: SimWorld) { self.world = world }

  /// - Throws: `Full`.
  func append(_ bytes: [UInt8]) throws(Full) {
    if isFull { throw Full() }
    first.pending += bytes
    second.pending += bytes
  }

  /// How much there is to synchronise.
  var pendingCount: Int { first.pending.count }

  /// What was pending when the synchronisation began is durable now.
  func synchronise(_ count: Int) {
    for copy in [\SimDisk.first, \SimDisk.second] {
      let done = min(count, self[keyPath: copy].pending.count)
      self[keyPath: copy].durable += self[keyPath: copy].pending.prefix(done)
      self[keyPath: copy].pending.removeFirst(done)
    }
  }

  /// Power is lost: each copy keeps some beginning of what was pending, and its end may be garbage.
  func crash() {
    for copy in [\SimDisk.first, \SimDisk.second] {
      var kept = Array(self[keyPath: copy].pending.prefix(world.random.below(pendingCountOf(copy) + 1)))
      if !kept.isEmpty, world.random.chance(0.5) {
        for place in max(0, kept.count - 1 - world.random.below(16))..<kept.count {
          kept[place] = UInt8(truncatingIfNeeded: world.random.next())
        }
      }
      self[keyPath: copy].durable += kept
      self[keyPath: copy].pending = []
    }
  }

  private func pendingCountOf(_ copy: ReferenceWritableKeyPath<SimDisk, Copy>) -> Int {
    self[keyPath: copy].pending.count
  }

  /// One bit of the first copy rots.
  func rot() {
    guard !first.durable.isEmpty else { return }
    let place = world.random.below(first.durable.count)
    first.durable[place] ^= 1 << UInt8(world.random.below(8))
    world.note("bit rot at \(place)")
  }

  /// What a process that starts reads.
  var contents: (first: [UInt8], second: [UInt8]) { (first.durable, second.durable) }

  /// Writes both copies anew, durably.
  func replace(with bytes: [UInt8]) {
    first = Copy(durable: bytes)
    second = Copy(durable: bytes)
  }
}
