import MemfunCore

/// A command line that cannot be understood.
public struct UsageError: MemfunError, Equatable {
  /// What is wrong with it.
  public enum Problem: Sendable, Equatable {
    /// No option of that name (given with its hyphens), and perhaps what was meant.
    case unknownOption(String, suggestion: String?)
    /// The option belongs to a command that comes later on the line.
    case misplacedOption(String, owner: String)
    /// No command of that name, and perhaps what was meant.
    case unknownCommand(String, suggestion: String?)
    /// A group was named, but none of its commands.
    case missingCommand([String])
    /// The option needs a value; `next` is the word that stood in its place.
    case missingValue(option: String, metavariable: String, next: String?)
    /// A flag was given a value.
    case unexpectedValue(option: String)
    /// The value cannot be used; `name` is the option or the argument.
    case invalidValue(String, name: String, expectation: String, suggestion: String?)
    /// A required argument is missing.
    case missingArgument(String)
    /// One operand too many.
    case unexpectedArgument(String)
    /// Options that contradict each other.
    case conflict(String, String)
    /// The argument at this position (from 1) is not valid UTF-8; its text with the bad bytes escaped.
    case invalidUTF8(position: Int, shown: String)
    /// Something only the command can know; what is wrong, and what to do.
    case other(String, remedy: String)
  }

  /// What is wrong.
  public let problem: Problem
  /// The path of the command in question, without the program's name.
  public let path: [String]

  /// - Parameters:
  ///   - problem: what is wrong.
  ///   - path: the command in question.
  public init(_ problem: Problem, in path: [String] = []) {
    self.problem = problem
    self.path = path
  }

  private var commandLine: String { (["memfun"] + path).joined(separator: " ") }

  public var kind: String {
    switch problem {
    case .unknownOption: "usage.unknown_option"
    case .misplacedOption: "usage.misplaced_option"
    case .unknownCommand: "usage.unknown_command"
    case .missingCommand: "usage.missing_command"
    case .missingValue: "usage.missing_value"
    case .unexpectedValue: "usage.unexpected_value"
    case .invalidValue: "usage.invalid_value"
    case .missingArgument: "usage.missing_argument"
    case .unexpectedArgument: "usage.unexpected_argument"
    case .conflict: "usage.conflict"
    case .invalidUTF8: "usage.invalid_utf8"
    case .other: "usage.invalid"
    }
  }

  public var what: String {
    switch problem {
    case .unknownOption(let name, _): "unknown option \(name)"
    case .misplacedOption(let name, let owner):
      "\(name) is an option of 'memfun \(owner)' and stands before it"
    case .unknownCommand(let name, _): "unknown command '\(name)'"
    case .missingCommand(let names): "a command is missing: one of \(names.joined(separator: ", "))"
    case .missingValue(let option, let metavariable, _): "\(option) needs a value (\(metavariable))"
    case .unexpectedValue(let option): "\(option) takes no value"
    case .invalidValue(let text, let name, let expectation, _):
      "'\(text)' is no value for \(name): \(expectation) was expected"
    case .missingArgument(let name): "the argument \(name) is missing"
    case .unexpectedArgument(let text): "unexpected argument '\(text)'"
    case .conflict(let one, let other): "\(one) and \(other) cannot be used together"
    case .invalidUTF8(let position, let shown): "argument \(position) is not valid UTF-8: \(shown)"
    case .other(let what, _): what
    }
  }

  public var location: String? { path.isEmpty ? nil : commandLine }

  public var remedy: String? {
    switch problem {
    case .unknownOption(_, let suggestion?):
      "did you mean \(suggestion)? '\(commandLine) --help' lists all options"
    case .unknownCommand(_, let suggestion?):
      "did you mean '\(commandLine) \(suggestion)'? '\(commandLine) --help' lists all commands"
    case .invalidValue(_, _, _, let suggestion?): "did you mean '\(suggestion)'?"
    case .misplacedOption(_, let owner): "put it after the command: memfun \(owner) …"
    case .missingValue(let option, _, let next?):
      "if '\(next)' is the value, write \(option)=\(next)"
    case .unexpectedArgument(let text) where text.hasPrefix("-"): "'\(commandLine) --help' shows the usage"
    case .invalidUTF8: "give a path in valid UTF-8; from inside a folder with a broken name, use '.'"
    case .other(_, let remedy): remedy
    default: "'\(commandLine) --help' shows the usage"
    }
  }

  public var exitCode: ExitCode { .usage }
}
