import MemfunCore

extension RandomSource {
  /// A uniform number in 0..<`bound`.
  func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

  /// True with this probability, 0…1.
  func chance(_ probability: Double) -> Bool { unit() < probability }

  /// A uniform duration in `range`, to the microsecond.
  func duration(_ range: ClosedRange<Duration>) -> Duration {
    let low = range.lowerBound.wholeNanoseconds / 1000
    let high = range.upperBound.wholeNanoseconds / 1000
    return .microseconds(low + Int64(below(Int(high - low) + 1)))
  }

  /// One of `elements`, which are not empty.
  func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
