import CCurl

extension HTTPError {
  /// What a result code of libcurl means for the exchange.
  ///
  /// - Parameters:
  ///   - reason: libcurl's text.
  ///   - isConnecting: there was no connection yet.
  ///   - receivedBytes: of the body.
  init(
    _ code: CURLcode, reason: String, url: HTTPURL, proxy: String?, isConnecting: Bool, receivedBytes: Int
  ) {
    let place = url.redacted
    let route = proxy.map { " (through the proxy \(HTTPURL.redact($0)))" } ?? ""
    switch code {
    case CURLE_URL_MALFORMAT:
      self = .invalidURL(place, reason: reason)
    case CURLE_COULDNT_RESOLVE_HOST:
      self = .unresolved(host: url.host, url: place)
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED, CURLE_PROXY,
      CURLE_NO_CONNECTION_AVAILABLE:
      self = .unreachable(url: place, reason: reason + route)
    case CURLE_SSL_CONNECT_ERROR where HTTPError.isLostConnection(reason):
      // The peer hung up during the handshake; unlike a bad certificate, this may mend itself.
      self = .unreachable(url: place, reason: reason + route)
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ENGINE_NOTFOUND,
      CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED,
      CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS,
      CURLE_SSL_CLIENTCERT:
      self = .tls(url: place, reason: reason + route)
    case CURLE_OPERATION_TIMEDOUT:
      // Only the kernel's own limits are left to libcurl; the deadlines are ours.
      self =
        isConnecting
        ? .unreachable(url: place, reason: reason + route)
        : .connectionLost(url: place, reason: reason, receivedBytes: receivedBytes)
    case CURLE_RECV_ERROR where HTTPError.isMalformedMessage(reason):
      self = .protocolViolation(url: place, reason: reason)
    case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR:
      // A proxy that refuses the tunnel is reported as a receive error.
      self =
        isConnecting
        ? .unreachable(url: place, reason: reason + route)
        : .connectionLost(url: place, reason: reason, receivedBytes: receivedBytes)
    case CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND, CURLE_HTTP2, CURLE_HTTP2_STREAM:
      self = .connectionLost(url: place, reason: reason, receivedBytes: receivedBytes)
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_WRITE_ERROR,
      CURLE_FILESIZE_EXCEEDED, CURLE_TOO_MANY_REDIRECTS:
      self = .protocolViolation(url: place, reason: reason)
    default:
      self = .clientFailure(reason: "\(reason) (libcurl's code \(code.rawValue))", url: place)
    }
  }

  private static func isLostConnection(_ reason: String) -> Bool {
    let text = reason.lowercased()
    return ["reset by peer", "ssl_error_syscall", "unexpected eof", "broken pipe"].contains(
      where: text.contains)
  }

  /// libcurl 7 reports broken chunks and oversized heads as receive errors.
  private static func isMalformedMessage(_ reason: String) -> Bool {
    let text = reason.lowercased()
    return ["chunked-encoding", "too large response headers", "header"].contains(where: text.contains)
  }
}
