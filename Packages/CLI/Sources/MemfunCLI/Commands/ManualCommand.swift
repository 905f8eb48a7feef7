import MemfunCore

/// `memfun man`: the manual page and the reference of the commands.
enum ManualCommand {
  private static let markdown = Flag("markdown", "Print the reference in Markdown instead.")

  static let command = Command(
    "man", summary: "Print the manual page",
    discussion: ["The page is roff source. 'make install' puts it where man(1) finds it."],
    examples: [
      Command.Example("memfun man | man -l -", "Read it"),
      Command.Example("memfun man --markdown > docs/commands.md", "Make the reference in the documentation"),
    ],
    options: [markdown],
    resultSchema: [
      "type": "object",
      "required": ["format", "text"],
      "properties": [
        "format": ["type": "string", "enum": ["roff", "markdown"]],
        "text": ["type": "string"],
      ],
    ]
  ) { context in
    let isMarkdown = context.parsed.isSet(markdown)
    let text =
      isMarkdown
      ? CommandReference(root: context.root).markdown
      : ManualPage(root: context.root, build: context.build).roff
    return CommandOutcome(["format": isMarkdown ? "markdown" : "roff", "text": .string(text)]) { _ in
      StyledText(text)
    }
  }
}
