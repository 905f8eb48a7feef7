/// The head of a response: what comes before the body.
struct HTTPHead: Sendable, Equatable {
  var status: Int
  var version: String
  var fields: HTTPFields
}

/// Collects the lines of a response's head, as libcurl hands them over, into an `HTTPHead`.
///
/// A pure state machine: a line in, a step out. Interim responses (1xx, RFC 9110 §15.2) are skipped;
/// lines after the final head are trailers and are ignored. All lines count against the limits, so a
/// server cannot fill the memory with them.
struct HTTPHeadParser {
  /// What a line meant.
  enum Step: Equatable {
    /// The head goes on.
    case more
    /// An interim response ended; the real one is still to come.
    case interim
    /// The head is complete.
    case complete(HTTPHead)
    /// The line breaks a limit or the protocol.
    case violation(String)
  }

  private enum State { case start, head(HTTPHead), complete }

  private let maximumBytes: Int
  private let maximumLines: Int
  private var state = State.start
  private var bytes = 0
  private var lines = 0

  /// - Parameters:
  ///   - maximumBytes: for all heads and trailers of the exchange together.
  ///   - maximumLines: likewise.
  init(maximumBytes: Int, maximumLines: Int) {
    self.maximumBytes = maximumBytes
    self.maximumLines = maximumLines
  }

  /// Whether the first line of the final head has been seen.
  var hasBegun: Bool {
    switch state {
    case .start: false
    case .head(let head): head.status >= 200
    case .complete: true
    }
  }

  /// Whether the final head is complete.
  var isComplete: Bool {
    if case .complete = state { true } else { false }
  }

  /// - Parameter line: one line with its line end.
  mutating func accept(_ line: UnsafeBufferPointer<UInt8>) -> Step {
    bytes += line.count
    lines += 1
    if bytes > maximumBytes { return .violation("the response's head is larger than \(maximumBytes) bytes") }
    if lines > maximumLines { return .violation("the response's head has more than \(maximumLines) lines") }
    switch state {
    case .complete: return .more
    case .start:
      guard let head = statusLine(trimmed(line[...])) else {
        return .violation("the first line is not an HTTP status line")
      }
      if head.status == 101 { return .violation("the server switched protocols without being asked") }
      state = .head(head)
      return .more
    case .head(var head):
      let content = trimmed(line[...])
      if content.isEmpty {
        if head.status < 200 {
          state = .start
          return .interim
        }
        state = .complete
        return .complete(head)
      }
      // The state is emptied so that the fields are not copied with every line.
      state = .start
      addField(content, isContinuation: line[0] == space || line[0] == tab, to: &head.fields)
      state = .head(head)
      return .more
    }
  }

  private func statusLine(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> HTTPHead? {
    // "HTTP/1.1 200 OK", "HTTP/2 200": the version up to the blank, then three digits.
    guard line.starts(with: "HTTP/".utf8), let blank = line.firstIndex(of: space) else { return nil }
    let version = line[(line.startIndex + 5)..<blank]
    let digits = line[(blank + 1)...].drop { $0 == space }.prefix(3)
    guard !version.isEmpty, digits.count == 3, digits.allSatisfy({ (48...57).contains($0) }) else {
      return nil
    }
    let status = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    guard (100...999).contains(status) else { return nil }
    return HTTPHead(status: status, version: String(decoding: version, as: UTF8.self), fields: HTTPFields())
  }

  private func addField(
    _ line: Slice<UnsafeBufferPointer<UInt8>>, isContinuation: Bool, to fields: inout HTTPFields
  ) {
    if isContinuation {
      // Line folding is obsolete (RFC 9112 §5.2): the fold becomes one blank.
      fields.extendLast(with: " " + String(decoding: line, as: UTF8.self))
      return
    }
    // A line without a colon is no field; leaving it out is what other clients do.
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { return }
    fields.append(
      String(decoding: trimmed(line[..<colon]), as: UTF8.self),
      String(decoding: trimmed(line[(colon + 1)...]), as: UTF8.self))
  }

  private func trimmed(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Slice<UnsafeBufferPointer<UInt8>> {
    func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab || byte == 13 || byte == 10 }
    var line = line
    while let last = line.last, isBlank(last) { line.removeLast() }
    while let first = line.first, isBlank(first) { line.removeFirst() }
    return line
  }
}

private let space = UInt8(ascii: " ")
private let tab = UInt8(ascii: "\t")
