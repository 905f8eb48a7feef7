import Glibc
import MemfunCore
import Testing

/// Whether a program is there; `make test` installs what is missing.
private func isInstalled(_ name: String) -> Bool { access("/usr/bin/" + name, X_OK) == 0 }

@Suite("Shell completion and the manual page")
struct ShellIntegrationTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("notes.txt", "")
    try folder.write("nested/inner.txt", "")
  }

  @Test("bash completes commands, options, values after = and paths")
  func bash() async throws {
    let script = #"""
      memfun() { "$MEMFUN" "$@"; }
      source <(memfun completion bash) || exit 9
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _memfun; echo "${COMPREPLY[*]}"; }
      try memfun ver
      try memfun --outp
      try memfun --output = js
      try memfun --output j
      try memfun completion ""
      try memfun --log-file = not
      try memfun --cwd ne
      try memfun version --bogus=
      """#
    let run = try await MemfunBinary.shell(script, in: folder)
    #expect(run.code == 0 && run.error.isEmpty)
    #expect(
      run.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) == [
        "version", "--output", "json", "json", "bash zsh fish", "notes.txt", "nested", "", "",
      ])
  }

  @Test(
    "fish completes commands with their meaning, options, values and paths", .enabled(if: isInstalled("fish"))
  )
  func fish() async throws {
    let script = #"""
      function memfun; $MEMFUN $argv; end
      memfun completion fish | source
      complete -C 'memfun ver'
      complete -C 'memfun --output='
      complete -C 'memfun --log-file not'
      complete -C 'memfun --cwd=ne'
      """#
    let run = try await MemfunBinary.shell(script, in: folder, shell: "/usr/bin/fish")
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(run.code == 0 && lines.count == 5, "\(run)")
    #expect(lines.first?.hasPrefix("version\tShow") == true)
    #expect(lines.dropFirst() == ["--output=json", "--output=text", "notes.txt", "--cwd=nested/"])
  }

  @Test("zsh hands the candidates to its own completion", .enabled(if: isInstalled("zsh")))
  func zsh() async throws {
    let script = #"""
      compdef() { :; }
      compset() { print -r -- "compset $*"; }
      compadd() { local -a given; given=("${(@P)@[-1]}"); print -r -- "${given[*]}"; print -r -- "${meanings[1]}"; }
      _files() { print -r -- "files $*"; }
      eval "$("$MEMFUN" completion zsh)" || exit 9
      try() { local -a words; words=("$MEMFUN" "${@:2}"); local CURRENT=$#; _memfun; }
      try memfun ver
      try memfun --output=
      try memfun --log-file=x
      try memfun --cwd ""
      """#
    let run = try await MemfunBinary.shell(script, in: folder, shell: "/usr/bin/zsh")
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(run.code == 0 && run.error.isEmpty && lines.count == 7, "\(run)")
    #expect(lines.first == "version" && lines.dropFirst().first?.hasPrefix("version -- Show") == true)
    #expect(
      lines.dropFirst(2) == [
        "--output=text --output=json", "--output=text", "compset -P --log-file=", "files ", "files -/",
      ])
  }

  @Test("every script passes its shell's syntax check", arguments: ["bash", "zsh", "fish"])
  func syntax(shell: String) async throws {
    guard isInstalled(shell) else { return }
    let script = try await MemfunBinary.run(["completion", shell], in: folder).output
    try folder.write("script", script)
    let run = try await MemfunBinary.shell("exec \(shell) -n script", in: folder)
    #expect(run.code == 0 && run.error.isEmpty && script.utf8.count > 300)
  }

  @Test("the manual page passes mandoc's lint", .enabled(if: isInstalled("mandoc")))
  func manual() async throws {
    let run = try await MemfunBinary.shell(
      #""$MEMFUN" man > memfun.1 && mandoc -Tlint -Wstyle memfun.1"#, in: folder)
    #expect(run.code == 0 && run.output.isEmpty, "\(run.output.prefix(2000))")
    #expect(folder.read("memfun.1")?.contains(".SH EXIT STATUS") == true)
  }

  @Test("docs/commands.md is what the binary prints")
  func reference() async throws {
    let printed = try await MemfunBinary.run(["man", "--markdown"], in: folder).output
    let document = try #require(fopen(MemfunBinary.folder + "../../docs/commands.md", "r"))
    defer { fclose(document) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, document)
    #expect(
      String(decoding: bytes[..<count], as: UTF8.self) == printed,
      "make it anew: memfun man --markdown > docs/commands.md")
  }
}
