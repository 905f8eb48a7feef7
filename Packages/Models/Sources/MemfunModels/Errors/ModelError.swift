import MemfunCore

/// Why a model gave no reply. Failures that may mend themselves were retried before one of these came.
public enum ModelError: MemfunError, Equatable {
  /// No model is configured: provider `offline`.
  case offline
  /// The provider needs a key and there is none.
  case missingKey(provider: String, variable: String)
  /// A setting of the model cannot be used.
  case invalidConfiguration(key: String, reason: String)
  /// The key was refused (401), or has not the right (403).
  case authentication(Rejection)
  /// The server does not have the model.
  case unknownModel(Rejection, model: String, suggestion: String?)
  /// The account has no money or quota left; waiting does not help.
  case quotaExhausted(Rejection)
  /// The prompt, with room for the reply, does not fit the model's context.
  case contextLengthExceeded(limit: Int?, requested: Int?, model: String, wasSent: Bool)
  /// The server answered, but cut the beginning of the prompt off first.
  case promptTruncated(model: String, sent: Int, evaluated: Int)
  /// The server refused the request as it is.
  case rejected(Rejection)
  /// What answered does not speak the provider's protocol.
  case foreignAnswer(url: String, summary: String)
  /// Every attempt failed.
  case gaveUp(attempts: Int, waited: Duration, reason: GiveUpReason, last: AttemptFailure, url: String)
  /// A stream ended without `finished`; only a faulty `LanguageModel` does that.
  case incompleteStream(identity: ModelIdentity)
  /// The script of a scripted model has no more replies.
  case scriptExhausted(requests: Int)
  /// The reply was no JSON of the wanted form, also after the model was told so.
  case schemaMismatch(model: String, problems: [String], reply: String)

  /// Why there was no further attempt.
  public enum GiveUpReason: String, Sendable {
    /// The number of attempts was used up.
    case attempts = "no attempt is left"
    /// Waiting once more would exceed the longest total wait.
    case wait = "the longest total wait is reached"
    /// The server asked for a longer wait than the policy allows.
    case longWait = "the server asks to wait too long"
    /// The server stayed silent as often as the policy bears, which is less often than other failures.
    case silence = "the server stays silent"
  }
}

/// What a server said when it refused a request.
public struct Rejection: Sendable, Equatable {
  /// The HTTP status; 0 when the refusal came inside a stream.
  public var status: Int
  /// The server's sentence, shortened, keys removed.
  public var message: String
  /// The provider's machine-readable name of the reason.
  public var type: String?
  /// The id under which the provider knows the request.
  public var requestID: String?
  /// The URL, without credentials.
  public var url: String

  /// - Parameters:
  ///   - status: the HTTP status, 0 inside a stream.
  ///   - message: the server's sentence.
  ///   - url: without credentials.
  public init(status: Int, message: String, type: String? = nil, requestID: String? = nil, url: String) {
    self.status = status
    self.message = message
    self.type = type
    self.requestID = requestID
    self.url = url
  }

  var place: String { requestID.map { "\(url) (request \($0))" } ?? url }
  var statusText: String { status == 0 ? "in the stream" : "HTTP \(status)" }
}

extension ModelError {
  public var kind: String {
    switch self {
    case .offline: "model.offline"
    case .missingKey: "model.missing_key"
    case .invalidConfiguration: "model.invalid_configuration"
    case .authentication: "model.authentication"
    case .unknownModel: "model.unknown_model"
    case .quotaExhausted: "model.quota_exhausted"
    case .contextLengthExceeded: "model.context_length_exceeded"
    case .promptTruncated: "model.prompt_truncated"
    case .rejected: "model.rejected"
    case .foreignAnswer: "model.foreign_answer"
    case .gaveUp: "model.gave_up"
    case .incompleteStream: "model.incomplete_stream"
    case .scriptExhausted: "model.script_exhausted"
    case .schemaMismatch: "model.schema_mismatch"
    }
  }

  public var what: String {
    switch self {
    case .offline: "no model is configured (provider \"offline\")"
    case .missingKey(let provider, _): "the provider \(provider) needs an API key and none is set"
    case .invalidConfiguration(_, let reason): reason
    case .authentication(let rejection):
      rejection.status == 403
        ? "the key is not allowed to do this (\(rejection.statusText)): \(rejection.message)"
        : "the key was refused (\(rejection.statusText)): \(rejection.message)"
    case .unknownModel(let rejection, let model, _):
      "the server has no model \"\(model)\" (\(rejection.statusText)): \(rejection.message)"
    case .quotaExhausted(let rejection): "the account's quota is used up: \(rejection.message)"
    case .contextLengthExceeded(let limit, let requested, let model, let wasSent):
      "the prompt is too long for \(model)"
        + (requested.map { ": \(wasSent ? "" : "about ")\($0) tokens" } ?? "")
        + (limit.map { requested == nil ? ": the limit is \($0) tokens" : ", the limit is \($0)" } ?? "")
        + (wasSent ? "" : " (nothing was sent)")
    case .promptTruncated(let model, let sent, let evaluated):
      "the server cut off the beginning of the prompt: \(model) read \(evaluated) tokens of about \(sent)"
    case .rejected(let rejection):
      "the server refused the request (\(rejection.statusText)): \(rejection.message)"
    case .foreignAnswer(_, let summary): "the server does not answer like a model server: \(summary)"
    case .gaveUp(let attempts, let waited, let reason, let last, _):
      "gave up after \(attempts) attempt\(attempts == 1 ? "" : "s")"
        + (waited == .zero ? "" : " and \(waited.rounded) s of waiting")
        + " (\(reason.rawValue)\(reason == .longWait ? last.retryAfter.map { ": \($0.rounded) s" } ?? "" : ""));"
        + " last failure: \(last.summary)"
    case .incompleteStream(let identity): "the reply of \(identity) has no end"
    case .scriptExhausted(let requests): "the script has no reply for request \(requests)"
    case .schemaMismatch(let model, let problems, _):
      "the reply of \(model) does not match the schema: " + problems.prefix(3).joined(separator: "; ")
    }
  }

  public var location: String? {
    switch self {
    case .offline, .scriptExhausted, .schemaMismatch, .contextLengthExceeded, .promptTruncated: nil
    case .missingKey(_, let variable): variable
    case .invalidConfiguration(let key, _): key
    case .authentication(let rejection), .unknownModel(let rejection, _, _), .quotaExhausted(let rejection),
      .rejected(let rejection):
      rejection.place
    case .foreignAnswer(let url, _): url
    case .gaveUp(_, _, _, let last, let url): last.requestID.map { "\(url) (request \($0))" } ?? url
    case .incompleteStream(let identity): identity.baseURL.isEmpty ? nil : identity.baseURL
    }
  }

  public var remedy: String? {
    switch self {
    case .offline:
      "configure a model with `memfun init`, or set model.provider (anthropic, openai or ollama) and model.name"
    case .missingKey(_, let variable): "set the environment variable \(variable), or run `memfun init`"
    case .invalidConfiguration: "correct the setting"
    case .authentication: "check the API key and its rights, then run `memfun doctor`"
    case .unknownModel(_, _, let suggestion):
      suggestion.map { "did you mean \"\($0)\"? `memfun models list` shows what the server has" }
        ?? "run `memfun models list` to see what the server has"
    case .quotaExhausted: "check the plan and billing of the account"
    case .contextLengthExceeded: "send less, or choose a model with a longer context"
    case .promptTruncated:
      "raise the server's context (Ollama: OLLAMA_CONTEXT_LENGTH), or set model.context_tokens to what it has"
    case .rejected(let rejection):
      rejection.status == 404 || (300..<400).contains(rejection.status)
        ? "check the base URL (model.base_url)" : "check the model's settings, then run `memfun models test`"
    case .foreignAnswer:
      "check that the base URL (model.base_url) is that of the model server, not of a web page"
    case .gaveUp(_, _, _, let last, _): last.advice
    case .incompleteStream: nil
    case .scriptExhausted: "add replies to the script"
    case .schemaMismatch: "try again, or choose a model that follows schemas"
    }
  }

  public var exitCode: ExitCode {
    switch self {
    case .offline, .invalidConfiguration, .unknownModel: .usage
    case .missingKey, .authentication: .authentication
    case .quotaExhausted, .contextLengthExceeded, .promptTruncated, .rejected, .foreignAnswer, .gaveUp,
      .incompleteStream, .scriptExhausted, .schemaMismatch:
      .provider
    }
  }

  public var isRetryable: Bool {
    switch self {
    case .gaveUp, .schemaMismatch: true
    default: false
    }
  }
}

extension Duration {
  /// Seconds with one decimal, for messages.
  var rounded: String {
    let tenths = Int((inSeconds * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
