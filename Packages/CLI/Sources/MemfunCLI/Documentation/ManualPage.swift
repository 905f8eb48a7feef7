import MemfunCore

/// Makes the manual page memfun(1) from the declarations, in the classic man macros (groff_man(7)).
struct ManualPage {
  let root: Command
  let build: BuildInformation

  /// The page's source.
  var roff: String {
    var page =
      ".TH MEMFUN 1 \"\(BuildInformation.releaseDate)\" \"memfun \(build.version)\" \"User Commands\"\n"
    page += ".SH NAME\nmemfun \\- \(inline(root.summary.lowercasedFirst))\n"
    page += ".SH SYNOPSIS\n.B memfun\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR\n"
    page += ".SH DESCRIPTION\n" + paragraphs([root.summary + "."] + root.discussion)
    page += ".SH COMMANDS\n"
    for (path, command) in root.walk() where !path.isEmpty { page += section(path, command) }
    page += ".SH GLOBAL OPTIONS\nThese may stand anywhere on the command line.\n"
    page += GlobalOptions.declarations.map(option).joined()
    page += ".SH EXIT STATUS\n"
    for code in ExitCode.allCases { page += ".TP\n.B \(code.rawValue)\n\(inline(code.meaning)).\n" }
    page += ".SH ENVIRONMENT\n"
    for (name, meaning) in Self.environment { page += ".TP\n.B \(inline(name))\n\(prose(meaning))" }
    page += ".SH FILES\n"
    for (name, meaning) in Self.files { page += ".TP\n.I \(inline(name))\n\(prose(meaning))" }
    page += ".SH EXAMPLES\n" + root.examples.map(example).joined()
    return page
  }

  static let environment = [
    ("MEMFUN_…", "Overrides a configuration value: MEMFUN_MODEL_NAME stands for model.name."),
    ("NO_COLOR", "When not empty, no colours are used."),
    ("CLICOLOR_FORCE", "When not empty and not 0, colours are used even when the output is no terminal."),
    ("CLICOLOR", "When 0, no colours are used."),
    ("TERM", "When dumb, there are no colours and no progress line."),
    ("COLUMNS", "The width of text output when no terminal tells it."),
    ("LC_ALL, LC_CTYPE, LANG", "Unless the encoding is UTF-8, text output keeps to ASCII."),
  ]

  static let files = [
    ("memfun.toml", "The project's configuration; searched from the working directory upwards."),
    ("~/.config/memfun/config.toml", "The user's configuration (below XDG_CONFIG_HOME, when set)."),
    ("/etc/memfun/config.toml", "The machine's configuration."),
  ]

  private func section(_ path: [String], _ command: Command) -> String {
    var text = ".SS \(inline("memfun " + path.joined(separator: " ")))\n"
    for usage in UsageLine.lines(of: command, path: path) { text += ".B \(inline(usage))\n.br\n" }
    text += paragraphs([command.summary + "."] + command.discussion)
    for argument in command.arguments {
      text += ".TP\n.I \(inline(argument.usage))\n\(prose(HelpFormatter.description(of: argument)))"
    }
    text += command.options.map(option).joined()
    if !command.examples.isEmpty { text += ".PP\nExamples:\n" + command.examples.map(example).joined() }
    return text
  }

  private func option(_ option: OptionDeclaration) -> String {
    let short = option.short.map { "\\fB\\-\($0)\\fR, " } ?? ""
    let value = option.metavariable.map { " \\fI\(inline($0))\\fR" } ?? ""
    return ".TP\n\(short)\\fB\\-\\-\(inline(option.long))\\fR\(value)\n"
      + prose(HelpFormatter.description(of: option))
  }

  private func example(_ example: Command.Example) -> String {
    ".TP\n.B \(inline(example.line))\n\(prose(example.explanation + "."))"
  }

  private func paragraphs(_ texts: [String]) -> String {
    texts.enumerated().map { ($0.offset == 0 ? "" : ".PP\n") + prose($0.element) }.joined()
  }

  /// Running text on source lines of usual length, each ended.
  private func prose(_ text: String) -> String {
    TextWrapping.wrap(text, width: 70).map { inline($0) + "\n" }.joined()
  }

  /// Escapes what roff would interpret: backslashes, hyphens (which it would turn into typographic
  /// ones, useless to copy), and a period or an apostrophe at the start of a line.
  private func inline(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "\\": escaped += "\\e"
      case "-": escaped += "\\-"
      case "…": escaped += "..."
      case "'" where escaped.isEmpty: escaped += "\\(aq"
      case "\"": escaped += "\\(dq"
      case "." where escaped.isEmpty: escaped += "\\&."
      default:
        // Formatters differ in the encoding that they take the source to have.
        for scalar in character.unicodeScalars {
          if scalar.isASCII {
            escaped.unicodeScalars.append(scalar)
          } else {
            let digits = String(scalar.value, radix: 16, uppercase: true)
            escaped += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
          }
        }
      }
    }
    return escaped
  }
}

extension String {
  /// With its first letter in lower case, as after a dash.
  var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
