import MemfunCore

/// A server's address as people write it, made into URLs of its endpoints.
struct BaseURL: Sendable, Hashable {
  /// Scheme, authority and path without a slash at the end; may hold credentials.
  let text: String
  /// The same without user information, for errors and identities.
  let shown: String
  /// The host in lower case, without port.
  let host: String
  /// Whether the path names a version of the API, such as `/v1`.
  let hasVersion: Bool

  /// Accepts `host:port` without scheme (http for this machine, https elsewhere), slashes at the end,
  /// and a whole endpoint such as `…/v1/chat/completions`.
  ///
  /// - Parameter droppedSuffixes: paths that belong to the endpoints and not to the base.
  /// - Throws: `ModelError.invalidConfiguration`.
  init(_ written: String, droppedSuffixes: [String]) throws {
    func refuse(_ reason: String) -> ModelError {
      .invalidConfiguration(key: "model.base_url", reason: "the base URL cannot be used: \(reason)")
    }
    var rest = written.trimmed
    if rest.isEmpty { throw refuse("it is empty") }
    if rest.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) { throw refuse("it contains a blank") }
    if rest.contains("?") || rest.contains("#") { throw refuse("it must not have a query or fragment") }
    if !rest.contains("://") {
      let name = rest.prefix { $0 != ":" && $0 != "/" }.lowercased()
      let isLocal =
        name == "localhost" || name.hasPrefix("127.") || name == "0.0.0.0" || rest.hasPrefix("[::1]")
      rest = (isLocal ? "http://" : "https://") + rest
    }
    while rest.hasSuffix("/") { rest.removeLast() }
    for suffix in droppedSuffixes where rest.lowercased().hasSuffix(suffix) {
      rest.removeLast(suffix.count)
      while rest.hasSuffix("/") { rest.removeLast() }
    }
    let parts = rest.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[1].isEmpty, !parts[2].isEmpty else { throw refuse("it has no host") }
    let scheme = parts[0].lowercased()
    guard scheme == "http:" || scheme == "https:" else {
      throw refuse("it must begin with http:// or https://")
    }
    let authority = parts[2].split(separator: "@").last ?? parts[2]
    let path = parts.count > 3 ? "/" + parts[3] : ""
    text = rest
    shown = "\(scheme)//\(authority)\(path)"
    if authority.hasPrefix("[") {
      host = authority.dropFirst().prefix { $0 != "]" }.lowercased()
    } else {
      host = authority.prefix { $0 != ":" }.lowercased()
    }
    hasVersion = path.split(separator: "/").contains { segment in
      segment.first == "v" && segment.dropFirst().first?.isNumber == true
    }
  }

  /// The URL of an endpoint, and how to show it. `path` begins with a slash.
  func endpoint(_ path: String, version: String = "") -> (url: String, shown: String) {
    (text + version + path, shown + version + path)
  }
}
