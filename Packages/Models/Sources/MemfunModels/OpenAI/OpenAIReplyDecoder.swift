import MemfunCore

/// Reads the answer to `POST /v1/chat/completions`: a stream of server-sent events, or one JSON
/// document from servers that ignore `stream`.
///
/// Source: OpenAI API reference, "Chat completions". Lenient where compatible servers differ: fields
/// that are null, absent or unknown, tool calls without index or id, arguments given as an object,
/// whole messages instead of deltas, `[DONE]` missing.
public struct OpenAIReplyDecoder: ReplyDecoder {
  private struct Call {
    /// Ours, unique in the reply.
    var key: Int
    /// The server's, which some servers leave out or repeat.
    var wireIndex: Int?
    var id: String
    var name: String
    var pendingArguments = ""
    var hasStarted = false
  }

  private let context: ReplyContext
  private var framing = ReplyFraming()
  private var parser = ServerSentEventParser()
  private var tracker: UsageTracker
  private var lastUsage: Usage?
  private var calls: [Call] = []
  private var finishReason: FinishReason?
  private var sawRefusal = false
  private var isDone = false
  private var hasFinished = false

  /// - Parameter context: what to know about the exchange.
  public init(context: ReplyContext) {
    self.context = context
    tracker = UsageTracker(estimatedInput: context.estimatedInput)
  }

  public var isComplete: Bool { isDone || finishReason != nil }
  public var usage: Usage? {
    tracker.hasBegun ? tracker.usage(isComplete: isComplete) : nil
  }

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
      try interpret(json, into: &chunks)
      if finishReason == nil, !tracker.hasBegun { throw context.malformed("the answer has no choices") }
      if finishReason == nil { finishReason = .other("missing") }
    case .events:
      if let event = try context.framed({ try parser.finish() }) {
        do {
          try interpret(event, into: &chunks)
        } catch let failure as AttemptFailure where failure.cause == .malformed {
          // The last event was cut in the middle of its JSON.
          if !isComplete { throw context.cut("the stream ended inside an event") }
        }
      }
      guard isComplete else { throw context.cut("the stream ended before the reply did") }
    }
    finishReply(into: &chunks)
    return chunks
  }

  // MARK: Events

  private mutating func interpret(
    _ event: ServerSentEventParser.Event, into chunks: inout [ModelChunk]
  ) throws {
    guard !isDone else { return }
    let text = event.data.trimmed
    if text.isEmpty { return }
    if text == "[DONE]" {
      isDone = true
      return
    }
    try interpret(try context.json(text), into: &chunks)
  }

  private mutating func interpret(_ json: JSONValue, into chunks: inout [ModelChunk]) throws {
    if let error = json["error"], !error.isNull {
      throw ServerError(inStream: json).meaning(model: context.model, url: context.url)
    }
    if json["choices"] == nil, json["usage"] == nil {
      if json["object"]?.stringValue == "error" || json["detail"] != nil {
        throw ServerError(inStream: json).meaning(model: context.model, url: context.url)
      }
    }
    if let choices = json["choices"]?.arrayValue {
      if !tracker.hasBegun {
        tracker.hasBegun = true
        chunks.append(.started(ResponseInfo(id: json["id"]?.stringValue, model: json["model"]?.stringValue)))
      }
      for choice in choices where (choice["index"]?.intValue ?? 0) == 0 {
        if let delta = choice["delta"] ?? choice["message"] { read(delta, into: &chunks) }
        if let reason = choice["finish_reason"]?.stringValue { finishReason = Self.reason(reason) }
      }
    }
    if let usage = json["usage"], case .object = usage { read(usage: usage, into: &chunks) }
  }

  private mutating func read(_ delta: JSONValue, into chunks: inout [ModelChunk]) {
    if let thoughts = (delta["reasoning_content"] ?? delta["reasoning"])?.stringValue, !thoughts.isEmpty {
      tracker.produced(thoughts)
      chunks.append(.reasoning(thoughts))
    }
    switch delta["content"] {
    case .string(let text)? where !text.isEmpty:
      tracker.produced(text)
      chunks.append(.text(text))
    case .array(let parts)?:
      for case let text? in parts.map({ $0["text"]?.stringValue }) where !text.isEmpty {
        tracker.produced(text)
        chunks.append(.text(text))
      }
    default: break
    }
    if let refusal = delta["refusal"]?.stringValue, !refusal.isEmpty {
      sawRefusal = true
      tracker.produced(refusal)
      chunks.append(.text(refusal))
    }
    for call in delta["tool_calls"]?.arrayValue ?? [] { read(call: call, into: &chunks) }
    if let call = delta["function_call"], case .object = call {
      read(call: ["index": 0, "function": call], into: &chunks)
    }
  }

  private mutating func read(call json: JSONValue, into chunks: inout [ModelChunk]) {
    let id = json["id"]?.stringValue ?? ""
    let name = json["function"]?["name"]?.stringValue ?? json["name"]?.stringValue ?? ""
    let place = place(index: json["index"]?.intValue, id: id, name: name)
    if calls[place].name.isEmpty { calls[place].name = name }
    if calls[place].id.isEmpty { calls[place].id = id }
    let arguments: String
    switch json["function"]?["arguments"] ?? json["arguments"] {
    case .string(let text)?: arguments = text
    case .object(let object)?: arguments = JSONValue.object(object).description
    default: arguments = ""
    }
    calls[place].pendingArguments += arguments
    tracker.produced(arguments)
    guard !calls[place].name.isEmpty else { return }
    start(place, into: &chunks)
  }

  private mutating func start(_ place: Int, into chunks: inout [ModelChunk]) {
    let key = calls[place].key
    if !calls[place].hasStarted {
      calls[place].hasStarted = true
      if calls[place].id.isEmpty { calls[place].id = "call_\(key)" }
      tracker.produced(calls[place].name)
      chunks.append(.toolCallStarted(index: key, id: calls[place].id, name: calls[place].name))
    }
    if !calls[place].pendingArguments.isEmpty {
      chunks.append(.toolCallDelta(index: key, arguments: calls[place].pendingArguments))
      calls[place].pendingArguments = ""
    }
  }

  /// Which call a delta belongs to. Some servers leave the index out, some give every call the same.
  private mutating func place(index: Int?, id: String, name: String) -> Int {
    let candidate = index.map { index in calls.lastIndex { $0.wireIndex == index } } ?? calls.indices.last
    if let candidate {
      let known = calls[candidate].id
      if id.isEmpty || known.isEmpty || known == id { return candidate }
      if let place = calls.firstIndex(where: { $0.id == id }) { return place }
      if name.isEmpty { return candidate }
    }
    let isFree = index.map { index in !calls.contains { $0.key == index } } ?? false
    let key = isFree ? index ?? 0 : (calls.map(\.key).max() ?? -1) + 1
    calls.append(Call(key: key, wireIndex: index, id: id, name: name))
    return calls.count - 1
  }

  // MARK: The end

  private mutating func read(usage: JSONValue, into chunks: inout [ModelChunk]) {
    tracker.hasBegun = true
    // A zero that cannot be true (a prompt has tokens) is a server that does not count.
    if let input = usage["prompt_tokens"]?.tokenCount, input > 0 { tracker.input = input }
    if let output = usage["completion_tokens"]?.tokenCount { tracker.output = output }
    tracker.cacheRead =
      usage["prompt_tokens_details"]?["cached_tokens"]?.tokenCount
      ?? usage["prompt_cache_hit_tokens"]?.tokenCount ?? tracker.cacheRead
    tracker.reasoning =
      usage["completion_tokens_details"]?["reasoning_tokens"]?.tokenCount ?? tracker.reasoning
    report(into: &chunks)
  }

  private mutating func report(into chunks: inout [ModelChunk]) {
    let usage = tracker.usage(isComplete: isComplete)
    if usage != lastUsage {
      lastUsage = usage
      chunks.append(.usage(usage))
    }
  }

  private mutating func finishReply(into chunks: inout [ModelChunk]) {
    hasFinished = true
    for place in calls.indices {
      if !calls[place].hasStarted {
        // A call that never got a name cannot be made, but it must not vanish either.
        calls[place].name = "unknown"
        start(place, into: &chunks)
      }
      chunks.append(.toolCallEnded(index: calls[place].key))
    }
    report(into: &chunks)
    var reason = finishReason ?? .other("missing")
    if reason == .stop, !calls.isEmpty { reason = .toolCalls }
    if reason == .stop, sawRefusal { reason = .refusal }
    chunks.append(.finished(reason))
  }

  private static func reason(_ name: String) -> FinishReason {
    switch name {
    case "stop", "eos", "end_turn", "stop_sequence": .stop
    case "length", "max_tokens": .length
    case "tool_calls", "function_call": .toolCalls
    case "content_filter": .contentFilter
    case "refusal": .refusal
    default: .other(name)
    }
  }

}
