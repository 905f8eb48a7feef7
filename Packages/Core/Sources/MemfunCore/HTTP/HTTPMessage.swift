/// A request that has been checked, and that libcurl can send as it is.
///
/// The checks keep data from becoming protocol: a line end in a field's value would start another field
/// or another request (RFC 9110 §5.5).
struct HTTPMessage: Sendable {
  let url: HTTPURL
  let method: String
  /// Field lines in libcurl's form: `Name: value`, `Name;` for an empty value, `Name:` to leave out a
  /// field that libcurl would add.
  let lines: [String]
  /// The caller's Accept-Encoding: its presence asks for decompression.
  let acceptEncoding: String?
  let body: [UInt8]?
  let deadlines: HTTPDeadlines
  let maximumBodyBytes: Int

  /// - Throws: `HTTPError.invalidURL`, `HTTPError.invalidRequest`.
  init(_ request: HTTPRequest) throws(HTTPError) {
    url = try HTTPURL(request.url)
    guard !request.method.isEmpty, request.method.utf8.allSatisfy(isTokenByte) else {
      throw .invalidRequest(reason: "the method is not a word", url: url.redacted)
    }
    method = request.method
    var lines = ["Expect:"]
    var acceptEncoding: String?
    var hasContentType = false
    for (name, value) in request.fields.entries {
      guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else {
        throw .invalidRequest(reason: "a field's name is empty or has an odd character", url: url.redacted)
      }
      guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
        // The value may be a secret, so only the name is told.
        throw .invalidRequest(
          reason: "the value of the field \(name) contains a line end or another control character",
          url: url.redacted)
      }
      if ownFields.contains(where: { isSameFieldName($0, name) }) { continue }
      if isSameFieldName(name, "accept-encoding") {
        acceptEncoding = acceptEncoding.map { $0 + ", " + value } ?? value
        continue
      }
      if isSameFieldName(name, "content-type") { hasContentType = true }
      let isEmpty = value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 }
      lines.append(isEmpty ? name + ";" : name + ": " + value)
    }
    body = request.body ?? (["POST", "PUT", "PATCH"].contains(request.method) ? [] : nil)
    // libcurl would call any body a form.
    if body != nil && !hasContentType { lines.append("Content-Type:") }
    self.lines = lines
    self.acceptEncoding = acceptEncoding
    deadlines = request.deadlines
    maximumBodyBytes = request.maximumBodyBytes
  }
}

/// Fields that the client makes itself.
private let ownFields = ["content-length", "transfer-encoding", "host", "expect"]

/// `tchar` of RFC 9110 §5.6.2.
private func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"),
    UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
    UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
    UInt8(ascii: "|"), UInt8(ascii: "~"):
    true
  default: false
  }
}
