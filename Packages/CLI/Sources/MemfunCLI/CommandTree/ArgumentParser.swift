import MemfunCore

/// Turns the words of a command line into a request. A pure function of its input.
///
/// The conventions are GNU's: `--name=value` and `--name value`, bundles of short flags (`-qv`), a
/// value attached to a short option (`-ckey=value`), `--` ends the options, `-` is an operand.
/// Options may stand before and after operands. Where they differ, the rules are:
/// - global options may stand anywhere, a command's own ones after the command's name;
/// - an option that is not repeatable may be repeated: the last one wins;
/// - a value given as the next word must not look like an option (`--name=-x` passes one that does);
///   a negative number does not look like an option;
/// - names are not abbreviated.
struct ArgumentParser {
  let root: Command
  let globals: [OptionDeclaration]

  private struct State {
    var path: [String] = []
    var command: Command
    var occurrences: [ParsedCommand.Occurrence] = []
    var operands: [String] = []
  }

  /// - Parameter words: the command line without the program's name.
  func parse(_ words: [String]) throws(UsageError) -> ParsedRequest {
    var state = State(command: root)
    do {
      try scan(words, &state)
    } catch {
      // Who asks for help gets it, also when the rest of the line is wrong.
      guard state.occurrences.contains(where: { $0.long == GlobalOptions.help.declaration.long }) else {
        throw error
      }
    }
    func parsed(_ operands: [String: [String]]) -> ParsedCommand {
      ParsedCommand(
        path: state.path, command: state.command, occurrences: state.occurrences, operands: operands)
    }
    let bare = parsed([:])
    if bare.isSet(GlobalOptions.help) { return .help(bare) }
    if bare.isSet(GlobalOptions.version) { return .version(bare) }
    guard let body = state.command.body else {
      throw UsageError(.missingCommand(state.command.visibleSubcommands.map(\.name)), in: state.path)
    }
    return .run(parsed(try assign(state.operands, to: state)), body)
  }

  private func scan(_ words: [String], _ state: inout State) throws(UsageError) {
    var position = 0
    var optionsEnded = false
    while position < words.count {
      let word = words[position]
      position += 1
      if optionsEnded || !Self.looksLikeOption(word) {
        try operand(word, &state)
      } else if word == "--" {
        optionsEnded = true
      } else if word.hasPrefix("--") {
        try long(word, words, &position, &state)
      } else {
        try short(word, words, &position, &state)
      }
    }
  }

  /// Whether the word would be read as an option: it begins with a hyphen, and is neither `-` alone
  /// nor a negative number.
  static func looksLikeOption(_ word: String) -> Bool {
    guard word.utf8.count > 1, word.utf8.first == UInt8(ascii: "-") else { return false }
    let second = word.utf8[word.utf8.index(after: word.utf8.startIndex)]
    let startsNumber = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(second) || second == UInt8(ascii: ".")
    return !(startsNumber && Double(word) != nil)
  }

  // MARK: Operands and commands

  private func operand(_ word: String, _ state: inout State) throws(UsageError) {
    if let next = state.command.subcommands.first(where: { $0.name == word }), state.operands.isEmpty {
      state.command = next
      state.path.append(next.name)
    } else if state.command.body == nil {
      let names = state.command.visibleSubcommands.map(\.name)
      throw UsageError(
        .unknownCommand(word, suggestion: Suggestion.closest(to: word, among: names)), in: state.path)
    } else {
      state.operands.append(word)
    }
  }

  private func assign(_ operands: [String], to state: State) throws(UsageError) -> [String: [String]] {
    var rest = operands[...]
    var assigned: [String: [String]] = [:]
    for argument in state.command.arguments {
      let taken = argument.isRepeatable ? Array(rest) : Array(rest.prefix(1))
      if taken.isEmpty, argument.isRequired {
        throw UsageError(.missingArgument(argument.metavariable), in: state.path)
      }
      for text in taken {
        try check(
          text, named: argument.metavariable, choices: argument.choices,
          argument.expectationUnlessValid, state.path)
      }
      assigned[argument.metavariable] = taken
      rest = rest.dropFirst(taken.count)
    }
    if let extra = rest.first { throw UsageError(.unexpectedArgument(extra), in: state.path) }
    return assigned
  }

  // MARK: Options

  private func long(
    _ word: String, _ words: [String], _ position: inout Int, _ state: inout State
  ) throws(UsageError) {
    let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let option = (globals + state.command.options).first(where: { $0.long == name }) else {
      throw unknown("--" + name, state, words[position...])
    }
    let attached = parts.count == 2 ? String(parts[1]) : nil
    if option.takesValue {
      if let attached {
        try record(option, "--" + name, attached, &state)
      } else {
        let value = try nextValue("--" + name, option, words, &position, state)
        try record(option, "--" + name, value, &state)
      }
    } else if attached != nil {
      throw UsageError(.unexpectedValue(option: "--" + name), in: state.path)
    } else {
      try record(option, "--" + name, "", &state)
    }
  }

  private func short(
    _ word: String, _ words: [String], _ position: inout Int, _ state: inout State
  ) throws(UsageError) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      let shown = "-\(letter)"
      guard let option = (globals + state.command.options).first(where: { $0.short == letter }) else {
        throw unknown(
          letters.isEmpty && word.count == 2 ? word : shown, state, words[position...], word: word)
      }
      guard option.takesValue else {
        try record(option, shown, "", &state)
        continue
      }
      let attached = String(letters)
      let value = attached.isEmpty ? try nextValue(shown, option, words, &position, state) : attached
      try record(option, shown, value, &state)
      return
    }
  }

  private func nextValue(
    _ shown: String, _ option: OptionDeclaration, _ words: [String], _ position: inout Int, _ state: State
  ) throws(UsageError) -> String {
    let next = position < words.count ? words[position] : nil
    guard let next, !Self.looksLikeOption(next) else {
      throw UsageError(
        .missingValue(option: shown, metavariable: option.metavariable ?? "VALUE", next: next), in: state.path
      )
    }
    position += 1
    return next
  }

  private func record(
    _ option: OptionDeclaration, _ shown: String, _ value: String, _ state: inout State
  ) throws(UsageError) {
    if option.takesValue {
      try check(value, named: shown, choices: option.choices, option.expectationUnlessValid, state.path)
    }
    state.occurrences.append(ParsedCommand.Occurrence(long: option.long, value: value))
  }

  private func check(
    _ text: String, named name: String, choices: [String], _ expectationUnlessValid: (String) -> String?,
    _ path: [String]
  ) throws(UsageError) {
    guard let expectation = expectationUnlessValid(text) else { return }
    throw UsageError(
      .invalidValue(
        text, name: name, expectation: expectation,
        suggestion: Suggestion.closest(to: text, among: choices)), in: path)
  }

  /// The best explanation of an option that this place does not know: it may belong to a command that
  /// comes later on the line, be mistyped, or be a long option written with one hyphen.
  private func unknown(
    _ shown: String, _ state: State, _ rest: ArraySlice<String>, word: String? = nil
  ) -> UsageError {
    let candidates = (globals + state.command.options).map(\.long)
    let name = String((word ?? shown).drop { $0 == "-" })
    if shown.hasPrefix("--"), !state.command.subcommands.isEmpty {
      var command = state.command
      var path = state.path
      for later in rest {
        guard let next = command.subcommands.first(where: { $0.name == later }) else { continue }
        command = next
        path.append(later)
        if command.options.contains(where: { $0.long == name }) {
          return UsageError(.misplacedOption(shown, owner: path.joined(separator: " ")), in: state.path)
        }
      }
    }
    let suggestion = name.count > 1 ? Suggestion.closest(to: name, among: candidates).map { "--" + $0 } : nil
    return UsageError(.unknownOption(shown, suggestion: suggestion), in: state.path)
  }
}
