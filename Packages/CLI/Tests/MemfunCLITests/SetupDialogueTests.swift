import Glibc
import MemfunCore
import Synchronization
import Testing

@testable import MemfunCLI

/// Answers from a list, and remembers what was asked.
private final class ScriptedPrompter: SetupPrompter {
  private let state: Mutex<(answers: [String?], asked: [String], problems: [String])>
  init(_ answers: [String?]) { state = Mutex((answers, [], [])) }

  func answer(to question: SetupQuestion, problem: String?) async throws -> String? {
    state.withLock { state in
      state.asked.append(question.text)
      if let problem { state.problems.append(problem) }
      return state.answers.isEmpty ? nil : state.answers.removeFirst()
    }
  }

  var asked: [String] { state.withLock { $0.asked } }
  var problems: [String] { state.withLock { $0.problems } }
  var left: Int { state.withLock { $0.answers.count } }
}

@Suite("The dialogue of the setup")
struct SetupDialogueTests {
  private let ollama = LocalModelServer(
    name: "Ollama", provider: "ollama", baseURL: "http://127.0.0.1:11434",
    models: ["llama3.2:3b", "qwen3:8b"])

  private func ask(
    _ answers: [String?], flags: SetupDialogue.Flags = .init(), current: SetupDialogue.Current = .init(),
    servers: [LocalModelServer] = []
  ) async throws -> (plan: SetupPlan, prompter: ScriptedPrompter) {
    let prompter = ScriptedPrompter(answers)
    let plan = try await SetupDialogue(flags: flags, current: current, servers: servers).plan(
      asking: prompter)
    #expect(prompter.left == 0, "answers that nobody asked for")
    return (plan, prompter)
  }

  @Test("empty lines take the defaults: no server found means offline")
  func defaults() async throws {
    #expect(try await ask(["", ""]).plan == SetupPlan(provider: "offline"))
  }

  @Test("a server that was found is the default, its address is not asked for, its models are offered")
  func foundServer() async throws {
    let (plan, prompter) = try await ask(["", "2", "no"], servers: [ollama])
    #expect(plan.provider == "ollama" && plan.baseURL == ollama.baseURL && plan.model == "qwen3:8b")
    #expect(!plan.draftsAgents && prompter.asked.count == 3)
  }

  @Test("a provider with keys asks where the key is; a typed key is asked for hidden")
  func keys() async throws {
    let variable = try await ask(["anthropic", "some-model", "variable", "", ""]).plan
    #expect(variable.keyVariable == "ANTHROPIC_API_KEY" && variable.storedKey == nil)
    let typed = try await ask(["4", "some-model", "file", "sk-123", ""]).plan
    #expect(typed.storedKey == "sk-123" && typed.keyVariable == nil)
    let local = try await ask(["openai", "http://127.0.0.1:8000/v1", "m", "", ""]).plan
    #expect(local.keyVariable == nil && local.storedKey == nil && local.baseURL == "http://127.0.0.1:8000/v1")
  }

  @Test("answers that cannot be used are asked again, with the reason")
  func corrections() async throws {
    let (plan, prompter) = try await ask(
      [
        "99", "mistral", "openai", "ftp://x", "http://", "https://host/v1", "two words", "m", "variable",
        "1X", "KEY", "maybe", "y",
      ])
    #expect(
      plan.baseURL == "https://host/v1" && plan.model == "m" && plan.keyVariable == "KEY" && plan.draftsAgents
    )
    #expect(prompter.problems.count == 7)
  }

  @Test("flags are not asked for, and wrong ones are refused before anything is asked")
  func flags() async throws {
    var flags = SetupDialogue.Flags(provider: "openai", model: "m", baseURL: "https://h/v1", keyVariable: "K")
    flags.draftsAgents = false
    let (plan, prompter) = try await ask([], flags: flags)
    #expect(plan.model == "m" && prompter.asked.isEmpty)
    for wrong in [
      SetupDialogue.Flags(baseURL: "host"), .init(model: ""), .init(keyVariable: "A-B"),
      .init(storedKey: "a b"),
    ] {
      await #expect(throws: SetupError.self) { try await ask([], flags: wrong) }
    }
  }

  @Test("current settings are the defaults, as long as the provider stays")
  func rerun() async throws {
    let current = SetupDialogue.Current(
      provider: "openai", model: "old", baseURL: "https://old/v1", keyVariable: "OLD_KEY", hasAgents: true)
    let same = try await ask(["", "", "", "", ""], current: current).plan
    #expect(same.model == "old" && same.baseURL == "https://old/v1" && same.keyVariable == "OLD_KEY")
    #expect(!same.draftsAgents)
    let other = try await ask(["ollama", "", "new"], current: current).plan
    #expect(other.baseURL == "http://127.0.0.1:11434" && other.model == "new")
    let kept = try SetupDialogue(flags: .init(), current: current, servers: [ollama]).planWithoutQuestions()
    #expect(kept.provider == "openai" && kept.model == "old" && kept.keyVariable == "OLD_KEY")
  }

  @Test("the end of the input ends the setup")
  func declined() async {
    await #expect(throws: SetupError.declined) { try await ask(["openai", nil]) }
  }

  @Test("--yes takes found servers, else none; a model need not be named")
  func withoutQuestions() throws {
    let found = try SetupDialogue(flags: .init(), current: .init(), servers: [ollama]).planWithoutQuestions()
    #expect(found.provider == "ollama" && found.model == "llama3.2:3b" && found.baseURL == ollama.baseURL)
    let nothing = try SetupDialogue(flags: .init(), current: .init(), servers: []).planWithoutQuestions()
    #expect(nothing.provider == "offline" && nothing.model == nil)
    let unnamed = try SetupDialogue(flags: .init(provider: "ollama"), current: .init(), servers: [])
      .planWithoutQuestions()
    #expect(unnamed == SetupPlan(provider: "ollama"))
  }
}

@Suite("The files of the setup")
struct SetupFilesTests {
  private let folder: String

  init() {
    var template = Array("/tmp/memfun-setup-XXXXXX".utf8CString)
    folder =
      mkdtemp(&template) == nil
      ? "/nonexistent" : String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func clean(_ names: [String]) {
    for name in names { remove(folder + "/" + name) }
    rmdir(folder)
  }

  @Test("files and their folders are made with the wanted permissions; a second time nothing changes")
  func writes() throws {
    defer { clean(["a/b/secret", "a/b", "a", "plain"]) }
    let files = [
      SetupFiles.File(path: folder + "/a/b/secret", text: "k", mode: 0o600, folderMode: 0o700),
      SetupFiles.File(path: folder + "/plain", text: "p"),
    ]
    #expect(try SetupFiles.write(files).map(\.change) == [.created, .created])
    var status = stat()
    stat(folder + "/a/b/secret", &status)
    #expect(status.st_mode & 0o777 == 0o600)
    stat(folder + "/a/b", &status)
    #expect(status.st_mode & 0o777 == 0o700)
    #expect(try SetupFiles.write(files).map(\.change) == [.unchanged, .unchanged])
    chmod(folder + "/a/b/secret", 0o644)
    #expect(try SetupFiles.write(files).map(\.change) == [.changed, .unchanged])
    stat(folder + "/a/b/secret", &status)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test("when one file cannot be written, all others are as before")
  func rollback() throws {
    defer { clean(["old", "blocker"]) }
    try AtomicFile.write("before", to: folder + "/old")
    try AtomicFile.write("", to: folder + "/blocker")
    let files = [
      SetupFiles.File(path: folder + "/new/deep/file", text: "x"),
      SetupFiles.File(path: folder + "/old", text: "after"),
      SetupFiles.File(path: folder + "/blocker/impossible", text: "x"),
    ]
    #expect(throws: (any Error).self) { try SetupFiles.write(files) }
    #expect(try WholeFile.read(folder + "/old") == Array("before".utf8))
    #expect(access(folder + "/new", F_OK) != 0)
  }
}
