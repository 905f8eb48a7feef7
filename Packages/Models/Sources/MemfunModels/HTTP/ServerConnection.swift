import MemfunCore

/// What all exchanges with one server have in common: transport, fields with the key, deadlines, and the
/// making of errors that do not show the key.
struct ServerConnection: Sendable {
  let transport: any HTTPTransport
  let base: BaseURL
  let model: String
  let key: Secret?
  let fields: HTTPFields
  let deadlines: HTTPDeadlines
  let time: any TimeSource

  /// A `POST` of JSON that expects a stream.
  func post(_ endpoint: String, body: JSONValue) -> HTTPRequest {
    var fields = fields
    fields["Content-Type"] = "application/json"
    fields["Accept"] = "text/event-stream, application/x-ndjson, application/json"
    return HTTPRequest(
      method: "POST", url: endpoint, fields: fields, body: JSONSerializer.bytes(of: body),
      deadlines: deadlines)
  }

  /// Sends a request and parses the JSON document that answers it.
  ///
  /// - Parameter body: nil for `GET`.
  /// - Throws: `ModelError`, `AttemptFailure`, `HTTPError`, `CancellationError`.
  func document(_ path: String, version: String = "", body: JSONValue? = nil) async throws -> JSONValue {
    let endpoint = base.endpoint(path, version: version)
    var request = body.map { post(endpoint.url, body: $0) } ?? HTTPRequest(url: endpoint.url, fields: fields)
    request.fields["Accept"] = "application/json"
    request.deadlines = HTTPDeadlines(
      connect: deadlines.connect, firstByte: min(deadlines.firstByte ?? .seconds(30), .seconds(30)),
      idle: min(deadlines.idle ?? .seconds(30), .seconds(30)), total: .seconds(60))
    request.maximumBodyBytes = 16 << 20
    let response = try await transport.send(request)
    guard (200..<300).contains(response.status) else {
      let error = try await error(of: response)
      throw redacted(error.meaning(model: model, url: endpoint.shown))
    }
    let bytes = try await response.body.collect()
    let context = ReplyContext(model: model, url: endpoint.shown)
    return try context.json(String(decoding: bytes, as: UTF8.self))
  }

  /// What a response with an error status says. Reads 64 KiB of its body at most.
  func error(of response: HTTPResponse) async throws -> ServerError {
    var body: [UInt8] = []
    do {
      for try await piece in response.body {
        body += piece
        if body.count >= 64 << 10 { break }
      }
    } catch let error as HTTPError {
      // The status is the news; a body that breaks off adds nothing to it.
      if body.isEmpty { body = Array(error.what.utf8) }
    }
    return ServerError(status: response.status, fields: response.fields, body: body, now: time.now())
  }

  /// The error without the key, wherever a server may have repeated it.
  func redacted(_ error: any Error) -> any Error {
    guard let key else { return error }
    func clean(_ rejection: Rejection) -> Rejection {
      var rejection = rejection
      rejection.message = key.redacted(rejection.message)
      rejection.type = rejection.type.map(key.redacted)
      rejection.requestID = rejection.requestID.map(key.redacted)
      return rejection
    }
    switch error {
    case var failure as AttemptFailure:
      failure.message = key.redacted(failure.message)
      failure.requestID = failure.requestID.map(key.redacted)
      return failure
    case let error as ModelError:
      return switch error {
      case .authentication(let rejection): ModelError.authentication(clean(rejection))
      case .unknownModel(let rejection, let model, let suggestion):
        ModelError.unknownModel(clean(rejection), model: model, suggestion: suggestion)
      case .quotaExhausted(let rejection): ModelError.quotaExhausted(clean(rejection))
      case .rejected(let rejection): ModelError.rejected(clean(rejection))
      case .foreignAnswer(let url, let summary):
        ModelError.foreignAnswer(url: url, summary: key.redacted(summary))
      default: error
      }
    default: return error
    }
  }
}
