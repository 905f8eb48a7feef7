import MemfunCore

/// `memfun schema`: what programs may rely on.
enum SchemaCommand {
  private static let path = Argument(
    "COMMAND", .text, isRequired: false, isRepeatable: true, completion: .dynamic(.commands),
    "The command whose output is described, word by word. Without it, all names are listed.")

  static let command = Command(
    "schema", summary: "Print the JSON Schema of a command's --json output",
    discussion: [
      "Every command prints exactly one JSON object under --json, also when it fails. The schemas "
        + "follow JSON Schema, draft 2020-12. The member 'version' is raised when a member changes its "
        + "meaning or goes away; new members may appear at any time."
    ],
    examples: [
      Command.Example("memfun schema", "List the commands that have a schema"),
      Command.Example("memfun schema version > version.schema.json", "Save one"),
    ],
    arguments: [path],
    resultSchema: [
      "type": "object",
      "properties": [
        "names": [
          "type": "array", "items": ["type": "string"], "description": "All commands, when none was named.",
        ],
        "name": ["type": "string", "description": "The command that was named."],
        "schema": ["type": "object", "description": "Its schema."],
      ],
    ]
  ) { context in
    let words = context.parsed.values(of: path).flatMap { $0.split(separator: " ").map(String.init) }
    let names = names(in: context.root)
    if words.isEmpty {
      return CommandOutcome(["names": .array(names.map(JSONValue.string))]) { _ in
        StyledText(names.map { $0 + "\n" }.joined())
      }
    }
    let name = words.joined(separator: " ")
    guard let command = context.root.descendant(at: words), let result = command.resultSchema else {
      let suggestion = Suggestion.closest(to: name, among: names)
      throw UsageError(
        .other(
          "there is no schema for '\(name)'",
          remedy: suggestion.map { "did you mean '\($0)'?" } ?? "'memfun schema' lists the names"),
        in: ["schema"])
    }
    let schema = ResultEnvelope.schema(command: name, result: result)
    return CommandOutcome(["name": .string(name), "schema": schema]) { _ in
      StyledText(schema.prettyDescription + "\n")
    }
  }

  /// The paths of all visible commands that run.
  static func names(in root: Command) -> [String] {
    root.walk().filter { $0.command.resultSchema != nil }.map { $0.path.joined(separator: " ") }
  }
}
