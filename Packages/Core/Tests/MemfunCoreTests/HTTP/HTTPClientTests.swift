import Glibc
import MemfunCore
import Synchronization
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

  @Test("concurrent requests get their own answers, over at most the allowed connections")
  func concurrency() async throws {
    let server = try LoopbackServer.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.body.count)\r\n\r\n"
        + String(decoding: request.body, as: UTF8.self)
    }
    defer { server.stop() }
    var configuration = HTTPClient.Configuration()
    configuration.maximumConnectionsPerHost = 4
    let client = HTTPClient(configuration)
    let url = server.url()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<100 {
        group.addTask {
          let body = Array("number \(number)".utf8)
          let response = try await client.send(HTTPRequest(method: "POST", url: url, body: body))
          #expect(try await response.body.collect() == body)
        }
      }
      try await group.waitForAll()
    }
    #expect((1...4).contains(server.connections))
  }

  @Test("waiting for a place in the pool is not connecting")
  func queueing() async throws {
    let inFirst = Happening()
    let server = try LoopbackServer { connection in
      while let request = connection.readRequest() {
        if request.path == "/slow" {
          inFirst.happen()
          sleep(milliseconds: 500)
        }
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      }
    }
    defer { server.stop() }
    var configuration = HTTPClient.Configuration()
    configuration.maximumConnectionsPerHost = 1
    let client = HTTPClient(configuration)
    let deadlines = HTTPDeadlines(connect: .milliseconds(200))
    async let slow = client.send(HTTPRequest(url: server.url("/slow"), deadlines: deadlines))
    await inFirst.wait()
    #expect(try await client.send(HTTPRequest(url: server.url("/next"), deadlines: deadlines)).status == 200)
    #expect(try await slow.status == 200)
  }

  @Test("interim responses are skipped")
  func interimResponses() async throws {
    let server = try LoopbackServer.answering { _ in
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        + "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"
    }
    defer { server.stop() }
    let response = try await HTTPClient().send(HTTPRequest(url: server.url()))
    #expect(response.status == 201)
    #expect(response.fields["Link"] == nil)
    #expect(try await response.body.collect() == Array("ok".utf8))
  }

  @Test(
    "HEAD, 204 and 304 have no body, whatever their Content-Length says",
    arguments: [("HEAD", 200), ("GET", 204), ("GET", 304)])
  func noBody(method: String, status: Int) async throws {
    let server = try LoopbackServer.answering { _ in "HTTP/1.1 \(status) X\r\nContent-Length: 999999\r\n\r\n"
    }
    defer { server.stop() }
    let client = HTTPClient()
    for _ in 1...2 {
      let response = try await client.send(
        HTTPRequest(method: method, url: server.url(), maximumBodyBytes: 10))
      #expect(response.status == status)
      #expect(try await response.body.collect().isEmpty)
    }
    #expect(server.connections == 1)
  }

  @Test("a body without a length ends with the connection")
  func closeDelimited() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.0 200 OK\r\n\r\nuntil the end")
    }
    defer { server.stop() }
    let response = try await HTTPClient().send(HTTPRequest(url: server.url()))
    #expect(response.version == "1.0")
    #expect(try await response.body.collect() == Array("until the end".utf8))
  }

  @Test("a redirect is a result")
  func redirect() async throws {
    let server = try LoopbackServer.answering { request in
      request.path == "/elsewhere"
        ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        : "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    }
    defer { server.stop() }
    let response = try await HTTPClient().send(HTTPRequest(url: server.url()))
    #expect(response.status == 302)
    #expect(response.fields["Location"] == "/elsewhere")
  }

  @Test("compressed bodies are decompressed for those who ask, and left alone for others")
  func compression() async throws {
    // printf 'hello hello' | gzip -n
    let packed: [UInt8] = [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xCB, 0x48, 0xCD, 0xC9,
      0xC9, 0x57, 0xC8, 0x00, 0x91, 0x00, 0x40, 0xA6, 0x2D, 0x01, 0x0B, 0x00, 0x00, 0x00,
    ]
    let server = try LoopbackServer { connection in
      while connection.readRequest() != nil {
        connection.write(
          "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n")
        connection.write(packed)
      }
    }
    defer { server.stop() }
    let client = HTTPClient()
    let plain = try await client.send(HTTPRequest(url: server.url()))
    #expect(try await plain.body.collect() == packed)
    let asked = try await client.send(HTTPRequest(url: server.url(), fields: ["Accept-Encoding": "gzip"]))
    #expect(asked.fields["Content-Encoding"] == nil)
    #expect(asked.fields["Content-Length"] == nil)
    #expect(try await asked.body.collect() == Array("hello hello".utf8))
  }

  @Test(
    "a kept connection that the server has closed is replaced, and a POST arrives whole",
    arguments: [true, false])
  func staleConnection(closesAtOnce: Bool) async throws {
    let bodies = Mutex<[Int]>([])
    let server = try LoopbackServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      if connection.number == 1 {
        // Either the connection is closed behind the client's back, or in answer to its next request.
        if !closesAtOnce { _ = connection.readRequest() }
        return
      }
      bodies.withLock { $0.append(0) }
      while let request = connection.readRequest() {
        bodies.withLock { $0.append(request.body.count) }
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      }
    }
    defer { server.stop() }
    let client = HTTPClient()
    let body = [UInt8](repeating: 7, count: 300_000)
    for _ in 1...3 {
      let response = try await client.send(HTTPRequest(method: "POST", url: server.url(), body: body))
      #expect(response.status == 200)
      #expect(try await response.body.collect().isEmpty)
    }
    #expect(server.connections == 2)
  }
}

/// Blocks the calling thread.
func sleep(milliseconds: UInt32) {
  let whole = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
  nanosleep([whole], nil)
}
