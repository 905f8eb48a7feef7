import MemfunCore

/// What a compatible server turned out to lack, or to call differently.
struct OpenAIQuirks: Sendable, Equatable {
  /// How the server is asked for structured replies.
  enum Schema: Sendable { case schema, object, prose }

  /// `max_completion_tokens` instead of `max_tokens`.
  var usesCompletionTokens: Bool
  var acceptsStreamOptions = true
  var acceptsTemperature = true
  var acceptsSeed = true
  var acceptsStop = true
  var schema = Schema.schema
  /// The longest reply that the model allows, once it has said so.
  var maximumOutput: Int?
  /// Prompt and reply together, once the server has said so.
  var contextLength: Int?
  /// `/v1`, or nothing when the base URL already has it or the server has none.
  var version: String
}

/// Makes the body of `POST /chat/completions`. The order of members is fixed, so that equal
/// conversations begin with equal bytes.
struct OpenAIRequestEncoder {
  let model: String
  let quirks: OpenAIQuirks

  func body(_ request: ModelRequest) -> JSONValue {
    var body = JSONObject()
    body["model"] = .string(model)
    var messages = request.messages.flatMap(encode)
    if let schema = request.responseSchema, quirks.schema != .schema {
      // Last, so that the prompt's beginning stays the same with and without a schema.
      messages.append(
        ["role": "system", "content": .string(SchemaInstruction.text(for: schema))])
    }
    body["messages"] = .array(messages)
    if !request.tools.isEmpty {
      body["tools"] = .array(
        request.tools.map { tool in
          [
            "type": "function",
            "function": [
              "name": .string(tool.name), "description": .string(tool.description),
              "parameters": tool.parameters,
            ],
          ]
        })
      switch request.toolChoice {
      case .automatic: break
      case .none: body["tool_choice"] = "none"
      case .required: body["tool_choice"] = "required"
      case .named(let name): body["tool_choice"] = ["type": "function", "function": ["name": .string(name)]]
      }
    }
    if let schema = request.responseSchema {
      switch quirks.schema {
      case .schema:
        body["response_format"] = [
          "type": "json_schema",
          "json_schema": [
            "name": .string(schema.name), "schema": schema.schema,
            "strict": .bool(Self.isStrict(schema.schema)),
          ],
        ]
      case .object: body["response_format"] = ["type": "json_object"]
      case .prose: break
      }
    }
    if let limit = request.maximumOutputTokens {
      body[quirks.usesCompletionTokens ? "max_completion_tokens" : "max_tokens"] = .int(limit)
    }
    if let temperature = request.temperature, quirks.acceptsTemperature {
      body["temperature"] = .number(temperature)
    }
    if let seed = request.seed, quirks.acceptsSeed { body["seed"] = .int(seed) }
    if !request.stopSequences.isEmpty, quirks.acceptsStop {
      body["stop"] = .array(request.stopSequences.map(JSONValue.string))
    }
    if let user = request.metadata["user_id"] { body["user"] = .string(user) }
    body["stream"] = true
    if quirks.acceptsStreamOptions { body["stream_options"] = ["include_usage": true] }
    return .object(body)
  }

  private func encode(_ message: Message) -> [JSONValue] {
    switch message.role {
    case .system: return [["role": "system", "content": .string(message.text)]]
    case .assistant:
      var object = JSONObject()
      object["role"] = "assistant"
      let calls = message.toolCalls
      object["content"] = message.text.isEmpty && !calls.isEmpty ? .null : .string(message.text)
      if !calls.isEmpty {
        object["tool_calls"] = .array(
          calls.map { call in
            [
              "id": .string(call.id), "type": "function",
              "function": [
                "name": .string(call.name),
                "arguments": .string(call.argumentsText.isEmpty ? "{}" : call.argumentsText),
              ],
            ]
          })
      }
      return [.object(object)]
    case .tool, .user:
      // Results must stand in messages of their own, before what else the user says.
      var messages: [JSONValue] = []
      var parts: [JSONValue] = []
      var text = ""
      for part in message.content {
        switch part {
        case .toolResult(let result):
          messages.append([
            "role": "tool", "tool_call_id": .string(result.callID), "content": .string(result.text),
          ])
        case .text(let piece):
          text += piece
          parts.append(["type": "text", "text": .string(piece)])
        case .image(let image):
          let data = "data:\(image.mediaType);base64,\(Base64.encode(image.bytes))"
          parts.append(["type": "image_url", "image_url": ["url": .string(data)]])
        case .reasoning, .toolCall: break  // nobody but the model produces these
        }
      }
      let hasImage = parts.contains { $0["type"] == "image_url" }
      if !parts.isEmpty || messages.isEmpty {
        messages.append(["role": "user", "content": hasImage ? .array(parts) : .string(text)])
      }
      return messages
    }
  }

  /// Whether OpenAI accepts the schema with `strict`: every object lists all its members as required
  /// and allows no others.
  static func isStrict(_ schema: JSONValue) -> Bool {
    switch schema {
    case .object(let object):
      if let properties = object["properties"]?.objectValue {
        let required = Set(object["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        guard object["additionalProperties"] == .bool(false), required == Set(properties.keys) else {
          return false
        }
      }
      return object.allSatisfy { isStrict($0.value) }
    case .array(let elements): return elements.allSatisfy(isStrict)
    default: return true
    }
  }
}

/// The sentence that asks for JSON where the server cannot be told otherwise.
enum SchemaInstruction {
  static func text(for schema: ResponseSchema) -> String {
    "Answer with one JSON object only, without any other text and without code fences. "
      + "It must match this JSON Schema:\n\(schema.schema)"
  }
}
