import Synchronization

/// A number that only grows: requests, tokens, money spent. Updates take no lock.
public final class Counter: Sendable {
  private let bits = Atomic<UInt64>(0)

  init() {}

  /// Adds `amount`; one that is negative or no finite number is ignored, since counters only grow.
  public func add(_ amount: Double = 1) {
    guard amount > 0, amount.isFinite else { return }
    bits.update { $0 + amount }
  }

  /// The present value.
  public var value: Double { bits.double }
}

/// A number that goes up and down: requests in flight, bytes in use. Updates take no lock.
public final class Gauge: Sendable {
  private let bits = Atomic<UInt64>(0)

  init() {}

  /// Replaces the value.
  public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

  /// Moves the value by `amount`, which may be negative.
  public func add(_ amount: Double = 1) { bits.update { $0 + amount } }

  /// The present value.
  public var value: Double { bits.double }
}

/// How often values fell into which range, and their sum: durations, sizes. Updates take no lock.
public final class Histogram: Sendable {
  /// What a histogram holds at one moment.
  public struct Snapshot: Sendable, Equatable {
    /// How many observations fell into each bucket (not cumulative); the last has no upper bound.
    public var counts: [UInt64]
    /// The sum of all observations.
    public var sum = 0.0
    /// How many observations there were.
    public var count: UInt64 { counts.reduce(0, +) }
  }

  /// An array cannot hold atomics themselves, since they cannot be copied.
  private final class Bucket: Sendable {
    let count = Atomic<UInt64>(0)
  }

  /// The upper bounds of the buckets but the last, each inclusive.
  public let bounds: [Double]
  private let buckets: [Bucket]
  private let sum = Atomic<UInt64>(0)

  init(bounds: [Double]) {
    self.bounds = bounds
    buckets = (0...bounds.count).map { _ in Bucket() }
  }

  /// Counts one observation. Negative values and NaN are ignored: with them the sum could shrink, which
  /// OpenMetrics forbids.
  public func observe(_ value: Double) {
    guard value >= 0 else { return }
    // The first bound that is not below the value.
    var (low, high) = (0, bounds.count)
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] < value { low = middle + 1 } else { high = middle }
    }
    buckets[low].count.wrappingAdd(1, ordering: .relaxed)
    sum.update { $0 + value }
  }

  /// Counts a duration, in seconds.
  public func observe(_ duration: Duration) { observe(duration.inSeconds) }

  /// The present content. The count is that of the buckets; the sum may be ahead of or behind it by what
  /// is being observed at this moment.
  public var snapshot: Snapshot {
    Snapshot(counts: buckets.map { $0.count.load(ordering: .relaxed) }, sum: sum.double)
  }

  /// Bounds for durations in seconds, from 5 ms to 5 min: model calls are slow.
  public static let secondsBounds = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
  ]

  /// Bounds for sizes in bytes, from 256 B to 64 MiB in powers of four.
  public static let bytesBounds = (4...13).map { Double(1 << (2 * $0)) }
}

extension Atomic where Value == UInt64 {
  fileprivate var double: Double { Double(bitPattern: load(ordering: .relaxed)) }

  fileprivate func update(_ change: (Double) -> Double) {
    var old = load(ordering: .relaxed)
    while true {
      let new = change(Double(bitPattern: old)).bitPattern
      let (done, seen) = weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
      if done { return }
      old = seen
    }
  }
}
