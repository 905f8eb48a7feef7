extension FileFacts {
  /// Changes whenever the scanners or the encoding change, so that old cache entries are not believed.
  public static let formatVersion: UInt8 = 3

  /// Appends a compact binary form: LEB128 numbers, differences instead of line numbers.
  public func append(to bytes: inout [UInt8]) {
    var writer = BinaryWriter(bytes: bytes)
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
    var reader = BinaryReader(bytes)
    guard reader.byte() == Self.formatVersion else { return nil }
    self.init()
    lines = reader.number32()
    codeLines = reader.number32()
    commentLines = reader.number32()
    blankLines = reader.number32()
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

extension BinaryWriter {
  /// Zigzag, then LEB128.
  fileprivate mutating func signed(_ value: Int64) {
    number(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  /// The step from the line before; both are sorted, but a step back must not trap.
  fileprivate mutating func difference(from last: inout Int32, to line: Int32) {
    signed(Int64(line) - Int64(last))
    last = line
  }
}

extension BinaryReader {
  fileprivate mutating func signed() -> Int64 {
    let value = number()
    return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  fileprivate mutating func line(after last: Int32) -> Int32 {
    guard let line = Int32(exactly: Int64(last) &+ signed()) else {
      invalidate()
      return 0
    }
    return line
  }

  fileprivate mutating func list<Element>(_ element: (inout BinaryReader) -> Element?) -> [Element] {
    let count = count()
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for _ in 0..<count {
      guard let next = element(&self), isIntact else {
        invalidate()
        return elements
      }
      elements.append(next)
    }
    return elements
  }
}
