import MemfunCore

/// Reads the answer to Ollama's `POST /api/chat`: one JSON object a line, the last with `done: true`.
///
/// Source: ollama/docs/api.md, "Generate a chat completion".
public struct OllamaReplyDecoder: ReplyDecoder {
  private let context: ReplyContext
  private var parser = NDJSONParser()
  /// A web page instead of a stream, read whole so that its title can be told.
  private var page: [UInt8]?
  private var hasContent = false
  private var tracker: UsageTracker
  private var callCount = 0
  private var finishReason: FinishReason?
  private var hasFinished = false

  /// - Parameter context: what to know about the exchange.
  public init(context: ReplyContext) {
    self.context = context
    tracker = UsageTracker(estimatedInput: context.estimatedInput)
  }

  public var isComplete: Bool { finishReason != nil }
  public var usage: Usage? { tracker.hasBegun ? tracker.usage(isComplete: isComplete) : nil }
  /// The prompt's tokens as the server counted them; nil when it did not, as for a prompt that was
  /// cached whole.
  public var reportedInput: Int? { tracker.input }

  public mutating func feed(_ bytes: [UInt8]) throws -> [ModelChunk] {
    if !hasContent, let first = bytes.first(where: { $0 > 0x20 }) {
      hasContent = true
      if first == UInt8(ascii: "<") { page = [] }
    }
    if page != nil {
      page?.append(contentsOf: bytes.prefix(64 << 10))
      return []
    }
    var chunks: [ModelChunk] = []
    let lines = try context.framed { try parser.feed(bytes) }
    for line in lines { try interpret(line, into: &chunks) }
    return chunks
  }

  public mutating func finish() throws -> [ModelChunk] {
    guard !hasFinished else { return [] }
    if let page {
      throw ModelError.foreignAnswer(
        url: context.url, summary: ServerText.summary(of: String(decoding: page, as: UTF8.self)))
    }
    var chunks: [ModelChunk] = []
    if let line = parser.finish() {
      do {
        try interpret(line, into: &chunks)
      } catch let failure as AttemptFailure where failure.cause == .malformed {
        throw context.cut("the stream ended inside a line")
      }
    }
    guard var reason = finishReason else { throw context.cut("the stream ended before the reply did") }
    hasFinished = true
    chunks.append(.usage(tracker.usage(isComplete: true)))
    if reason == .stop, callCount > 0 { reason = .toolCalls }
    chunks.append(.finished(reason))
    return chunks
  }

  private mutating func interpret(_ line: String, into chunks: inout [ModelChunk]) throws {
    guard finishReason == nil else { return }
    let json = try context.json(line)
    if let error = json["error"], !error.isNull {
      throw ServerError(inStream: json).meaning(model: context.model, url: context.url)
    }
    guard json["message"] != nil || json["done"] != nil else { return }
    if !tracker.hasBegun {
      tracker.hasBegun = true
      chunks.append(.started(ResponseInfo(model: json["model"]?.stringValue)))
    }
    if let message = json["message"] { read(message, into: &chunks) }
    if json["done"]?.boolValue == true {
      if let input = json["prompt_eval_count"]?.tokenCount, input > 0 { tracker.input = input }
      if let output = json["eval_count"]?.tokenCount { tracker.output = output }
      finishReason = Self.reason(json["done_reason"]?.stringValue)
    }
  }

  private mutating func read(_ message: JSONValue, into chunks: inout [ModelChunk]) {
    if let thoughts = message["thinking"]?.stringValue, !thoughts.isEmpty {
      tracker.produced(thoughts)
      chunks.append(.reasoning(thoughts))
    }
    if let text = message["content"]?.stringValue, !text.isEmpty {
      tracker.produced(text)
      chunks.append(.text(text))
    }
    for call in message["tool_calls"]?.arrayValue ?? [] {
      let arguments: String
      switch call["function"]?["arguments"] {
      case .string(let text)?: arguments = text
      case .object(let object)?: arguments = JSONValue.object(object).description
      default: arguments = "{}"
      }
      let name = call["function"]?["name"]?.stringValue ?? "unknown"
      let index = callCount
      callCount += 1
      tracker.produced(name)
      tracker.produced(arguments)
      chunks.append(
        .toolCallStarted(index: index, id: call["id"]?.stringValue ?? "call_\(index)", name: name))
      chunks.append(.toolCallDelta(index: index, arguments: arguments))
      chunks.append(.toolCallEnded(index: index))
    }
  }

  private static func reason(_ name: String?) -> FinishReason {
    switch name {
    case "stop"?, nil: .stop
    case "length"?: .length
    case let name?: .other(name)
    }
  }
}
