import Glibc

/// An absolute `http` or `https` URL, checked before anything is sent (RFC 3986, the parts that matter
/// to a client).
///
/// The check is stricter than libcurl's own: what two parsers could read differently (a second `@`, a
/// backslash, a blank) is refused, so that what is checked here is what libcurl connects to.
struct HTTPURL: Sendable, Equatable {
  /// The URL as it is handed to libcurl: no fragment, bytes outside ASCII percent-encoded after the host.
  let text: String
  /// The host in lower case, without the brackets of an IPv6 address.
  let host: String
  /// The port that is connected to, 1–65535.
  let port: Int
  /// Whether the scheme is `https`.
  let isSecure: Bool

  /// Scheme, host and port: what connections can be shared by.
  let origin: String
  /// Whether the host is this machine: such a request never goes through a proxy.
  let isLoopback: Bool

  private let original: String

  /// For errors and logs: user information and the values of the query are masked.
  var redacted: String { HTTPURL.redact(original) }

  /// - Throws: `HTTPError.invalidURL`.
  init(_ text: String) throws(HTTPError) {
    func refuse(_ reason: String) -> HTTPError { .invalidURL(HTTPURL.redact(text), reason: reason) }

    let bytes = Array(text.utf8)
    if bytes.isEmpty { throw refuse("it is empty") }
    if let odd = bytes.first(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }) {
      throw refuse(
        odd == 0x20
          ? "it contains a blank"
          : odd == UInt8(ascii: "\\") ? "it contains a backslash" : "it contains a control character")
    }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      bytes[colon...].starts(with: "://".utf8)
    else { throw refuse("it does not begin with http:// or https://") }
    switch String(decoding: bytes[..<colon], as: UTF8.self).lowercased() {
    case "http": isSecure = false
    case "https": isSecure = true
    case let other: throw refuse("the scheme \(printable(other, limit: 32)) is neither http nor https")
    }

    let afterScheme = bytes[(colon + 3)...]
    let authorityEnd = afterScheme.firstIndex(where: isAuthorityEnd) ?? afterScheme.endIndex
    var authority = afterScheme[..<authorityEnd]
    if let at = authority.firstIndex(of: UInt8(ascii: "@")) {
      authority = authority[(at + 1)...]
      if authority.contains(UInt8(ascii: "@")) { throw refuse("it contains a second @ before the path") }
    }
    let (hostBytes, portBytes) = try HTTPURL.splitPort(authority, refuse: refuse)
    host = try HTTPURL.checkedHost(hostBytes, refuse: refuse)
    port = try HTTPURL.checkedPort(portBytes, isSecure: isSecure, refuse: refuse)

    let rest = bytes[authorityEnd...].prefix { $0 != UInt8(ascii: "#") }
    var wire = Array(bytes[..<authorityEnd])
    for byte in rest {
      if byte < 0x80 {
        wire.append(byte)
      } else {
        wire += [UInt8(ascii: "%"), hexDigit(byte >> 4), hexDigit(byte & 15)]
      }
    }
    self.text = String(decoding: wire, as: UTF8.self)
    original = text
    origin = (isSecure ? "https://" : "http://") + host + ":" + String(port)
    isLoopback = HTTPURL.isLoopback(host)
  }

  private static func isLoopback(_ host: String) -> Bool {
    let name = host.utf8.last == UInt8(ascii: ".") ? String(host.dropLast()) : host
    if name == "localhost" || name.hasSuffix(".localhost") { return true }
    // inet_aton also reads the short and the numeric forms (127.1, 0x7f000001) that libcurl accepts.
    var v4 = in_addr()
    if inet_aton(name, &v4) != 0 { return isLocal(v4: UInt32(bigEndian: v4.s_addr)) }
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, name, &v6) == 1 else { return false }
    let bytes = withUnsafeBytes(of: &v6) { Array($0) }
    if bytes.dropLast().allSatisfy({ $0 == 0 }) { return bytes[15] <= 1 }  // :: and ::1
    guard bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else { return false }
    return isLocal(v4: bytes[12...].reduce(0) { $0 << 8 | UInt32($1) })
  }

  /// The text without anything secret: user information becomes `***`, so does every value of the
  /// query (keys hide under any name), the fragment goes, and control characters become `?`.
  /// Works on malformed text as well, erring on the side of hiding.
  static func redact(_ text: String) -> String {
    var rest = Substring(text)
    var out = ""
    if let scheme = rest.range(ofText: "://") {
      out += rest[..<scheme.upperBound]
      rest = rest[scheme.upperBound...]
    }
    let pathStart = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    if let at = rest[..<pathStart].lastIndex(of: "@") {
      out += "***@" + rest[rest.index(after: at)..<pathStart]
    } else if let at = rest.lastIndex(of: "@"), rest[..<pathStart].contains(":"), out.isEmpty {
      // No scheme, so it is anybody's guess where the password ends.
      return printable("***@" + rest[rest.index(after: at)...], limit: 512)
    } else {
      out += rest[..<pathStart]
    }
    rest = rest[pathStart...].prefix { $0 != "#" }
    let queryStart = rest.firstIndex(of: "?") ?? rest.endIndex
    out += rest[..<queryStart]
    if queryStart < rest.endIndex {
      let pairs = rest[rest.index(after: queryStart)...].split(
        separator: "&", omittingEmptySubsequences: false)
      out +=
        "?"
        + pairs.map { pair in
          guard let equals = pair.firstIndex(of: "=") else { return pair.isEmpty ? "" : "***" }
          return pair[...equals] + "***"
        }.joined(separator: "&")
    }
    return printable(out, limit: 512)
  }

  private static func splitPort(
    _ authority: ArraySlice<UInt8>, refuse: (String) -> HTTPError
  ) throws(HTTPError) -> (host: ArraySlice<UInt8>, port: ArraySlice<UInt8>?) {
    if authority.first == UInt8(ascii: "[") {
      guard let bracket = authority.firstIndex(of: UInt8(ascii: "]")) else {
        throw refuse("the bracket of the IPv6 address is not closed")
      }
      let after = authority[(bracket + 1)...]
      if !after.isEmpty && after.first != UInt8(ascii: ":") {
        throw refuse("something other than a port follows the IPv6 address")
      }
      return (authority[...bracket], after.isEmpty ? nil : after.dropFirst())
    }
    guard let colon = authority.firstIndex(of: UInt8(ascii: ":")) else { return (authority, nil) }
    return (authority[..<colon], authority[(colon + 1)...])
  }

  private static func checkedHost(
    _ bytes: ArraySlice<UInt8>, refuse: (String) -> HTTPError
  ) throws(HTTPError) -> String {
    if bytes.isEmpty { throw refuse("it has no host") }
    if bytes.first == UInt8(ascii: "[") {
      let inner = String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self).lowercased()
      let address = inner.prefix { $0 != "%" }  // a zone follows the percent sign (RFC 6874)
      var v6 = in6_addr()
      guard inet_pton(AF_INET6, String(address), &v6) == 1 else {
        throw refuse("the address in brackets is not an IPv6 address")
      }
      return inner
    }
    // Letters beyond ASCII are left to libcurl's IDN support.
    let isName = bytes.allSatisfy { byte in
      byte >= 0x80 || isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        || byte == UInt8(ascii: "_")
    }
    guard isName else { throw refuse("the host contains a character that no host name has") }
    if bytes.count > 255 { throw refuse("the host is longer than 255 bytes") }
    return String(decoding: bytes, as: UTF8.self).lowercased()
  }

  private static func checkedPort(
    _ bytes: ArraySlice<UInt8>?, isSecure: Bool, refuse: (String) -> HTTPError
  ) throws(HTTPError) -> Int {
    guard let bytes, !bytes.isEmpty else { return isSecure ? 443 : 80 }
    guard bytes.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let port = Int(String(decoding: bytes, as: UTF8.self)), (1...65535).contains(port)
    else { throw refuse("the port is not a number from 1 to 65535") }
    return port
  }
}

private func isAuthorityEnd(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
}

private func isAlphanumeric(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  default: false
  }
}

private func hexDigit(_ value: UInt8) -> UInt8 {
  value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
}

/// 127.0.0.0/8, and 0.0.0.0, which the kernel also routes to this machine.
private func isLocal(v4: UInt32) -> Bool { v4 >> 24 == 127 || v4 == 0 }

/// At most `limit` characters, with `?` for those that a terminal would obey.
private func printable(_ text: String, limit: Int) -> String {
  let cut = text.count > limit ? text.prefix(limit) + "…" : text[...]
  return String(
    String.UnicodeScalarView(
      cut.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : $0 }))
}

extension Substring {
  fileprivate func range(ofText text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
