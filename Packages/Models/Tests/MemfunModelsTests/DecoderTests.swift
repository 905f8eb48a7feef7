import MemfunCore
import Testing

@testable import MemfunModels

@Suite("Decoders of streamed replies")
struct DecoderTests {
  @Test("a whole answer is read", arguments: Dialect.allCases)
  func wholeAnswer(dialect: Dialect) {
    #expect(dialect.run(dialect.sample) == .reply(dialect.sampleReply))
  }

  @Test("the answer is the same wherever the bytes are split in two", arguments: Dialect.allCases)
  func splitInTwo(dialect: Dialect) {
    let bytes = Array(dialect.sample.utf8)
    for place in 0...bytes.count {
      #expect(dialect.run([Array(bytes[..<place]), Array(bytes[place...])]).reply == dialect.sampleReply)
    }
  }

  @Test("the answer is the same when every byte comes alone", arguments: Dialect.allCases)
  func everyByteAlone(dialect: Dialect) {
    #expect(dialect.run(dialect.sample.utf8.map { [$0] }).reply == dialect.sampleReply)
  }

  @Test("a stream cut at any byte is never a success before its terminator", arguments: Dialect.allCases)
  func cutAnywhere(dialect: Dialect) {
    let bytes = Array(dialect.sample.utf8)
    for end in 0..<dialect.completeFrom {
      let outcome = dialect.run([Array(bytes[..<end])])
      #expect(outcome.failure?.cause == .cut, "cut after \(end) bytes: \(outcome)")
    }
    #expect(dialect.run([Array(bytes[..<dialect.completeFrom])]).reply?.text == "né 日本 😀")
  }

  @Test("random bytes never trap and never make a reply", arguments: Dialect.allCases)
  func randomBytes(dialect: Dialect) {
    let random = SeededRandomSource(seed: 7)
    for _ in 0..<300 {
      let bytes = (0..<Int(random.next() % 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      #expect(dialect.run([bytes]).reply == nil)
    }
  }

  @Test("a changed byte never traps", arguments: Dialect.allCases)
  func changedByte(dialect: Dialect) {
    let random = SeededRandomSource(seed: 11)
    let bytes = Array(dialect.sample.utf8)
    for _ in 0..<500 {
      var changed = bytes
      changed[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      _ = dialect.run([changed])
    }
  }

  @Test("how the bytes are split changes nothing, for broken streams either", arguments: Dialect.allCases)
  func splitsOfBrokenStreams(dialect: Dialect) {
    let random = SeededRandomSource(seed: 23)
    let bytes = Array(dialect.sample.utf8)
    let odd: [[UInt8]] = [
      [0x0D], [0x0A], [0x0D, 0x0A], [0xEF, 0xBB, 0xBF], Array("{".utf8), Array("<".utf8), [0xFF], [],
    ]
    for round in 0..<400 {
      var changed = bytes
      for _ in 0...(random.next() % 3) {
        let place = Int(random.next() % UInt64(changed.count))
        let end = min(changed.count, place + Int(random.next() % 4))
        changed.replaceSubrange(place..<end, with: odd[Int(random.next() % UInt64(odd.count))])
      }
      var pieces: [[UInt8]] = []
      var rest = changed[...]
      while !rest.isEmpty {
        let size = 1 + Int(random.next() % 40)
        pieces.append(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
      let whole = dialect.run([changed])
      let split = dialect.run(pieces)
      #expect(whole.reply == split.reply, "round \(round)")
      #expect(whole.failure?.cause == split.failure?.cause, "round \(round)")
      #expect(whole.error == split.error, "round \(round)")
    }
  }

  @Test("an empty reply is a result", arguments: Dialect.allCases)
  func emptyReply(dialect: Dialect) {
    let text =
      switch dialect {
      case .openai:
        sse(#"{"choices":[{"index":0,"delta":{"content":null},"finish_reason":"stop"}]}"#, "[DONE]")
      case .anthropic:
        sse(#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#, #"{"type":"message_stop"}"#)
      case .ollama: #"{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}"#
      }
    let reply = dialect.run(text).reply
    #expect(reply?.isEmpty == true)
    #expect(reply?.finishReason == .stop)
  }

  @Test("a finish reason that nobody knows is kept in the provider's words", arguments: Dialect.allCases)
  func unknownFinishReason(dialect: Dialect) {
    let text =
      switch dialect {
      case .openai: sse(#"{"choices":[{"delta":{"content":"a"},"finish_reason":"moon_phase"}]}"#)
      case .anthropic:
        sse(#"{"type":"message_delta","delta":{"stop_reason":"moon_phase"}}"#, #"{"type":"message_stop"}"#)
      case .ollama: #"{"message":{"content":"a"},"done":true,"done_reason":"moon_phase"}"#
      }
    #expect(dialect.run(text).reply?.finishReason == .other("moon_phase"))
  }

  @Test("missing usage is estimated and says so", arguments: Dialect.allCases)
  func missingUsage(dialect: Dialect) {
    let text =
      switch dialect {
      case .openai:
        sse(#"{"choices":[{"delta":{"content":"hello world"},"finish_reason":"stop"}],"usage":null}"#)
      case .anthropic:
        sse(
          #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"hello world"}}"#,
          #"{"type":"message_stop"}"#)
      case .ollama: #"{"message":{"content":"hello world"},"done":true}"#
      }
    #expect(dialect.run(text).reply?.usage == Usage(input: 7, output: 3, isEstimated: true))
  }

  @Test(
    "an absurd usage neither traps nor counts", arguments: ["-5", "1e300", "\"x\"", "99999999999999999999"])
  func absurdUsage(value: String) {
    for dialect in Dialect.allCases {
      let text =
        switch dialect {
        case .openai:
          sse(
            #"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":\#(value),"completion_tokens":\#(value)}}"#
          )
        case .anthropic:
          sse(
            #"{"type":"message_start","message":{"usage":{"input_tokens":\#(value),"cache_read_input_tokens":\#(value)}}}"#,
            #"{"type":"message_stop"}"#)
        case .ollama:
          #"{"message":{"content":"a"},"done":true,"prompt_eval_count":\#(value),"eval_count":\#(value)}"#
        }
      let usage = dialect.run(text).reply?.usage
      #expect(usage?.isEstimated == true)
      #expect(usage?.input == 7)
    }
  }

  @Test("HTML instead of a stream is named in one sentence", arguments: Dialect.allCases)
  func html(dialect: Dialect) {
    let outcome = dialect.run(
      "<!doctype html>\n<html><head><title>Sign in</title></head><body>secret</body></html>\n")
    #expect(outcome.error?.kind == "model.foreign_answer")
    #expect(outcome.error?.what.contains("Sign in") == true)
    #expect(outcome.error?.what.contains("secret") == false)
  }

  @Test(
    "an error in the middle of the stream can be tried again when it is passing", arguments: Dialect.allCases)
  func passingError(dialect: Dialect) {
    let text =
      switch dialect {
      case .openai:
        sse(
          #"{"choices":[{"delta":{"content":"a"}}]}"#, #"{"error":{"message":"boom","type":"server_error"}}"#)
      case .anthropic:
        sse(#"{"type":"message_start","message":{}}"#)
          + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"boom\"}}\n\n"
      case .ollama: "{\"message\":{\"content\":\"a\"}}\n{\"error\":\"boom\"}\n"
      }
    #expect(dialect.run(text).failure?.message == "boom")
  }

  @Test("a document instead of a stream is read", arguments: Dialect.allCases)
  func document(dialect: Dialect) {
    let text =
      switch dialect {
      case .openai:
        #"{"id":"c","choices":[{"message":{"content":"hi","tool_calls":[{"id":"t","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#
      case .anthropic:
        #"{"type":"message","content":[{"type":"text","text":"hi"},{"type":"tool_use","id":"t","name":"f","input":{}}],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":2}}"#
      case .ollama:
        #"{"message":{"content":"hi","tool_calls":[{"id":"t","function":{"name":"f","arguments":{}}}]},"done":true,"prompt_eval_count":3,"eval_count":2}"#
      }
    let reply = dialect.run(text).reply
    #expect(reply?.text == "hi")
    #expect(reply?.toolCalls.map(\.name) == ["f"])
    #expect(reply?.finishReason == .toolCalls)
    #expect(reply?.usage == Usage(input: 3, output: 2))
    #expect(dialect.run(String(text.dropLast(4))).failure != nil, "a truncated document can be tried again")
  }
}

@Suite("OpenAI's stream and those who resemble it")
struct OpenAIDecoderTests {
  @Test("calls without index are told apart by id, and calls that share an index too")
  func callsWithoutIndex() {
    for index in ["", #""index":0,"#] {
      let text = sse(
        #"{"choices":[{"delta":{"tool_calls":[{\#(index)"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
        #"{"choices":[{"delta":{"tool_calls":[{\#(index)"id":"b","function":{"name":"g","arguments":"{\"x\""}}]}}]}"#,
        #"{"choices":[{"delta":{"tool_calls":[{\#(index)"function":{"arguments":":1}"}}]}}]}"#,
        #"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#)
      let calls = Dialect.openai.run(text).reply?.toolCalls
      #expect(
        calls == [
          ToolCall(id: "a", name: "f", argumentsText: "{}"),
          ToolCall(id: "b", name: "g", argumentsText: #"{"x":1}"#),
        ])
    }
  }

  @Test("interleaved calls keep their own arguments")
  func interleavedCalls() {
    let text = sse(
      #"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}},{"index":1,"id":"b","function":{"name":"g"}}]}}]}"#,
      #"{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"[2"}}]}}]}"#,
      #"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"[1]"}}]}}]}"#,
      #"{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"]"}}]},"finish_reason":"stop"}]}"#
    )
    let reply = Dialect.openai.run(text).reply
    #expect(reply?.toolCalls.map(\.argumentsText) == ["[1]", "[2]"])
    #expect(reply?.finishReason == .toolCalls)
  }

  @Test("a refusal is text with its own finish reason")
  func refusal() {
    let reply = Dialect.openai.run(sse(#"{"choices":[{"delta":{"refusal":"no"},"finish_reason":"stop"}]}"#))
      .reply
    #expect(reply?.text == "no")
    #expect(reply?.finishReason == .refusal)
  }

  @Test("only the first choice is read")
  func firstChoice() {
    let text = sse(
      #"{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}"#
    )
    #expect(Dialect.openai.run(text).reply?.text == "a")
  }
}

@Suite("Anthropic's stream")
struct AnthropicDecoderTests {
  @Test("the arguments of the tool that forces a schema are the reply's text")
  func schemaTool() {
    let text = sse(
      #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"answer","input":{}}}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#,
      #"{"type":"content_block_stop","index":0}"#,
      #"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#, #"{"type":"message_stop"}"#)
    let reply = Dialect.anthropic.run(text, schemaTool: "answer").reply
    #expect(reply?.text == #"{"a":1}"#)
    #expect(reply?.finishReason == .stop)
    #expect(reply?.toolCalls.isEmpty == true)
  }

  @Test("encrypted thoughts are kept for the next turn, unknown blocks are skipped")
  func blocks() {
    let text = sse(
      #"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"x"}}"#,
      #"{"type":"content_block_start","index":1,"content_block":{"type":"from_the_future","a":1}}"#,
      #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1"}}"#,
      #"{"type":"what_is_this"}"#, #"{"type":"message_stop"}"#)
    #expect(
      Dialect.anthropic.run(text).reply?.content == [.reasoning(Reasoning(text: "", redacted: "x"))])
  }
}

@Suite("Server-sent events")
struct ServerSentEventTests {
  func events(_ text: String) throws -> [String] {
    var parser = ServerSentEventParser()
    var events = try parser.feed(Array(text.utf8))
    if let last = try parser.finish() { events.append(last) }
    return events.map { "\($0.name)|\($0.data)" }
  }

  @Test(
    "lines end with LF, CR or CR LF; fields may lack the space; comments carry nothing",
    arguments: [
      ("data: a\n\ndata:b\n\n", ["message|a", "message|b"]),
      ("data: a\r\rdata: b\r\r", ["message|a", "message|b"]),
      ("data: a\r\n\r\ndata: b\r\n\r\n", ["message|a", "message|b"]),
      ("\u{FEFF}data: a\n\n", ["message|a"]),
      (": ping\n\n:\n\ndata: a\n: in between\n\n", ["message|a"]),
      ("data: a\ndata: b\n\n", ["message|a\nb"]),
      ("data\n\n", ["message|"]),
      ("event: x\ndata:  a\nid: 3\nretry: 5\nfoo: bar\n\n", ["x| a"]),
      ("event: x\n\ndata: a\n\n", ["message|a"]),
      ("data: a", ["message|a"]), ("data: a\n", ["message|a"]), ("", []), ("\n\n\n", []),
    ])
  func framing(text: String, expected: [String]) throws {
    #expect(try events(text) == expected)
  }

  @Test("an event larger than the limit ends the stream, also when it comes in pieces")
  func limit() throws {
    var parser = ServerSentEventParser(maximumEventBytes: 100)
    _ = try parser.feed(Array("data: 1234567890\n".utf8))
    #expect(throws: WireError.lineTooLong(limit: 100)) {
      for _ in 0..<50 { _ = try parser.feed(Array("data: 1234567890\n".utf8)) }
    }
    var other = ServerSentEventParser(maximumEventBytes: 100)
    #expect(throws: WireError.lineTooLong(limit: 100)) {
      for _ in 0..<50 { _ = try other.feed(Array("1234567890".utf8)) }
    }
  }
}
