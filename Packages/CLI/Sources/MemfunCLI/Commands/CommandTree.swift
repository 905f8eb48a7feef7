/// All commands. A new one is a file in Commands/ and a line here.
enum CommandTree {
  static let root = Command(
    group: "memfun",
    summary: "A coding agent that starts by knowing the code",
    discussion: [
      "Options may stand before or after operands; '--' ends them. An option that is given twice "
        + "counts with its last value, unless it may be repeated. A value that begins with a hyphen is "
        + "written --option=VALUE."
    ],
    examples: [
      Command.Example("memfun init", "Set up this project, answering a few questions"),
      Command.Example("memfun doctor", "See what is installed and what is not"),
      Command.Example("memfun help version", "Read about a command"),
      Command.Example("memfun version --json", "Let a program read the answer"),
    ],
    subcommands: [
      AnalyzeCommand.command,
      InitCommand.command,
      ConfigCommand.command,
      ModelsCommand.command,
      DoctorCommand.command,
      VersionCommand.command,
      HelpCommand.command,
      SchemaCommand.command,
      CompletionCommand.command,
      CompletionCommand.hiddenCommand,
      ManualCommand.command,
    ])
}
