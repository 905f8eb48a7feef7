/// The state of the one line that shows progress: what is drawn, and when it may be drawn again.
/// It performs no output; it returns the bytes to write.
struct ProgressLine: Sendable {
  /// 30 frames a second: more is flicker and traffic over SSH.
  static let shortestInterval = Duration.nanoseconds(33_333_334)

  private let width: Int
  private var text: String?
  private var isDrawn = false
  private var lastFrame: Duration?

  init(width: Int) { self.width = width }

  /// The bytes that show `text`, or nil when the last frame is too young.
  mutating func update(_ text: String, at now: Duration, renderer: TextRenderer) -> [UInt8]? {
    self.text = text
    if let lastFrame, now - lastFrame < Self.shortestInterval { return nil }
    lastFrame = now
    return erase() + redraw(renderer: renderer)
  }

  /// The bytes that take the line away for the moment.
  mutating func erase() -> [UInt8] {
    guard isDrawn else { return [] }
    isDrawn = false
    return Array("\r\u{1B}[K".utf8)
  }

  /// The bytes that show the line again.
  mutating func redraw(renderer: TextRenderer) -> [UInt8] {
    guard let text else { return [] }
    isDrawn = true
    // One column stays free: a full line would wrap, and erasing takes away one line only. Without
    // UTF-8 the ellipsis takes two columns more.
    let oneLine = String(renderer.safeText(text).map { $0 == "\n" || $0 == "\t" ? " " : $0 })
    let room = width - (renderer.isASCIIOnly ? 3 : 1)
    return renderer.bytes(of: StyledText(TextWrapping.truncate(oneLine, to: room), .muted))
  }

  /// The bytes that take the line away for good.
  mutating func end() -> [UInt8] {
    text = nil
    lastFrame = nil
    return erase()
  }
}
