import Testing

@testable import MemfunCLI

@Suite("Completion")
struct CompleterTests {
  private func complete(_ before: String..., current: String = "") -> Completer.Answer {
    Completer(root: SampleTree.root) { source in source == .configurationAssignments ? ["model.name="] : [] }
      .complete(before: before, current: current)
  }

  private func words(_ answer: Completer.Answer) -> [String] { answer.candidates.map(\.word) }

  @Test("commands on every level, with their meaning")
  func commands() {
    #expect(complete(current: "co").candidates == [.init(word: "config", meaning: "A group")])
    #expect(words(complete("config")) == ["get", "list"])
    #expect(words(complete("--cwd", "config", "config", current: "l")) == ["list"])
  }

  @Test("options of the command and the global ones")
  func options() {
    #expect(words(complete("config", "get", current: "--fo")) == ["--force"])
    #expect(words(complete("config", current: "--fo")).isEmpty)
    #expect(words(complete(current: "--log")) == ["--log-file", "--log-format"])
    #expect(words(complete("config", "get", "--", current: "--fo")).isEmpty)
  }

  @Test("values: after the option, after =, after a letter")
  func values() {
    #expect(words(complete("config", "get", "--mode")) == ["fast", "slow"])
    #expect(words(complete("config", "get", current: "--mode=f")) == ["--mode=fast"])
    #expect(words(complete("-c", current: "model")) == ["model.name="])
    #expect(complete("--log-file").paths == .files)
    #expect(complete(current: "--cwd=/tm") == .init(paths: .directories, prefix: "--cwd="))
    #expect(complete("config", "get", "-n") == .init())
    #expect(words(complete("config", "get", current: "--force=")).isEmpty)
  }
}
