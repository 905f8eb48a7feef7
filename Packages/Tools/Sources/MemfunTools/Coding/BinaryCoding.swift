/// Appends numbers and strings to bytes in a form that is small and quick to read back.
struct BinaryWriter {
  private(set) var bytes: [UInt8] = []

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// LEB128.
  mutating func number(_ value: some BinaryInteger) {
    var rest = UInt64(clamping: value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// Eight bytes, little-endian.
  mutating func fixed(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func string(_ value: String) {
    var value = value
    value.withUTF8 { text in
      number(text.count)
      bytes.append(contentsOf: text)
    }
  }

  mutating func blob(_ value: some Collection<UInt8>) {
    number(value.count)
    bytes.append(contentsOf: value)
  }
}

/// Reads what `BinaryWriter` wrote. After the first impossible value everything is zero and `isIntact` is
/// false: damaged bytes give no map, never a trap.
struct BinaryReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  private(set) var isIntact = true

  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  var isAtEnd: Bool { position == bytes.count }

  /// For readers built on this one, that find a value which cannot be.
  mutating func invalidate() { isIntact = false }

  mutating func byte() -> UInt8 {
    guard isIntact, position < bytes.count else {
      isIntact = false
      return 0
    }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func flag() -> Bool { byte() != 0 }

  mutating func number() -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let next = byte()
      value |= UInt64(next & 0x7F) << shift
      if next & 0x80 == 0 { return value }
      shift += 7
    }
    isIntact = false
    return 0
  }

  mutating func number32() -> Int32 {
    guard let value = Int32(exactly: number()) else {
      isIntact = false
      return 0
    }
    return value
  }

  /// A number of things that take at least a byte each: more than there are bytes is a lie.
  mutating func count() -> Int {
    let value = number()
    guard isIntact, value <= UInt64(bytes.count - position) else {
      isIntact = false
      return 0
    }
    return Int(value)
  }

  mutating func fixed() -> UInt64 {
    guard isIntact, bytes.count - position >= 8 else {
      isIntact = false
      return 0
    }
    defer { position += 8 }
    return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
  }

  mutating func blob() -> Range<Int> {
    let size = count()
    defer { position += size }
    return position..<position + size
  }

  mutating func string() -> String {
    let range = blob()
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }
}
