import MemfunCore
import Testing

@Suite("HTTP client: exchanges", .timeLimit(.minutes(1)))
struct HTTPClientTests {
  @Test("a response has its status, version, fields in order, and body")
  func simpleExchange() async throws {
    let server = try LoopbackServer.answering { _ in
      "HTTP/1.1 404 Not Found\r\nX-One: 1\r\nx-two:  two words \r\nX-One: again\r\nContent-Length: 5\r\n\r\nhello"
    }
    defer { server.stop() }
    let response = try await HTTPClient().send(HTTPRequest(url: server.url("/thing?q=1")))
    #expect(response.status == 404)
    #expect(response.version == "1.1")
    #expect(response.fields.entries.map(\.name) == ["X-One", "x-two", "X-One", "Content-Length"])
    #expect(response.fields["X-Two"] == "two words")
    #expect(response.fields.values(of: "x-one") == ["1", "again"])
    #expect(try await response.body.collect() == Array("hello".utf8))
  }

  @Test("sequential requests share one connection")
  func keepAlive() async throws {
    let server = try LoopbackServer.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.path.utf8.count)\r\n\r\n\(request.path)"
    }
    defer { server.stop() }
    let client = HTTPClient()
    for number in 1...20 {
      let response = try await client.send(HTTPRequest(url: server.url("/\(number)")))
      #expect(try await response.body.collect() == Array("/\(number)".utf8))
    }
    #expect(server.connections == 1)
  }
}
