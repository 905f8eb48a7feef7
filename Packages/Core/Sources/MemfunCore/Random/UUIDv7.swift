import Synchronization

/// A UUID of version 7 (RFC 9562 §5.7): sortable by creation time, unique without coordination.
public struct UUIDv7: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The first and the last 64 bits, big-endian order.
  public let high: UInt64, low: UInt64

  init(milliseconds: UInt64, sequence: UInt64, random: UInt64) {
    high = (milliseconds & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | (sequence & 0xFFF)
    low = 0x8000_0000_0000_0000 | (random & 0x3FFF_FFFF_FFFF_FFFF)
  }

  /// Takes the two halves as `high` and `low` gave them. Nil for anything that is no version 7 UUID.
  public init?(high: UInt64, low: UInt64) {
    guard high >> 12 & 0xF == 7, low >> 62 == 2 else { return nil }
    self.high = high
    self.low = low
  }

  /// Parses the form with hyphens, in either case. Nil for anything that is no version 7 UUID.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 36, [8, 13, 18, 23].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }) else {
      return nil
    }
    let digits = bytes.enumerated().filter { ![8, 13, 18, 23].contains($0.offset) }.map(\.element)
    guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let high = UInt64(String(decoding: digits[..<16], as: UTF8.self), radix: 16),
      let low = UInt64(String(decoding: digits[16...], as: UTF8.self), radix: 16),
      high >> 12 & 0xF == 7, low >> 62 == 2
    else { return nil }
    self.high = high
    self.low = low
  }

  /// When the id was made, to the millisecond.
  public var timestamp: Timestamp { Timestamp(nanoseconds: Int64(high >> 16) * 1_000_000) }

  public static func < (left: UUIDv7, right: UUIDv7) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  /// Lower-case, with hyphens.
  public var description: String {
    func digits(_ value: UInt64) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    let all = Array((digits(high) + digits(low)).utf8)
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
      .map { String(decoding: all[$0], as: UTF8.self) }.joined(separator: "-")
  }
}

/// Makes UUIDs that are strictly increasing within one generator, also within one millisecond and
/// when the wall clock steps back (RFC 9562 §6.2, method 1: a counter in the 12 bits of `rand_a`).
public final class UUIDv7Generator: Sendable {
  private struct Last {
    var milliseconds: UInt64 = 0
    var sequence: UInt64 = 0
  }

  private let time: any TimeSource
  private let random: any RandomSource
  private let last = Mutex(Last())

  /// - Parameters:
  ///   - time: gives the leading 48 bits.
  ///   - random: gives the trailing 62 bits.
  public init(time: any TimeSource, random: any RandomSource) {
    self.time = time
    self.random = random
  }

  /// A new id, greater than every earlier one of this generator.
  public func next() -> UUIDv7 {
    let now = UInt64(max(0, time.now().milliseconds))
    let stamp = last.withLock { last in
      if now > last.milliseconds {
        last = Last(milliseconds: now, sequence: 0)
      } else if last.sequence < 0xFFF {
        last.sequence += 1
      } else {
        last = Last(milliseconds: last.milliseconds + 1, sequence: 0)
      }
      return last
    }
    return UUIDv7(milliseconds: stamp.milliseconds, sequence: stamp.sequence, random: random.next())
  }
}
