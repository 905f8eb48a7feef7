import MemfunCore

/// A reply that is a JSON object of the wanted form.
public struct StructuredReply: Sendable {
  /// The object, valid against the schema.
  public let object: JSONObject
  /// The reply that held it.
  public let reply: ModelReply
  /// The reply before it that did not match, if the model was asked to mend it.
  public let rejectedReply: ModelReply?

  /// Tokens of both replies, failed attempts included.
  public var totalUsage: Usage { reply.totalUsage + (rejectedReply?.totalUsage ?? .zero) }
}

extension LanguageModel {
  /// Sends a request that has a `responseSchema`, and gives back the object that the model answered,
  /// valid against the schema.
  ///
  /// - Throws: `JSONSchemaError` for a schema that is none, and what the other form throws.
  public func structured(_ request: ModelRequest) async throws -> StructuredReply {
    let schema = try JSONSchema(
      request.responseSchema?.schema ?? true, name: request.responseSchema?.name, strictness: .lenient)
    return try await structured(request) { value in schema.violations(in: value).map(\.description) }
  }

  /// Sends a request that has a `responseSchema`, and gives back the object that the model answered.
  ///
  /// Whatever the provider promises, the reply is validated here. A reply that does not match is sent
  /// back once with the problems named.
  ///
  /// - Parameters:
  ///   - request: must have a `responseSchema`.
  ///   - validate: the problems of an object, each with its place; empty when it is valid.
  /// - Throws: `ModelError.schemaMismatch` after the second reply, and what a call throws.
  public func structured(
    _ request: ModelRequest, validate: @Sendable (JSONValue) -> [String]
  ) async throws -> StructuredReply {
    let first = try await complete(request)
    let problems: [String]
    switch Self.judge(first, validate) {
    case .success(let object): return StructuredReply(object: object, reply: first, rejectedReply: nil)
    case .failure(let failure): problems = failure.problems
    }
    var repair = request
    // Only the text goes back: the provider may have got it as a forced tool call.
    let said = first.text.isEmpty ? "(no answer)" : first.text
    repair.messages += [
      .assistant(said),
      .user(
        "That answer cannot be used:\n" + problems.prefix(10).map { "- \($0)\n" }.joined()
          + "Answer again, with one JSON object that matches the schema and nothing else."),
    ]
    let second = try await complete(repair)
    switch Self.judge(second, validate) {
    case .success(let object): return StructuredReply(object: object, reply: second, rejectedReply: first)
    case .failure(let failure):
      throw ModelError.schemaMismatch(
        model: identity.model, problems: failure.problems, reply: String(second.text.prefix(2000)))
    }
  }

  private static func judge(
    _ reply: ModelReply, _ validate: (JSONValue) -> [String]
  ) -> Result<JSONObject, SchemaProblems> {
    guard let object = JSONExtraction.object(in: reply.text) else {
      let reason: String =
        switch reply.finishReason {
        case .length: "the answer was cut by its length limit before the JSON object was complete"
        case .refusal, .contentFilter: "the answer is a refusal"
        default: reply.isEmpty ? "the answer is empty" : "the answer holds no JSON object"
        }
      return .failure(SchemaProblems(problems: [reason]))
    }
    let problems = validate(.object(object))
    return problems.isEmpty ? .success(object) : .failure(SchemaProblems(problems: problems))
  }
}

/// What is wrong with a structured reply.
private struct SchemaProblems: Error {
  let problems: [String]
}
