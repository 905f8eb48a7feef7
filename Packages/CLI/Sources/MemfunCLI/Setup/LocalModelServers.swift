import MemfunCore

/// A model server that answers on this machine.
struct LocalModelServer: Sendable, Equatable {
  /// What people call it: "Ollama".
  let name: String
  /// The value for `model.provider`.
  let provider: String
  /// The value for `model.base_url`.
  let baseURL: String
  /// The models it offers, in its order.
  let models: [String]

  var json: JSONValue {
    [
      "name": .string(name), "provider": .string(provider), "base_url": .string(baseURL),
      "models": .array(models.map(JSONValue.string)),
    ]
  }
}

/// Looks for model servers at their usual ports of the loopback interface, all at once.
struct LocalModelServers {
  /// A server's usual place, and where it lists its models.
  struct Candidate: Sendable {
    let name: String
    let provider: String
    let port: Int
    let listPath: String
    let basePath: String
  }

  /// The places that are looked at.
  static let candidates = [
    Candidate(name: "Ollama", provider: "ollama", port: 11434, listPath: "/api/tags", basePath: ""),
    Candidate(name: "LM Studio", provider: "openai", port: 1234, listPath: "/v1/models", basePath: "/v1"),
    Candidate(name: "llama.cpp", provider: "openai", port: 8080, listPath: "/v1/models", basePath: "/v1"),
    Candidate(name: "vLLM", provider: "openai", port: 8000, listPath: "/v1/models", basePath: "/v1"),
  ]

  let transport: any HTTPTransport
  var candidates = Self.candidates
  /// For the whole of one question. Loopback answers within a millisecond or is not a model server.
  var patience = Duration.milliseconds(600)

  /// The servers that answer as such, in the order of `candidates`.
  func find() async -> [LocalModelServer] {
    await withTaskGroup(of: (Int, LocalModelServer?).self) { group in
      for (place, candidate) in candidates.enumerated() {
        group.addTask { (place, await ask(candidate)) }
      }
      var found: [(Int, LocalModelServer)] = []
      for await (place, server) in group {
        if let server { found.append((place, server)) }
      }
      return found.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private func ask(_ candidate: Candidate) async -> LocalModelServer? {
    let origin = "http://127.0.0.1:\(candidate.port)"
    let request = HTTPRequest(
      url: origin + candidate.listPath,
      deadlines: HTTPDeadlines(connect: patience, firstByte: patience, idle: patience, total: patience),
      maximumBodyBytes: 1 << 20)
    // No server, or one of another kind: that is an answer, not an error.
    guard let response = try? await transport.send(request), response.status == 200,
      let body = try? await response.body.collect(), let answer = try? JSONParser.parse(body),
      let models = Self.models(in: answer)
    else { return nil }
    return LocalModelServer(
      name: candidate.name, provider: candidate.provider, baseURL: origin + candidate.basePath,
      models: models)
  }

  /// The names in Ollama's `{"models":[{"name":…}]}` or OpenAI's `{"data":[{"id":…}]}`; nil when the
  /// answer has neither form.
  static func models(in answer: JSONValue) -> [String]? {
    if let models = answer["models"]?.arrayValue {
      return models.compactMap { $0["name"]?.stringValue ?? $0["model"]?.stringValue }
    }
    return answer["data"]?.arrayValue?.compactMap { $0["id"]?.stringValue }
  }
}
