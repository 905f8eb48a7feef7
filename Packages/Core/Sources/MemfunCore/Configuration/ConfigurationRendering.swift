/// Documents that follow from the table of keys.
extension ConfigurationKeys {
  /// The text of memfun.toml.example: every key, commented out, with its meaning and default.
  public static var exampleFile: String {
    var text = """
      # Every setting of Memfun with its meaning and its built-in default.
      # Copy what you want to change into memfun.toml (a project) or ~/.config/memfun/config.toml (you).
      # Settings marked "user only" are refused in a project's file.

      """
    var section = ""
    for entry in all {
      if entry.section != section {
        section = entry.section
        text += "\n[\(section)]\n"
      }
      text += "\n"
      for line in wrap(entry.doc + (entry.isUserOnly ? " (user only)" : ""), width: 96) {
        text += "# \(line)\n"
      }
      text += "# Type: \(entry.type.description). Environment: \(entry.environmentName)\n"
      text += "# \(entry.shortName) = \(entry.defaultValue.toml)\n"
    }
    return text
  }

  /// The table of keys of docs/configuration.md.
  public static var markdownTable: String {
    var text = "| key | type | default | meaning |\n|---|---|---|---|\n"
    for entry in all {
      let doc = entry.doc + (entry.isUserOnly ? " *User only.*" : "")
      text += "| `\(entry.name)` | \(entry.type.description) | `\(entry.defaultValue.toml)` | \(doc) |\n"
    }
    return text
  }

  private static func wrap(_ text: String, width: Int) -> [String] {
    var lines: [String] = [""]
    for word in text.split(separator: " ") {
      if lines[lines.count - 1].count + word.count + 1 > width { lines.append("") }
      lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
    }
    return lines
  }
}
