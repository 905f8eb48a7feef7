import MemfunCore

/// `memfun help COMMAND…`, and what `--help` prints on every level.
enum HelpCommand {
  private static let path = Argument(
    "COMMAND", .text, isRequired: false, isRepeatable: true, completion: .dynamic(.commands),
    "The command, word by word.")

  static let command = Command(
    "help", summary: "Show the help of a command",
    examples: [Command.Example("memfun help version", "The same as 'memfun version --help'")],
    arguments: [path],
    resultSchema: [
      "type": "object",
      "required": ["command", "text"],
      "properties": [
        "command": ["type": "string", "description": "The command; empty for memfun itself."],
        "text": ["type": "string", "description": "The help, 80 columns wide."],
      ],
    ]
  ) { context in
    let words = context.parsed.values(of: path)
    var command = context.root
    for (place, word) in words.enumerated() {
      guard let next = command.subcommands.first(where: { $0.name == word }) else {
        let names = command.visibleSubcommands.map(\.name)
        throw UsageError(
          .unknownCommand(word, suggestion: Suggestion.closest(to: word, among: names)),
          in: Array(words.prefix(place)))
      }
      command = next
    }
    return outcome(root: context.root, path: words)
  }

  static func outcome(root: Command, path: [String]) -> CommandOutcome {
    CommandOutcome([
      "command": .string(path.joined(separator: " ")),
      "text": .string(HelpFormatter(root: root, width: 80).help(for: path).plain),
    ]) { layout in HelpFormatter(root: root, width: layout.width).help(for: path) }
  }
}
