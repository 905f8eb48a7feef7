import MemfunCore
import Testing

@testable import MemfunModels

@Suite("Assembling a reply")
struct ReplyAssemblerTests {
  @Test("a restart voids what was delivered but keeps its usage apart")
  func restart() {
    var assembler = ReplyAssembler()
    for chunk: ModelChunk in [
      .started(ResponseInfo(attempt: 1)), .text("wro"), .toolCallStarted(index: 0, id: "x", name: "f"),
      .usage(Usage(input: 10, output: 1)), .usage(Usage(input: 10, output: 2)),
      .restarted(Restart(attempt: 1, reason: "cut", delay: .zero)), .started(ResponseInfo(attempt: 2)),
      .text("right"), .usage(Usage(input: 10, output: 3)),
    ] { assembler.add(chunk) }
    #expect(assembler.reply == nil)
    #expect(assembler.usageSoFar == Usage(input: 20, output: 5))
    assembler.add(.finished(.stop))
    let reply = assembler.reply
    #expect(reply?.text == "right")
    #expect(reply?.toolCalls.isEmpty == true)
    #expect(reply?.usage == Usage(input: 10, output: 3))
    #expect(reply?.failedUsage == Usage(input: 10, output: 2))
    #expect(reply?.totalUsage == Usage(input: 20, output: 5))
    #expect(reply?.attempts == 2)
  }
}

@Suite("Models without a server")
struct ServerlessModelTests {
  @Test("the offline model fails with an error that says how to configure one")
  func offline() async throws {
    let error = await #expect(throws: ModelError.self) {
      try await OfflineModel().complete(ModelRequest(messages: [.user("hi")]))
    }
    #expect(error == .offline)
    #expect(error?.remedy?.contains("memfun init") == true)
    #expect(error?.exitCode == .usage)
  }

  @Test("a scripted model gives its replies in order, keeps the requests, and says when it has no more")
  func scripted() async throws {
    let model = ScriptedModel([.text("one"), .toolCall(id: "t", name: "f", arguments: ["a": 1])])
    let first = try await model.complete(ModelRequest(messages: [.user("12345678")]))
    #expect(first.text == "one")
    #expect(first.usage == Usage(input: 2, output: 1))
    let second = try await model.complete(ModelRequest(messages: [.user("b")]))
    #expect(try second.toolCalls.first?.arguments() == ["a": 1])
    #expect(second.finishReason == .toolCalls)
    await #expect(throws: ModelError.scriptExhausted(requests: 3)) {
      try await model.complete(ModelRequest(messages: [.user("c")]))
    }
    #expect(model.requests.map { $0.messages[0].text } == ["12345678", "b", "c"])
  }

  @Test("cancelling a task that waits for a model ends it at once")
  func cancellation() async {
    let task = Task { try await ScriptedModel([.hang]).complete(ModelRequest(messages: [])) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}

@Suite("Keys")
struct APIKeyTests {
  @Test("a key never prints, whole or in part")
  func printing() throws {
    let key = try #require(Secret(" sk-abcdef123456 \n").trimmedKey())
    var dumped = ""
    dump(ModelConfiguration(provider: .openai, model: "m", apiKey: key), to: &dumped)
    #expect(!dumped.contains("abcdef"))
    #expect(key.redacted("bad key sk-abcdef123456.") == "bad key \(Secret.placeholder).")
    #expect(
      key.redacted("Incorrect API key: sk-ab******3456. See")
        == "Incorrect API key: \(Secret.placeholder) See")
    #expect(Secret("  ").trimmedKey() == nil)
  }
}

@Suite("Estimates of tokens")
struct TokenEstimatorTests {
  @Test(
    "low, likely and high are in order, and prose and code are near four characters a token",
    arguments: [
      "The quick brown fox jumps over the lazy dog, and then it sleeps for a long while.",
      "for (int i = 0; i < n; i++) {\n    sum += values[i] * weights[i];\n}\n",
      "日本語のテキストは一文字が一トークン以上になる", "0123456789012345678901234567890123456789", "", "    \n\n\n   ",
    ])
  func order(text: String) {
    var estimate = TokenEstimator()
    estimate.add(text)
    #expect(estimate.low <= estimate.likely)
    #expect(estimate.likely <= estimate.high)
    #expect(estimate.high <= text.utf8.count + 1)
  }
}
