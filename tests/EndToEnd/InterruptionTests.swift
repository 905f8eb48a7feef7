import MemfunCore
import Testing

@Suite("Signals and servers that do not answer")
struct InterruptionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A shell prelude: `$port` is served by something that accepts and never answers; `met` waits until
  /// somebody has connected.
  private static let silentServer = #"""
    set -m
    coproc SERVER { exec /usr/bin/python3 -uc '
    import socket, time
    s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1])
    c = s.accept()[0]; print("met"); time.sleep(60)'; }
    read port <&${SERVER[0]}
    met() { read word <&${SERVER[0]}; }
    finish() { kill %?python3 2>/dev/null; exit $1; }
    ask="models test --json -c model.provider=openai -c model.name=m -c model.base_url=http://127.0.0.1:$port"

    """#

  @Test(
    "SIGINT and SIGTERM during a request end it at once with their code and one JSON object",
    arguments: [("INT", 130), ("TERM", 143), ("HUP", 143)])
  func signals(name: String, code: Int) async throws {
    let run = try await MemfunBinary.shell(
      Self.silentServer + #"""
        "$MEMFUN" $ask & pid=$!
        met; kill -\#(name) $pid; wait $pid; finish $?
        """#, in: folder)
    #expect(run.code == Int32(code), "\(run)")
    let json = try run.json()
    #expect(
      json["error"]?["kind"] == (code == 130 ? "interrupted" : "terminated")
        && json["command"] == "models test")
    #expect(json["duration_ms"]?.intValue ?? 99_999 < 20_000)
  }

  @Test("a signal that was ignored at the start stays ignored")
  func ignored() async throws {
    let run = try await MemfunBinary.shell(
      Self.silentServer + #"""
        (trap '' INT; exec "$MEMFUN" $ask -c model.first_byte_timeout=700ms -c model.max_attempts=1) & pid=$!
        met; kill -INT $pid; wait $pid; finish $?
        """#, in: folder)
    #expect(run.code == 7, "\(run)")
    #expect(try run.json()["error"]?["kind"]?.stringValue?.hasPrefix("interrupted") == false)
  }

  @Test("a server that hangs, refuses, or is no model server is a provider failure that names it")
  func servers() async throws {
    let hangs = try await MemfunBinary.shell(
      Self.silentServer + #"""
        "$MEMFUN" $ask -c model.first_byte_timeout=300ms -c model.max_attempts=1; finish $?
        """#, in: folder)
    #expect(hangs.code == 7)
    #expect(try hangs.json()["error"]?["location"]?.stringValue?.contains("127.0.0.1") == true)
    let refused = try await MemfunBinary.run(
      ["models", "list", "--json", "-c", "model.provider=ollama", "-c", "model.base_url=http://127.0.0.1:1"],
      in: folder)
    #expect(refused.code == 7)
    #expect(try refused.json()["error"]?["retryable"] != nil)
    let doctor = try await MemfunBinary.run(
      [
        "doctor", "--json", "-c", "model.provider=ollama", "-c", "model.name=m", "-c",
        "model.base_url=http://127.0.0.1:1",
      ],
      in: folder)
    #expect(doctor.code == 1)
    #expect(try doctor.json()["error"]?["message"]?.stringValue?.contains("model") == true)
  }

  @Test("a provider without its key is an authentication failure that names the variable")
  func missingKey() async throws {
    for arguments in [["models", "list"], ["models", "test"]] {
      let run = try await MemfunBinary.run(
        arguments + ["--json", "-c", "model.provider=anthropic", "-c", "model.name=m"], in: folder)
      #expect(run.code == 3, "\(run)")
      #expect(try run.json()["error"]?["message"] != nil && run.output.contains("ANTHROPIC_API_KEY"))
    }
  }
}
