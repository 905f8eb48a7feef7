import MemfunCore

/// One message of a conversation with a model.
public struct Message: Sendable, Hashable {
  /// Who speaks.
  public enum Role: String, Sendable, Hashable, CaseIterable {
    /// Instructions of the application.
    case system
    /// The person, or the program that stands for one.
    case user
    /// The model.
    case assistant
    /// The answer to a tool call.
    case tool
  }

  /// Who speaks.
  public var role: Role
  /// What is said, in order.
  public var content: [ContentPart]

  /// - Parameters:
  ///   - role: who speaks.
  ///   - content: the parts, in order.
  public init(role: Role, content: [ContentPart]) {
    self.role = role
    self.content = content
  }

  /// A system message of one text.
  public static func system(_ text: String) -> Message { Message(role: .system, content: [.text(text)]) }
  /// A user message of one text.
  public static func user(_ text: String) -> Message { Message(role: .user, content: [.text(text)]) }
  /// An assistant message of one text.
  public static func assistant(_ text: String) -> Message {
    Message(role: .assistant, content: [.text(text)])
  }
  /// The answer to one tool call.
  public static func tool(_ result: ToolResult) -> Message {
    Message(role: .tool, content: [.toolResult(result)])
  }

  /// The text parts, joined without separator.
  public var text: String {
    content.reduce(into: "") { text, part in
      if case .text(let piece) = part { text += piece }
    }
  }

  /// The tool calls, in order.
  public var toolCalls: [ToolCall] {
    content.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
  }
}

/// One part of a message.
public enum ContentPart: Sendable, Hashable {
  /// Plain text.
  case text(String)
  /// What the model thought before it answered.
  case reasoning(Reasoning)
  /// A call that the model wants to be made.
  case toolCall(ToolCall)
  /// What a call returned.
  case toolResult(ToolResult)
  /// A picture.
  case image(ImageContent)
}

/// Thoughts of a model. Anthropic wants them back unchanged, with their signature, in the next turn.
public struct Reasoning: Sendable, Hashable {
  /// The thoughts in words; empty when the provider hides them.
  public var text: String
  /// The provider's proof that the words are its own.
  public var signature: String?
  /// Thoughts that the provider encrypted, as it sent them.
  public var redacted: String?

  /// - Parameters:
  ///   - text: the thoughts in words.
  ///   - signature: the provider's proof, if it sent one.
  ///   - redacted: encrypted thoughts, if it sent any.
  public init(text: String, signature: String? = nil, redacted: String? = nil) {
    self.text = text
    self.signature = signature
    self.redacted = redacted
  }
}

/// A call that a model wants to be made.
public struct ToolCall: Sendable, Hashable {
  /// The provider's id, which the result must carry.
  public var id: String
  /// The tool's name.
  public var name: String
  /// The arguments as the model wrote them: meant to be a JSON object, but models err.
  public var argumentsText: String

  /// - Parameters:
  ///   - id: the provider's id.
  ///   - name: the tool's name.
  ///   - argumentsText: JSON text.
  public init(id: String, name: String, argumentsText: String) {
    self.id = id
    self.name = name
    self.argumentsText = argumentsText
  }

  /// The arguments as an object; no text at all counts as no arguments.
  ///
  /// - Throws: `JSONParseError`, or `ToolCallError.argumentsAreNoObject`.
  public func arguments() throws -> JSONObject {
    if argumentsText.allSatisfy(\.isWhitespace) { return JSONObject() }
    let value = try JSONParser.parse(argumentsText, source: "arguments of \(name)")
    guard case .object(let object) = value else {
      throw ToolCallError.argumentsAreNoObject(tool: name, found: value.typeName)
    }
    return object
  }
}

/// A tool call that cannot be carried out as the model wrote it.
public enum ToolCallError: MemfunError, Equatable {
  /// The arguments are JSON, but no object.
  case argumentsAreNoObject(tool: String, found: String)

  public var kind: String { "model.tool_arguments" }
  public var what: String {
    switch self {
    case .argumentsAreNoObject(_, let found): "the arguments are of type \(found), an object was expected"
    }
  }
  public var location: String? {
    switch self {
    case .argumentsAreNoObject(let tool, _): "tool \(tool)"
    }
  }
  public var remedy: String? { "let the model correct its call" }
}

/// What a tool call returned.
public struct ToolResult: Sendable, Hashable {
  /// The id of the call.
  public var callID: String
  /// The tool's name; Ollama wants it instead of the id.
  public var name: String
  /// What the model gets to read.
  public var text: String
  /// Whether the call failed.
  public var isError: Bool

  /// - Parameters:
  ///   - callID: the id of the call.
  ///   - name: the tool's name.
  ///   - text: what the model gets to read.
  ///   - isError: whether the call failed.
  public init(callID: String, name: String, text: String, isError: Bool = false) {
    self.callID = callID
    self.name = name
    self.text = text
    self.isError = isError
  }
}

/// A picture in a message.
public struct ImageContent: Sendable, Hashable {
  /// The file's bytes.
  public var bytes: [UInt8]
  /// `image/png`, `image/jpeg`, `image/gif` or `image/webp`.
  public var mediaType: String

  /// - Parameters:
  ///   - bytes: the file's bytes.
  ///   - mediaType: its media type.
  public init(bytes: [UInt8], mediaType: String) {
    self.bytes = bytes
    self.mediaType = mediaType
  }
}
