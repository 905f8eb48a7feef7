import MemfunTools
import Testing

/// The facts of a piece of text.
func facts(_ text: String, _ language: Language) -> FileFacts {
  facts(Array(text.utf8), language)
}

func facts(_ bytes: [UInt8], _ language: Language) -> FileFacts {
  bytes.withUnsafeBytes { FileFacts.scan($0, language: language) }
}

/// A piece of code and what it must count to.
struct Snippet: CustomTestStringConvertible, Sendable {
  var name: String
  var language: Language
  var text: String
  /// Code, comment and blank lines.
  var code: Int32, comments: Int32, blank: Int32
  /// The lines of its decision points.
  var decisions: [Int32]

  init(
    _ name: String, _ language: Language, code: Int32, comments: Int32 = 0, blank: Int32 = 0,
    decisions: [Int32] = [], _ text: String
  ) {
    self.name = name
    self.language = language
    self.text = text
    self.code = code
    self.comments = comments
    self.blank = blank
    self.decisions = decisions
  }

  var testDescription: String { "\(language.rawValue): \(name)" }
}
