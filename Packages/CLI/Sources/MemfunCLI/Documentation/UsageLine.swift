/// The notations shared by help, manual page and reference.
enum UsageLine {
  /// The forms in which a command can be called, `memfun` first.
  static func lines(of command: Command, path: [String]) -> [String] {
    let name = (["memfun"] + path).joined(separator: " ")
    var lines: [String] = []
    if command.body != nil {
      let arguments = command.arguments.map(\.usage)
      lines.append(([name, "[OPTIONS]"] + arguments).joined(separator: " "))
    }
    if !command.visibleSubcommands.isEmpty { lines.append(name + " [OPTIONS] COMMAND") }
    return lines
  }

  /// `-h, --help` or `    --name VALUE`.
  static func label(of option: OptionDeclaration) -> String {
    let short = option.short.map { "-\($0), " } ?? "    "
    return short + "--" + option.long + (option.metavariable.map { " " + $0 } ?? "")
  }
}
