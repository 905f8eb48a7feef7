import MemfunCore

/// What a model turned out to refuse.
struct AnthropicQuirks: Sendable, Equatable {
  var acceptsTemperature = true
  /// Whether a tool call can be forced; models that always think do not allow it.
  var forcesTools = true
  /// The longest reply that the model allows, once it has said so.
  var maximumTokens: Int?
}

/// Makes the body of `POST /v1/messages`.
///
/// System messages that begin the conversation become the top-level `system`; later ones stand in the
/// user's turn, so that the cached beginning does not change. Neighbouring messages of one side are one
/// turn, as the interface demands.
struct AnthropicRequestEncoder {
  /// The most cache breakpoints that the interface accepts.
  static let maximumBreakpoints = 4

  let model: String
  let defaultMaximumTokens: Int
  var quirks = AnthropicQuirks()

  private struct Turn {
    var role: String
    var blocks: [JSONValue]
    /// The place in the request of the last message that went into this turn.
    var lastMessage: Int
  }

  /// The name of the tool that forces `schema`.
  static func schemaToolName(_ schema: ResponseSchema) -> String { schema.name }

  func body(_ request: ModelRequest) -> JSONValue {
    let leading = request.messages.prefix { $0.role == .system }
    let system = leading.map(\.text).filter { !$0.isEmpty }.joined(separator: "\n\n")
    var turns = turns(request.messages.dropFirst(leading.count), firstPlace: leading.count)
    var tools = request.tools.map { tool -> JSONObject in
      [
        "name": .string(tool.name), "description": .string(tool.description), "input_schema": tool.parameters,
      ]
    }
    if let schema = request.responseSchema {
      tools.append([
        "name": .string(Self.schemaToolName(schema)), "description": "Give the answer in this form.",
        "input_schema": schema.schema,
      ])
    }
    if let schema = request.responseSchema, !quirks.forcesTools, let last = turns.indices.last {
      let name = Self.schemaToolName(schema)
      turns[last].blocks.append([
        "type": "text", "text": .string("Give your answer by calling the tool \(name), once."),
      ])
    }
    var systemBlock: JSONObject = ["type": "text", "text": .string(system)]
    mark(request.caching, tools: &tools, system: &systemBlock, hasSystem: !system.isEmpty, turns: &turns)

    var body = JSONObject()
    body["model"] = .string(model)
    let wanted = request.maximumOutputTokens ?? defaultMaximumTokens
    body["max_tokens"] = .int(min(wanted, quirks.maximumTokens ?? wanted))
    if !tools.isEmpty {
      body["tools"] = .array(tools.map(JSONValue.object))
      body["tool_choice"] = toolChoice(request)
    }
    if !system.isEmpty { body["system"] = .array([.object(systemBlock)]) }
    body["messages"] = .array(
      turns.map { ["role": .string($0.role), "content": .array($0.blocks)] })
    if let temperature = request.temperature, quirks.acceptsTemperature {
      body["temperature"] = .number(min(1, max(0, temperature)))
    }
    let stops = request.stopSequences.filter { !$0.allSatisfy(\.isWhitespace) }
    if !stops.isEmpty { body["stop_sequences"] = .array(stops.map(JSONValue.string)) }
    if let user = request.metadata["user_id"] { body["metadata"] = ["user_id": .string(user)] }
    body["stream"] = true
    return .object(body)
  }

  private func toolChoice(_ request: ModelRequest) -> JSONValue? {
    if !quirks.forcesTools {
      return request.toolChoice == .none && request.responseSchema == nil ? ["type": "none"] : nil
    }
    if let schema = request.responseSchema {
      // With other tools on offer the model may call them first; alone, the form is all there is.
      return request.tools.isEmpty || request.toolChoice == .none
        ? ["type": "tool", "name": .string(Self.schemaToolName(schema))] : ["type": "any"]
    }
    switch request.toolChoice {
    case .automatic: return nil
    case .none: return ["type": "none"]
    case .required: return ["type": "any"]
    case .named(let name): return ["type": "tool", "name": .string(name)]
    }
  }

  // MARK: Turns

  private func turns(_ messages: ArraySlice<Message>, firstPlace: Int) -> [Turn] {
    var turns: [Turn] = []
    for (offset, message) in messages.enumerated() {
      let role = message.role == .assistant ? "assistant" : "user"
      let blocks = message.content.compactMap { block($0, isSystem: message.role == .system) }
      guard !blocks.isEmpty else { continue }
      if turns.last?.role == role {
        turns[turns.count - 1].blocks += blocks
        turns[turns.count - 1].lastMessage = firstPlace + offset
      } else {
        turns.append(Turn(role: role, blocks: blocks, lastMessage: firstPlace + offset))
      }
    }
    return turns
  }

  private func block(_ part: ContentPart, isSystem: Bool) -> JSONValue? {
    switch part {
    case .text(let text):
      // The interface refuses blank texts.
      if text.allSatisfy(\.isWhitespace) { return nil }
      return ["type": "text", "text": .string(isSystem ? "<system>\n\(text)\n</system>" : text)]
    case .reasoning(let reasoning):
      if let data = reasoning.redacted { return ["type": "redacted_thinking", "data": .string(data)] }
      // Thoughts without a signature came from another provider and would be refused.
      guard let signature = reasoning.signature else { return nil }
      return ["type": "thinking", "thinking": .string(reasoning.text), "signature": .string(signature)]
    case .toolCall(let call):
      // Arguments that are no object cannot be sent back as one; the result tells what was wrong.
      let input = (try? call.arguments()) ?? JSONObject()
      return [
        "type": "tool_use", "id": .string(call.id), "name": .string(call.name), "input": .object(input),
      ]
    case .toolResult(let result):
      var block: JSONObject = [
        "type": "tool_result", "tool_use_id": .string(result.callID), "content": .string(result.text),
      ]
      if result.isError { block["is_error"] = true }
      return .object(block)
    case .image(let image):
      return [
        "type": "image",
        "source": [
          "type": "base64", "media_type": .string(image.mediaType),
          "data": .string(Base64.encode(image.bytes)),
        ],
      ]
    }
  }

  // MARK: Cache breakpoints

  private func mark(
    _ caching: PromptCaching, tools: inout [JSONObject], system: inout JSONObject, hasSystem: Bool,
    turns: inout [Turn]
  ) {
    guard caching != .none else { return }
    let breakpoint: JSONValue = ["type": "ephemeral"]
    var rest = Self.maximumBreakpoints
    if !tools.isEmpty {
      tools[tools.count - 1]["cache_control"] = breakpoint
      rest -= 1
    }
    if hasSystem {
      system["cache_control"] = breakpoint
      rest -= 1
    }
    var places: [Int] = []
    switch caching {
    case .none: break
    case .automatic:
      // The first turn alone would be written (at a premium) and perhaps never read.
      let users = turns.indices.filter { turns[$0].role == "user" }
      if users.count > 1 { places = Array(users.suffix(2).reversed()) }
    case .afterMessages(let messages):
      places = messages.sorted(by: >).compactMap { message in
        turns.lastIndex { $0.lastMessage <= message }
      }
    }
    var marked: Set<Int> = []
    for place in places where rest > 0 && marked.insert(place).inserted {
      guard
        let last = turns[place].blocks.lastIndex(where: {
          $0["type"]?.stringValue?.hasSuffix("thinking") != true
        }), case .object(var block) = turns[place].blocks[last]
      else { continue }
      block["cache_control"] = breakpoint
      turns[place].blocks[last] = .object(block)
      rest -= 1
    }
  }
}
