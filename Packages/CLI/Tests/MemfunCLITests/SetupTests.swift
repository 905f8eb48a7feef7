import Glibc
import MemfunCore
import Testing

@testable import MemfunCLI

@Suite("Setting up a project")
struct SetupTests {
  private func facts(_ files: [String: String], folders: [String] = []) -> ProjectFacts {
    ProjectFacts(name: "sample", entries: files.keys.sorted() + folders.map { $0 + "/" }) { files[$0] }
  }

  @Test(
    "commands come from the files that prove them, the project's own wrapper first",
    arguments: [
      (["Package.swift": ""], ["swift build", "swift test"]),
      (["Cargo.toml": ""], ["cargo build", "cargo test", "cargo clippy"]),
      (
        ["go.mod": "", "Makefile": "V := 1\nbuild: main.go\n\tgo build\n.PHONY: x\ntest check:\n"],
        ["make build", "go build ./...", "make test", "make check", "go test ./...", "go vet ./..."]
      ),
      (
        ["package.json": #"{"scripts":{"test":"vitest","build":"tsc","x":"y"}}"#, "pnpm-lock.yaml": ""],
        ["pnpm run build", "pnpm run test"]
      ),
      (["package.json": "{broken"], []),
      (
        ["pyproject.toml": "[tool.ruff]\n[tool.pytest.ini_options]\n", "uv.lock": ""],
        ["uv run pytest", "uv run ruff check"]
      ),
      (["setup.py": ""], []),
      (["justfile": "test:\n  x\nversion := '1'\n"], ["just test"]),
      ([:], []),
    ] as [([String: String], [String])])
  func commands(files: [String: String], lines: [String]) {
    #expect(facts(files).commands.map(\.line) == lines)
  }

  @Test("the draft of AGENTS.md names only what is there")
  func draft() {
    let text = AgentsDraft.markdown(
      for: facts(
        ["Package.swift": "", "README.md": "", ".swift-format": ""],
        folders: ["Sources", "Tests", ".build", "node_modules"]))
    for part in [
      "# sample", "Swift package", "`swift test`", "- `Sources/`", "[README.md](README.md)",
      "`.swift-format`",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(!text.contains(".build") && !text.contains("node_modules") && !text.contains("No test command"))
    let empty = AgentsDraft.markdown(for: facts([:]))
    #expect(empty.contains("No test command was found") && !empty.contains("## Commands"))
  }

  /// Answers like the servers at the given ports; everything else is not there.
  private struct Loopback: HTTPTransport {
    let answers: [String: (status: Int, body: String)]
    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
      guard let answer = answers[request.url] else {
        throw HTTPError.unreachable(url: request.url, reason: "refused")
      }
      return HTTPResponse(status: answer.status, body: HTTPBody(pieces: [Array(answer.body.utf8)]))
    }
  }

  @Test("model servers are known by their list of models, not by their port")
  func servers() async {
    let found = await LocalModelServers(
      transport: Loopback(answers: [
        "http://127.0.0.1:11434/api/tags": (200, #"{"models":[{"name":"llama3.2:3b"},{"model":"qwen3"}]}"#),
        "http://127.0.0.1:1234/v1/models": (200, #"{"object":"list","data":[{"id":"gemma"}]}"#),
        "http://127.0.0.1:8080/v1/models": (200, "<html>a web server</html>"),
        "http://127.0.0.1:8000/v1/models": (404, #"{"data":[]}"#),
      ])
    ).find()
    #expect(found.map(\.name) == ["Ollama", "LM Studio"])
    #expect(found.map(\.models) == [["llama3.2:3b", "qwen3"], ["gemma"]])
    #expect(found.map(\.baseURL) == ["http://127.0.0.1:11434", "http://127.0.0.1:1234/v1"])
    #expect(await LocalModelServers(transport: Loopback(answers: [:])).find().isEmpty)
  }
}

@Suite("The doctor")
struct DoctorTests {
  @Test("warnings leave the exit code at 0, a failed check makes it 1; each says how to mend it")
  func outcome() throws {
    let warning = DoctorFinding.warning("a", "less", remedy: "install it")
    let failed = DoctorFinding.failed("b", "broken", remedy: "mend it")
    let fine = DoctorCommand.outcome([.ok("m", "fine"), warning])
    #expect(fine.failure == nil && fine.result["summary"]?["warning"] == 1)
    let broken = DoctorCommand.outcome([failed, warning])
    #expect(broken.failure?.exitCode == .taskFailed && broken.failure?.what.contains("b") == true)
    let text = broken.text(TextLayout(width: 40, isTerminal: false)).plain
    #expect(text.contains("try: mend it") && text.contains("try: install it"))
  }

  @Test("a program that is missing, silent or of the wrong kind is a warning")
  func programs() async {
    var template = Array("/tmp/memfun-doctor-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      Issue.record("no temporary folder")
      return
    }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let scripts = [
      "git": "#!/bin/sh\necho git version 9.9\n", "ctags": "#!/bin/sh\necho Exuberant Ctags 5.8\n",
      "python3": "#!/bin/sh\nexit 3\n",
    ]
    for (name, text) in scripts {
      #expect(throws: Never.self) { try AtomicFile.write(text, to: "\(folder)/\(name)", mode: 0o755) }
    }
    defer {
      for name in scripts.keys { unlink("\(folder)/\(name)") }
      rmdir(folder)
    }
    let findings = await ProgramChecks(configured: [:], programFolder: folder, environment: ["PATH": folder])
      .findings()
    #expect(
      findings.map(\.name) == [
        "program.git", "program.ctags", "program.ast-grep", "program.python3", "program.swift",
      ])
    #expect(findings.map(\.status) == [.ok, .warning, .warning, .warning, .warning])
    #expect(findings[0].facts["version"] == "git version 9.9")
    #expect(findings[1].detail.contains("universal-ctags") && findings[2].detail == "not installed")
    #expect(findings.dropFirst().allSatisfy { $0.remedy != nil })
  }

  @Test("a key file that others may read is a failure, a folder that others may write a warning")
  func privacy() throws {
    var template = Array("/tmp/memfun-doctor-XXXXXX".utf8CString)
    _ = mkdtemp(&template)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let file = folder + "/credentials"
    try AtomicFile.write("x", to: file, mode: 0o600)
    defer {
      unlink(file)
      rmdir(folder)
    }
    #expect(EnvironmentChecks.privacyFinding("f", path: file, isSecret: true)?.status == .ok)
    chmod(file, 0o640)
    let open = EnvironmentChecks.privacyFinding("f", path: file, isSecret: true)
    #expect(open?.status == .failed && open?.remedy == "chmod 600 '\(file)'")
    chmod(folder, 0o777)
    #expect(EnvironmentChecks.privacyFinding("d", path: folder, isSecret: false)?.status == .warning)
    #expect(EnvironmentChecks.privacyFinding("n", path: folder + "/none", isSecret: true) == nil)
  }
}
