/// Text with meaning for the eye, free of escape codes: these are made when it is printed, so that
/// control characters in data can never be mistaken for them.
public struct StyledText: Sendable, Equatable {
  /// What a piece of text is. How that looks is `TextRenderer`'s business.
  public enum Style: Sendable, Equatable {
    case plain, heading, literal, muted, success, warning, failure
  }

  /// A piece in one style.
  public struct Span: Sendable, Equatable {
    /// The text, as it came.
    public var text: String
    /// What it is.
    public var style: Style
  }

  /// The pieces, in order.
  public private(set) var spans: [Span] = []

  /// No text.
  public init() {}

  /// One piece.
  public init(_ text: String, _ style: Style = .plain) {
    if !text.isEmpty { spans = [Span(text: text, style: style)] }
  }

  /// Appends a piece.
  public mutating func append(_ text: String, _ style: Style = .plain) {
    if let last = spans.last, last.style == style {
      spans[spans.count - 1].text += text
    } else if !text.isEmpty {
      spans.append(Span(text: text, style: style))
    }
  }

  /// Appends a piece and a line feed.
  public mutating func line(_ text: String = "", _ style: Style = .plain) {
    append(text, style)
    append("\n")
  }

  /// The text without its styles.
  public var plain: String { spans.map(\.text).joined() }

  public static func + (left: StyledText, right: StyledText) -> StyledText {
    var sum = left
    for span in right.spans { sum.append(span.text, span.style) }
    return sum
  }

  public static func += (left: inout StyledText, right: StyledText) { left = left + right }
}
