/// Sends HTTP/1.1 and HTTP/2 requests with libcurl, from a pool of kept connections.
///
/// Everything that touches libcurl happens on one thread of the client's own, which is started by the
/// first request and sleeps whenever there is nothing to do. TLS certificates are always verified,
/// redirects are results and never followed, and neither proxies nor credentials are taken from the
/// environment.
///
/// When the client is released, running exchanges are finished first; `shutdown()` ends them.
public final class HTTPClient: HTTPTransport {
  /// What all requests of one client have in common.
  public struct Configuration: Sendable {
    /// Connections in all, 1 or more. Requests beyond them wait. Default 256.
    public var maximumConnections = 256
    /// Connections to one scheme, host and port, 1 or more. Default 64.
    public var maximumConnectionsPerHost = 64
    /// Idle connections that are kept for later requests. Default 64.
    public var maximumIdleConnections = 64
    /// The proxy for all hosts but this machine: `http://`, `https://`, `socks5://` or `socks5h://`, user
    /// information allowed; `host:port` is an HTTP proxy. Nil, the default, connects directly, whatever the environment says.
    public var proxy: String?
    /// Hosts and domains (`example.com`, `10.0.0.0/8`) that are reached without the proxy.
    public var proxyExclusions: [String] = []
    /// A file of PEM certificates to trust in addition to the system's certificate folder.
    public var certificateFile: String?
    /// The User-Agent of requests that do not have one. Default `memfun`.
    public var userAgent = "memfun"
    /// Whether HTTP/2 is offered in the TLS handshake. Default true.
    public var allowsHTTP2 = true
    /// Bytes of a body that are kept for a slow reader before the peer is made to wait. Default 1 MiB.
    public var bodyBufferBytes = 1 << 20
    /// The largest head of a response, interim responses and trailers included. Default 256 KiB.
    public var maximumHeadBytes = 256 << 10
    /// The most lines in it. Default 1000.
    public var maximumHeadLines = 1000

    /// The defaults.
    public init() {}
  }

  private let configuration: Configuration
  private let loop: HTTPEventLoop
  /// Why the configured proxy cannot be used.
  private let proxyFailure: HTTPError?

  /// Starts nothing and opens nothing: the first request does.
  public init(_ configuration: Configuration = Configuration()) {
    self.configuration = configuration
    loop = HTTPEventLoop(configuration)
    do throws(HTTPError) {
      if let proxy = configuration.proxy { _ = try HTTPProxy(proxy) }
      proxyFailure = nil
    } catch { proxyFailure = error }
  }

  deinit { loop.release() }

  /// Sends the request and returns as soon as the response's head is there. Any status is a result.
  ///
  /// A request on a kept connection that turns out to be closed is sent again on a fresh one, provided
  /// that no byte of a response had arrived.
  ///
  /// - Throws: `HTTPError`, or `CancellationError` when the task is cancelled (the socket is closed).
  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    try Task.checkCancellation()
    let message = try HTTPMessage(request)
    if let proxyFailure, !message.url.isLoopback { throw proxyFailure }
    let exchange = HTTPExchange(message, on: loop, bufferBytes: configuration.bodyBufferBytes)
    let head = try await exchange.start()
    return HTTPResponse(
      status: head.status, version: head.version, fields: head.fields,
      body: HTTPBody(pull: { try await exchange.nextPiece() }, cancel: { exchange.cancel() }))
  }

  /// Ends all running exchanges with `HTTPError.shutDown`, closes all connections, and returns when the
  /// client's thread has ended. Later requests throw `HTTPError.shutDown`.
  public func shutdown() async { await loop.shutDown() }
}
