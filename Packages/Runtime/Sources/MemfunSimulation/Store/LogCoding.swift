@testable import MemfunCore
@testable import MemfunRuntime

/// Writes the fields of a logged command, little-endian, lengths first.
struct LogEncoder {
  private(set) var bytes: [UInt8] = []

  mutating func number(_ value: UInt64) {
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift))) }
  }
  mutating func number(_ value: Int) { number(UInt64(bitPattern: Int64(value))) }
  mutating func number(_ value: Double) { number(value.bitPattern) }
  mutating func time(_ value: Timestamp) { number(UInt64(bitPattern: value.nanoseconds)) }
  mutating func duration(_ value: Duration) { number(UInt64(bitPattern: value.wholeNanoseconds)) }
  mutating func block(_ value: [UInt8]) {
    number(value.count)
    bytes += value
  }
  mutating func text(_ value: String) { block(Array(value.utf8)) }
  mutating func id(_ value: UUIDv7) {
    number(value.high)
    number(value.low)
  }
  mutating func optional<Value>(_ value: Value?, _ write: (inout LogEncoder, Value) -> Void) {
    bytes.append(value == nil ? 0 : 1)
    if let value { write(&self, value) }
  }
}

/// Bytes that passed their checksum but are no command: the log was written by another program.
struct LogDamage: Error {}

/// Reads what `LogEncoder` wrote.
struct LogDecoder {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func unsigned() throws -> UInt64 {
    guard rest.count >= 8 else { throw LogDamage() }
    var value: UInt64 = 0
    for (shift, byte) in rest.prefix(8).enumerated() { value |= UInt64(byte) << UInt64(8 * shift) }
    rest.removeFirst(8)
    return value
  }
  mutating func byte() throws -> UInt8 {
    guard let byte = rest.popFirst() else { throw LogDamage() }
    return byte
  }
  mutating func integer() throws -> Int { Int(truncatingIfNeeded: try unsigned()) }
  mutating func real() throws -> Double { Double(bitPattern: try unsigned()) }
  mutating func time() throws -> Timestamp { Timestamp(nanoseconds: Int64(bitPattern: try unsigned())) }
  mutating func duration() throws -> Duration { .nanoseconds(Int64(bitPattern: try unsigned())) }
  mutating func block() throws -> [UInt8] {
    let count = try integer()
    guard count >= 0, count <= rest.count else { throw LogDamage() }
    defer { rest.removeFirst(count) }
    return Array(rest.prefix(count))
  }
  mutating func text() throws -> String { String(decoding: try block(), as: UTF8.self) }
  mutating func id() throws -> UUIDv7 {
    let (high, low) = (try unsigned(), try unsigned())
    return UUIDv7(milliseconds: high >> 16, sequence: high & 0xFFF, random: low)
  }
  mutating func optional<Value>(_ read: (inout LogDecoder) throws -> Value) throws -> Value? {
    try byte() == 0 ? nil : try read(&self)
  }
}
