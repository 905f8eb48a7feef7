import Glibc
import MemfunCore
import Testing

/// Each test waits until the server sees the socket closed; a client that does not close it runs into the
/// suite's time limit.
@Suite("HTTP client: cancellation", .timeLimit(.minutes(1)))
struct HTTPCancellationTests {
  private let begun = Happening()
  private let closed = Happening()

  /// Sends `text` in answer to a request, then waits for the client to go away.
  private func server(sending text: String) throws -> LoopbackServer {
    try LoopbackServer { [begun, closed] connection in
      _ = connection.readRequest()
      connection.write(text)
      begun.happen()
      connection.waitForClose()
      closed.happen()
    }
  }

  private let halfBody = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"

  @Test("cancelling the task before the head closes the socket")
  func beforeHead() async throws {
    let server = try server(sending: "")
    defer { server.stop() }
    let task = Task { try await HTTPClient().send(HTTPRequest(url: server.url())) }
    await begun.wait()
    let cancelled = ContinuousClock.now
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(await closed.wait() - cancelled < .seconds(30))
  }

  @Test("cancelling the task that reads the body closes the socket")
  func whileReading() async throws {
    let server = try server(sending: halfBody)
    defer { server.stop() }
    let reading = Happening()
    let task = Task {
      let response = try await HTTPClient().send(HTTPRequest(url: server.url()))
      for try await _ in response.body { reading.happen() }
    }
    await reading.wait()
    let cancelled = ContinuousClock.now
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(await closed.wait() - cancelled < .seconds(30))
  }

  @Test("a task that was cancelled before sends nothing")
  func cancelledBefore() async throws {
    let server = try server(sending: halfBody)
    defer { server.stop() }
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try await HTTPClient().send(HTTPRequest(url: server.url()))
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(server.connections == 0)
  }

  @Test("cancelling while connecting returns at once")
  func whileConnecting() async throws {
    let (listener, port) = try LoopbackServer.listen(backlog: 0)
    let fillers = (0..<4).map { _ in connectWithoutWaiting(to: port) }
    defer { for descriptor in fillers + [listener] { close(descriptor) } }
    let task = Task { try await HTTPClient().send(HTTPRequest(url: "http://127.0.0.1:\(port)/")) }
    try await Task.sleep(for: .milliseconds(100))
    let cancelled = ContinuousClock.now
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    // Well before the 10 s after which connecting ends by itself.
    #expect(ContinuousClock.now - cancelled < .seconds(8))
  }

  @Test("dropping a response unread closes the socket")
  func droppedUnread() async throws {
    let server = try server(sending: halfBody)
    defer { server.stop() }
    let client = HTTPClient()
    func sendAndForget() async throws { _ = try await client.send(HTTPRequest(url: server.url())) }
    try await sendAndForget()
    await closed.wait()
  }

  @Test("leaving the loop early closes the socket, even while the response is still held")
  func droppedIterator() async throws {
    let server = try server(sending: halfBody)
    defer { server.stop() }
    let response = try await HTTPClient().send(HTTPRequest(url: server.url()))
    func readOne() async throws {
      for try await piece in response.body {
        #expect(piece == Array("hello".utf8))
        break
      }
    }
    try await readOne()
    await closed.wait()
    // What is left of the body must not look like its end.
    await #expect(throws: CancellationError.self) { try await response.body.collect() }
    #expect(response.status == 200)
  }

  @Test("a body read to its end keeps the connection for the next request")
  func completeBodyKeepsConnection() async throws {
    let server = try LoopbackServer.answering { _ in "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" }
    defer { server.stop() }
    let client = HTTPClient()
    for _ in 1...3 {
      let response = try await client.send(HTTPRequest(url: server.url()))
      for try await piece in response.body where piece.isEmpty {}
    }
    #expect(server.connections == 1)
  }

  @Test("cancelling many requests at every stage leaves a client that works")
  func storm() async throws {
    let server = try LoopbackServer { connection in
      while let request = connection.readRequest() {
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<(request.path == "/last" ? 1 : 50) {
          if !connection.write("5\r\nhello\r\n") { return }
          if request.path != "/last" { usleep(200) }
        }
        connection.write("0\r\n\r\n")
      }
    }
    defer { server.stop() }
    let client = HTTPClient()
    let url = server.url()
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          let task = Task { try await client.send(HTTPRequest(url: url)).body.collect() }
          // Microseconds to milliseconds: before, during and after the exchange.
          usleep(UInt32(number * 37 % 5000))
          task.cancel()
          switch await task.result {
          case .success(let body): #expect(body.count == 250)
          case .failure(let error): #expect(error is CancellationError)
          }
        }
      }
    }
    let response = try await client.send(HTTPRequest(url: server.url("/last")))
    #expect(try await response.body.collect() == Array("hello".utf8))
  }
}

@Suite("HTTP client: its life", .timeLimit(.minutes(1)))
struct HTTPClientLifeTests {
  @Test("shutting down ends running exchanges and refuses later ones")
  func shutdown() async throws {
    let begun = Happening()
    let closed = Happening()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      begun.happen()
      connection.waitForClose()
      closed.happen()
    }
    defer { server.stop() }
    let client = HTTPClient()
    let task = Task { try await client.send(HTTPRequest(url: server.url())) }
    await begun.wait()
    await client.shutdown()
    await #expect(throws: HTTPError.shutDown(url: server.url())) { try await task.value }
    await closed.wait()
    await #expect(throws: HTTPError.shutDown(url: server.url())) {
      try await client.send(HTTPRequest(url: server.url()))
    }
    await client.shutdown()
  }

  @Test("an unused client shuts down")
  func unused() async { await HTTPClient().shutdown() }

  @Test("shutting down closes kept connections")
  func keptConnections() async throws {
    let closed = Happening()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      connection.waitForClose()
      closed.happen()
    }
    defer { server.stop() }
    let client = HTTPClient()
    _ = try await client.send(HTTPRequest(url: server.url())).body.collect()
    #expect(!closed.hasHappened)
    await client.shutdown()
    await closed.wait()
  }

  @Test("a released client finishes what runs, then closes its connections")
  func released() async throws {
    let go = Happening()
    let closed = Happening()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
      go.waitOnThread()
      connection.write("llo")
      connection.waitForClose()
      closed.happen()
    }
    defer { server.stop() }
    let response = try await HTTPClient().send(HTTPRequest(url: server.url()))
    go.happen()
    #expect(try await response.body.collect() == Array("hello".utf8))
    await closed.wait()
  }
}
