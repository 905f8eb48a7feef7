import MemfunCore
import Synchronization
import Testing

@Suite("HTTP client: streams", .timeLimit(.minutes(1)))
struct HTTPStreamingTests {
  @Test("each piece arrives as soon as it is sent")
  func noBuffering() async throws {
    let received = (0..<5).map { _ in Happening() }
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      for number in 0..<5 {
        connection.write("8\r\npiece \(number)\n\r\n")
        // The next one is only sent after this one was read at the other end.
        received[number].waitOnThread()
      }
      connection.write("0\r\n\r\n")
    }
    defer { server.stop() }
    let response = try await HTTPClient().send(HTTPRequest(url: server.url()))
    var pieces: [String] = []
    for try await piece in response.body {
      pieces.append(String(decoding: piece, as: UTF8.self))
      received[pieces.count - 1].happen()
    }
    #expect(pieces == (0..<5).map { "piece \($0)\n" })
  }

  @Test("a hundred thousand tiny chunks come whole and in order")
  func tinyChunks() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      for batch in 0..<100 {
        var text = ""
        for number in 0..<1000 {
          let line = "\(batch * 1000 + number)\n"
          text += String(line.utf8.count, radix: 16) + "\r\n" + line + "\r\n"
        }
        connection.write(text)
      }
      connection.write("0\r\nTrailer: x\r\n\r\n")
    }
    defer { server.stop() }
    let response = try await HTTPClient().send(HTTPRequest(url: server.url()))
    let body = try await response.body.collect()
    #expect(body == Array((0..<100_000).map { "\($0)\n" }.joined().utf8))
    #expect(response.fields["Trailer"] == nil)
  }

  @Test("a slow reader makes the peer wait, is not taken for an idle peer, and loses nothing")
  func backPressure() async throws {
    let total = 48 << 20
    let sent = Mutex(0)
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
      let block = [UInt8](repeating: 9, count: 64 << 10)
      for _ in 0..<(total / block.count) {
        if !connection.write(block) { return }
        sent.withLock { $0 += block.count }
      }
    }
    defer { server.stop() }
    var configuration = HTTPClient.Configuration()
    configuration.bodyBufferBytes = 64 << 10
    let response = try await HTTPClient(configuration).send(
      HTTPRequest(url: server.url(), deadlines: HTTPDeadlines(idle: .milliseconds(200))))
    var received = 0
    for try await piece in response.body {
      if received == 0 {
        // Until the peer stands still, and well past the idle limit.
        var last = -1
        while sent.withLock({ $0 }) != last {
          last = sent.withLock { $0 }
          try await Task.sleep(for: .milliseconds(400))
        }
        // What is on its way is our buffer and the kernel's, which are far smaller than the body.
        #expect(last < total * 3 / 4)
      }
      received += piece.count
      #expect(piece.count <= 128 << 10)
    }
    #expect(received == total)
  }

  @Test("a declared length above the limit fails at the head")
  func declaredTooLarge() async throws {
    let server = try LoopbackServer.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello hello"
    }
    defer { server.stop() }
    let client = HTTPClient()
    await #expect(throws: HTTPError.bodyTooLarge(limit: 10, url: server.url())) {
      try await client.send(HTTPRequest(url: server.url(), maximumBodyBytes: 10))
    }
    let exact = try await client.send(HTTPRequest(url: server.url(), maximumBodyBytes: 11))
    #expect(try await exact.body.collect().count == 11)
  }

  @Test("an endless body ends at the limit, and its connection is closed")
  func endlessBody() async throws {
    let closed = Happening()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      while connection.write("1000\r\n" + String(repeating: "x", count: 0x1000) + "\r\n") {}
      closed.happen()
    }
    defer { server.stop() }
    let response = try await HTTPClient().send(HTTPRequest(url: server.url(), maximumBodyBytes: 100_000))
    await #expect(throws: HTTPError.bodyTooLarge(limit: 100_000, url: server.url())) {
      try await response.body.collect()
    }
    await closed.wait()
  }

  @Test("a body has one reader")
  func twoReaders() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
      connection.waitForClose()
    }
    defer { server.stop() }
    let response = try await HTTPClient().send(HTTPRequest(url: server.url()))
    // Both wait for the first piece; one of them is told that it is one too many.
    let failures = await withTaskGroup(of: HTTPError?.self) { group in
      for _ in 1...2 {
        group.addTask {
          do {
            _ = try await response.body.collect()
            return nil
          } catch { return error as? HTTPError }
        }
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    guard case .invalidRequest = failures else {
      Issue.record("the second reader got \(String(describing: failures))")
      return
    }
  }
}
