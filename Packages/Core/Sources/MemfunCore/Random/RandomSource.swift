import Synchronization

/// Where chance comes from. Chance is an input: production passes `SystemRandomSource`, tests and
/// simulations pass a seed, and a failing seed reproduces the run.
public protocol RandomSource: Sendable {
  /// 64 uniformly distributed bits.
  func next() -> UInt64
}

extension RandomSource {
  /// A uniform number in [0, 1) with 53 random bits.
  public func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A uniform number in `range`.
  public func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + unit() * (range.upperBound - range.lowerBound)
  }
}

/// The kernel's generator.
public struct SystemRandomSource: RandomSource {
  /// There is nothing to configure.
  public init() {}
  public func next() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }
}

/// A reproducible generator: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", OOPSLA 2014). Not for secrets.
public final class SeededRandomSource: RandomSource {
  private let state: Mutex<UInt64>

  /// - Parameter seed: equal seeds give equal sequences.
  public init(seed: UInt64) { state = Mutex(seed) }

  public func next() -> UInt64 {
    state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }
}
