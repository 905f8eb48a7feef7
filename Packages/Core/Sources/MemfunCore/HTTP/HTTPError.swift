/// Why an exchange did not finish. A response with an error status is not an error here.
public enum HTTPError: MemfunError, Equatable {
  /// The URL is malformed or its scheme is neither http nor https.
  case invalidURL(String, reason: String)
  /// The host name has no address.
  case unresolved(host: String, url: String)
  /// Nothing accepted the connection, or the configured proxy did not.
  case unreachable(url: String, reason: String)
  /// The TLS handshake or the certificate check failed.
  case tls(url: String, reason: String)
  /// A deadline passed.
  case timedOut(phase: Phase, after: Duration, url: String)
  /// The connection ended before the response was complete.
  case connectionLost(url: String, reason: String, receivedBytes: Int)
  /// The body is larger than the request allows.
  case bodyTooLarge(limit: Int, url: String)
  /// The peer does not speak HTTP.
  case protocolViolation(url: String, reason: String)
  /// The request cannot be sent as it is: a method or a field with a character that would change the
  /// message, a second reader of one body.
  case invalidRequest(reason: String, url: String)
  /// `HTTPClient.shutdown()` was called before the exchange ended.
  case shutDown(url: String)
  /// libcurl or the operating system failed in a way that is no fault of the peer.
  case clientFailure(reason: String, url: String)
  /// libcurl is not installed or is too old.
  case libraryMissing(reason: String)

  /// The phases that have deadlines.
  public enum Phase: String, Sendable {
    case connect = "connecting"
    case firstByte = "waiting for the first byte"
    case idle = "waiting for more of the response"
    case total = "the whole exchange"
  }

  public var kind: String {
    switch self {
    case .invalidURL: "http.invalid_url"
    case .unresolved: "http.unresolved_host"
    case .unreachable: "http.unreachable"
    case .tls: "http.tls"
    case .timedOut: "http.timeout"
    case .connectionLost: "http.connection_lost"
    case .bodyTooLarge: "http.body_too_large"
    case .protocolViolation: "http.protocol"
    case .invalidRequest: "http.invalid_request"
    case .shutDown: "http.shut_down"
    case .clientFailure: "http.client_failure"
    case .libraryMissing: "http.library_missing"
    }
  }

  public var what: String {
    switch self {
    case .invalidURL(_, let reason): "the URL cannot be used: \(reason)"
    case .unresolved(let host, _): "the host name \(host) has no address"
    case .unreachable(_, let reason): "no connection: \(reason)"
    case .tls(_, let reason): "the secure connection failed: \(reason)"
    case .timedOut(let phase, let after, _): "time out after \(after) while \(phase.rawValue)"
    case .connectionLost(_, let reason, let received):
      "the connection was lost after \(received) bytes of the body: \(reason)"
    case .bodyTooLarge(let limit, _): "the response is larger than the limit of \(limit) bytes"
    case .protocolViolation(_, let reason): "the server does not speak HTTP as expected: \(reason)"
    case .invalidRequest(let reason, _): "the request cannot be sent: \(reason)"
    case .shutDown: "the HTTP client was shut down during the exchange"
    case .clientFailure(let reason, _): "the HTTP client failed: \(reason)"
    case .libraryMissing(let reason): "libcurl cannot be used: \(reason)"
    }
  }

  public var location: String? {
    switch self {
    case .invalidURL(let url, _), .unresolved(_, let url), .unreachable(let url, _), .tls(let url, _),
      .timedOut(_, _, let url), .connectionLost(let url, _, _), .bodyTooLarge(_, let url),
      .protocolViolation(let url, _), .invalidRequest(_, let url), .shutDown(let url),
      .clientFailure(_, let url):
      url
    case .libraryMissing: nil
    }
  }

  public var remedy: String? {
    switch self {
    case .invalidURL: "give an absolute URL that begins with http:// or https://"
    case .unresolved: "check the host name, and the network's DNS"
    case .unreachable: "check that the server runs, its port, and the proxy setting (http.proxy)"
    case .tls: "check the server's certificate and the machine's clock and CA certificates"
    case .timedOut: "check that the server is responsive, or raise the time limit"
    case .connectionLost: "try again; if it repeats, look at the server's log"
    case .bodyTooLarge: "ask for less, or raise the limit"
    case .protocolViolation: "check that the URL and port belong to an HTTP server"
    case .invalidRequest: "correct the request's method or fields"
    case .shutDown: nil
    case .clientFailure: "check the machine's memory and limits (ulimit -n), then try again"
    case .libraryMissing: "install libcurl (Debian: apt-get install libcurl4)"
    }
  }

  public var exitCode: ExitCode {
    switch self {
    case .invalidURL, .invalidRequest: .usage
    default: .provider
    }
  }

  public var isRetryable: Bool {
    switch self {
    case .unresolved, .unreachable, .timedOut, .connectionLost: true
    case .invalidURL, .tls, .bodyTooLarge, .protocolViolation, .invalidRequest, .shutDown, .clientFailure,
      .libraryMissing:
      false
    }
  }
}
