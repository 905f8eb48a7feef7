extension FileFacts {
  /// Changes whenever the scanners or the encoding change, so that old cache entries are not believed.
  public static let formatVersion: UInt8 = 2

  /// Appends a compact binary form: LEB128 numbers, differences instead of line numbers.
  public func append(to bytes: inout [UInt8]) {
    var writer = FactsWriter(bytes: bytes)
    bytes = []
    writer.byte(Self.formatVersion)
    for count in [lines, codeLines, commentLines, blankLines] { writer.number(UInt64(count)) }
    writer.byte(traits.rawValue)
    writer.string(module)

    writer.number(UInt64(imports.count))
    var line: Int32 = 0
    for item in imports {
      writer.difference(from: &line, to: item.line)
      writer.byte(item.kind.rawValue)
      writer.byte(item.level)
      writer.string(item.text)
      writer.number(UInt64(item.members.count))
      for member in item.members { writer.string(member) }
    }

    writer.number(UInt64(markers.count))
    line = 0
    for marker in markers {
      writer.difference(from: &line, to: marker.line)
      writer.byte(marker.kind.code)
      writer.string(marker.text)
    }

    writer.number(UInt64(decisionLines.count))
    line = 0
    for decision in decisionLines { writer.difference(from: &line, to: decision) }

    writer.number(UInt64(blocks.count))
    line = 0
    for block in blocks {
      writer.difference(from: &line, to: block.openLine)
      writer.signed(Int64(block.openLine) - Int64(block.headLine))
      writer.signed(Int64(block.closeLine) - Int64(block.openLine))
    }

    writer.number(UInt64(fingerprints.count))
    line = 0
    for fingerprint in fingerprints {
      writer.difference(from: &line, to: fingerprint.line)
      writer.number(UInt64(fingerprint.tokens))
      writer.fixed(fingerprint.hash)
    }

    for names in [definedNames, referencedNames] {
      writer.number(UInt64(names.count))
      for name in names { writer.fixed(name) }
    }
    bytes = writer.bytes
  }

  /// Reads what `append(to:)` wrote.
  ///
  /// Returns nil when the bytes are of another version, cut, followed by more, or damaged in a way that
  /// shows; never traps and never allocates more than a small multiple of the input.
  public init?(decoding bytes: UnsafeRawBufferPointer) {
    var reader = FactsReader(bytes: bytes)
    guard reader.byte() == Self.formatVersion else { return nil }
    self.init()
    lines = reader.line()
    codeLines = reader.line()
    commentLines = reader.line()
    blankLines = reader.line()
    traits = Traits(rawValue: reader.byte())
    module = reader.string()

    var line: Int32 = 0
    imports = reader.list { reader in
      line = reader.line(after: line)
      let at = line
      guard let kind = RawImport.Kind(rawValue: reader.byte()) else { return nil }
      let level = reader.byte()
      let text = reader.string()
      return RawImport(
        line: at, kind: kind, text: text, level: level, members: reader.list { $0.string() })
    }
    line = 0
    markers = reader.list { reader in
      line = reader.line(after: line)
      guard let kind = Marker.Kind(code: reader.byte()) else { return nil }
      return RawMarker(line: line, kind: kind, text: reader.string())
    }
    line = 0
    decisionLines = reader.list { reader in
      line = reader.line(after: line)
      return line
    }
    line = 0
    blocks = reader.list { reader in
      line = reader.line(after: line)
      let head = Int64(line) &- reader.signed()
      let close = Int64(line) &+ reader.signed()
      guard let head = Int32(exactly: head), let close = Int32(exactly: close) else { return nil }
      return Block(headLine: head, openLine: line, closeLine: close)
    }
    line = 0
    fingerprints = reader.list { reader in
      line = reader.line(after: line)
      let tokens = UInt16(truncatingIfNeeded: reader.number())
      return LineFingerprint(hash: reader.fixed(), line: line, tokens: tokens)
    }
    definedNames = reader.list { $0.fixed() }
    referencedNames = reader.list { $0.fixed() }
    guard reader.isIntact, reader.isAtEnd else { return nil }
  }
}

extension Marker.Kind {
  /// A stable number for the cache.
  fileprivate var code: UInt8 {
    switch self {
    case .todo: 0
    case .fixme: 1
    case .hack: 2
    case .xxx: 3
    }
  }

  fileprivate init?(code: UInt8) {
    switch code {
    case 0: self = .todo
    case 1: self = .fixme
    case 2: self = .hack
    case 3: self = .xxx
    default: return nil
    }
  }
}

/// Appends numbers and strings to bytes.
private struct FactsWriter {
  var bytes: [UInt8]

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  /// LEB128.
  mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// Zigzag, then LEB128.
  mutating func signed(_ value: Int64) { number(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  /// The step from the line before; both are sorted, but a step back must not trap.
  mutating func difference(from last: inout Int32, to line: Int32) {
    signed(Int64(line) - Int64(last))
    last = line
  }

  mutating func fixed(_ value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func string(_ value: String) {
    number(UInt64(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }
}

/// Reads numbers and strings; after the first impossible one everything is zero and `isIntact` is false.
private struct FactsReader {
  let bytes: UnsafeRawBufferPointer
  var position = 0
  var isIntact = true

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func byte() -> UInt8 {
    guard isIntact, position < bytes.count else {
      isIntact = false
      return 0
    }
    defer { position += 1 }
    return bytes[position]
  }

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

  mutating func signed() -> Int64 {
    let value = number()
    return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  mutating func line() -> Int32 {
    guard let line = Int32(exactly: number()) else {
      isIntact = false
      return 0
    }
    return line
  }

  mutating func line(after last: Int32) -> Int32 {
    guard let line = Int32(exactly: Int64(last) &+ signed()) else {
      isIntact = false
      return 0
    }
    return line
  }

  mutating func fixed() -> UInt64 {
    guard isIntact, bytes.count - position >= 8 else {
      isIntact = false
      return 0
    }
    defer { position += 8 }
    return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
  }

  mutating func string() -> String {
    let count = number()
    guard isIntact, count <= UInt64(bytes.count - position) else {
      isIntact = false
      return ""
    }
    defer { position += Int(count) }
    return String(decoding: bytes[position..<position + Int(count)], as: UTF8.self)
  }

  /// Elements take at least one byte each, so a count above the bytes that are left is a lie.
  mutating func list<Element>(_ element: (inout FactsReader) -> Element?) -> [Element] {
    let count = number()
    guard isIntact, count <= UInt64(bytes.count - position) else {
      isIntact = false
      return []
    }
    var elements: [Element] = []
    elements.reserveCapacity(Int(count))
    for _ in 0..<Int(count) {
      guard let next = element(&self), isIntact else {
        isIntact = false
        return elements
      }
      elements.append(next)
    }
    return elements
  }
}
