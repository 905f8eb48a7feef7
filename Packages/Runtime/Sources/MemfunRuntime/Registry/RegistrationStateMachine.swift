/// The steps by which an instance gets a name, and keeps it. Pure: what the store holds comes in, what to
/// do with the store comes out.
///
/// Two keys: a counter of epochs which stays for ever, and the registration, which ends with its time to
/// live. The counter is raised first, so no two instances ever have one epoch; the registration decides
/// who holds the name.
struct RegistrationStateMachine: Sendable, Equatable {
  /// A value with the revision that a conditional write needs.
  struct Seen<Value: Sendable & Equatable>: Sendable, Equatable {
    let value: Value
    let revision: UInt64
  }

  enum Action: Equatable {
    /// Raise the counter, only if it still has this revision (nil: does not exist).
    case raiseEpoch(to: UInt64, over: UInt64?)
    /// Store the registration in place of that revision (nil: where none is).
    case register(epoch: UInt64, over: UInt64?)
    /// Another live instance has it.
    case refuse(instance: String)
  }

  enum Confirmation: Equatable {
    /// Write the registration again over this revision.
    case renew(over: UInt64)
    /// It ran out; store it again if nothing is there.
    case revive
    case lost
  }

  let instance: String
  let takesOver: Bool
  private var epoch: UInt64?

  /// - Parameter takesOver: whether another live instance is pushed out.
  init(instance: String, takesOver: Bool) {
    self.instance = instance
    self.takesOver = takesOver
  }

  /// What to do next, given what the store holds now. After a conflict: look again, ask again.
  func next(live: Seen<Registration>?, counter: Seen<UInt64>?) -> Action {
    if let live, live.value.instance != instance, !takesOver { return .refuse(instance: live.value.instance) }
    // A newer epoch than ours is somebody who began later; to go on, a still newer one is needed.
    if let epoch, counter?.value == epoch { return .register(epoch: epoch, over: live?.revision) }
    // The counter may lag behind a registration that was brought in from a backup.
    let highest = max(counter?.value ?? 0, live?.value.epoch ?? 0)
    return .raiseEpoch(to: highest + 1, over: counter?.revision)
  }

  /// The counter was raised to `epoch` by this instance.
  mutating func raised(to epoch: UInt64) { self.epoch = epoch }

  /// What a heartbeat of `held` does, given what the store holds now.
  static func confirm(_ held: Registration, live: Seen<Registration>?, counter: UInt64?) -> Confirmation {
    if let live {
      let isOurs = live.value.instance == held.instance && live.value.epoch == held.epoch
      return isOurs ? .renew(over: live.revision) : .lost
    }
    return counter == held.epoch ? .revive : .lost
  }
}
