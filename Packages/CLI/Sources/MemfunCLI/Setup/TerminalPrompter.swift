import MemfunCore

/// Asks the person at the terminal. Questions go to standard error; standard output is for the result.
struct TerminalPrompter: SetupPrompter {
  let console: Console

  func answer(to question: SetupQuestion, problem: String?) async throws -> String? {
    var text = StyledText()
    if let problem { text.line("  \(problem)", .warning) }
    if question.choices.isEmpty
      || question.choices.allSatisfy({ $0.label.isEmpty }) && question.choices.count <= 2
    {
      text.append(question.text, .heading)
      if !question.choices.isEmpty {
        text.append(" (\(question.choices.map(\.value).joined(separator: "/")))")
      }
    } else {
      text.line(question.text + "?", .heading)
      for (place, choice) in question.choices.enumerated() {
        let name = choice.value.split(separator: "\n").first.map(String.init) ?? choice.value
        text.append("  \(place + 1)  ", .muted)
        text.append(choice.label.isEmpty ? name : TextWrapping.pad(name, to: 10), .literal)
        text.line(choice.label.isEmpty ? "" : " " + choice.label)
      }
      text.append("Number or name")
    }
    if let fallback = question.fallback, !fallback.isEmpty {
      let place = question.choices.firstIndex { $0.value == fallback }.map { "\($0 + 1)" }
      text.append(" [\(question.choices.count > 2 ? place ?? fallback : fallback)]", .muted)
    }
    text.append(": ")
    let prompt = text
    let line = try await TerminalInput.readLine(hidden: question.isHidden) { console.printError(prompt) }
    // The line feed that ended a hidden answer was not shown, and Ctrl-D leaves the cursor in the line.
    if question.isHidden || line == nil { console.printError(StyledText("\n")) }
    return line
  }
}
