import Synchronization

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
    get { entries.first { $0.name.lowercased() == name.lowercased() }?.value }
    set {
      entries.removeAll { $0.name.lowercased() == name.lowercased() }
      if let newValue { append(name, newValue) }
    }
  }

  /// Adds one more field at the end.
  public mutating func append(_ name: String, _ value: String) { entries.append((name: name, value: value)) }

  public static func == (left: HTTPFields, right: HTTPFields) -> Bool {
    left.entries.elementsEqual(right.entries) {
      $0.name.lowercased() == $1.name.lowercased() && $0.value == $1.value
    }
  }
}

/// How long each phase of an exchange may take. Nil means no limit for that phase.
public struct HTTPDeadlines: Sendable, Equatable {
  /// Name resolution, TCP and TLS. Default 10 s.
  public var connect: Duration?
  /// From the request's start to the first byte of the response's head. Default 120 s.
  public var firstByte: Duration?
  /// The longest silence between two pieces of the body. Default 60 s.
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
  /// Fields of the request. Content-Length and Host are made by the client.
  public var fields: HTTPFields
  /// The body; nil sends none.
  public var body: [UInt8]?
  /// Limits on time.
  public var deadlines: HTTPDeadlines
  /// A response body larger than this many bytes ends the exchange with `HTTPError.bodyTooLarge`.
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

/// A response body: pieces of any size, in order, with back-pressure. One iteration only.
public struct HTTPBody: AsyncSequence, Sendable {
  public typealias Element = [UInt8]

  private let pull: @Sendable () async throws -> [UInt8]?

  /// - Parameter pull: gives the next non-empty piece, nil at the end; throws `HTTPError` or
  ///   `CancellationError`.
  public init(pull: @escaping @Sendable () async throws -> [UInt8]?) { self.pull = pull }

  /// A body that is there already, for tests: the given pieces in order.
  public init(pieces: [[UInt8]]) {
    let rest = PieceQueue(pieces)
    self.init(pull: { rest.next() })
  }

  /// Reads the body to its end.
  public func collect() async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await piece in self { bytes += piece }
    return bytes
  }

  /// Asks the transport for one piece after the other.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let pull: @Sendable () async throws -> [UInt8]?
    public mutating func next() async throws -> [UInt8]? { try await pull() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }

  private final class PieceQueue: Sendable {
    private let rest: Mutex<ArraySlice<[UInt8]>>
    init(_ pieces: [[UInt8]]) { rest = Mutex(pieces[...]) }
    func next() -> [UInt8]? { rest.withLock { $0.popFirst() } }
  }
}

/// What sends requests: `HTTPClient` in production, a function in tests.
public protocol HTTPTransport: Sendable {
  /// Sends the request and returns as soon as the response's head is there. Any status is a result.
  ///
  /// - Throws: `HTTPError`, or `CancellationError` when the task is cancelled (the socket is closed).
  func send(_ request: HTTPRequest) async throws -> HTTPResponse
}
