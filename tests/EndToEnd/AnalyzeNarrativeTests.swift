import MemfunCore
import Testing

@Suite("memfun analyze with a model")
struct AnalyzeNarrativeTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("project/app.py", "def run(x):\n    if x:\n        return 1\n    return 0\n")
  }

  /// Runs `memfun analyze project` against the scripted server (tests/Support/mockllm.py), which answers
  /// every question with `reply`.
  private func analyze(replying reply: String, _ arguments: String) async throws -> MemfunBinary.Run {
    let script: JSONValue = ["default": ["reply": .string(reply)]]
    try folder.write("script.json", script.description)
    return try await MemfunBinary.shell(
      """
      rm -f address
      /usr/bin/python3 '\(MemfunBinary.folder)../Support/mockllm.py' --port 0 --script script.json > address & server=$!
      until [ -s address ]; do sleep 0.01; done
      address=$(sed 's/.*"\\(http[^"]*\\)".*/\\1/' address)
      "$MEMFUN" analyze project -c model.provider=openai -c model.name=mock -c "model.base_url=$address/v1" \(arguments)
      code=$?
      kill $server
      exit $code
      """, in: folder)
  }

  private let claims = """
    {"claims": [{"text": "`run` decides once.", "references": [{"path": "app.py", "line": 1}]},
      {"text": "Invented.", "references": [{"path": "gone.py", "line": 1}]}]}
    """

  @Test("every claim that is printed has a place, and invented ones are removed and counted")
  func claimsAreChecked() async throws {
    let run = try await analyze(replying: claims, "")
    #expect(run.code == 0, "\(run.error)")
    #expect(run.output.contains("- `run` decides once. (`app.py:1`)") && !run.output.contains("Invented"))
    #expect(run.output.contains("1 claim whose reference does not exist was removed"))
    let json = try await analyze(replying: claims, "--json").json()
    #expect(json["result"]?["narrative"]?["removed_claims"] == 1)
    #expect((json["usage"]?["output"]?.intValue ?? 0) > 0 && json["model"] == "openai/mock")
  }

  @Test("of more claims than were asked for, each is checked, and shown or counted")
  func manyClaims() async throws {
    let many = (1...12).map { number -> JSONValue in
      let path: JSONValue = number <= 9 ? "gone.py" : "app.py"
      return ["text": .string("Claim \(number)."), "references": [["path": path, "line": 1]]]
    }
    let reply: JSONValue = ["claims": .array(many)]
    let narrative = try await analyze(replying: reply.description, "--json").json()["result"]?["narrative"]
    #expect(narrative?["removed_claims"] == 9 && narrative?["claims"]?.arrayValue?.count == 3)
  }

  @Test("a price list that cannot be read is an error before any work, and a known price is counted")
  func prices() async throws {
    let missing = try await analyze(replying: claims, "--json -c model.prices_file=gone.json").json()
    #expect(missing["exit_code"] == 2 && missing["result"] == .null)
    #expect(missing["error"]?["location"] == "gone.json")
    try folder.write("broken.json", "{\"prices\": [\n}")
    let broken = try await analyze(replying: claims, "--json -c model.prices_file=broken.json").json()
    #expect(broken["exit_code"] == 2 && broken["error"]?["location"] == "broken.json:2:1")
    try folder.write(
      "prices.json",
      #"{"prices": [{"provider": "openai", "models": ["mock"], "input": 1000000, "output": 1000000}]}"#)
    let known = try await analyze(replying: claims, "--json -c model.prices_file=prices.json").json()
    #expect(known["cost_usd"]?.doubleValue ?? 0 > 1)
    // At a dollar a token not even the prompt fits.
    let wall = try await analyze(replying: claims, "-c model.prices_file=prices.json --max-cost 5")
    #expect(wall.code == 6 && wall.output.contains("## Most complex functions"))
    let unknown = try await analyze(replying: claims, "--max-cost 5")
    #expect(unknown.code == 2 && unknown.error.contains("price of openai/mock is not known"))
  }

  @Test("a model that answers nonsense does not take the report with it, and the exit code tells")
  func nonsense() async throws {
    let run = try await analyze(replying: "I would rather talk about the weather.", "")
    #expect(run.code == 7 && run.output.contains("## Most complex functions"))
    #expect(run.output.contains("was asked for a narrative and failed"))
  }

  @Test("-v tells of every attempt that is repeated, and why")
  func repeatedAttempts() async throws {
    let run = try await MemfunBinary.run(
      [
        "models", "test", "-v", "-c", "model.provider=openai", "-c", "model.name=m", "-c",
        "model.base_url=http://127.0.0.1:9/v1", "-c", "model.max_attempts=2",
      ], in: folder)
    #expect(run.code == 7 && run.error.contains("gave up after 2 attempts"))
    #expect(run.error.contains("the model is asked again") && run.error.contains("failed_attempt=1"))
  }

  @Test("a token budget is a wall: the report is printed without a narrative")
  func budget() async throws {
    let run = try await analyze(replying: claims, "--max-tokens 50")
    #expect(run.code == 6 && run.output.contains("## Most complex functions"))
  }

  @Test("a broken condition weighs more than a model that failed")
  func conditionFirst() async throws {
    #expect(try await analyze(replying: "no", "--fail-on 'complexity>1'").code == 8)
  }

  @Test("--no-model asks nobody")
  func declined() async throws {
    let run = try await analyze(replying: claims, "--no-model")
    #expect(run.code == 0 && run.output.contains("No model was asked (--no-model)"))
  }

  @Test("a server that never answers is cut off by --max-time, after the report")
  func hangingServer() async throws {
    // Connections are taken and nothing is ever said.
    let run = try await MemfunBinary.shell(
      """
      /usr/bin/python3 -c 'import socket, time
      s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(9); print(s.getsockname()[1], flush=True); time.sleep(60)' > port & server=$!
      until [ -s port ]; do sleep 0.01; done
      "$MEMFUN" analyze project -c model.provider=openai -c model.name=m \
        -c "model.base_url=http://127.0.0.1:$(cat port)/v1" --max-time 3s
      code=$?
      kill $server
      exit $code
      """, in: folder)
    #expect(run.code == 124 && run.output.contains("## Most complex functions"))
  }
}
