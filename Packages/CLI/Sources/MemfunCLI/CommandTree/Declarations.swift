/// An option as the parser, the help and the completions see it.
public struct OptionDeclaration: Sendable {
  /// The name without its hyphens; it identifies the option.
  public let long: String
  /// The letter of the short form.
  public let short: Character?
  /// The name of its value in help (`FILE`); nil for a flag.
  public let metavariable: String?
  /// One or two sentences for help.
  public let summary: String
  /// The value when it is not given, as text.
  public let defaultText: String?
  /// The only values it takes, when these can be listed.
  public let choices: [String]
  /// What a shell offers for the value.
  public let completion: CompletionHint
  /// Whether every occurrence counts; otherwise the last one wins.
  public let isRepeatable: Bool
  /// Says what was expected when the given text is no value; nil when it is one.
  let expectationUnlessValid: @Sendable (String) -> String?

  /// Whether it takes a value.
  var takesValue: Bool { metavariable != nil }
}

/// An operand as the parser, the help and the completions see it.
public struct ArgumentDeclaration: Sendable {
  /// Its name in help, upper case; it identifies the argument within its command.
  public let metavariable: String
  /// One or two sentences for help.
  public let summary: String
  /// Whether the command needs it.
  public let isRequired: Bool
  /// Whether it takes all operands that are left; only the last argument may.
  public let isRepeatable: Bool
  /// The value when it is not given, as text.
  public let defaultText: String?
  /// The only values it takes, when these can be listed.
  public let choices: [String]
  /// What a shell offers.
  public let completion: CompletionHint
  /// Says what was expected when the given text is no value; nil when it is one.
  let expectationUnlessValid: @Sendable (String) -> String?

  /// Its form in a usage line.
  var usage: String {
    let name = isRepeatable ? metavariable + "..." : metavariable
    return isRequired ? name : "[\(name)]"
  }
}

/// What can stand in a command's list of options.
public protocol DeclaredOption: Sendable {
  /// The description for parser, help and completion.
  var declaration: OptionDeclaration { get }
}

/// What can stand in a command's list of arguments.
public protocol DeclaredArgument: Sendable {
  /// The description for parser, help and completion.
  var declaration: ArgumentDeclaration { get }
}

/// An option without a value: it is there or not, possibly several times.
public struct Flag: DeclaredOption {
  public let declaration: OptionDeclaration

  /// - Parameters:
  ///   - long: the name without hyphens.
  ///   - short: the letter of the short form.
  ///   - summary: one or two sentences.
  public init(_ long: String, short: Character? = nil, _ summary: String) {
    declaration = OptionDeclaration(
      long: long, short: short, metavariable: nil, summary: summary, defaultText: nil, choices: [],
      completion: .nothing, isRepeatable: true, expectationUnlessValid: { _ in nil })
  }
}

/// An option with a typed value.
public struct Option<Value: Sendable>: DeclaredOption {
  public let declaration: OptionDeclaration
  let type: ValueType<Value>

  /// - Parameters:
  ///   - long: the name without hyphens.
  ///   - short: the letter of the short form.
  ///   - metavariable: the name of the value in help, upper case.
  ///   - type: how its text becomes a value.
  ///   - defaultText: the text that stands for a missing option.
  ///   - isRepeatable: true makes every occurrence count; otherwise the last one wins.
  ///   - completion: overrides what `type` offers to a shell.
  ///   - summary: one or two sentences.
  public init(
    _ long: String, short: Character? = nil, _ metavariable: String, _ type: ValueType<Value>,
    default defaultText: String? = nil, isRepeatable: Bool = false, completion: CompletionHint? = nil,
    _ summary: String
  ) {
    self.type = type
    declaration = OptionDeclaration(
      long: long, short: short, metavariable: metavariable, summary: summary, defaultText: defaultText,
      choices: type.choices, completion: completion ?? type.completion, isRepeatable: isRepeatable,
      expectationUnlessValid: { type.parse($0) == nil ? type.expectation : nil })
  }
}

/// A typed operand.
public struct Argument<Value: Sendable>: DeclaredArgument {
  public let declaration: ArgumentDeclaration
  let type: ValueType<Value>

  /// - Parameters:
  ///   - metavariable: its name in help, upper case.
  ///   - type: how its text becomes a value.
  ///   - isRequired: false when `defaultText` is given.
  ///   - isRepeatable: true makes it take all operands that are left.
  ///   - defaultText: the text that stands for a missing operand.
  ///   - completion: overrides what `type` offers to a shell.
  ///   - summary: one or two sentences.
  public init(
    _ metavariable: String, _ type: ValueType<Value>, isRequired: Bool = true, isRepeatable: Bool = false,
    default defaultText: String? = nil, completion: CompletionHint? = nil, _ summary: String
  ) {
    self.type = type
    declaration = ArgumentDeclaration(
      metavariable: metavariable, summary: summary, isRequired: isRequired && defaultText == nil,
      isRepeatable: isRepeatable, defaultText: defaultText, choices: type.choices,
      completion: completion ?? type.completion,
      expectationUnlessValid: { type.parse($0) == nil ? type.expectation : nil })
  }
}
