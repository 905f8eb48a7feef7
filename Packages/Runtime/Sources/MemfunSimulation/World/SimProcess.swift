/// Something that can be killed, stopped for a while and started again.
///
/// Timers of an earlier life never fire. Whatever comes in while it is stopped is seen afterwards.
class SimProcess {
  let world: SimWorld
  let name: String
  private(set) var isAlive = false
  private var life = 0
  private var pausedUntil: Duration = .zero

  init(world: SimWorld, name: String) {
    self.world = world
    self.name = name
  }

  /// Called at the beginning of each life.
  func begin() {}
  /// Called at the end of each life: everything in memory is lost.
  func lose() {}

  final func start() {
    guard !isAlive else { return }
    isAlive = true
    life += 1
    pausedUntil = .zero
    world.note("\(name) starts")
    begin()
  }

  final func kill() {
    guard isAlive else { return }
    isAlive = false
    world.note("\(name) is killed")
    lose()
  }

  /// SIGSTOP, and SIGCONT after `duration`.
  final func pause(_ duration: Duration) {
    world.note("\(name) stops for \(duration)")
    pausedUntil = max(pausedUntil, world.now + duration)
  }

  /// SIGCONT now.
  final func resume() { pausedUntil = world.now }

  /// A timer of this life.
  final func after(_ delay: Duration, _ action: @escaping () -> Void) {
    let current = life
    world.after(delay) { [weak self] in
      guard let self, self.isAlive, self.life == current else { return }
      if self.pausedUntil > self.world.now {
        self.after(self.pausedUntil - self.world.now, action)
      } else {
        action()
      }
    }
  }

  /// A message that arrives: seen in this life or not at all.
  final func arrive(_ action: @escaping () -> Void) {
    guard isAlive else { return }
    if pausedUntil > world.now { after(pausedUntil - world.now, action) } else { action() }
  }
}
