import MemfunCore

@testable import MemfunRuntime

/// A world in which time passes only from event to event, and chance comes from one seed.
///
/// Everything runs on the caller's thread. What happens next is the event with the smallest time;
/// events of one instant are ordered by a tie-breaker from the seed, so that seeds try different
/// interleavings. Nothing here reads a clock, starts a task or depends on the order of a dictionary.
final class SimWorld {
  private struct Entry: Comparable, Sendable {
    let at: Duration
    let tieBreaker: UInt64
    let serial: UInt64

    static func < (left: Entry, right: Entry) -> Bool {
      (left.at, left.tieBreaker, left.serial) < (right.at, right.tieBreaker, right.serial)
    }
  }

  /// The seed's numbers.
  let random: SeededRandomSource
  /// The time that really passed.
  private(set) var now: Duration = .zero
  /// How far the wall clock is off.
  var wallError: Duration = .zero
  /// False once the faults have stopped.
  var isFaulty = true
  private(set) var trace: Trace
  private var queue = PriorityHeap<Entry>()
  private var actions: [UInt64: () -> Void] = [:]
  private var serial: UInt64 = 0

  init(seed: UInt64, traceLines: Int) {
    random = SeededRandomSource(seed: seed)
    trace = Trace(keeping: traceLines)
  }

  /// What a process reads as the wall clock.
  var wall: Timestamp { Timestamp(seconds: 1_700_000_000) + now + wallError }

  /// Runs `action` when `delay` has passed.
  func after(_ delay: Duration, _ action: @escaping () -> Void) {
    serial += 1
    queue.insert(Entry(at: now + max(.zero, delay), tieBreaker: random.next(), serial: serial))
    actions[serial] = action
  }

  /// Notes what happened.
  func note(_ line: @autoclosure () -> String) {
    trace.add("\(now.wholeNanoseconds / 1000) \(line())")
  }

  /// True with this probability, but only while faults are wanted: a rare path made frequent
  /// (FoundationDB's BUGGIFY).
  func buggify(_ probability: Double) -> Bool { isFaulty && random.chance(probability) }

  /// Lets events happen until the time is `end` or `isDone`.
  func run(until end: Duration, isDone: () -> Bool = { false }) {
    while let entry = queue.first, entry.at <= end {
      if isDone() { return }
      _ = queue.popFirst()
      now = max(now, entry.at)
      actions.removeValue(forKey: entry.serial)?()
    }
    if !isDone() { now = max(now, end) }
  }
}
