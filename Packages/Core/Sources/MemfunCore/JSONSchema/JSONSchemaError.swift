/// What is wrong with a schema, all of it at once.
public struct JSONSchemaError: MemfunError, Equatable {
  /// One thing that is wrong.
  public struct Problem: Sendable, Equatable {
    /// The kind of a problem.
    public enum Kind: String, Sendable {
      /// A keyword has a value that it cannot have, or refers to something that is not there.
      case invalid
      /// A keyword that no schema language of this family has: probably misspelled.
      case unknownKeyword
      /// A keyword, or a use of one, that is not implemented here.
      case unsupported
    }

    /// What kind of problem it is.
    public let kind: Kind
    /// Where it is in the schema.
    public let pointer: JSONPointer
    /// What is wrong there.
    public let message: String
  }

  /// The problems, in the order of the schema.
  public let problems: [Problem]
  /// The name of the schema, for example of the tool that it belongs to.
  public let name: String?

  public var kind: String { "json_schema.invalid" }
  public var what: String {
    let list = problems.map {
      "\($0.pointer.tokens.isEmpty ? "(root)" : $0.pointer.description): \($0.message)"
    }
    return "the JSON Schema cannot be used: \(list.joined(separator: "; "))"
  }
  public var location: String? { name }
  public var remedy: String? { "correct the schema at these places" }
}

/// One way in which a value does not fit its schema.
public struct JSONSchemaViolation: Sendable, Equatable, CustomStringConvertible {
  /// Where in the value.
  public let instance: JSONPointer
  /// Which keyword of the schema demands otherwise.
  public let schema: JSONPointer
  /// What is demanded and what is there.
  public let message: String

  /// `/items/0: must be string, but is integer`.
  public var description: String {
    "\(instance.tokens.isEmpty ? "(root)" : instance.description): \(message)"
  }

  /// `{instance, schema, message}`, the places as JSON Pointers.
  public var json: JSONValue {
    [
      "instance": .string(instance.description), "schema": .string(schema.description),
      "message": .string(message),
    ]
  }
}

/// A value that does not fit its schema.
public struct JSONSchemaMismatch: MemfunError, Equatable {
  /// In which ways; never empty.
  public let violations: [JSONSchemaViolation]
  /// What the value is, for example the arguments of a tool.
  public let subject: String

  public var kind: String { "json_schema.mismatch" }
  public var what: String {
    "\(subject) does not fit its schema: \(violations.map(\.description).joined(separator: "; "))"
  }
  public var location: String? { violations.first.map { $0.instance.description } }
  public var remedy: String? { "correct the value at these places" }
}
