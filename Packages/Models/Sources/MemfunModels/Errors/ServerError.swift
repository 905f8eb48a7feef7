import MemfunCore

/// An error as a server reported it, in any of the three dialects, in a response's body or inside a
/// stream; and what it means.
struct ServerError: Sendable, Equatable {
  /// The HTTP status; 0 inside a stream that gave none.
  var status: Int
  var message: String
  var type: String?
  var code: String?
  var parameter: String?
  var requestID: String?
  var retryAfter: Duration?
  /// llama.cpp tells both numbers as members of the error.
  var promptTokens: Int?
  var contextLength: Int?

  /// Reads the body of a response with an error status.
  init(status: Int, fields: HTTPFields, body: [UInt8], now: Timestamp) {
    self.init(status: status, message: "")
    requestID = fields["request-id"] ?? fields["x-request-id"]
    retryAfter = RetryAfter.delay(in: fields, now: now)
    // A body that is no JSON is summarised below; the parser's complaint would not help anybody.
    if let json = try? JSONParser.parse(body) {
      read(json)
    } else {
      message = ServerText.summary(of: String(decoding: body.prefix(20_000), as: UTF8.self))
    }
    if (300..<400).contains(status), let target = fields["location"] {
      message = "the server redirects to \(ServerText.clean(target)), which is not followed"
    }
    if message.isEmpty { message = Self.phrase(of: status) }
  }

  /// Reads an error object from inside a stream.
  init(inStream json: JSONValue) {
    self.init(status: 0, message: "")
    read(json)
    if message.isEmpty { message = ServerText.clean(json.description) }
  }

  private init(status: Int, message: String) {
    self.status = status
    self.message = message
  }

  private mutating func read(_ json: JSONValue) {
    let error = json["error"] ?? json
    if let text = error.stringValue {
      message = ServerText.clean(text)
    } else {
      let text = error["message"]?.stringValue ?? error["detail"]?.stringValue ?? json["message"]?.stringValue
      message = ServerText.clean(text ?? json["detail"].map { $0.stringValue ?? $0.description } ?? "")
      type = error["type"]?.stringValue
      code = error["code"]?.stringValue
      if status == 0, let number = error["code"]?.intValue ?? error["status"]?.intValue { status = number }
      parameter = error["param"]?.stringValue
      promptTokens = error["n_prompt_tokens"]?.tokenCount
      contextLength = error["n_ctx"]?.tokenCount
    }
    if requestID == nil { requestID = json["request_id"]?.stringValue }
  }

  /// What the error means for the call: `AttemptFailure` when another attempt may help, else
  /// `ModelError`.
  ///
  /// - Parameters:
  ///   - model: the model that was asked.
  ///   - url: without credentials.
  func meaning(model: String, url: String) -> any Error {
    let rejection = Rejection(
      status: status, message: message, type: code ?? type, requestID: requestID, url: url)
    let lower = message.lowercased()
    if let exceeded = contextLengthExceeded(lower: lower, model: model) { return exceeded }
    let isOutOfQuota =
      code == "insufficient_quota" || type == "insufficient_quota" || code == "billing_hard_limit_reached"
      || type == "billing_error" || status == 402 || lower.contains("credit balance is too low")
    if isOutOfQuota { return ModelError.quotaExhausted(rejection) }
    if status == 401 || status == 403 || (status == 0 && Self.authenticationTypes.contains(type ?? "")) {
      return ModelError.authentication(rejection)
    }
    let namesModel =
      code == "model_not_found"
      || ((status == 404 || type == "not_found_error" || status == 400) && lower.contains("model")
        && (lower.contains("not found") || lower.contains("does not exist") || lower.contains("not exist")
          || lower.hasPrefix("model:")))
    if namesModel { return ModelError.unknownModel(rejection, model: model, suggestion: nil) }
    if isPassing {
      return AttemptFailure(
        cause: status == 0 ? .reported(type ?? code ?? "error") : .status(status), message: message,
        requestID: requestID, retryAfter: retryAfter)
    }
    return ModelError.rejected(rejection)
  }

  /// Whether another attempt may help.
  private var isPassing: Bool {
    switch status {
    case 408, 409, 425, 429, 500...599: return true
    case 0: break
    default: return false
    }
    let name = type ?? code ?? ""
    if Self.lastingTypes.contains(name) { return false }
    // An error in the middle of a stream without a telling name: the request itself was accepted.
    return true
  }

  private static let authenticationTypes: Set<String> = ["authentication_error", "permission_error"]
  private static let lastingTypes: Set<String> = [
    "invalid_request_error", "not_found_error", "request_too_large", "invalid_prompt",
    "content_policy_violation",
    "BadRequestError", "billing_error",
  ]

  private static func phrase(of status: Int) -> String {
    switch status {
    case 408: "request timeout"
    case 413: "the request is too large"
    case 429: "too many requests"
    case 500: "internal server error"
    case 502: "bad gateway"
    case 503: "service unavailable"
    case 504: "gateway timeout"
    case 529: "overloaded"
    default: "no message"
    }
  }

  // MARK: Context length

  private func contextLengthExceeded(lower: String, model: String) -> ModelError? {
    guard status == 400 || status == 413 || status == 0 || status == 422 || status == 500 else { return nil }
    let isNamed = code == "context_length_exceeded" || type == "exceed_context_size_error"
    let isSaid = Self.contextPhrases.contains { lower.contains($0) }
    guard isNamed || isSaid else { return nil }
    // A server's own 500 that mentions the context is a failure of the server unless it is named.
    if status == 500, !isNamed, !lower.contains("exceed") { return nil }
    return .contextLengthExceeded(
      limit: contextLength ?? Self.limit(in: lower), requested: promptTokens ?? Self.requested(in: lower),
      model: model, wasSent: true)
  }

  private static let contextPhrases = [
    "maximum context length", "prompt is too long", "exceeds the context length", "exceed context limit",
    "exceeds the available context", "context length exceeded", "exceeds the model's context",
    "context window",
    "exceeds maximum context", "longer than the context", "model is loaded with context length",
  ]

  /// "… maximum context length is N …", "M tokens > N maximum", "a + b > N", "context length of only N".
  private static func limit(in text: String) -> Int? {
    for phrase in [
      "maximum context length is ", "maximum context length of ", "> ", "context length of only ",
      "context size (", "context length (", "context window of ",
    ] {
      if let number = number(after: phrase, in: text) { return number }
    }
    return nil
  }

  /// "… resulted in N tokens", "requested N tokens", "too long: N tokens", "limit: A + B > …".
  private static func requested(in text: String) -> Int? {
    if let first = number(after: "context limit: ", in: text), let second = number(after: " + ", in: text) {
      return first.saturatingSum(second)
    }
    for phrase in ["resulted in ", "requested ", "too long: ", "prompt contains ", "request ("] {
      if let number = number(after: phrase, in: text) { return number }
    }
    return nil
  }

  /// The first number that follows `phrase` at once.
  static func number(after phrase: String, in text: String) -> Int? {
    let hay = Array(text.utf8)
    let needle = Array(phrase.utf8)
    guard hay.count > needle.count else { return nil }
    for place in 0..<(hay.count - needle.count)
    where hay[place] == needle[0] && hay[place..<(place + needle.count)].elementsEqual(needle) {
      var digits = ""
      for byte in hay[(place + needle.count)...] {
        if byte >= 0x30 && byte <= 0x39 {
          digits.unicodeScalars.append(Unicode.Scalar(byte))
        } else if byte != UInt8(ascii: ",") || digits.isEmpty {
          break
        }
      }
      if let number = Int(digits) { return number }
    }
    return nil
  }
}
