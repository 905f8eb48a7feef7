import MemfunCore
import Testing

@Suite("HTTP client: what is sent", .timeLimit(.minutes(1)))
struct HTTPRequestTests {
  /// Sends `request` to a server that answers 200, and returns what arrived there.
  private func received(
    _ client: HTTPClient = HTTPClient(), _ make: (String) -> HTTPRequest
  ) async throws -> LoopbackRequest {
    let (stream, arrivals) = AsyncStream.makeStream(of: LoopbackRequest.self)
    let server = try LoopbackServer.answering { request in
      arrivals.yield(request)
      return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    }
    defer { server.stop() }
    let response = try await client.send(make(server.url("/v1")))
    #expect(response.status == 200)
    for await request in stream { return request }
    throw LoopbackFailure(what: "nothing arrived")
  }

  @Test(
    "method, path, fields and body arrive as given", arguments: ["POST", "PUT", "PATCH", "DELETE", "GET"])
  func request(method: String) async throws {
    let body = Array(#"{"x":1}"#.utf8)
    let request = try await received {
      HTTPRequest(
        method: method, url: $0,
        fields: ["Content-Type": "application/json", "X-Empty": "", "X-Key": "a:b;c"],
        body: body)
    }
    #expect(request.line == "\(method) /v1 HTTP/1.1")
    #expect(request.body == body)
    #expect(request.field("content-type") == "application/json")
    #expect(request.field("content-length") == "7")
    #expect(request.field("x-empty") == "")
    #expect(request.field("x-key") == "a:b;c")
  }

  @Test("nothing is invented: no Expect, no form type, no accepted encoding")
  func quiet() async throws {
    let request = try await received {
      HTTPRequest(method: "POST", url: $0, body: [UInt8](repeating: 65, count: 3 << 20))
    }
    #expect(request.body.count == 3 << 20)
    #expect(request.field("Expect") == nil)
    #expect(request.field("Content-Type") == nil)
    #expect(request.field("Accept-Encoding") == nil)
    #expect(request.field("User-Agent") == "memfun")
  }

  @Test("a POST without a body has the length zero, a GET has none")
  func noBody() async throws {
    #expect(try await received { HTTPRequest(method: "POST", url: $0) }.field("Content-Length") == "0")
    #expect(
      try await received { HTTPRequest(method: "POST", url: $0, body: []) }.field("Content-Length") == "0")
    #expect(try await received { HTTPRequest(url: $0) }.field("Content-Length") == nil)
  }

  @Test("the client's own fields cannot be overridden, the User-Agent can")
  func ownFields() async throws {
    let request = try await received {
      HTTPRequest(
        method: "POST", url: $0,
        fields: [
          "Content-Length": "999", "Transfer-Encoding": "chunked", "Host": "elsewhere", "User-Agent": "me/1",
        ], body: [1, 2])
    }
    #expect(request.field("Content-Length") == "2")
    #expect(request.field("Transfer-Encoding") == nil)
    #expect(request.field("Host")?.hasPrefix("127.0.0.1:") == true)
    #expect(request.field("User-Agent") == "me/1")
  }

  @Test("user information of the URL becomes basic authentication")
  func userInformation() async throws {
    let request = try await received {
      HTTPRequest(url: $0.replacing("http://", with: "http://me:secret@"))
    }
    #expect(request.field("Authorization") == "Basic bWU6c2VjcmV0")
  }

  @Test(
    "a line end in a method, a name or a value is refused before anything is sent",
    arguments: [
      HTTPRequest(method: "GET /x HTTP/1.1\r\nA", url: "http://127.0.0.1:1/"),
      HTTPRequest(method: "", url: "http://127.0.0.1:1/"),
      HTTPRequest(url: "http://127.0.0.1:1/", fields: ["A\r\nB": "c"]),
      HTTPRequest(url: "http://127.0.0.1:1/", fields: ["": "c"]),
      HTTPRequest(url: "http://127.0.0.1:1/", fields: ["A": "tell-nobody\r\nB: c"]),
      HTTPRequest(url: "http://127.0.0.1:1/", fields: ["A": "tell-nobody\nB: c"]),
      HTTPRequest(url: "http://127.0.0.1:1/", fields: ["A": "tell-nobody\0"]),
    ])
  func injection(request: HTTPRequest) async {
    let error = await #expect(throws: HTTPError.self) { try await HTTPClient().send(request) }
    guard case .invalidRequest = error else {
      Issue.record("not refused: \(String(describing: error))")
      return
    }
    #expect(error?.description.contains("tell-nobody") == false)
  }
}
