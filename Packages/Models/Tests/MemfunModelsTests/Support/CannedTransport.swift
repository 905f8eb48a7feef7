import MemfunCore
import Synchronization

/// A transport that answers from a function and keeps the requests.
final class CannedTransport: HTTPTransport {
  struct Canned: Sendable {
    var status = 200
    var fields = HTTPFields()
    var pieces: [[UInt8]] = []
    /// Thrown when the pieces are used up.
    var failure: HTTPError?

    init(_ text: String, status: Int = 200, fields: HTTPFields = HTTPFields(), failure: HTTPError? = nil) {
      self.status = status
      self.fields = fields
      pieces = text.isEmpty ? [] : [Array(text.utf8)]
      self.failure = failure
    }
  }

  private let kept = Mutex<[HTTPRequest]>([])
  private let answer: @Sendable (HTTPRequest, Int) throws -> Canned

  /// - Parameter answer: gets the request and its number, from 1.
  init(_ answer: @escaping @Sendable (HTTPRequest, Int) throws -> Canned) { self.answer = answer }

  /// Answers with one after the other; the last one repeats.
  convenience init(_ list: [Canned]) {
    self.init { _, number in list[min(number, list.count) - 1] }
  }

  var requests: [HTTPRequest] { kept.withLock { $0 } }

  /// The bodies of all requests that have one.
  var bodies: [JSONValue] {
    get throws { try requests.compactMap(\.body).map { try JSONParser.parse($0) } }
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    try Task.checkCancellation()
    let number = kept.withLock { kept in
      kept.append(request)
      return kept.count
    }
    let canned = try answer(request, number)
    let queue = Queue(rest: canned.pieces[...])
    let failure = canned.failure
    return HTTPResponse(
      status: canned.status, fields: canned.fields,
      body: HTTPBody(pull: {
        if let piece = queue.next() { return piece }
        if let failure { throw failure }
        return nil
      }))
  }

  private final class Queue: Sendable {
    private let rest: Mutex<ArraySlice<[UInt8]>>
    init(rest: ArraySlice<[UInt8]>) { self.rest = Mutex(rest) }
    func next() -> [UInt8]? { rest.withLock { $0.popFirst() } }
  }
}
