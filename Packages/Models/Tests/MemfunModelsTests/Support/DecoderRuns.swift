import MemfunCore
import Testing

@testable import MemfunModels

/// How one run of a decoder ended.
enum Outcome: Equatable {
  case reply(ModelReply)
  case failure(AttemptFailure)
  case error(ModelError)
}

/// The three dialects' decoders.
enum Dialect: String, CaseIterable, CustomTestStringConvertible {
  case openai, anthropic, ollama

  var testDescription: String { rawValue }

  func decoder(schemaTool: String? = nil) -> any ReplyDecoder {
    let context = ReplyContext(
      model: "m", url: "http://127.0.0.1/v1", estimatedInput: 7, schemaToolName: schemaTool)
    return switch self {
    case .openai: OpenAIReplyDecoder(context: context)
    case .anthropic: AnthropicReplyDecoder(context: context)
    case .ollama: OllamaReplyDecoder(context: context)
    }
  }

  /// Feeds `pieces` to a fresh decoder and assembles what comes out.
  func run(_ pieces: [[UInt8]], schemaTool: String? = nil) -> Outcome {
    var decoder = decoder(schemaTool: schemaTool)
    var assembler = ReplyAssembler()
    do {
      for piece in pieces { for chunk in try decoder.feed(piece) { assembler.add(chunk) } }
      for chunk in try decoder.finish() { assembler.add(chunk) }
      guard let reply = assembler.reply else {
        return .error(.incompleteStream(identity: .init(provider: "", model: "")))
      }
      return .reply(reply)
    } catch let failure as AttemptFailure {
      return .failure(failure)
    } catch let error as ModelError {
      return .error(error)
    } catch {
      return .failure(AttemptFailure(cause: .malformed, message: "unexpected error type \(error)"))
    }
  }

  func run(_ text: String, schemaTool: String? = nil) -> Outcome {
    run([Array(text.utf8)], schemaTool: schemaTool)
  }
}

extension Outcome {
  var reply: ModelReply? { if case .reply(let reply) = self { reply } else { nil } }
  var failure: AttemptFailure? { if case .failure(let failure) = self { failure } else { nil } }
  var error: ModelError? { if case .error(let error) = self { error } else { nil } }
}

/// `events` as a stream of server-sent events with data only.
func sse(_ events: String...) -> String { events.map { "data: \($0)\n\n" }.joined() }

/// A whole answer in each dialect: text with characters of two, three and four bytes, thoughts, a tool
/// call, usage.
extension Dialect {
  var sample: String {
    switch self {
    case .openai:
      ": keep-alive\n\n"
        + sse(
          #"{"id":"c1","model":"gpt","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
          #"{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}"#,
          #"{"choices":[{"index":0,"delta":{"content":"né "}}]}"#,
          #"{"choices":[{"index":0,"delta":{"content":"日本 😀"}}]}"#,
          #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t1","function":{"name":"read","arguments":""}}]}}]}"#,
          #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"p\":"}}]}}]}"#,
          #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}"#,
          #"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
          #"{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}"#,
          "[DONE]")
    case .anthropic:
      [
        (
          "message_start",
          #"{"type":"message_start","message":{"id":"c1","model":"gpt","usage":{"input_tokens":5,"cache_creation_input_tokens":2,"cache_read_input_tokens":4,"output_tokens":1}}}"#
        ),
        ("ping", #"{"type":"ping"}"#),
        (
          "content_block_start",
          #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#
        ),
        (
          "content_block_delta",
          #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#
        ),
        (
          "content_block_delta",
          #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}}"#
        ),
        ("content_block_stop", #"{"type":"content_block_stop","index":0}"#),
        (
          "content_block_start",
          #"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#
        ),
        (
          "content_block_delta",
          #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"né "}}"#
        ),
        (
          "content_block_delta",
          #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"日本 😀"}}"#
        ),
        ("content_block_stop", #"{"type":"content_block_stop","index":1}"#),
        (
          "content_block_start",
          #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"read","input":{}}}"#
        ),
        (
          "content_block_delta",
          #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"p\":"}}"#
        ),
        (
          "content_block_delta",
          #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#
        ),
        ("content_block_stop", #"{"type":"content_block_stop","index":2}"#),
        (
          "message_delta",
          #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#
        ),
        ("message_stop", #"{"type":"message_stop"}"#),
      ].map { "event: \($0.0)\r\ndata: \($0.1)\r\n\r\n" }.joined()
    case .ollama:
      [
        #"{"model":"gpt","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}"#,
        #"{"model":"gpt","message":{"role":"assistant","content":"né "},"done":false}"#,
        #"{"model":"gpt","message":{"role":"assistant","content":"日本 😀"},"done":false}"#,
        #"{"model":"gpt","message":{"role":"assistant","content":"","tool_calls":[{"id":"t1","function":{"name":"read","arguments":{"p":1}}}]},"done":false}"#,
        #"{"model":"gpt","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":5}"#,
      ].map { $0 + "\n" }.joined()
    }
  }

  /// The place in `sample` from which on a cut stream is complete all the same.
  var completeFrom: Int {
    let text = sample
    let marker =
      switch self {
      case .openai: #""finish_reason":"tool_calls"}]}"#
      case .anthropic: #"{"type":"message_stop"}"#
      case .ollama: #""eval_count":5}"#
      }
    var rest = text[...]
    while !rest.hasPrefix(marker) { rest = rest.dropFirst() }
    return text.utf8.count - rest.utf8.count + marker.utf8.count
  }

  /// What `sample` says.
  var sampleReply: ModelReply {
    let usage =
      switch self {
      case .openai: Usage(input: 11, output: 5, cacheRead: 4, reasoning: 2)
      case .anthropic: Usage(input: 11, output: 5, cacheRead: 4, cacheWrite: 2)
      case .ollama: Usage(input: 11, output: 5)
      }
    return ModelReply(
      id: self == .ollama ? nil : "c1", model: "gpt",
      content: [
        .reasoning(Reasoning(text: "hm", signature: self == .anthropic ? "sig" : nil)), .text("né 日本 😀"),
        .toolCall(ToolCall(id: "t1", name: "read", argumentsText: #"{"p":1}"#)),
      ],
      finishReason: .toolCalls, usage: usage)
  }
}
