import MemfunCore

/// `memfun completion SHELL`, and the question which the scripts ask.
enum CompletionCommand {
  private static let shell = Argument(
    "SHELL", ValueType<Shell>.choice(), "The shell to make the script for.")

  static let command = Command(
    "completion", summary: "Print the completion script for a shell",
    discussion: ["The script asks the program what fits, so it need not be made again after an update."],
    examples: Shell.allCases.map { Command.Example($0.installation, "Install it for \($0.rawValue)") }
      + [Command.Example("eval \"$(memfun completion bash)\"", "Only for this shell")],
    arguments: [shell],
    resultSchema: [
      "type": "object",
      "required": ["shell", "script"],
      "properties": [
        "shell": ["type": "string", "enum": .array(Shell.allCases.map { .string($0.rawValue) })],
        "script": ["type": "string", "description": "The text to be sourced."],
      ],
    ]
  ) { context in
    let shell = try context.parsed.required(shell)
    return CommandOutcome(["shell": .string(shell.rawValue), "script": .string(shell.script)]) { _ in
      StyledText(shell.script)
    }
  }

  private static let words = Argument(
    "WORD", .text, isRequired: false, isRepeatable: true,
    "The words up to the cursor without the program's name, each with '=' before it.")

  /// Asked by the scripts. Every word carries a `=` in front, so that no word looks like an option.
  static let hiddenCommand = Command(
    "__complete", summary: "Answer a completion script",
    arguments: [shell, words], isHidden: true,
    resultSchema: [
      "type": "object",
      "required": ["paths", "prefix", "candidates"],
      "properties": [
        "paths": ["type": "string", "enum": ["none", "files", "directories"]],
        "prefix": ["type": "string"],
        "candidates": ["type": "array", "items": ["type": "string"]],
      ],
    ]
  ) { context in
    let shell = try context.parsed.required(shell)
    let typed = context.parsed.values(of: words).map { String($0.dropFirst()) }
    let completer = Completer(root: context.root) { source in
      switch source {
      case .commands: SchemaCommand.names(in: context.root)
      case .configurationKeys: ConfigurationKeys.all.map(\.name)
      case .configurationAssignments: ConfigurationKeys.all.map { $0.name + "=" }
      }
    }
    let answer = completer.complete(before: Array(typed.dropLast()), current: typed.last ?? "")
    return CommandOutcome([
      "paths": .string(answer.paths.rawValue), "prefix": .string(answer.prefix),
      "candidates": .array(answer.candidates.map { .string($0.word) }),
    ]) { _ in
      var text = StyledText("\(answer.paths.rawValue)\n\(answer.prefix)\n")
      for candidate in answer.candidates {
        let showsMeaning = shell != .bash && !candidate.meaning.isEmpty
        text.line(showsMeaning ? "\(candidate.word)\t\(candidate.meaning)" : candidate.word)
      }
      return text
    }
  }
}
