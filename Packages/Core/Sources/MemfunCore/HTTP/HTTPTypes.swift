/// The fields of an HTTP message: ordered, names compared without case (RFC 9110 §5).
public struct HTTPFields: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  /// Name and value pairs, in order; a name may stand more than once.
  public private(set) var entries: [(name: String, value: String)] = []

  /// - Parameter entries: name and value pairs, in order.
  public init(_ entries: [(String, String)] = []) {
    self.entries = entries.map { (name: $0.0, value: $0.1) }
  }

  public init(dictionaryLiteral elements: (String, String)...) { self.init(elements) }

  /// The first value of `name`. Setting replaces all of them; nil removes them.
  public subscript(name: String) -> String? {
    get { entries.first { isSameFieldName($0.name, name) }?.value }
    set {
      entries.removeAll { isSameFieldName($0.name, name) }
      if let newValue { append(name, newValue) }
    }
  }

  /// Adds one more field at the end.
  public mutating func append(_ name: String, _ value: String) { entries.append((name: name, value: value)) }

  /// Every value of `name`, in order.
  public func values(of name: String) -> [String] {
    entries.filter { isSameFieldName($0.name, name) }.map(\.value)
  }

  /// Appends to the value of the last field; nothing happens when there is none.
  mutating func extendLast(with text: String) {
    if !entries.isEmpty { entries[entries.count - 1].value += text }
  }

  public static func == (left: HTTPFields, right: HTTPFields) -> Bool {
    left.entries.elementsEqual(right.entries) {
      isSameFieldName($0.name, $1.name) && $0.value == $1.value
    }
  }
}

/// Whether two field names differ at most in the case of ASCII letters (RFC 9110 §5.1). Allocates nothing:
/// every exchange compares some dozens of names.
func isSameFieldName(_ left: String, _ right: String) -> Bool {
  func lower(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }
  guard left.utf8.count == right.utf8.count else { return false }
  var others = right.utf8.makeIterator()
  for byte in left.utf8 {
    guard let other = others.next(), lower(byte) == lower(other) else { return false }
  }
  return true
}

/// How long each phase of an exchange may take. Nil means no limit for that phase.
public struct HTTPDeadlines: Sendable, Equatable {
  /// Name resolution, TCP and TLS, also of a proxy; not the wait for a free place in the connection
  /// pool. Default 10 s.
  public var connect: Duration?
  /// From the request's start, sending it included, to the first line of the response's head; interim
  /// (1xx) responses do not count. Default 120 s.
  public var firstByte: Duration?
  /// The longest silence between two pieces of the response. Time during which the peer had to wait for
  /// the reader does not count. Default 60 s.
  public var idle: Duration?
  /// The whole exchange, body included. Default none.
  public var total: Duration?

  /// The defaults suit a streaming model answer.
  public init(
    connect: Duration? = .seconds(10), firstByte: Duration? = .seconds(120), idle: Duration? = .seconds(60),
    total: Duration? = nil
  ) {
    self.connect = connect
    self.firstByte = firstByte
    self.idle = idle
    self.total = total
  }
}

/// One request to send.
public struct HTTPRequest: Sendable {
  /// `GET`, `POST` and so on, upper case.
  public var method: String
  /// An absolute `http` or `https` URL.
  public var url: String
  /// Fields of the request. Content-Length, Transfer-Encoding, Host and Expect are the client's: values
  /// given here are not sent. With Accept-Encoding, the body is decompressed and the response's
  /// Content-Encoding and Content-Length are removed; without it, servers are asked for nothing.
  public var fields: HTTPFields
  /// The body; nil sends none.
  public var body: [UInt8]?
  /// Limits on time.
  public var deadlines: HTTPDeadlines
  /// A response body larger than this many bytes (after decompression) ends the exchange with `HTTPError.bodyTooLarge`.
  public var maximumBodyBytes: Int

  /// - Parameter maximumBodyBytes: default 64 MiB.
  public init(
    method: String = "GET", url: String, fields: HTTPFields = HTTPFields(), body: [UInt8]? = nil,
    deadlines: HTTPDeadlines = HTTPDeadlines(), maximumBodyBytes: Int = 64 << 20
  ) {
    self.method = method
    self.url = url
    self.fields = fields
    self.body = body
    self.deadlines = deadlines
    self.maximumBodyBytes = maximumBodyBytes
  }
}

/// The start of a response, and its body still to come.
public struct HTTPResponse: Sendable {
  /// The status code, 100–599.
  public let status: Int
  /// `1.0`, `1.1`, `2`.
  public let version: String
  /// Fields of the response's head.
  public let fields: HTTPFields
  /// The body as it arrives. Dropping the iterator, or cancelling the task that reads it, closes the
  /// socket.
  public let body: HTTPBody

  /// Made by transports, and by tests that stand in for one.
  public init(status: Int, version: String = "1.1", fields: HTTPFields = HTTPFields(), body: HTTPBody) {
    self.status = status
    self.version = version
    self.fields = fields
    self.body = body
  }
}

/// What sends requests: `HTTPClient` in production, a function in tests.
public protocol HTTPTransport: Sendable {
  /// Sends the request and returns as soon as the response's head is there. Any status is a result.
  ///
  /// - Throws: `HTTPError`, or `CancellationError` when the task is cancelled (the socket is closed).
  func send(_ request: HTTPRequest) async throws -> HTTPResponse
}
