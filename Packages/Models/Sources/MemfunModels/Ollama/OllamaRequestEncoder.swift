import MemfunCore

/// Makes the body of Ollama's `POST /api/chat`.
struct OllamaRequestEncoder {
  let model: String
  /// `options.num_ctx`; nil leaves it to the server.
  let contextLength: Int?

  func body(_ request: ModelRequest) -> JSONValue {
    var body = JSONObject()
    body["model"] = .string(model)
    body["messages"] = .array(request.messages.flatMap(encode))
    if !request.tools.isEmpty, request.toolChoice != .none {
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
    }
    if let schema = request.responseSchema { body["format"] = schema.schema }
    var options = JSONObject()
    if let contextLength { options["num_ctx"] = .int(contextLength) }
    if let limit = request.maximumOutputTokens { options["num_predict"] = .int(limit) }
    if let temperature = request.temperature { options["temperature"] = .number(temperature) }
    if let seed = request.seed { options["seed"] = .int(seed) }
    if !request.stopSequences.isEmpty {
      options["stop"] = .array(request.stopSequences.map(JSONValue.string))
    }
    if !options.isEmpty { body["options"] = .object(options) }
    body["stream"] = true
    // Servers that know these two refuse what older ones cut silently: the prompt's beginning before the
    // reply, and the context's beginning during it.
    body["truncate"] = false
    body["shift"] = false
    return .object(body)
  }

  private func encode(_ message: Message) -> [JSONValue] {
    var results: [JSONValue] = []
    var images: [JSONValue] = []
    var calls: [JSONValue] = []
    var thoughts = ""
    for part in message.content {
      switch part {
      case .text: break
      case .toolResult(let result):
        results.append([
          "role": "tool", "tool_name": .string(result.name), "tool_call_id": .string(result.callID),
          "content": .string(result.text),
        ])
      case .image(let image): images.append(.string(Base64.encode(image.bytes)))
      case .toolCall(let call):
        // Ollama takes objects only; what the model wrote wrongly cannot be sent back.
        let arguments = (try? call.arguments()) ?? JSONObject()
        calls.append([
          "id": .string(call.id), "function": ["name": .string(call.name), "arguments": .object(arguments)],
        ])
      case .reasoning(let reasoning): thoughts += reasoning.text
      }
    }
    let text = message.text
    if !results.isEmpty, text.isEmpty, images.isEmpty { return results }
    var object = JSONObject()
    object["role"] = .string(message.role == .tool ? "user" : message.role.rawValue)
    object["content"] = .string(text)
    if !thoughts.isEmpty, message.role == .assistant { object["thinking"] = .string(thoughts) }
    if !images.isEmpty { object["images"] = .array(images) }
    if !calls.isEmpty { object["tool_calls"] = .array(calls) }
    return results + [.object(object)]
  }
}
