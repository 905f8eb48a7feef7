import MemfunCore

/// Reads the answer to `POST /v1/messages`: a stream of server-sent events, or one JSON document from
/// gateways that ignore `stream`.
///
/// Source: Anthropic API reference, "Streaming messages". Unknown events, blocks and deltas are
/// skipped, as the reference demands.
public struct AnthropicReplyDecoder: ReplyDecoder {
  private enum Block {
    case text, reasoning, schemaText, ignored
    case tool(isEmpty: Bool, initial: String)
  }

  private let context: ReplyContext
  private var framing = ReplyFraming()
  private var parser = ServerSentEventParser()
  private var tracker: UsageTracker
  private var uncachedInput: Int?
  private var lastUsage: Usage?
  private var blocks: [Int: Block] = [:]
  private var usedSchemaTool = false
  private var finishReason: FinishReason?
  private var sawStop = false
  private var hasFinished = false

  /// - Parameter context: what to know about the exchange.
  public init(context: ReplyContext) {
    self.context = context
    tracker = UsageTracker(estimatedInput: context.estimatedInput)
  }

  public var isComplete: Bool { sawStop }
  public var usage: Usage? { tracker.hasBegun ? tracker.usage(isComplete: sawStop) : nil }

  public mutating func feed(_ bytes: [UInt8]) throws -> [ModelChunk] {
    guard let bytes = framing.take(bytes) else { return [] }
    var chunks: [ModelChunk] = []
    let events = try context.framed { try parser.feed(bytes) }
    for event in events { try interpret(event, into: &chunks) }
    return chunks
  }

  public mutating func finish() throws -> [ModelChunk] {
    guard !hasFinished else { return [] }
    var chunks: [ModelChunk] = []
    switch framing.kind {
    case .undecided: throw context.cut("the answer is empty")
    case .document:
      let json = try context.json(String(decoding: framing.document, as: UTF8.self))
      try interpret(message: json, into: &chunks)
    case .events:
      if let event = try context.framed({ try parser.finish() }) {
        do {
          try interpret(event, into: &chunks)
        } catch let failure as AttemptFailure where failure.cause == .malformed {
          throw context.cut("the stream ended inside an event")
        }
      }
      guard sawStop else { throw context.cut("the stream ended before the reply did") }
    }
    hasFinished = true
    for index in blocks.keys.sorted() { end(block: index, into: &chunks) }
    report(into: &chunks)
    var reason = finishReason ?? .other("missing")
    if reason == .toolCalls, usedSchemaTool { reason = .stop }
    chunks.append(.finished(reason))
    return chunks
  }

  // MARK: Events

  private mutating func interpret(
    _ event: ServerSentEventParser.Event, into chunks: inout [ModelChunk]
  ) throws {
    let text = event.data.trimmed
    guard !text.isEmpty, text != "[DONE]", !sawStop else { return }
    let json = try context.json(text)
    let index = json["index"]?.intValue ?? 0
    switch json["type"]?.stringValue ?? event.name {
    case "message_start":
      let message = json["message"] ?? .null
      begin(message, into: &chunks)
      if let usage = message["usage"] { read(usage: usage, into: &chunks) }
    case "content_block_start":
      begin(.null, into: &chunks)
      start(block: index, json["content_block"] ?? .null, into: &chunks)
    case "content_block_delta":
      delta(block: index, json["delta"] ?? .null, into: &chunks)
    case "content_block_stop":
      end(block: index, into: &chunks)
    case "message_delta":
      begin(.null, into: &chunks)
      if let reason = json["delta"]?["stop_reason"]?.stringValue { finishReason = Self.reason(reason) }
      if let usage = json["usage"] { read(usage: usage, into: &chunks) }
    case "message_stop":
      begin(.null, into: &chunks)
      sawStop = true
    case "error":
      throw ServerError(inStream: json).meaning(model: context.model, url: context.url)
    default: break  // `ping`, and what the future brings
    }
  }

  private mutating func begin(_ message: JSONValue, into chunks: inout [ModelChunk]) {
    guard !tracker.hasBegun else { return }
    tracker.hasBegun = true
    chunks.append(
      .started(ResponseInfo(id: message["id"]?.stringValue, model: message["model"]?.stringValue)))
  }

  private mutating func start(block index: Int, _ json: JSONValue, into chunks: inout [ModelChunk]) {
    switch json["type"]?.stringValue {
    case "text":
      blocks[index] = .text
      append(text: json["text"]?.stringValue, into: &chunks)
    case "thinking":
      blocks[index] = .reasoning
      append(reasoning: json["thinking"]?.stringValue, into: &chunks)
      if let signature = json["signature"]?.stringValue, !signature.isEmpty {
        chunks.append(.reasoningSignature(signature))
      }
    case "redacted_thinking":
      blocks[index] = .ignored
      if let data = json["data"]?.stringValue { chunks.append(.redactedReasoning(data)) }
    case "tool_use":
      // The start carries `{}` as a place holder, or the whole input in documents.
      var initial = ""
      if let input = json["input"]?.objectValue, !input.isEmpty {
        initial = JSONValue.object(input).description
      }
      let name = json["name"]?.stringValue ?? ""
      if let schemaTool = context.schemaToolName, name == schemaTool {
        usedSchemaTool = true
        blocks[index] = .schemaText
        append(text: initial, into: &chunks)
        return
      }
      blocks[index] = .tool(isEmpty: true, initial: initial)
      tracker.produced(name)
      chunks.append(
        .toolCallStarted(index: index, id: json["id"]?.stringValue ?? "toolu_\(index)", name: name))
    default: blocks[index] = .ignored
    }
  }

  private mutating func delta(block index: Int, _ json: JSONValue, into chunks: inout [ModelChunk]) {
    begin(.null, into: &chunks)
    switch json["type"]?.stringValue {
    case "text_delta": append(text: json["text"]?.stringValue, into: &chunks)
    case "thinking_delta": append(reasoning: json["thinking"]?.stringValue, into: &chunks)
    case "signature_delta":
      if let signature = json["signature"]?.stringValue { chunks.append(.reasoningSignature(signature)) }
    case "input_json_delta":
      guard let piece = json["partial_json"]?.stringValue, !piece.isEmpty else { return }
      switch blocks[index] {
      case .schemaText?: append(text: piece, into: &chunks)
      case .tool(_, let initial)?:
        blocks[index] = .tool(isEmpty: false, initial: initial)
        tracker.produced(piece)
        chunks.append(.toolCallDelta(index: index, arguments: piece))
      default: break
      }
    default: break
    }
  }

  private mutating func end(block index: Int, into chunks: inout [ModelChunk]) {
    guard case .tool(let isEmpty, let initial)? = blocks.removeValue(forKey: index) else { return }
    if isEmpty, !initial.isEmpty {
      tracker.produced(initial)
      chunks.append(.toolCallDelta(index: index, arguments: initial))
    }
    chunks.append(.toolCallEnded(index: index))
  }

  private mutating func append(text: String?, into chunks: inout [ModelChunk]) {
    guard let text, !text.isEmpty else { return }
    tracker.produced(text)
    chunks.append(.text(text))
  }

  private mutating func append(reasoning text: String?, into chunks: inout [ModelChunk]) {
    guard let text, !text.isEmpty else { return }
    tracker.produced(text)
    chunks.append(.reasoning(text))
  }

  // MARK: Documents and usage

  private mutating func interpret(message: JSONValue, into chunks: inout [ModelChunk]) throws {
    if message["type"]?.stringValue == "error" || (message["error"].map { !$0.isNull } ?? false) {
      throw ServerError(inStream: message).meaning(model: context.model, url: context.url)
    }
    guard let content = message["content"]?.arrayValue else {
      throw context.malformed("the answer has no content")
    }
    begin(message, into: &chunks)
    for (index, block) in content.enumerated() {
      start(block: index, block, into: &chunks)
      end(block: index, into: &chunks)
    }
    finishReason = message["stop_reason"]?.stringValue.map(Self.reason)
    sawStop = true
    if let usage = message["usage"] { read(usage: usage, into: &chunks) }
  }

  private mutating func read(usage: JSONValue, into chunks: inout [ModelChunk]) {
    guard case .object = usage else { return }
    if let input = usage["input_tokens"]?.tokenCount { uncachedInput = input }
    if let read = usage["cache_read_input_tokens"]?.tokenCount { tracker.cacheRead = read }
    if let written = usage["cache_creation_input_tokens"]?.tokenCount { tracker.cacheWrite = written }
    if let output = usage["output_tokens"]?.tokenCount { tracker.output = output }
    if let uncachedInput {
      let whole = uncachedInput.saturatingSum(tracker.cacheRead).saturatingSum(tracker.cacheWrite)
      if whole > 0 { tracker.input = whole }
    }
    report(into: &chunks)
  }

  private mutating func report(into chunks: inout [ModelChunk]) {
    let usage = tracker.usage(isComplete: sawStop || finishReason != nil)
    if usage != lastUsage {
      lastUsage = usage
      chunks.append(.usage(usage))
    }
  }

  private static func reason(_ name: String) -> FinishReason {
    switch name {
    case "end_turn", "stop_sequence": .stop
    case "max_tokens", "model_context_window_exceeded": .length
    case "tool_use": .toolCalls
    case "refusal": .refusal
    default: .other(name)
    }
  }
}
