/// Reads server-sent events from bytes, however they are split. A pure state machine.
///
/// Source: WHATWG HTML, "Server-sent events", section "Interpreting an event stream". One departure:
/// an event whose last line is not followed by a blank line before the stream's end is delivered by
/// `finish()`, because servers end their last event like that.
public struct ServerSentEventParser: Sendable {
  /// One event.
  public struct Event: Sendable, Equatable {
    /// The event's type; `message` when the stream names none.
    public var name: String
    /// The data lines, joined with line feeds. Bytes that are no UTF-8 are replaced by U+FFFD.
    public var data: String
  }

  private var lines: LineReader
  private let maximumEventBytes: Int
  private var name = ""
  private var data: [UInt8] = []
  private var hasData = false
  private var isFirstLine = true

  /// - Parameter maximumEventBytes: an event or line larger than this ends the stream with an error.
  public init(maximumEventBytes: Int = 16 << 20) {
    self.maximumEventBytes = maximumEventBytes
    lines = LineReader(maximumLineBytes: maximumEventBytes)
  }

  /// The events that `bytes` complete.
  ///
  /// - Throws: an error when a line or event exceeds the limit.
  public mutating func feed(_ bytes: [UInt8]) throws -> [Event] {
    var events: [Event] = []
    // The reader is moved out, because its callback changes this value.
    var reader = lines
    defer { lines = reader }
    try reader.feed(bytes) { line in
      if let event = try interpret(line) { events.append(event) }
    }
    return events
  }

  /// The event that was still open when the stream ended, if it has data.
  public mutating func finish() throws -> Event? {
    let rest = lines.rest()
    if !rest.isEmpty, let event = try interpret(rest[...]) { return event }
    return dispatch()
  }

  private mutating func interpret(_ wholeLine: ArraySlice<UInt8>) throws -> Event? {
    var line = wholeLine
    if isFirstLine {
      isFirstLine = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    }
    guard !line.isEmpty else { return dispatch() }
    let colon = line.firstIndex(of: UInt8(ascii: ":"))
    let field = line[..<(colon ?? line.endIndex)]
    var value = colon.map { line[($0 + 1)...] } ?? []
    if value.first == 0x20 { value = value.dropFirst() }
    if field.elementsEqual("data".utf8) {
      if hasData { data.append(0x0A) }
      hasData = true
      data += value
      if data.count > maximumEventBytes { throw WireError.lineTooLong(limit: maximumEventBytes) }
    } else if field.elementsEqual("event".utf8) {
      name = String(decoding: value, as: UTF8.self)
    }
    // Comments (an empty field name), `id`, `retry` and unknown fields carry nothing for us.
    return nil
  }

  private mutating func dispatch() -> Event? {
    defer {
      name = ""
      data.removeAll(keepingCapacity: true)
      hasData = false
    }
    guard hasData else { return nil }
    return Event(name: name.isEmpty ? "message" : name, data: String(decoding: data, as: UTF8.self))
  }
}
