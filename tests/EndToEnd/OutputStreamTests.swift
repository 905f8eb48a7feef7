import MemfunCore
import Testing

@Suite("Output streams")
struct OutputStreamTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("a reader that goes away early is no failure and causes no message")
  func brokenPipe() async throws {
    let run = try await MemfunBinary.shell(
      #"set -o pipefail; { "$MEMFUN" man; echo "code $?" >&2; } | { exec 0<&-; true; }"#, in: folder)
    #expect(run.error == "code 0\n")
    let head = try await MemfunBinary.shell(#""$MEMFUN" man | head -1"#, in: folder)
    #expect(head.output.hasPrefix(".TH MEMFUN 1") && head.error.isEmpty && head.code == 0)
  }

  @Test("a full disk and a closed standard output are failures with a message")
  func unwritable() async throws {
    for target in [">/dev/full", ">&-"] {
      for arguments in ["version", "version --json", "--version", "--help", "bogus --json"] {
        let run = try await MemfunBinary.shell("exec \"$MEMFUN\" \(arguments) \(target)", in: folder)
        #expect(run.code == (arguments.hasPrefix("bogus") ? 2 : 1), "\(arguments) \(target)")
        #expect(run.error.contains("standard output cannot be written"), "\(arguments) \(target)")
      }
    }
  }

  @Test("a standard error that cannot be written changes nothing")
  func standardErrorClosed() async throws {
    for target in ["2>/dev/full", "2>&-"] {
      #expect(try await MemfunBinary.shell("exec \"$MEMFUN\" bogus \(target)", in: folder).code == 2)
      #expect(try await MemfunBinary.shell("exec \"$MEMFUN\" version \(target)", in: folder).code == 0)
    }
  }

  @Test("no colours unless the stream is a terminal or they are asked for")
  func colors() async throws {
    let escape = "\u{1B}["
    #expect(!(try await MemfunBinary.run(["--help"], in: folder).output.contains(escape)))
    #expect(try await MemfunBinary.run(["--help", "--color", "always"], in: folder).output.contains(escape))
    let forced = try await MemfunBinary.run(["--help"], in: folder, environment: ["CLICOLOR_FORCE": "1"])
    #expect(forced.output.contains(escape))
    #expect(try await MemfunBinary.onTerminal(["--help"], in: folder).output.contains(escape))
    for quietly in [["NO_COLOR": "1"], ["TERM": "dumb"], ["CLICOLOR": "0"]] {
      let run = try await MemfunBinary.onTerminal(["--help"], in: folder, environment: quietly)
      #expect(!run.output.contains("\u{1B}") && run.output.contains("Usage:"), "\(quietly)")
    }
    #expect(
      !(try await MemfunBinary.onTerminal(["--help", "--no-color"], in: folder).output.contains("\u{1B}")))
  }

  @Test("help is as wide as the terminal, and very narrow ones do no harm", arguments: [1, 20, 60, 300])
  func width(columns: Int) async throws {
    let run = try await MemfunBinary.onTerminal(["--help", "--no-color"], columns: columns, in: folder)
    #expect(run.code == 0 && run.output.contains("Exit codes"))
    if columns >= 60 {
      #expect(run.output.split(whereSeparator: \.isNewline).allSatisfy { $0.count <= min(columns, 100) })
    }
  }

  @Test("without a UTF-8 locale the output is ASCII")
  func plainLocale() async throws {
    for arguments in [
      ["--help"], ["man"], ["doctor"], ["completion", "zsh"], ["schema", "version"], ["--help", "--json"],
    ] {
      let run = try await MemfunBinary.run(arguments, in: folder, environment: ["LC_ALL": "C"])
      #expect(run.output.utf8.allSatisfy { $0 < 0x80 }, "\(arguments)")
      #expect(run.error.utf8.allSatisfy { $0 < 0x80 }, "\(arguments)")
    }
  }

  @Test("escape sequences in arguments come back visible")
  func hostileArguments() async throws {
    let run = try await MemfunBinary.run(["\u{1B}]0;owned\u{7}\u{1B}[2J"], in: folder)
    #expect(
      !run.error.contains("\u{1B}") && !run.error.contains("\u{7}") && run.error.contains("\\u{1b}]0;owned"))
  }
}
