import MemfunCore

/// One node of the command tree: a command that runs, a group of commands, or both.
///
/// Everything a person can learn about a command is declared here once; the parser, `--help`, the
/// completion scripts, the manual page and docs/commands.md are made from it.
public struct Command: Sendable {
  /// What a command does: it gets the parsed values and the world, and returns its result.
  public typealias Body = @Sendable (CommandContext) async throws -> CommandOutcome

  /// A command line worth copying, and what it does.
  public struct Example: Sendable {
    /// The line as typed, without the prompt.
    public let line: String
    /// What it does, in a few words.
    public let explanation: String

    /// - Parameters:
    ///   - line: as typed, beginning with `memfun` (or a pipeline that contains it).
    ///   - explanation: a few words, without a final full stop.
    public init(_ line: String, _ explanation: String) {
      self.line = line
      self.explanation = explanation
    }
  }

  /// The word that selects it.
  public let name: String
  /// One line, in the imperative, without a final full stop.
  public let summary: String
  /// Further paragraphs for `--help` and the manual page.
  public let discussion: [String]
  /// At least one for every command that runs.
  public let examples: [Example]
  /// Its own options, besides the global ones.
  public let options: [OptionDeclaration]
  /// Its operands, in order.
  public let arguments: [ArgumentDeclaration]
  /// The commands below it.
  public let subcommands: [Command]
  /// Whether help, completion and documentation leave it out (for calls by scripts only).
  public let isHidden: Bool
  /// The JSON Schema of `result` in its `--json` output; nil when it does not run by itself.
  public let resultSchema: JSONValue?
  /// What it does; nil for a pure group.
  public let body: Body?

  /// A group: it only holds subcommands.
  public init(
    group name: String, summary: String, discussion: [String] = [], examples: [Example] = [],
    subcommands: [Command]
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.examples = examples
    self.options = []
    self.arguments = []
    self.subcommands = subcommands
    self.isHidden = false
    self.resultSchema = nil
    self.body = nil
  }

  /// A command that runs.
  ///
  /// - Parameters:
  ///   - resultSchema: the schema of `CommandOutcome.result`.
  ///   - body: runs on the cooperative pool; it must not block, and must honour cancellation.
  public init(
    _ name: String, summary: String, discussion: [String] = [], examples: [Example] = [],
    options: [any DeclaredOption] = [], arguments: [any DeclaredArgument] = [], isHidden: Bool = false,
    resultSchema: JSONValue, body: @escaping Body
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.examples = examples
    self.options = options.map(\.declaration)
    self.arguments = arguments.map(\.declaration)
    self.subcommands = []
    self.isHidden = isHidden
    self.resultSchema = resultSchema
    self.body = body
  }

  /// The subcommands that people are told about.
  var visibleSubcommands: [Command] { subcommands.filter { !$0.isHidden } }

  /// The command at `path` below this one, or nil.
  func descendant(at path: some Sequence<String>) -> Command? {
    var command = self
    for name in path {
      guard let next = command.subcommands.first(where: { $0.name == name }) else { return nil }
      command = next
    }
    return command
  }

  /// Every visible command of the tree with its path (without the root's own name), parents first.
  func walk(path: [String] = []) -> [(path: [String], command: Command)] {
    [(path, self)] + visibleSubcommands.flatMap { $0.walk(path: path + [$0.name]) }
  }
}
