import MemfunCore

/// Turns styled text into the bytes for one stream.
public struct TextRenderer: Sendable, Equatable {
  /// Whether styles become colours (SGR sequences).
  public var usesColor: Bool
  /// Whether only ASCII may be written, because the locale is not UTF-8.
  public var isASCIIOnly: Bool
  /// Whether the bytes go to a terminal.
  public var isTerminal: Bool

  /// - Parameters:
  ///   - usesColor: styles become colours.
  ///   - isASCIIOnly: typographic signs become ASCII; on a terminal, so does all else.
  ///   - isTerminal: the stream is a terminal.
  public init(usesColor: Bool = false, isASCIIOnly: Bool = false, isTerminal: Bool = false) {
    self.usesColor = usesColor
    self.isASCIIOnly = isASCIIOnly
    self.isTerminal = isTerminal
  }

  /// The bytes of `text`. No control character of it survives, but line feed and tab.
  public func bytes(of text: StyledText) -> [UInt8] {
    var output: [UInt8] = []
    for span in text.spans {
      let safe = safeText(span.text)
      if usesColor, let code = Self.code(of: span.style) {
        output += Array("\u{1B}[\(code)m".utf8) + Array(safe.utf8) + Array("\u{1B}[0m".utf8)
      } else {
        output += Array(safe.utf8)
      }
    }
    return output
  }

  /// The text without anything a terminal obeys, in the signs which the locale has.
  public func safeText(_ text: String) -> String {
    let visible = VisibleText.escapeKeepingLines(text)
    return isASCIIOnly ? ASCIIForms.of(visible, escapesOthers: isTerminal) : visible
  }

  /// The parameters of the Select Graphic Rendition sequence (ECMA-48 §8.3.117). Only the eight basic
  /// colours are used: the user's palette decides how they look on a dark or a light background.
  private static func code(of style: StyledText.Style) -> String? {
    switch style {
    case .plain: nil
    case .heading: "1"
    case .literal: "36"
    case .muted: "2"
    case .success: "32"
    case .warning: "33"
    case .failure: "1;31"
    }
  }
}
