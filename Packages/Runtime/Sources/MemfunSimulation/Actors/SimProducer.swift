import MemfunCore

/// Stores tasks, cancels some and puts dead ones back.
final class SimProducer: SimClient {
  private let queues: [String]
  private let ids: UUIDv7Generator
  private var known: [UUIDv7] = []
  private var made = 0
  /// How many tasks it still makes.
  private(set) var left: Int

  init(
    world: SimWorld, network: SimNetwork, store: SimStore, name: String, queues: [String],
    ids: UUIDv7Generator, tasks: Int
  ) {
    self.queues = queues
    self.ids = ids
    left = tasks
    super.init(world: world, network: network, store: store, name: name)
  }

  override func begin() { work() }

  /// More to do, when the faults are over: waiting workers must get it at once.
  func add(_ count: Int) { left += count }

  private func work() {
    after(world.random.duration(.milliseconds(50)...(.milliseconds(1500)))) { [self] in
      let dice = world.random.below(10)
      if world.isFaulty, dice == 0, !known.isEmpty {
        call(.cancel(world.random.pick(known))) { [self] _ in work() }
      } else if world.isFaulty, dice <= 2, !known.isEmpty {
        call(.requeue(world.random.pick(known))) { [self] _ in work() }
      } else if left > 0 {
        left -= 1
        enqueue(newTask(), on: world.random.pick(queues))
      } else {
        work()
      }
    }
  }

  private func newTask() -> SimTask {
    made += 1
    var task = SimTask(payload: Array("\(name).\(made)".utf8))
    if world.random.chance(0.25) { task.key = "unique-\(world.random.below(4))" }
    if world.random.chance(0.3) { task.priority = world.random.below(4) }
    if world.random.chance(0.3) {
      task.notBefore = storeTime + world.random.duration(.milliseconds(100)...(.seconds(8)))
    }
    if world.isFaulty, world.random.chance(0.15) {
      task.deadline = storeTime + world.random.duration(.seconds(1)...(.seconds(20)))
    }
    task.maximumAttempts = 1 + world.random.below(4)
    return task
  }

  private func enqueue(_ task: SimTask, on queue: String, tries: Int = 3) {
    call(.enqueue(queue: queue, task, id: ids.next())) { [self] result in
      switch result {
      case .reply(.task(let id), _):
        known.append(id)
        work()
      case .unknown where tries > 0, .reply(.refused(.storageFull), _) where tries > 0:
        after(.milliseconds(200)) { [self] in enqueue(task, on: queue, tries: tries - 1) }
      default: work()
      }
    }
  }
}
