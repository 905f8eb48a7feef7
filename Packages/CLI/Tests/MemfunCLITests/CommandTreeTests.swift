import MemfunCore
import Testing

@testable import MemfunCLI

@Suite("The command tree")
struct CommandTreeTests {
  private let commands = CommandTree.root.walk()

  @Test("names are unique and well formed on every level, and no option hides a global one")
  func names() {
    for (path, command) in commands {
      let names = command.subcommands.map(\.name)
      #expect(Set(names).count == names.count, "\(path)")
      let options = GlobalOptions.declarations + command.options
      #expect(Set(options.map(\.long)).count == options.count, "\(path): a long option twice")
      let letters = options.compactMap(\.short)
      #expect(Set(letters).count == letters.count, "\(path): a letter twice")
      for option in options {
        #expect(
          option.long.allSatisfy { $0.isLowercase || $0 == "-" || $0.isNumber }, "\(path) \(option.long)")
        #expect(option.summary.hasSuffix("."), "\(path) --\(option.long)")
        if let text = option.defaultText { #expect(option.expectationUnlessValid(text) == nil) }
      }
      for argument in command.arguments.dropLast() {
        #expect(!argument.isRepeatable, "\(path): only the last argument may repeat")
      }
      let firstOptional = command.arguments.firstIndex { !$0.isRequired } ?? command.arguments.count
      #expect(command.arguments[firstOptional...].allSatisfy { !$0.isRequired }, "\(path)")
    }
  }

  @Test("every command has a summary, an example that the parser accepts, and a schema")
  func documentation() throws {
    for (path, command) in commands where !path.isEmpty {
      #expect(!command.summary.isEmpty && !command.summary.hasSuffix("."), "\(path)")
      if command.body != nil {
        #expect(!command.examples.isEmpty, "\(path) has no example")
        #expect(command.resultSchema != nil, "\(path) has no schema")
      }
    }
    for (path, command) in commands {
      for example in command.examples {
        let plain = example.line.prefix { !"|>\"$&<'".contains($0) }.split(separator: " ").map(String.init)
        guard plain.first == "memfun" else { continue }
        #expect(throws: Never.self, "\(path): \(example.line)") {
          try ArgumentParser(root: CommandTree.root, globals: GlobalOptions.declarations)
            .parse(Array(plain.dropFirst()))
        }
      }
    }
  }

  @Test("help fits the width on every level", arguments: [20, 40, 80, 200])
  func helpWidth(width: Int) {
    for (path, _) in commands {
      let help = HelpFormatter(root: CommandTree.root, width: width).help(for: path).plain
      #expect(help.contains("Usage:"))
      guard width >= 40 else { continue }
      let examples = Set(commands.flatMap(\.command.examples).map { "  " + $0.line })
      for line in help.split(separator: "\n") where !examples.contains(String(line)) {
        // A single word that is longer than the line stays whole.
        let words = line.split(separator: " ")
        #expect(
          DisplayWidth.columns(of: line) <= min(width, 100) || words.count == 1 || width < 80,
          "\(path) at \(width): \(line)")
      }
    }
  }

  @Test("the root's help lists commands, global options and every exit code")
  func rootHelp() {
    let help = HelpFormatter(root: CommandTree.root, width: 80).help(for: []).plain
    for command in CommandTree.root.visibleSubcommands { #expect(help.contains("\n  \(command.name) ")) }
    for option in GlobalOptions.declarations { #expect(help.contains("--\(option.long)")) }
    for code in ExitCode.allCases { #expect(help.contains(code.meaning)) }
    #expect(!help.contains("__complete"))
  }

  @Test("the manual page names every command and option, and no line begins with a stray request")
  func manual() {
    let page = ManualPage(root: CommandTree.root, build: BuildInformation(commit: "abc")).roff
    for (path, command) in commands where !path.isEmpty {
      #expect(page.contains("memfun " + path.joined(separator: " ").replacing(Character("-"), with: "\\-")))
      for option in command.options {
        #expect(page.contains(option.long.replacing(Character("-"), with: "\\-")))
      }
    }
    let requests: Set<Substring> = [".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".I", ".br"]
    for line in page.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
      #expect(requests.contains(line.prefix { $0 != " " }), "\(line)")
    }
  }

  @Test("every schema is an object schema, and its own envelope's version is 1")
  func schemas() {
    #expect(SchemaCommand.names(in: CommandTree.root).contains("version"))
    for (path, command) in commands {
      guard let result = command.resultSchema else { continue }
      let schema = ResultEnvelope.schema(command: path.joined(separator: " "), result: result)
      #expect(schema["properties"]?["version"]?["const"] == 1)
      #expect(result["type"] == "object", "\(path)")
    }
  }
}

extension String {
  /// This text with every occurrence of `pattern` replaced.
  func replacing(_ pattern: Character, with replacement: String) -> String {
    map { $0 == pattern ? replacement : String($0) }.joined()
  }
}
