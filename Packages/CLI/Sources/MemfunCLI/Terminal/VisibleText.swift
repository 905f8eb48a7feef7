/// Makes text safe to show: whatever a terminal would obey is written out instead.
///
/// Names of files, model output and error texts of servers may contain escape sequences which retitle
/// the window, write the clipboard (OSC 52) or hide text by moving the cursor; bidirectional
/// overrides reorder what a reader sees (CVE-2021-42574). Line feeds and tabs stay.
public enum VisibleText {
  /// `text` with every such character replaced by `\x1b` or `\u{202e}`.
  public static func escape(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isActive) else { return text }
    var visible = ""
    for scalar in text.unicodeScalars {
      if isActive(scalar) { visible += notation(of: scalar) } else { visible.unicodeScalars.append(scalar) }
    }
    return visible
  }

  /// `text` with signs outside ASCII replaced: typographic ones by their nearest ASCII form; others
  /// by `\u{e9}` when `escapesOthers`, else they stay.
  static func ascii(_ text: String, escapesOthers: Bool) -> String {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        result.unicodeScalars.append(scalar)
      } else if let replacement = replacements[scalar] {
        result += replacement
      } else if escapesOthers {
        result += notation(of: scalar)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Whether a terminal, or a reader's eye, is moved by the scalar.
  static func isActive(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0..<0x20, 0x7F..<0xA0: true
    case 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: true
    default: false
    }
  }

  private static func notation(of scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    switch scalar.value {
    case 0x0D: return "\\r"
    case 0..<0x10: return "\\x0" + digits
    case 0x10..<0x100 where scalar.value < 0xA0: return "\\x" + digits
    default: return "\\u{" + digits + "}"
    }
  }

  /// The signs the program itself writes, and the usual typographic ones.
  private static let replacements: [Unicode.Scalar: String] = [
    "…": "...", "–": "-", "—": "--", "‘": "'", "’": "'", "“": "\"", "”": "\"", "«": "<<", "»": ">>",
    "→": "->", "←": "<-", "↑": "^", "↓": "v", "✓": "ok", "✔": "ok", "✗": "x", "✘": "x", "•": "*", "·": "-",
    "×": "x", "≥": ">=", "≤": "<=", "≠": "!=", "±": "+-", "≈": "~", "⚠": "!", "\u{A0}": " ",
    "\u{202F}": " ", "│": "|", "─": "-", "├": "|", "└": "`", "┌": "+", "┐": "+", "┘": "+", "┤": "|",
    "┬": "+", "┴": "+", "┼": "+", "█": "#", "▇": "#", "▆": "#", "▅": "#", "▄": "=", "▃": "=", "▂": "_",
    "▁": "_", "░": ".", "▒": ":", "▓": "#",
  ]
}
