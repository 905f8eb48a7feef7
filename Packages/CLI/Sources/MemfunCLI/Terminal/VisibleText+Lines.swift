import MemfunCore

extension VisibleText {
  /// `text` with everything visible that a terminal would obey or hide, but for line feeds and tabs.
  ///
  /// Names of files, model output and error texts of servers may contain escape sequences which retitle
  /// the window, write the clipboard (OSC 52) or hide text by moving the cursor; bidirectional
  /// overrides reorder what a reader sees (CVE-2021-42574).
  static func escapeKeepingLines(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isActive) else { return text }
    var visible = ""
    for scalar in text.unicodeScalars {
      if isActive(scalar) {
        visible += escape(String(scalar))
      } else {
        visible.unicodeScalars.append(scalar)
      }
    }
    return visible
  }

  /// Whether a terminal, or a reader's eye, is moved by the scalar in running text.
  static func isActive(_ scalar: Unicode.Scalar) -> Bool {
    scalar != "\n" && scalar != "\t" && isHidden(scalar)
  }
}

/// The nearest ASCII forms of the signs the program itself writes, and of the usual typographic ones.
enum ASCIIForms {
  /// `text` with signs outside ASCII replaced; those without a form by `\u{e9}` when `escapesOthers`,
  /// else they stay.
  static func of(_ text: String, escapesOthers: Bool) -> String {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        result.unicodeScalars.append(scalar)
      } else if let replacement = replacements[scalar] {
        result += replacement
      } else if escapesOthers {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static let replacements: [Unicode.Scalar: String] = [
    "…": "...", "–": "-", "—": "--", "‘": "'", "’": "'", "“": "\"", "”": "\"", "«": "<<", "»": ">>",
    "→": "->", "←": "<-", "↑": "^", "↓": "v", "✓": "ok", "✔": "ok", "✗": "x", "✘": "x", "•": "*", "·": "-",
    "×": "x", "≥": ">=", "≤": "<=", "≠": "!=", "±": "+-", "≈": "~", "⚠": "!", "\u{A0}": " ",
    "\u{202F}": " ", "│": "|", "─": "-", "├": "|", "└": "`", "┌": "+", "┐": "+", "┘": "+", "┤": "|",
    "┬": "+", "┴": "+", "┼": "+", "█": "#", "▇": "#", "▆": "#", "▅": "#", "▄": "=", "▃": "=", "▂": "_",
    "▁": "_", "░": ".", "▒": ":", "▓": "#",
  ]
}
