import MemfunCore
import Testing

@testable import MemfunModels

private let weather = ToolDefinition(
  name: "weather", description: "tells the weather",
  parameters: ["type": "object", "properties": ["z": ["type": "string"], "a": ["type": "string"]]])
private let form = ResponseSchema(
  name: "answer",
  schema: [
    "type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"],
    "additionalProperties": false,
  ])
private let conversation: [Message] = [
  .system("rules"), .user("first"),
  Message(
    role: .assistant,
    content: [
      .reasoning(Reasoning(text: "hm", signature: "s")), .text("let me see"),
      .toolCall(ToolCall(id: "t1", name: "weather", argumentsText: #"{"z":"Bonn"}"#)),
    ]), .tool(ToolResult(callID: "t1", name: "weather", text: "rain", isError: false)), .user("and now?"),
]

@Suite("Requests in the dialects")
struct DialectTests {
  @Test("OpenAI: messages, tools and options are where they belong, in a stable order")
  func openAI() async throws {
    let transport = CannedTransport([.init(Dialect.openai.sample)])
    var request = ModelRequest(
      messages: conversation, tools: [weather], toolChoice: .required, temperature: 0.5,
      maximumOutputTokens: 9, stopSequences: ["END"], seed: 4)
    request.messages.append(
      Message(
        role: .user,
        content: [.text("look"), .image(ImageContent(bytes: [1, 2, 3, 4], mediaType: "image/png"))]))
    _ = try await canned(.openai, transport).model.complete(request)
    let http = try #require(transport.requests.first)
    #expect(http.url == "http://127.0.0.1:9/v1/chat/completions")
    #expect(http.fields["authorization"] == "Bearer k-12345678")
    let body = try #require(try transport.bodies.first)
    #expect(body["max_tokens"] == 9)
    #expect(body["stream_options"] == ["include_usage": true])
    #expect(body["tool_choice"] == "required")
    let messages = try #require(body["messages"]?.arrayValue)
    #expect(
      messages.compactMap { $0["role"]?.stringValue } == [
        "system", "user", "assistant", "tool", "user", "user",
      ])
    #expect(messages[2]["tool_calls"]?[0]?["function"]?["arguments"] == #"{"z":"Bonn"}"#)
    #expect(messages[3]["tool_call_id"] == "t1")
    #expect(messages[5]["content"]?[1]?["image_url"]?["url"] == "data:image/png;base64,AQIDBA==")
    #expect(body["tools"]?[0]?["function"]?["parameters"]?["properties"]?.objectValue?.keys == ["z", "a"])
    _ = try await canned(.openai, transport).model.complete(request)
    #expect(transport.requests[0].body == transport.requests[1].body, "equal requests are equal bytes")
  }

  @Test("OpenAI: a longer conversation begins with the bytes of the shorter one")
  func prefix() async throws {
    let transport = CannedTransport([.init(Dialect.openai.sample)])
    let model = try canned(.openai, transport).model
    _ = try await model.complete(ModelRequest(messages: Array(conversation.prefix(2))))
    _ = try await model.complete(ModelRequest(messages: conversation))
    let short = try #require(transport.requests[0].body)
    let long = try #require(transport.requests[1].body)
    let shared = zip(short, long).prefix { $0 == $1 }.count
    #expect(
      String(decoding: short[..<shared], as: UTF8.self).hasSuffix(#"{"role":"user","content":"first"}"#))
  }

  @Test(
    "OpenAI: what a server refuses is left out or renamed, once for all later calls",
    arguments: [
      (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "max_tokens"
      ),
      ("Unrecognized request argument supplied: stream_options", "stream_options"),
      ("Unsupported value: 'temperature' does not support 0.5 with this model.", "temperature"),
      ("unknown field: seed is not supported", "seed"),
    ])
  func adaptation(message: String, field: String) async throws {
    let transport = CannedTransport { request, _ in
      let body = try JSONParser.parse(request.body ?? [])
      guard body[field] != nil else { return .init(Dialect.openai.sample) }
      return .init(#"{"error":{"message":"\#(message)","type":"invalid_request_error"}}"#, status: 400)
    }
    let provider = try canned(.openai, transport)
    let request = ModelRequest(messages: [.user("x")], temperature: 0.5, maximumOutputTokens: 5, seed: 1)
    let reply = try await provider.model.complete(request)
    #expect(reply.attempts == 1, "an adaptation is no failed attempt")
    #expect(transport.requests.count == 2)
    if field == "max_tokens" { #expect(try transport.bodies[1]["max_completion_tokens"] == 5) }
    _ = try await provider.model.complete(request)
    #expect(transport.requests.count == 3)
  }

  @Test(
    "a reply that may be too long for the model or its context is asked for shorter",
    arguments: [
      ("max_tokens is too large: 9000. This model supports at most 4096 completion tokens.", 4096...4096),
      (
        "This model's maximum context length is 4096 tokens. However, you requested 9010 tokens (10 in the messages, 9000 in the completion). Please reduce the length.",
        4000...4086
      ),
      (
        "'max_tokens' is too large: 9000. This model's maximum context length is 4096 tokens and your request has 10 input tokens (9000 > 4096 - 10).",
        4000...4086
      ),
    ])
  func shorterReply(message: String, range: ClosedRange<Int>) async throws {
    let transport = CannedTransport { request, _ in
      let wanted = try JSONParser.parse(request.body ?? [])["max_tokens"]?.intValue ?? 0
      if wanted <= range.upperBound { return .init(Dialect.openai.sample) }
      return .init(#"{"error":{"message":"\#(message)","type":"BadRequestError","code":400}}"#, status: 400)
    }
    _ = try await canned(.openai, transport).model.complete(
      ModelRequest(messages: [.user("x")], maximumOutputTokens: 9000))
    let last = try #require(try transport.bodies.last?["max_tokens"]?.intValue)
    #expect(range.contains(last))
    #expect(transport.requests.count == 2)
  }

  @Test(
    "Anthropic: what a model refuses is left out",
    arguments: [
      ("max_tokens: 9000 > 4096, which is the maximum allowed number of output tokens for m", "max_tokens"),
      ("`temperature` is deprecated for this model.", "temperature"),
      ("Thinking may not be enabled when tool_choice forces tool use.", "tool_choice"),
    ])
  func anthropicAdaptation(message: String, field: String) async throws {
    let transport = CannedTransport { request, number in
      if number > 1 { return .init(Dialect.anthropic.sample) }
      return .init(
        #"{"type":"error","error":{"type":"invalid_request_error","message":"\#(message)"}}"#, status: 400)
    }
    _ = try await canned(.anthropic, transport).model.complete(
      ModelRequest(messages: [.user("x")], temperature: 0, maximumOutputTokens: 9000, responseSchema: form))
    let bodies = try transport.bodies
    #expect(bodies.count == 2)
    #expect(bodies[0][field] != nil)
    #expect(field == "max_tokens" ? bodies[1][field] == 4096 : bodies[1][field] == nil)
  }

  @Test("a redirect is not followed, and its target is told")
  func redirect() async throws {
    let transport = CannedTransport([
      .init("", status: 308, fields: ["location": "https://elsewhere.example/v1"])
    ])
    let error = await #expect(throws: ModelError.self) {
      try await canned(.openai, transport).model.complete(ModelRequest(messages: [.user("x")]))
    }
    #expect(error?.what.contains("elsewhere.example") == true)
    #expect(error?.remedy?.contains("base URL") == true)
  }

  @Test("OpenAI: a schema is asked for as strongly as the server can")
  func schema() async throws {
    let transport = CannedTransport { request, number in
      let format = try JSONParser.parse(request.body ?? [])["response_format"]?["type"]?.stringValue
      guard format != nil else {
        return .init(
          sse(#"{"choices":[{"delta":{"content":"```json\n{\"n\":3}\n```"},"finish_reason":"stop"}]}"#))
      }
      return .init(#"{"error":"response_format \#(format ?? "") is not supported"}"#, status: 400)
    }
    let reply = try await canned(.openai, transport).model.structured(
      ModelRequest(messages: [.user("x")], responseSchema: form)
    ) { _ in [] }
    #expect(reply.object == ["n": 3])
    let formats = try transport.bodies.map { $0["response_format"]?["type"]?.stringValue }
    #expect(formats == ["json_schema", "json_object", nil])
    #expect(try transport.bodies[0]["response_format"]?["json_schema"]?["strict"] == true)
    #expect(
      try transport.bodies[2]["messages"]?.arrayValue?.last?["content"]?.stringValue?.contains("JSON Schema")
        == true)
    #expect(!OpenAIRequestEncoder.isStrict(weather.parameters))
  }

  @Test("OpenAI: a server without /v1 is found")
  func version() async throws {
    let transport = CannedTransport { request, _ in
      request.url.contains("/v1/") ? .init("404 page not found", status: 404) : .init(Dialect.openai.sample)
    }
    let provider = try canned(.openai, transport)
    _ = try await provider.model.complete(ModelRequest(messages: [.user("x")]))
    #expect(
      transport.requests.map(\.url) == [
        "http://127.0.0.1:9/v1/chat/completions", "http://127.0.0.1:9/chat/completions",
      ])
  }

  @Test(
    "an unknown model's error suggests the closest name that the server has",
    arguments: [ModelConfiguration.Provider.openai, .ollama])
  func suggestion(provider: ModelConfiguration.Provider) async throws {
    let transport = CannedTransport { request, _ in
      if request.url.hasSuffix("/models") {
        return .init(#"{"data":[{"id":"llama-3.1-8b"},{"id":"qwen3"}]}"#)
      }
      if request.url.hasSuffix("/tags") {
        return .init(#"{"models":[{"name":"llama-3.1-8b"},{"name":"qwen3"}]}"#)
      }
      return .init(#"{"error":"model 'llama-3.1-8' not found"}"#, status: 404)
    }
    let error = await #expect(throws: ModelError.self) {
      try await canned(provider, transport, model: "llama-3.1-8").model.complete(
        ModelRequest(messages: [.user("x")]))
    }
    #expect(error?.exitCode == .usage)
    #expect(error?.remedy?.contains("llama-3.1-8b") == true)
  }

  @Test("Anthropic: system text on top, turns alternate, results and thoughts are blocks")
  func anthropic() async throws {
    let transport = CannedTransport([.init(Dialect.anthropic.sample)])
    _ = try await canned(.anthropic, transport).model.complete(
      ModelRequest(messages: conversation, tools: [weather]))
    let http = try #require(transport.requests.first)
    #expect(http.url == "http://127.0.0.1:9/v1/messages")
    #expect(http.fields["x-api-key"] == "k-12345678")
    #expect(http.fields["anthropic-version"] == "2023-06-01")
    #expect(http.fields["authorization"] == nil)
    let body = try #require(try transport.bodies.first)
    #expect(body["max_tokens"] == 8192)
    #expect(body["system"]?[0]?["text"] == "rules")
    let messages = try #require(body["messages"]?.arrayValue)
    #expect(messages.compactMap { $0["role"]?.stringValue } == ["user", "assistant", "user"])
    #expect(messages[1]["content"]?[0] == ["type": "thinking", "thinking": "hm", "signature": "s"])
    #expect(messages[1]["content"]?[2]?["input"] == ["z": "Bonn"])
    #expect(
      messages[2]["content"]?.arrayValue?.compactMap { $0["type"]?.stringValue } == ["tool_result", "text"])
  }

  @Test("Anthropic: breakpoints stand on the stable beginning, four at most")
  func breakpoints() throws {
    let encoder = AnthropicRequestEncoder(model: "m", defaultMaximumTokens: 1)
    func marks(_ request: ModelRequest) -> [String] {
      let body = encoder.body(request)
      var marks: [String] = []
      for (index, tool) in (body["tools"]?.arrayValue ?? []).enumerated() where tool["cache_control"] != nil {
        marks.append("tool\(index)")
      }
      if body["system"]?[0]?["cache_control"] != nil { marks.append("system") }
      for (index, message) in (body["messages"]?.arrayValue ?? []).enumerated() {
        if message["content"]?.arrayValue?.contains(where: { $0["cache_control"] != nil }) == true {
          marks.append("turn\(index)")
        }
      }
      return marks
    }
    #expect(
      marks(ModelRequest(messages: conversation, tools: [weather, weather])) == [
        "tool1", "system", "turn0", "turn2",
      ])
    #expect(marks(ModelRequest(messages: [.system("s"), .user("only turn")])) == ["system"])
    #expect(marks(ModelRequest(messages: conversation, caching: .none)).isEmpty)
    #expect(marks(ModelRequest(messages: conversation, caching: .afterMessages([1]))) == ["system", "turn0"])
    var long = ModelRequest(messages: [.system("s")], tools: [weather])
    for index in 0..<10 { long.messages += [.user("q\(index)"), .assistant("a\(index)")] }
    long.messages.append(.user("q"))
    #expect(marks(long) == ["tool0", "system", "turn18", "turn20"])
    long.caching = .afterMessages(Array(1...20))
    #expect(marks(long).count == 4)
  }

  @Test("Anthropic: a schema is a forced tool whose arguments come back as text")
  func anthropicSchema() async throws {
    let answer = sse(
      #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"answer","input":{}}}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"n\":3}"}}"#,
      #"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#, #"{"type":"message_stop"}"#)
    let transport = CannedTransport([.init(answer)])
    let reply = try await canned(.anthropic, transport).model.structured(
      ModelRequest(messages: [.user("x")], responseSchema: form)
    ) { _ in [] }
    #expect(reply.object == ["n": 3])
    #expect(try transport.bodies[0]["tool_choice"] == ["type": "tool", "name": "answer"])
  }

  @Test(
    "base URLs are read as people write them",
    arguments: [
      ("localhost:1234", "http://localhost:1234", false),
      ("api.example.com/v1/", "https://api.example.com/v1", true),
      ("https://user:pw@example.com/x", "https://example.com/x", false),
      ("http://[::1]:80", "http://[::1]:80", false),
      ("https://e.com/inference/v1/chat/completions", "https://e.com/inference/v1", true),
      ("https://e.com/v1beta/openai", "https://e.com/v1beta/openai", true),
    ])
  func baseURL(written: String, shown: String, hasVersion: Bool) throws {
    let base = try BaseURL(written, droppedSuffixes: ["/chat/completions"])
    #expect(base.shown == shown)
    #expect(base.hasVersion == hasVersion)
  }

  @Test(
    "base URLs that cannot be meant are refused",
    arguments: ["", "ftp://x", "http://", "http://x/?q=1", "http://a b"])
  func badBaseURL(written: String) {
    let error = #expect(throws: ModelError.self) { try BaseURL(written, droppedSuffixes: []) }
    #expect(error?.exitCode == .usage)
  }

  @Test("a missing key, a key with line breaks, and a missing model are found before anything is sent")
  func configuration() {
    func kind(_ configuration: ModelConfiguration) -> String? {
      do {
        _ = try ModelProvider(configuration, transport: CannedTransport([]))
        return nil
      } catch { return (error as? ModelError)?.kind }
    }
    #expect(kind(ModelConfiguration(provider: .anthropic, model: "m")) == "model.missing_key")
    #expect(
      kind(ModelConfiguration(provider: .openai, model: "m", apiKey: Secret(" "))) == "model.missing_key")
    #expect(
      kind(ModelConfiguration(provider: .openai, model: "m", apiKey: Secret("a\nb")))
        == "model.invalid_configuration")
    #expect(kind(ModelConfiguration(provider: .ollama, model: " ")) == "model.invalid_configuration")
    #expect(
      kind(ModelConfiguration(provider: .ollama, model: "m", headers: ["x": "a\r\nb: c"]))
        == "model.invalid_configuration")
    #expect(kind(ModelConfiguration(provider: .offline, model: "")) == nil)
  }
}

@Suite("Ollama's context")
struct OllamaContextTests {
  func transport(show: String, evaluated: Int?, ps: String = "{}") -> CannedTransport {
    CannedTransport { request, _ in
      if request.url.hasSuffix("/api/show") { return .init(show) }
      if request.url.hasSuffix("/api/ps") { return .init(ps) }
      let count = evaluated.map { #","prompt_eval_count":\#($0)"# } ?? ""
      return .init(#"{"message":{"content":"ok"},"done":true,"eval_count":1\#(count)}"#)
    }
  }
  let show =
    #"{"model_info":{"llama.context_length":32768,"llama.block_count":3},"parameters":"stop \"x\"\nnum_ctx 8192\n","capabilities":["completion","tools"]}"#
  let words = { (count: Int) in ModelRequest(messages: [.user(String(repeating: "word ", count: count))]) }

  @Test("the size asked for is what the prompt needs, never less than before, never more than the limit")
  func size() async throws {
    let transport = transport(show: show, evaluated: nil)
    let model = try canned(.ollama, transport).model
    for count in [10, 6000, 10, 24_000] { _ = try await model.complete(words(count)) }
    let sizes = try transport.bodies.compactMap { $0["options"]?["num_ctx"]?.intValue }
    #expect(sizes == [8192, 16_384, 16_384, 32_768])
    #expect(transport.requests.filter { $0.url.hasSuffix("/api/show") }.count == 1)
    #expect(try transport.bodies.last?["truncate"] == false)
  }

  @Test("a prompt that cannot fit is refused before it is sent")
  func refusal() async throws {
    let transport = transport(show: show, evaluated: nil)
    let error = await #expect(throws: ModelError.self) {
      try await canned(.ollama, transport).model.complete(words(40_000))
    }
    guard case .contextLengthExceeded(32_768, .some, "m", false)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(transport.requests.allSatisfy { $0.url.hasSuffix("/api/show") })
  }

  @Test("a server that read far too little has cut the prompt's beginning")
  func truncation() async throws {
    let transport = transport(show: "{}", evaluated: 2048)
    let error = await #expect(throws: ModelError.self) {
      try await canned(.ollama, transport).model.complete(words(8000))
    }
    guard case .promptTruncated("m", _, 2048)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(
    "when rather little was read, the size of the loaded context decides",
    arguments: [(4096, true), (32_768, false)])
  func suspicion(loaded: Int, isTruncated: Bool) async throws {
    let transport = transport(
      show: "{}", evaluated: 4090, ps: #"{"models":[{"name":"m:latest","context_length":\#(loaded)}]}"#)
    let model = try canned(.ollama, transport).model
    if isTruncated {
      await #expect(throws: ModelError.self) { try await model.complete(words(5600)) }
    } else {
      #expect(try await model.complete(words(5600)).usage.input == 4090)
    }
  }

  @Test("a small count for a prompt whose beginning was cached is plausible")
  func cached() async throws {
    let counts: [Int] = [8000, 60]
    let transport = CannedTransport { request, number in
      if request.url.hasSuffix("/api/show") { return .init("{}") }
      return .init(
        #"{"message":{"content":"ok"},"done":true,"eval_count":1,"prompt_eval_count":\#(counts[number - 2])}"#
      )
    }
    let model = try canned(.ollama, transport).model
    var request = words(7000)
    _ = try await model.complete(request)
    request.messages += [.assistant("ok"), .user("and now something short")]
    #expect(try await model.complete(request).usage.input == 60)
  }

  @Test("capabilities are those of the server, and the configuration may overrule it")
  func capabilities() async throws {
    let told = try await canned(.ollama, transport(show: show, evaluated: nil)).model.capabilities()
    #expect(
      told
        == ModelCapabilities(
          contextLength: 32_768, contextLengthSource: .server, supportsTools: true, supportsSchema: true))
    let set = try await canned(.ollama, transport(show: show, evaluated: nil), contextLength: 5000).model
      .capabilities()
    #expect(set.contextLength == 5000)
    #expect(set.contextLengthSource == .configuration)
  }
}

@Suite("Real context lengths of OpenAI-compatible servers")
struct ContextLengthTests {
  @Test(
    "each kind of server is asked where it tells",
    arguments: [
      ("/v1/models", #"{"data":[{"id":"other","max_model_len":1},{"id":"m","max_model_len":4096}]}"#, 4096),
      ("/v1/models", #"{"data":[{"id":"m","context_length":131072}]}"#, 131_072),
      ("/api/v0/models/m", #"{"id":"m","max_context_length":32768,"loaded_context_length":8192}"#, 8192),
      ("/props", #"{"default_generation_settings":{"n_ctx":2048}}"#, 2048),
    ])
  func server(path: String, body: String, length: Int) async throws {
    let transport = CannedTransport { request, _ in
      if request.url.hasSuffix(path) { return .init(body) }
      return request.url.hasSuffix("/v1/models") ? .init(#"{"data":[{"id":"m"}]}"#) : .init("no", status: 404)
    }
    let capabilities = try await canned(.openai, transport).model.capabilities()
    #expect(capabilities.contextLength == length)
    #expect(capabilities.contextLengthSource == .server)
  }
}

@Suite("Servers that tell little")
struct SilentServerTests {
  @Test(
    "a server that has nothing but its chat has unknown capabilities, which is no error",
    arguments: [ModelConfiguration.Provider.anthropic, .openai, .ollama], [404, 405, 400, 501])
  func unknown(provider: ModelConfiguration.Provider, status: Int) async throws {
    let transport = CannedTransport([.init(#"{"error":{"message":"no such route"}}"#, status: status)])
    let capabilities = try await canned(provider, transport).model.capabilities()
    #expect(capabilities.contextLength == nil)
    #expect(capabilities.contextLengthSource == nil)
  }

  @Test(
    "a busy server is asked again, a refused key is an error",
    arguments: [ModelConfiguration.Provider.anthropic, .openai, .ollama])
  func busy(provider: ModelConfiguration.Provider) async throws {
    let busy = CannedTransport { _, number in number < 3 ? .init("", status: 503) : .init("no", status: 404) }
    _ = try await canned(provider, busy).model.capabilities()
    let closed = CannedTransport([.init(#"{"error":{"message":"bad key k-12345678"}}"#, status: 401)])
    let error = await #expect(throws: ModelError.self) {
      try await canned(provider, closed).model.capabilities()
    }
    #expect(error?.exitCode == .authentication)
    #expect(error?.description.contains("12345678") == false)
    let down = CannedTransport([.init("", status: 500)])
    let last = await #expect(throws: ModelError.self) { try await canned(provider, down).listModels() }
    #expect(last?.kind == "model.gave_up")
  }
}

@Suite("Structured replies")
struct StructuredReplyTests {
  @Test(
    "the object is found in what surrounds it",
    arguments: [
      #"{"n":1}"#, "```json\n{\"n\":1}\n```", "Sure! Here it is:\n```\n{\"n\":1}\n```\nAnything else?",
      #"The set {a, b} gives {"n":1}."#, #"{"n":1} {"}"#, "\u{FEFF}{\"n\":1}",
    ])
  func extraction(text: String) {
    #expect(JSONExtraction.object(in: text) == ["n": 1])
  }

  @Test("the longest of several objects is meant, and braces in strings are no braces")
  func longest() {
    #expect(
      JSONExtraction.object(in: #"{} or {"a":"}{","b":{"c":1}} or {"x":1}"#) == ["a": "}{", "b": ["c": 1]])
    #expect(JSONExtraction.object(in: "no object [1] here {") == nil)
    #expect(JSONExtraction.object(in: String(repeating: "{", count: 100_000)) == nil)
  }

  @Test("a reply that does not match is sent back once with its problems")
  func repair() async throws {
    let model = ScriptedModel([.text(#"{"n":"one"}"#), .text(#"{"n":1}"#)])
    let reply = try await model.structured(ModelRequest(messages: [.user("x")], responseSchema: form)) {
      value in
      value["n"]?.intValue == nil ? ["/n: expected integer"] : []
    }
    #expect(reply.object == ["n": 1])
    #expect(reply.rejectedReply != nil)
    #expect(reply.totalUsage == reply.reply.usage + (reply.rejectedReply?.usage ?? .zero))
    #expect(model.requests[1].messages.last?.text.contains("/n: expected integer") == true)
    #expect(
      model.requests[1].messages.prefix(1) == model.requests[0].messages[...], "the beginning stays the same")
  }

  @Test("the schema of the request is what replies are checked against")
  func schema() async throws {
    let model = ScriptedModel([.text(#"{"n":"one","extra":1}"#), .text(#"{"n":1}"#)])
    let reply = try await model.structured(ModelRequest(messages: [.user("x")], responseSchema: form))
    #expect(reply.object == ["n": 1])
    #expect(model.requests[1].messages.last?.text.contains("/n") == true)
    await #expect(throws: JSONSchemaError.self) {
      try await model.structured(
        ModelRequest(
          messages: [], responseSchema: ResponseSchema(name: "x", schema: ["type": "no such type"])))
    }
  }

  @Test("a second reply that does not match is a typed error with the problems")
  func failure() async throws {
    let model = ScriptedModel([.text("no"), .text("")])
    let error = await #expect(throws: ModelError.self) {
      try await model.structured(ModelRequest(messages: [], responseSchema: form)) { _ in [] }
    }
    #expect(error == .schemaMismatch(model: "script", problems: ["the answer is empty"], reply: ""))
  }
}
