import MemfunCore

/// Makes docs/commands.md from the declarations.
struct CommandReference {
  let root: Command

  /// The page's source.
  var markdown: String {
    var page = """
      # Commands

      This page is made by `memfun man --markdown`; a test keeps it equal to the program.

      \(escape(root.summary)). \(root.discussion.map(escape).joined(separator: " "))

      | command | what it does |
      |---|---|

      """
    for (path, command) in root.walk() where command.body != nil {
      let name = path.joined(separator: " ")
      page += "| [`\(name)`](#memfun-\(path.joined(separator: "-"))) | \(escape(command.summary)) |\n"
    }
    page += "\n## Global options\n\nThese may stand anywhere on the command line.\n\n"
    page += table("option", GlobalOptions.declarations.map(row))
    for (path, command) in root.walk() where !path.isEmpty { page += section(path, command) }
    page += "\n## Exit codes\n\n"
    page += table("code", ExitCode.allCases.map { ("\($0.rawValue)", $0.meaning) })
    page += "\n## Environment\n\n" + table("variable", ManualPage.environment)
    return page
  }

  private func section(_ path: [String], _ command: Command) -> String {
    var text = "\n## memfun \(path.joined(separator: " "))\n\n"
    text += ([command.summary + "."] + command.discussion).map(escape).joined(separator: "\n\n") + "\n"
    let usage = UsageLine.lines(of: command, path: path)
    text += "\n```text\n\(usage.joined(separator: "\n"))\n```\n"
    if !command.arguments.isEmpty {
      text +=
        "\n" + table("argument", command.arguments.map { ($0.usage, HelpFormatter.description(of: $0)) })
    }
    if !command.options.isEmpty { text += "\n" + table("option", command.options.map(row)) }
    for example in command.examples {
      text += "\n\(escape(example.explanation)):\n\n```sh\n\(example.line)\n```\n"
    }
    return text
  }

  private func row(_ option: OptionDeclaration) -> (String, String) {
    let label = UsageLine.label(of: option)
    return (String(label.drop { $0 == " " }), HelpFormatter.description(of: option))
  }

  private func table(_ title: String, _ rows: [(String, String)]) -> String {
    "| \(title) | meaning |\n|---|---|\n"
      + rows.map { "| `\($0.0)` | \(escape($0.1)) |\n" }.joined()
  }

  /// Escapes what Markdown would interpret in prose and in table cells.
  private func escape(_ text: String) -> String {
    var escaped = ""
    for character in text {
      if "\\`*_[]<>|".contains(character) { escaped.append("\\") }
      escaped.append(character)
    }
    return escaped
  }
}
