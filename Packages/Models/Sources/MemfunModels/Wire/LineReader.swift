/// Cuts a byte stream into lines, however the bytes are split into pieces. A pure state machine.
///
/// A line ends with LF, CR LF or a single CR (the rule of WHATWG's EventSource; JSON text never holds
/// a bare CR or LF outside white space, so the rule fits NDJSON too).
struct LineReader: Sendable {
  private var line: [UInt8] = []
  private var skipsLineFeed = false
  private let maximumLineBytes: Int

  init(maximumLineBytes: Int) { self.maximumLineBytes = maximumLineBytes }

  /// Calls `body` with each line that `bytes` completes, without its end.
  mutating func feed(
    _ bytes: [UInt8], line body: (ArraySlice<UInt8>) throws -> Void
  ) throws {
    var start = bytes.startIndex
    var place = start
    while place < bytes.endIndex {
      let byte = bytes[place]
      if byte == 0x0A || byte == 0x0D {
        if byte == 0x0A, skipsLineFeed, place == start, line.isEmpty {
          skipsLineFeed = false
        } else {
          try deliver(bytes[start..<place], to: body)
          skipsLineFeed = byte == 0x0D
        }
        start = place + 1
      } else {
        skipsLineFeed = false
      }
      place += 1
    }
    line += bytes[start...]
    if line.count > maximumLineBytes { throw WireError.lineTooLong(limit: maximumLineBytes) }
  }

  /// The bytes after the last line end, once the stream has ended.
  mutating func rest() -> [UInt8] {
    defer { line = [] }
    return line
  }

  private mutating func deliver(
    _ end: ArraySlice<UInt8>, to body: (ArraySlice<UInt8>) throws -> Void
  ) throws {
    if line.count + end.count > maximumLineBytes { throw WireError.lineTooLong(limit: maximumLineBytes) }
    if line.isEmpty {
      try body(end)
    } else {
      line += end
      let whole = line
      line.removeAll(keepingCapacity: true)
      try body(whole[...])
    }
  }
}

/// A stream that breaks the framing's limits.
enum WireError: Error, Equatable {
  /// One line, or one event of several lines, is larger than this many bytes.
  case lineTooLong(limit: Int)
}
