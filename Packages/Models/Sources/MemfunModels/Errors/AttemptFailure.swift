import MemfunCore

/// Why one attempt failed in a way that another attempt may mend.
public struct AttemptFailure: Error, Sendable, Equatable {
  /// What happened.
  public enum Cause: Sendable, Equatable {
    /// An HTTP status that asks for patience: 408, 409, 425, 429 or 5xx.
    case status(Int)
    /// The connection could not be made, was lost, or was silent too long.
    case transport(HTTPError)
    /// The stream ended before the reply did.
    case cut
    /// The body is no valid JSON, as when it was truncated.
    case malformed
    /// The provider reported a passing error inside the stream; its name.
    case reported(String)
  }

  /// What happened.
  public var cause: Cause
  /// The server's or our sentence about it, keys removed.
  public var message: String
  /// The id under which the provider knows the request.
  public var requestID: String?
  /// How long the server asks to wait.
  public var retryAfter: Duration?

  /// - Parameters:
  ///   - cause: what happened.
  ///   - message: one sentence.
  ///   - requestID: the provider's id.
  ///   - retryAfter: how long the server asks to wait.
  public init(cause: Cause, message: String, requestID: String? = nil, retryAfter: Duration? = nil) {
    self.cause = cause
    self.message = message
    self.requestID = requestID
    self.retryAfter = retryAfter
  }

  /// Whether the server said that it has too much to do.
  public var isThrottle: Bool {
    switch cause {
    case .status(let status): status == 429 || status == 503 || status == 529
    case .reported(let name): name.contains("overloaded") || name.contains("rate_limit")
    case .transport, .cut, .malformed: false
    }
  }

  /// One clause for messages and logs: the cause, then the server's sentence.
  public var summary: String {
    let prefix =
      switch cause {
      case .status(let status): "HTTP \(status)"
      case .transport: "connection"
      case .cut: "stream cut"
      case .malformed: "broken answer"
      case .reported(let name): name
      }
    return message.isEmpty ? prefix : "\(prefix): \(message)"
  }

  /// A short name for metrics: `429`, `connection`, `cut`, `malformed`, or the provider's name.
  public var label: String {
    switch cause {
    case .status(let status): String(status)
    case .transport: "connection"
    case .cut: "cut"
    case .malformed: "malformed"
    case .reported(let name): name
    }
  }

  /// What a person can do when all attempts failed like this.
  var advice: String {
    switch cause {
    case .status(429): "wait a while, or lower the number of requests at a time"
    case .status, .reported: "look at the provider's status page, and try again later"
    case .transport(let error): error.remedy ?? "check the network"
    case .cut, .malformed: "try again; if it repeats, look at the server's log"
    }
  }
}
