import MemfunCore

/// A tool that a model may call.
public struct ToolDefinition: Sendable, Hashable {
  /// 1–64 letters, digits, `_` or `-`.
  public var name: String
  /// What the tool does, for the model.
  public var description: String
  /// JSON Schema of the arguments: an object schema.
  public var parameters: JSONValue

  /// - Parameters:
  ///   - name: 1–64 letters, digits, `_` or `-`.
  ///   - description: what the tool does, for the model.
  ///   - parameters: JSON Schema of the arguments.
  public init(name: String, description: String, parameters: JSONValue) {
    self.name = name
    self.description = description
    self.parameters = parameters
  }
}

/// Whether the model must, may or must not call tools.
public enum ToolChoice: Sendable, Hashable {
  /// The model decides.
  case automatic
  /// No calls.
  case none
  /// At least one call of any tool.
  case required
  /// A call of this tool.
  case named(String)
}
