import MemfunCore

@testable import MemfunRuntime

/// Reads and writes keys; those without a time to live are recorded for the check of linearisability.
final class SimKeyClient: SimClient {
  private let number: Int
  private let record: (RegisterOperation) -> Void
  private let instant: () -> Int
  private var revisions: [String: UInt64] = [:]
  private var made = 0
  /// How many calls it still makes.
  private(set) var left: Int
  private var open: RegisterOperation?

  /// - Parameters:
  ///   - instant: counts the events of the history.
  ///   - record: takes a call whose outcome is known as far as it ever will be.
  init(
    world: SimWorld, network: SimNetwork, store: SimStore, number: Int, calls: Int,
    instant: @escaping () -> Int, record: @escaping (RegisterOperation) -> Void
  ) {
    self.number = number
    self.instant = instant
    self.record = record
    left = calls
    super.init(world: world, network: network, store: store, name: "keys\(number)")
  }

  override func begin() { work() }

  override func lose() {
    super.lose()
    if let open { record(open) }
    open = nil
  }

  private func work() {
    // Bursts and pauses: what is not durable yet is only seen by who asks soon.
    let pause: ClosedRange<Duration> =
      world.random.chance(0.6)
      ? .milliseconds(1)...(.milliseconds(20)) : .milliseconds(50)...(.milliseconds(800))
    after(world.random.duration(pause)) { [self] in
      guard left > 0 else { return work() }
      left -= 1
      if world.random.chance(0.3) { brief() } else { lasting() }
    }
  }

  /// A key that ends soon. Its answers carry the time, so that they can be checked one by one.
  private func brief() {
    let key = "brief/\(world.random.below(2))"
    made += 1
    let command: StoreCommand =
      world.random.chance(0.35)
      ? .put(key, Array("\(made)".utf8), timeToLive: world.random.duration(.seconds(1)...(.seconds(2))))
      : .get(key)
    call(command) { [self] _ in work() }
  }

  private func lasting() {
    let key = "lasting/\(world.random.below(2))"
    made += 1
    let value = Array("\(number).\(made)".utf8)
    let known = revisions[key] ?? 1
    let (asked, command): (RegisterCall, StoreCommand) =
      switch world.random.below(10) {
      case 0..<4: (.get, .get(key))
      case 4, 5: (.put(value), .put(key, value, timeToLive: nil))
      case 6: (.create(value), .create(key, value))
      case 7, 8: (.update(value, revision: known), .update(key, value, revision: known))
      default:
        world.random.chance(0.5)
          ? (.delete(revision: nil), .delete(key, revision: nil))
          : (.delete(revision: known), .delete(key, revision: known))
      }
    let operation = RegisterOperation(
      client: number, key: key, call: asked, invoked: instant(), outcome: .unknown)
    open = operation
    call(command) { [self] result in
      open = nil
      record(finished(operation, result))
      work()
    }
  }

  private func finished(_ operation: RegisterOperation, _ result: CallResult) -> RegisterOperation {
    let at = instant()
    let answer: RegisterAnswer? =
      switch result {
      case .reply(.entry(let entry?), _): .found(entry.value, revision: entry.revision)
      case .reply(.entry(nil), _), .reply(.revision(nil), _): .absent
      case .reply(.revision(let revision?), _): .written(revision: revision)
      case .reply(.refused(.conflict(_, let current)), _): .conflict(current: current)
      default: nil
      }
    let outcome: RegisterOperation.Outcome =
      if let answer { .answered(answer, at: at) } else if case .reply = result {
        .failed(at: at)
      } else { .unknown }
    switch answer {
    case .found(_, let revision), .written(let revision), .conflict(let revision?):
      revisions[operation.key] = revision
    case .absent, .conflict(nil), nil: break
    }
    return RegisterOperation(
      client: operation.client, key: operation.key, call: operation.call, invoked: operation.invoked,
      outcome: outcome)
  }
}
