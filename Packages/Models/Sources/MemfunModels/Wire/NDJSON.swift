/// Reads newline-delimited texts from bytes, however they are split; blank lines are skipped.
public struct NDJSONParser: Sendable {
  private var lines: LineReader

  /// - Parameter maximumLineBytes: a longer line ends the stream with an error.
  public init(maximumLineBytes: Int = 16 << 20) { lines = LineReader(maximumLineBytes: maximumLineBytes) }

  /// The lines that `bytes` complete. Bytes that are no UTF-8 are replaced by U+FFFD.
  ///
  /// - Throws: an error when a line exceeds the limit.
  public mutating func feed(_ bytes: [UInt8]) throws -> [String] {
    var texts: [String] = []
    try lines.feed(bytes) { line in
      if let text = Self.text(line) { texts.append(text) }
    }
    return texts
  }

  /// The line that was not ended when the stream was.
  public mutating func finish() -> String? { Self.text(lines.rest()[...]) }

  private static func text(_ line: ArraySlice<UInt8>) -> String? {
    if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return nil }
    return String(decoding: line, as: UTF8.self)
  }
}
