import Glibc
import MemfunCore
import Testing

@Suite("HTTP client: TLS and HTTP/2", .timeLimit(.minutes(1)), .enabled(if: TLSServer.isAvailable))
struct HTTPTLSTests {
  private func client(trusting file: String?, http2: Bool = true) -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.certificateFile = file
    configuration.allowsHTTP2 = http2
    return HTTPClient(configuration)
  }

  @Test("a certificate that nobody vouches for is refused, and nothing is sent")
  func untrusted() async throws {
    try await TLSServer.run(protocols: ["http/1.1"]) { server in
      let error = await #expect(throws: HTTPError.self) {
        try await client(trusting: nil).send(HTTPRequest(url: "https://127.0.0.1:\(server.port)/?key=s3cret"))
      }
      #expect(error?.kind == "http.tls")
      #expect(error?.isRetryable == false)
      #expect(error?.description.contains("certificate") == true)
      #expect(error?.description.contains("s3cret") == false)
      #expect(server.count("request") == 0)
    }
  }

  @Test("a certificate for another name is refused")
  func wrongName() async throws {
    try await TLSServer.run(protocols: ["http/1.1"]) { server in
      let error = await #expect(throws: HTTPError.self) {
        try await client(trusting: server.certificate).send(
          HTTPRequest(url: "https://127.0.0.2:\(server.port)/"))
      }
      // 127.0.0.2 reaches nobody when the server listens on 127.0.0.1 only.
      #expect(["http.tls", "http.unreachable"].contains(error?.kind))
      let byName = await #expect(throws: HTTPError.self) {
        try await client(trusting: server.certificate).send(
          HTTPRequest(url: "https://other.localhost:\(server.port)/"))
      }
      #expect(byName?.kind == "http.tls")
      #expect(server.count("request") == 0)
    }
  }

  @Test("an added certificate file is trusted, for HTTP/1.1", arguments: ["127.0.0.1", "localhost"])
  func trusted(host: String) async throws {
    try await TLSServer.run(protocols: ["http/1.1"]) { server in
      let client = client(trusting: server.certificate)
      for _ in 1...3 {
        let response = try await client.send(
          HTTPRequest(method: "POST", url: "https://\(host):\(server.port)/", body: [104, 105]))
        #expect(response.version == "1.1")
        #expect(try await response.body.collect() == [104, 105])
      }
      #expect(server.count("connection") == 1)
    }
  }

  @Test("a certificate file that is not there is told")
  func missingCertificateFile() async throws {
    let server = try LoopbackServer { $0.waitForClose() }
    defer { server.stop() }
    let error = await #expect(throws: HTTPError.self) {
      try await client(trusting: "/nonexistent.pem").send(
        HTTPRequest(url: "https://127.0.0.1:\(server.port)/"))
    }
    #expect(error?.kind == "http.tls")
    #expect(error?.description.contains("/nonexistent.pem") == true)
  }

  @Test("a plain HTTP server behind an https URL is a TLS error")
  func plainServer() async throws {
    let server = try LoopbackServer { connection in
      connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
      connection.waitForClose()
    }
    defer { server.stop() }
    let error = await #expect(throws: HTTPError.self) {
      try await HTTPClient().send(HTTPRequest(url: "https://127.0.0.1:\(server.port)/"))
    }
    #expect(error?.kind == "http.tls")
  }

  @Test("a handshake that never ends is a time-out while connecting")
  func silentHandshake() async throws {
    let server = try LoopbackServer { $0.waitForClose() }
    defer { server.stop() }
    let url = "https://127.0.0.1:\(server.port)/"
    let error = await #expect(throws: HTTPError.self) {
      try await HTTPClient().send(
        HTTPRequest(url: url, deadlines: HTTPDeadlines(connect: .milliseconds(200))))
    }
    #expect(error == .timedOut(phase: .connect, after: .milliseconds(200), url: url))
  }

  @Test("HTTP/2 is used when the server offers it, one connection for all requests")
  func http2() async throws {
    try await TLSServer.run(protocols: ["h2", "http/1.1"]) { server in
      let client = client(trusting: server.certificate)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<20 {
          group.addTask {
            let body = Array("number \(number)".utf8)
            let response = try await client.send(
              HTTPRequest(method: "POST", url: "https://127.0.0.1:\(server.port)/", body: body))
            #expect(response.version == "2")
            #expect(try await response.body.collect() == body)
          }
        }
        try await group.waitForAll()
      }
      #expect(server.count("connection") == 1)
    }
  }

  @Test("HTTP/2 is not used when it is not allowed")
  func http2Forbidden() async throws {
    try await TLSServer.run(protocols: ["h2", "http/1.1"]) { server in
      let response = try await client(trusting: server.certificate, http2: false)
        .send(HTTPRequest(url: "https://127.0.0.1:\(server.port)/"))
      #expect(response.version == "1.1")
    }
  }

  @Test("cancelling an HTTP/2 exchange resets its stream at once and leaves its neighbours alone")
  func http2Cancellation() async throws {
    try await TLSServer.run(protocols: ["h2"]) { server in
      let client = client(trusting: server.certificate)
      let hold = HTTPRequest(
        method: "POST", url: "https://127.0.0.1:\(server.port)/", body: Array("hold".utf8))
      let reading = Happening()
      let task = Task {
        for try await _ in try await client.send(hold).body { reading.happen() }
      }
      await reading.wait()
      let neighbour = try await client.send(hold)
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      await server.wait(for: "reset ")
      let next = try await client.send(HTTPRequest(method: "POST", url: hold.url, body: [1, 2, 3]))
      #expect(try await next.body.collect() == [1, 2, 3])
      var iterator = neighbour.body.makeAsyncIterator()
      #expect(try await iterator.next() == Array("half".utf8))
      #expect(server.count("connection") == 1)
      #expect(server.count("reset ") == 1)
    }
  }

  @Test("cancelling the only exchange of an HTTP/2 connection closes it at once")
  func http2LastCancellation() async throws {
    try await TLSServer.run(protocols: ["h2"]) { server in
      let client = client(trusting: server.certificate)
      let url = "https://127.0.0.1:\(server.port)/"
      let task = Task {
        try await client.send(HTTPRequest(method: "POST", url: url, body: Array("hold".utf8))).body.collect()
      }
      await server.wait(for: "request")
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      await server.wait(for: "closed")
      let next = try await client.send(HTTPRequest(method: "POST", url: url, body: [1, 2, 3]))
      #expect(try await next.body.collect() == [1, 2, 3])
    }
  }

  @Test("cancelling a TLS exchange over HTTP/1.1 closes the connection")
  func http1Cancellation() async throws {
    try await TLSServer.run(protocols: ["http/1.1"]) { server in
      let client = client(trusting: server.certificate)
      let task = Task {
        let response = try await client.send(
          HTTPRequest(method: "POST", url: "https://127.0.0.1:\(server.port)/", body: Array("hold".utf8)))
        return try await response.body.collect()
      }
      await server.wait(for: "request")
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      await server.wait(for: "closed")
    }
  }
}
