/// What a command line asks for.
public enum ParsedRequest: Sendable {
  /// Show the help of the command at this path.
  case help(ParsedCommand)
  /// Show the version.
  case version(ParsedCommand)
  /// Run the command.
  case run(ParsedCommand, Command.Body)

  /// The command and the values, whatever is to be done with them.
  var parsed: ParsedCommand {
    switch self {
    case .help(let parsed), .version(let parsed), .run(let parsed, _): parsed
    }
  }
}

/// A command and the values that its command line gave, all of them checked.
public struct ParsedCommand: Sendable {
  /// One option as it stood on the command line.
  struct Occurrence: Sendable, Equatable {
    let long: String
    let value: String
  }

  /// The names from below the root to the command: `["config", "get"]`.
  public let path: [String]
  /// The command.
  public let command: Command
  /// Options in the order in which they stood.
  let occurrences: [Occurrence]
  /// Operands by the metavariable of their argument.
  let operands: [String: [String]]

  /// The path as people type it, without the program's name; empty at the root.
  public var name: String { path.joined(separator: " ") }

  /// Whether the flag was given.
  public func isSet(_ flag: Flag) -> Bool { count(of: flag) > 0 }

  /// How often the flag was given.
  public func count(of flag: Flag) -> Int { texts(of: flag.declaration).count }

  /// The last value that was given, else the declared default, else nil.
  public func value<Value>(of option: Option<Value>) -> Value? {
    (texts(of: option.declaration).last ?? option.declaration.defaultText).flatMap(option.type.parse)
  }

  /// All values that were given, in order, else the declared default, else none.
  public func values<Value>(of option: Option<Value>) -> [Value] {
    let given = texts(of: option.declaration)
    return (given.isEmpty ? option.declaration.defaultText.map { [$0] } ?? [] : given)
      .compactMap(option.type.parse)
  }

  /// Whether the option stood on the command line at all.
  public func isGiven(_ option: some DeclaredOption) -> Bool { !texts(of: option.declaration).isEmpty }

  /// The operand, else the declared default, else nil.
  public func value<Value>(of argument: Argument<Value>) -> Value? { values(of: argument).first }

  /// The operands of a repeatable argument, else the declared default, else none.
  public func values<Value>(of argument: Argument<Value>) -> [Value] {
    let given = operands[argument.declaration.metavariable] ?? []
    return (given.isEmpty ? argument.declaration.defaultText.map { [$0] } ?? [] : given)
      .compactMap(argument.type.parse)
  }

  /// The operand of a required argument.
  public func required<Value>(_ argument: Argument<Value>) throws(UsageError) -> Value {
    guard let value = value(of: argument) else {
      throw UsageError(.missingArgument(argument.declaration.metavariable), in: path)
    }
    return value
  }

  private func texts(of declaration: OptionDeclaration) -> [String] {
    occurrences.lazy.filter { $0.long == declaration.long }.map(\.value)
  }
}
