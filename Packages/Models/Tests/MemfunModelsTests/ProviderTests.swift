import MemfunCore
import Synchronization
import Testing

@testable import MemfunModels

private let providers: [ModelConfiguration.Provider] = [.anthropic, .openai, .ollama]
private let hello = ModelRequest(messages: [.system("Be brief."), .user("hello")])

@Suite("Providers against a scripted server")
struct ProviderTests {
  @Test("a reply arrives in pieces, its text and its usage are the server's", arguments: providers)
  func reply(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer([
      "default": ["reply": "né 日本 😀 and a longer text that takes several chunks", "chunk_chars": 3]
    ])
    let reply = try await server.provider(provider).model.complete(hello)
    #expect(reply.text == "né 日本 😀 and a longer text that takes several chunks")
    #expect(reply.finishReason == .stop)
    let stats = try await server.stats()
    #expect(reply.usage.input == stats["input_tokens"]?.intValue)
    #expect(reply.usage.output == stats["output_tokens"]?.intValue)
    #expect(!reply.usage.isEstimated)
    #expect(reply.attempts == 1)
  }

  @Test("tool calls arrive whole, and their results go back", arguments: providers)
  func tools(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer([
      "rules": [
        [
          "when": ["turn": 0], "tool_calls": [["name": "add", "arguments": ["a": 1, "b": "日本"]]],
          "chunk_chars": 2,
        ],
        ["when": ["turn": 1, "last": "three"], "reply": "it is three"],
      ]
    ])
    let model = try server.provider(provider).model
    var request = hello
    request.tools = [ToolDefinition(name: "add", description: "adds", parameters: ["type": "object"])]
    let first = try await model.complete(request)
    #expect(first.finishReason == .toolCalls)
    let call = try #require(first.toolCalls.first)
    #expect(call.name == "add")
    #expect(try call.arguments() == ["a": 1, "b": "日本"])
    request.messages += [first.message, .tool(ToolResult(callID: call.id, name: "add", text: "three"))]
    #expect(try await model.complete(request).text == "it is three")
  }

  @Test(
    "load and failure of the server are waited out", arguments: providers,
    [408, 409, 425, 429, 500, 502, 503, 504, 529])
  func passingStatus(provider: ModelConfiguration.Provider, status: Int) async throws {
    let body: [ModelConfiguration.Provider: String] = [
      .anthropic: Dialect.anthropic.sample, .openai: Dialect.openai.sample, .ollama: Dialect.ollama.sample,
    ]
    let transport = CannedTransport { request, number in
      if request.url.hasSuffix("/api/show") { return .init("{}") }
      return number <= 3 ? .init("busy", status: status) : .init(body[provider] ?? "")
    }
    let reply = try await canned(provider, transport).model.complete(hello)
    #expect(reply.text == "né 日本 😀")
    #expect(reply.attempts == (provider == .ollama ? 3 : 4))
    #expect(reply.failedUsage == .zero)
  }

  @Test("a server's wish to wait is granted", arguments: providers)
  func retryAfter(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer([
      "rules": [["times": 2, "error": ["status": 429, "headers": ["retry-after": "3"]]]],
      "default": ["reply": "OK"],
    ])
    let time = ManualTimeSource(automatic: true)
    let reply = try await server.provider(provider, time: time).model.complete(hello)
    #expect(reply.text == "OK")
    #expect(reply.attempts == 3)
    #expect(time.sleeps.count == 2)
    #expect(time.sleeps.allSatisfy { $0 >= .seconds(3) && $0 < .seconds(4) })
  }

  @Test("the error after the last attempt says how often and why", arguments: providers)
  func giveUp(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer(["default": ["error": ["status": 503, "message": "try later, dear"]]])
    let error = await #expect(throws: ModelError.self) {
      try await server.provider(provider, retry: RetryPolicy(maximumAttempts: 3)).model.complete(hello)
    }
    guard case .gaveUp(let attempts, _, .attempts, let last, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(attempts == 3)
    #expect(last.cause == .status(503))
    #expect(error?.what.contains("3 attempts") == true)
    #expect(error?.what.contains("try later, dear") == true)
    #expect(error?.exitCode == .provider)
    #expect(last.requestID != nil)
  }

  @Test("what is wrong with the request is not tried again", arguments: providers, [400, 413, 422])
  func lastingStatus(provider: ModelConfiguration.Provider, status: Int) async throws {
    let server = try await MockServer([
      "default": ["error": ["status": .int(status), "message": "no such thing"]]
    ])
    let error = await #expect(throws: ModelError.self) {
      try await server.provider(provider).model.complete(hello)
    }
    guard case .rejected(let rejection)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(rejection.status == status)
    #expect(rejection.message == "no such thing")
    #expect(try await server.stats()["requests"]?.intValue == 1)
  }

  @Test(
    "a refused key is an authentication error, and the key is not repeated", arguments: providers, [401, 403])
  func authentication(provider: ModelConfiguration.Provider, status: Int) async throws {
    let server = try await MockServer([
      "default": [
        "error": [
          "status": .int(status), "message": "Incorrect API key provided: sk-test-1234567890 (sk-t****7890).",
        ]
      ]
    ])
    let error = await #expect(throws: ModelError.self) {
      try await server.provider(provider).model.complete(hello)
    }
    #expect(error?.exitCode == .authentication)
    let text =
      try #require(error).description + " " + (error?.json.description ?? "")
      + " \(String(reflecting: error))"
    #expect(!text.contains("1234567890"))
    #expect(!text.contains("7890"))
    #expect(try await server.stats()["requests"]?.intValue == 1)
  }

  @Test("a used-up quota is not tried again although its status is 429")
  func quota() async throws {
    let server = try await MockServer([
      "default": [
        "error": ["status": 429, "code": "insufficient_quota", "message": "You exceeded your current quota"]
      ]
    ])
    let error = await #expect(throws: ModelError.self) {
      try await server.provider(.openai).model.complete(hello)
    }
    #expect(error?.kind == "model.quota_exhausted")
    #expect(try await server.stats()["requests"]?.intValue == 1)
  }

  @Test("a reset connection is tried again", arguments: providers)
  func reset(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer([
      "rules": [["times": 2, "error": ["close": true]]], "default": ["reply": "OK"],
    ])
    #expect(try await server.provider(provider).model.complete(hello).text == "OK")
    #expect(try await server.stats()["requests"]?.intValue == 3)
  }

  @Test("a stream that is cut is repeated, and the reply is assembled once", arguments: providers)
  func cutStream(provider: ModelConfiguration.Provider) async throws {
    let text = "A text that is long enough to be cut somewhere in the middle of it, twice."
    let server = try await MockServer([
      "rules": [["times": 2, "reply": .string(text), "cut_after": 40, "chunk_chars": 8]],
      "default": ["reply": .string(text)],
    ])
    var assembler = ReplyAssembler()
    var restarts = 0
    var delivered = ""
    for try await chunk in try server.provider(provider).model.stream(hello) {
      assembler.add(chunk)
      if case .text(let piece) = chunk { delivered += piece }
      if case .restarted(let restart) = chunk {
        restarts += 1
        #expect(restart.attempt == restarts)
        delivered = ""
      }
    }
    #expect(restarts == 2)
    #expect(delivered == text)
    let reply = try #require(assembler.reply)
    #expect(reply.text == text)
    #expect(reply.attempts == 3)
    #expect(!reply.usage.isEstimated)
    #expect(reply.failedUsage.input > 0)
    #expect(reply.failedUsage.isEstimated, "nobody told what the cut attempts cost")
  }

  @Test("an overload event inside Anthropic's stream is tried again")
  func overloadEvent() async throws {
    let text = "A text that is long enough to be cut somewhere."
    let server = try await MockServer([
      "rules": [["times": 1, "reply": .string(text), "cut_after": 30, "cut_event": true]],
      "default": ["reply": .string(text)],
    ])
    let reply = try await server.provider(.anthropic).model.complete(hello)
    #expect(reply.text == text)
    #expect(reply.attempts == 2)
  }

  @Test("a server that says nothing is given up after its deadline", arguments: providers)
  func hang(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer(["default": ["error": ["status": 500, "hang": 20]]])
    let deadlines = HTTPDeadlines(connect: .seconds(5), firstByte: .milliseconds(300), idle: .seconds(5))
    let error = await #expect(throws: ModelError.self) {
      try await server.provider(provider, deadlines: deadlines).model.complete(hello)
    }
    guard case .gaveUp(2, _, .silence, let last, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(last.label == "connection")
    #expect(last.message.contains("first byte"))
  }

  @Test("a web page is summarised, whatever its status", arguments: providers)
  func html(provider: ModelConfiguration.Provider) async throws {
    let page: JSONValue =
      "<html><head><title>Corporate  proxy\\u001b[31m</title></head><body><p>secret body</p></body></html>"
    for status in [200, 502] {
      let server = try await MockServer(["default": ["error": ["status": .int(status), "raw": page]]])
      let error = await #expect(throws: ModelError.self) {
        try await server.provider(provider, retry: .never).model.complete(hello)
      }
      let text = try #require(error).description
      #expect(text.contains("Corporate proxy"))
      #expect(!text.contains("secret body"))
      #expect(!text.contains("\u{1b}"))
    }
  }

  @Test("a prompt over the limit is a typed error with the server's numbers", arguments: providers)
  func contextLimit(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer(["context_limit": 10, "default": ["reply": "OK"]])
    let long = ModelRequest(messages: [.user(String(repeating: "word ", count: 40))])
    let error = await #expect(throws: ModelError.self) {
      try await server.provider(provider).model.complete(long)
    }
    guard case .contextLengthExceeded(let limit, let requested, _, true)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    if provider != .ollama {
      #expect(limit == 10)
      #expect(requested == 54)
    }
    #expect(try await server.stats()["requests"]?.intValue == 1)
  }

  @Test("an unknown finish reason and an empty reply do not break a run", arguments: providers)
  func oddReplies(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer([
      "rules": [["times": 1, "reply": "hm", "finish_reason": "moon_phase"], ["times": 1, "reply": ""]]
    ])
    let model = try server.provider(provider).model
    #expect(try await model.complete(hello).finishReason == .other("moon_phase"))
    let empty = try await model.complete(hello)
    #expect(empty.isEmpty)
    #expect(empty.finishReason == .stop)
  }

  @Test(
    "the models of a server are listed", arguments: [ModelConfiguration.Provider.openai, .anthropic, .ollama])
  func listing(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer(["models": ["alpha", "beta"]])
    #expect(try await server.provider(provider).listModels().map(\.id) == ["alpha", "beta"])
  }

  @Test("a probe says that the model answers and how long it took", arguments: providers)
  func probe(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer()
    let report = try await server.provider(provider, time: SystemTimeSource()).probe()
    #expect(report.reply.text == "OK")
    #expect(report.latency > .zero)
  }

  @Test(
    "the base URL may end with or without /v1 and slashes, and a key is not needed",
    arguments: ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
  func baseURLs(suffix: String) async throws {
    let server = try await MockServer()
    #expect(try await server.provider(.openai, key: nil, suffix: suffix).model.complete(hello).text == "OK")
  }

  @Test("nobody listening is an error of the network that names the address")
  func refusedConnection() async throws {
    let provider = try ModelProvider(
      ModelConfiguration(
        provider: .openai, model: "m", baseURL: "http://127.0.0.1:1", retry: RetryPolicy(maximumAttempts: 2)),
      transport: HTTPClient(), time: ManualTimeSource(automatic: true))
    let error = await #expect(throws: ModelError.self) { try await provider.model.complete(hello) }
    #expect(error?.exitCode == .provider)
    #expect(error?.location?.contains("127.0.0.1:1") == true)
  }

  @Test("cancelling a call closes it at once", arguments: providers)
  func cancellation(provider: ModelConfiguration.Provider) async throws {
    let server = try await MockServer(["default": ["reply": "slow", "latency_ms": 120_000]])
    let model = try server.provider(provider, time: SystemTimeSource()).model
    let clock = ContinuousClock()
    let start = clock.now
    let task = Task { try await model.complete(hello) }
    try await Task.sleep(for: .milliseconds(200))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    // Long before the server would answer.
    #expect(clock.now - start < .seconds(60))
  }
}

/// A provider over a canned transport, waits taking no time.
func canned(
  _ provider: ModelConfiguration.Provider, _ transport: CannedTransport, model: String = "m",
  retry: RetryPolicy = RetryPolicy(), contextLength: Int? = nil, baseURL: String = "http://127.0.0.1:9"
) throws -> ModelProvider {
  try ModelProvider(
    ModelConfiguration(
      provider: provider, model: model, baseURL: baseURL, apiKey: Secret("k-12345678"),
      contextLength: contextLength, retry: retry),
    transport: transport, time: ManualTimeSource(automatic: true), random: SeededRandomSource(seed: 3))
}
