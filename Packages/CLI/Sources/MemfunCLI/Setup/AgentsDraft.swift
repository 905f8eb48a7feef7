/// Writes the first AGENTS.md of a project from what its files prove (agents.md describes the format).
enum AgentsDraft {
  static func markdown(for facts: ProjectFacts) -> String {
    var text = "# \(facts.name)\n\n"
    text += "Notes for coding agents, and for people. Drafted by `memfun init` from the files named below:\n"
    text += "correct it, and add what cannot be seen from outside.\n"
    if !facts.kinds.isEmpty { text += "\nThis is a \(list(facts.kinds)).\n" }
    if !facts.commands.isEmpty {
      text += "\n## Commands\n\n| purpose | command | from |\n|---|---|---|\n"
      for command in facts.commands {
        text += "| \(command.purpose.rawValue) | `\(command.line)` | `\(command.source)` |\n"
      }
    }
    if !facts.folders.isEmpty {
      text += "\n## Folders\n\n" + facts.folders.map { "- `\($0)`\n" }.joined()
    }
    if !facts.documents.isEmpty {
      text += "\n## Read first\n\n" + facts.documents.map { "- [\($0)](\($0))\n" }.joined()
    }
    if !facts.conventions.isEmpty {
      text += "\n## Conventions\n\nDecided by " + list(facts.conventions.map { "`\($0)`" }) + ".\n"
    }
    if !facts.commands.contains(where: { $0.purpose == .test }) {
      text += "\n## Tests\n\nNo test command was found. Say here how a change is checked.\n"
    }
    return text
  }

  private static func list(_ items: [String]) -> String {
    items.count < 2
      ? items.joined() : items.dropLast().joined(separator: ", ") + " and " + items[items.count - 1]
  }
}
