/// A proxy from the configuration, checked.
struct HTTPProxy: Sendable {
  /// As it is handed to libcurl.
  let text: String
  /// For errors: without the password.
  let redacted: String

  private static let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]

  /// - Parameter text: a URL with one of the schemes above, or `host:port` for an HTTP proxy.
  /// - Throws: `HTTPError.invalidURL`.
  init(_ text: String) throws(HTTPError) {
    let redacted = HTTPURL.redact(text)
    var rest = text
    if let separator = text.firstIndex(of: ":"), text[separator...].hasPrefix("://") {
      let scheme = text[..<separator].lowercased()
      guard HTTPProxy.schemes.contains(scheme) else {
        throw .invalidURL(
          redacted, reason: "the proxy's scheme is none of \(HTTPProxy.schemes.joined(separator: ", "))")
      }
      rest = String(text[separator...].dropFirst(3))
    }
    do throws(HTTPError) {
      _ = try HTTPURL("http://" + rest)
    } catch {
      guard case .invalidURL(_, let reason) = error else { throw error }
      throw .invalidURL(redacted, reason: "as a proxy: \(reason)")
    }
    self.text = text
    self.redacted = redacted
  }
}
