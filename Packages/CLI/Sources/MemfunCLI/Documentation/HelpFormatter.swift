import MemfunCore

/// Makes the text of `--help` from the declarations.
struct HelpFormatter {
  /// Lines longer than this are hard to read, however wide the window is.
  private static let widest = 100

  private let root: Command
  private let width: Int

  /// - Parameter width: columns of the terminal.
  init(root: Command, width: Int) {
    self.root = root
    self.width = min(width, Self.widest)
  }

  /// The help of the command at `path`; of the root, when there is none.
  func help(for path: [String]) -> StyledText {
    let command = root.descendant(at: path) ?? root
    var text = StyledText()
    section("Usage", &text)
    for usage in UsageLine.lines(of: command, path: path) {
      for (place, line) in TextWrapping.wrap(usage, width: width - 4).enumerated() {
        text.line((place == 0 ? "  " : "      ") + line)
      }
    }
    text.line()
    paragraph(command.summary + ".", &text)
    for part in command.discussion {
      text.line()
      paragraph(part, &text)
    }
    let groups: [(String, [(String, String)])] = [
      ("Arguments", command.arguments.map { ($0.usage, Self.description(of: $0)) }),
      ("Commands", command.visibleSubcommands.map { ($0.name, $0.summary) }),
      ("Options", command.options.map { (UsageLine.label(of: $0), Self.description(of: $0)) }),
      (
        "Global options",
        GlobalOptions.declarations.map { (UsageLine.label(of: $0), Self.description(of: $0)) }
      ),
    ]
    let column = column(for: groups.flatMap(\.1).map(\.0))
    for (title, rows) in groups where !rows.isEmpty {
      text.line()
      section(title, &text)
      for (label, description) in rows { row(label, description, column, &text) }
    }
    if !command.examples.isEmpty {
      text.line()
      section("Examples", &text)
      for example in command.examples {
        text.append("  ")
        text.line(example.line, .literal)
        for line in TextWrapping.wrap(example.explanation, width: width - 6) { text.line("      " + line) }
      }
    }
    if path.isEmpty {
      text.line()
      section("Exit codes", &text)
      for code in ExitCode.allCases { row("\(code.rawValue)", code.meaning, 8, &text) }
    }
    if !command.visibleSubcommands.isEmpty {
      text.line()
      let name = (["memfun"] + path + ["COMMAND"]).joined(separator: " ")
      paragraph("'\(name) --help' tells more about a command.", &text)
    }
    return text
  }

  static func description(of option: OptionDeclaration) -> String {
    var parts = [option.summary]
    if !option.choices.isEmpty { parts.append("One of: \(option.choices.joined(separator: ", ")).") }
    if let value = option.defaultText { parts.append("Default: \(value).") }
    if option.takesValue, option.isRepeatable { parts.append("May be repeated.") }
    return parts.joined(separator: " ")
  }

  static func description(of argument: ArgumentDeclaration) -> String {
    var parts = [argument.summary]
    if !argument.choices.isEmpty { parts.append("One of: \(argument.choices.joined(separator: ", ")).") }
    if let value = argument.defaultText { parts.append("Default: \(value).") }
    return parts.joined(separator: " ")
  }

  /// Where descriptions begin: after the longest label of usual length.
  private func column(for labels: [String]) -> Int {
    let longest = labels.map { DisplayWidth.columns(of: $0) }.filter { $0 <= 26 }.max() ?? 0
    return min(2 + longest + 2, max(8, width / 2))
  }

  private func section(_ title: String, _ text: inout StyledText) { text.line(title + ":", .heading) }

  private func paragraph(_ words: String, _ text: inout StyledText) {
    for line in TextWrapping.wrap(words, width: width) { text.line(line) }
  }

  private func row(_ label: String, _ description: String, _ column: Int, _ text: inout StyledText) {
    let lines = TextWrapping.wrap(description, width: max(12, width - column))
    text.append("  ")
    text.append(label, .literal)
    var used = 2 + DisplayWidth.columns(of: label)
    if used > column - 2 {
      text.line()
      used = 0
    }
    for line in lines {
      text.append(String(repeating: " ", count: column - used))
      text.line(line)
      used = 0
    }
  }
}
