import MemfunCore

/// What a shell should offer at the end of a command line. A pure function of the words.
struct Completer {
  /// A word, and what it means where the shell can show it.
  struct Candidate: Equatable, Sendable {
    let word: String
    let meaning: String
  }

  /// The answer to a shell.
  struct Answer: Equatable, Sendable {
    /// Words that begin with what has been typed.
    var candidates: [Candidate] = []
    /// Whether the shell should offer its own list of files or folders instead.
    var paths: Paths = .none
    /// The part of the typed word which stands before the path or value (`--config=`).
    var prefix = ""
  }

  /// Kinds of paths.
  enum Paths: String, Sendable {
    case none, files, directories
  }

  let root: Command
  /// Gives the words of a list that only the running program knows.
  let words: (CompletionSource) -> [String]

  /// - Parameters:
  ///   - before: the finished words after the program's name.
  ///   - current: the word under the cursor, up to the cursor; perhaps empty.
  func complete(before: [String], current: String) -> Answer {
    var command = root
    var path: [String] = []
    var operandCount = 0
    var pending: OptionDeclaration?
    var optionsEnded = false
    for word in before {
      if pending != nil {
        pending = nil
      } else if optionsEnded || !ArgumentParser.looksLikeOption(word) {
        if let next = command.subcommands.first(where: { $0.name == word }), operandCount == 0 {
          command = next
          path.append(word)
        } else {
          operandCount += 1
        }
      } else if word == "--" {
        optionsEnded = true
      } else {
        pending = optionWaitingForValue(after: word, in: command)
      }
    }
    if let pending { return values(pending.completion, typed: current, prefix: "") }
    let options = GlobalOptions.declarations + command.options
    if !optionsEnded, current.hasPrefix("--"), let equals = current.firstIndex(of: "=") {
      let name = current[..<equals].dropFirst(2)
      guard let option = options.first(where: { $0.long == name }), option.takesValue else { return Answer() }
      return values(
        option.completion, typed: String(current[current.index(after: equals)...]),
        prefix: String(current[...equals]))
    }
    if !optionsEnded, current.hasPrefix("-") {
      return Answer(
        candidates: options.map { Candidate(word: "--" + $0.long, meaning: $0.summary) }
          .filter { $0.word.hasPrefix(current) })
    }
    if !command.subcommands.isEmpty, operandCount == 0 {
      return Answer(
        candidates: command.visibleSubcommands.map { Candidate(word: $0.name, meaning: $0.summary) }
          .filter { $0.word.hasPrefix(current) })
    }
    let argument =
      operandCount < command.arguments.count
      ? command.arguments[operandCount] : command.arguments.last.flatMap { $0.isRepeatable ? $0 : nil }
    return argument.map { values($0.completion, typed: current, prefix: "") } ?? Answer()
  }

  /// The option whose value is the word after `word`, if any.
  private func optionWaitingForValue(after word: String, in command: Command) -> OptionDeclaration? {
    let options = GlobalOptions.declarations + command.options
    if word.hasPrefix("--") {
      return options.first { "--" + $0.long == word && $0.takesValue }
    }
    let letters = word.dropFirst()
    for (place, letter) in letters.enumerated() {
      guard let option = options.first(where: { $0.short == letter }) else { return nil }
      if option.takesValue { return place == letters.count - 1 ? option : nil }
    }
    return nil
  }

  private func values(_ hint: CompletionHint, typed: String, prefix: String) -> Answer {
    func matching(_ words: [String]) -> Answer {
      Answer(
        candidates: words.filter { $0.hasPrefix(typed) }.map { Candidate(word: prefix + $0, meaning: "") },
        prefix: prefix)
    }
    switch hint {
    case .nothing: return Answer(prefix: prefix)
    case .file: return Answer(paths: .files, prefix: prefix)
    case .directory: return Answer(paths: .directories, prefix: prefix)
    case .choices(let choices): return matching(choices)
    case .dynamic(let source): return matching(words(source))
    }
  }
}
