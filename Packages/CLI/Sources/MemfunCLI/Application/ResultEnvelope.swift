import MemfunCore

/// The one JSON object that `--json` prints, on every path (CLI contract, version 1).
struct ResultEnvelope {
  /// Raised when a member changes its meaning or goes away; new members do not raise it.
  static let version = 1

  let command: String
  let exitCode: ExitCode
  var result: JSONValue = .null
  var error: JSONValue = .null
  var spending: CommandOutcome.Spending?
  let duration: Duration

  var json: JSONValue {
    var object: JSONObject = [
      "version": .int(Self.version),
      "command": .string(command),
      "status": exitCode == .done ? "ok" : "error",
      "exit_code": .integer(Int64(exitCode.rawValue)),
      "result": result,
      "error": error,
      "duration_ms": .integer(
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000),
    ]
    if let spending {
      object["model"] = .string(spending.model)
      object["usage"] = spending.usage
      object["cost_usd"] = spending.costUSD.map(JSONValue.number) ?? .null
    }
    return .object(object)
  }

  /// Writes the same object with a result that is written piece by piece.
  func write(
    to writer: inout JSONStreamWriter, result: (inout JSONStreamWriter) throws -> Void
  ) throws {
    guard let members = json.objectValue else { return }
    try writer.object { writer in
      for (key, value) in members {
        try writer.member(key) { writer in
          if key == "result" { try result(&writer) } else { try writer.value(value) }
        }
      }
    }
  }

  /// The schema of the whole object around the schema of a command's `result`.
  ///
  /// Definitions of the inner schema move to the top, where its references (`#/$defs/…`) look for them.
  static func schema(command: String, result: JSONValue) -> JSONValue {
    var inner = result
    var definitions: JSONValue?
    if case .object(var object) = result {
      definitions = object["$defs"]
      object["$defs"] = nil
      object["$schema"] = nil
      inner = .object(object)
    }
    var outer: JSONObject = [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": .string("Output of 'memfun \(command) --json'"),
      "type": "object",
      "required": ["version", "command", "status", "exit_code", "result", "error", "duration_ms"],
      "properties": [
        "version": ["type": "integer", "const": .int(version), "description": "Version of this contract."],
        "command": [
          "type": "string", "description": "The command that ran; empty when none was understood.",
        ],
        "status": [
          "type": "string", "enum": ["ok", "error"], "description": "ok exactly when exit_code is 0.",
        ],
        "exit_code": [
          "type": "integer", "enum": .array(ExitCode.allCases.map { .integer(Int64($0.rawValue)) }),
          "description": "The exit code of the process.",
        ],
        "result": [
          "description": "What the command found; null when it failed before it had a result.",
          "anyOf": [inner, ["type": "null"]],
        ],
        "error": [
          "description": "Why the command failed; null when it did not.",
          "anyOf": [errorSchema, ["type": "null"]],
        ],
        "duration_ms": ["type": "integer", "minimum": 0, "description": "Wall time."],
        "model": ["type": "string", "description": "The model that was asked, if any."],
        "usage": ["type": "object", "description": "Tokens by kind, if a model was asked."],
        "cost_usd": [
          "type": ["number", "null"], "description": "Dollars, if a model was asked; null when unknown.",
        ],
      ],
    ]
    if let definitions { outer["$defs"] = definitions }
    return .object(outer)
  }

  private static let errorSchema: JSONValue = [
    "type": "object",
    "required": ["kind", "message", "location", "remedy", "retryable"],
    "properties": [
      "kind": ["type": "string", "description": "Stable name, such as usage.unknown_option."],
      "message": ["type": "string"],
      "location": ["type": ["string", "null"], "description": "File, line and column, key or URL."],
      "remedy": ["type": ["string", "null"], "description": "What to do about it."],
      "retryable": ["type": "boolean", "description": "Whether the same call may succeed later."],
    ],
  ]
}
