import Glibc
import MemfunCore
import Testing

/// The lower bounds are exact. The upper bounds only tell a deadline from a hang: how busy the machine is
/// must not decide a test.
@Suite("HTTP client: deadlines", .timeLimit(.minutes(1)))
struct HTTPDeadlineTests {
  private func expectTimeout(
    _ phase: HTTPError.Phase, after limit: Duration, _ body: () async throws -> Void
  ) async {
    let start = ContinuousClock.now
    let error = await #expect(throws: HTTPError.self) { try await body() }
    let elapsed = ContinuousClock.now - start
    guard case .timedOut(let actual, let after, _) = error else {
      Issue.record("no time-out: \(String(describing: error))")
      return
    }
    #expect(actual == phase)
    #expect(after == limit)
    #expect(elapsed >= limit)
    // No measurement: it tells an exchange that ended from one that hung.
    #expect(elapsed < limit + .seconds(60))
  }

  private func silent(after text: String) throws -> LoopbackServer {
    try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write(text)
      connection.waitForClose()
    }
  }

  @Test("a host that never accepts is a time-out while connecting")
  func connect() async throws {
    // With its queue full, the kernel drops further connection attempts.
    let (listener, port) = try LoopbackServer.listen(backlog: 0)
    let fillers = (0..<4).map { _ in connectWithoutWaiting(to: port) }
    defer { for descriptor in fillers + [listener] { close(descriptor) } }
    let deadlines = HTTPDeadlines(connect: .milliseconds(200), firstByte: .seconds(30))
    await expectTimeout(.connect, after: .milliseconds(200)) {
      _ = try await HTTPClient().send(HTTPRequest(url: "http://127.0.0.1:\(port)/", deadlines: deadlines))
    }
  }

  @Test(
    "a server that accepts and says nothing is a time-out before the first byte",
    arguments: [
      "", "HTTP/1.1 100 Continue\r\n\r\n",
    ])
  func firstByte(text: String) async throws {
    let server = try silent(after: text)
    defer { server.stop() }
    let deadlines = HTTPDeadlines(firstByte: .milliseconds(200), idle: .milliseconds(50))
    await expectTimeout(.firstByte, after: .milliseconds(200)) {
      _ = try await HTTPClient().send(HTTPRequest(url: server.url(), deadlines: deadlines))
    }
  }

  @Test("a head that stops halfway is a time-out for idleness")
  func idleHead() async throws {
    let server = try silent(after: "HTTP/1.1 200 OK\r\nContent-")
    defer { server.stop() }
    let deadlines = HTTPDeadlines(idle: .milliseconds(200))
    await expectTimeout(.idle, after: .milliseconds(200)) {
      _ = try await HTTPClient().send(HTTPRequest(url: server.url(), deadlines: deadlines))
    }
  }

  @Test("a body that stops halfway gives what has come, then a time-out for idleness")
  func idleBody() async throws {
    let server = try silent(after: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    defer { server.stop() }
    let deadlines = HTTPDeadlines(idle: .milliseconds(200))
    let response = try await HTTPClient().send(HTTPRequest(url: server.url(), deadlines: deadlines))
    var iterator = response.body.makeAsyncIterator()
    #expect(try await iterator.next() == Array("hello".utf8))
    let error = await #expect(throws: HTTPError.self) { try await iterator.next() }
    #expect(error == .timedOut(phase: .idle, after: .milliseconds(200), url: server.url()))
  }

  @Test("a trickle keeps the idle time away, but not the total time")
  func total() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      while connection.write("1\r\nx\r\n") { sleep(milliseconds: 20) }
    }
    defer { server.stop() }
    let deadlines = HTTPDeadlines(idle: .seconds(10), total: .milliseconds(500))
    await expectTimeout(.total, after: .milliseconds(500)) {
      _ = try await HTTPClient().send(HTTPRequest(url: server.url(), deadlines: deadlines)).body.collect()
    }
  }

  @Test("the total time also ends an exchange whose reader sleeps")
  func totalWhilePaused() async throws {
    let closed = Happening()
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\n\r\n")
      while connection.write([UInt8](repeating: 1, count: 64 << 10)) {}
      closed.happen()
    }
    defer { server.stop() }
    let deadlines = HTTPDeadlines(idle: .seconds(30), total: .milliseconds(300))
    let response = try await HTTPClient().send(
      HTTPRequest(url: server.url(), deadlines: deadlines, maximumBodyBytes: .max))
    await closed.wait()
    let error = await #expect(throws: HTTPError.self) { try await response.body.collect() }
    #expect(error == .timedOut(phase: .total, after: .milliseconds(300), url: server.url()))
  }

  @Test("a deadline of zero has passed at once")
  func zero() async throws {
    let server = try silent(after: "")
    defer { server.stop() }
    let deadlines = HTTPDeadlines(total: .zero)
    await expectTimeout(.total, after: .zero) {
      _ = try await HTTPClient().send(HTTPRequest(url: server.url(), deadlines: deadlines))
    }
  }

  @Test("one exchange's deadline leaves the others alone")
  func independence() async throws {
    let server = try LoopbackServer { connection in
      guard let request = connection.readRequest() else { return }
      if request.path == "/silent" { return connection.waitForClose() }
      sleep(milliseconds: 600)
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }
    defer { server.stop() }
    let client = HTTPClient()
    async let slow = client.send(HTTPRequest(url: server.url("/slow")))
    await expectTimeout(.firstByte, after: .milliseconds(200)) {
      _ = try await client.send(
        HTTPRequest(url: server.url("/silent"), deadlines: HTTPDeadlines(firstByte: .milliseconds(200))))
    }
    #expect(try await slow.status == 200)
  }
}

/// A TCP connection that is begun, and may never be established.
func connectWithoutWaiting(to port: UInt16) -> Int32 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  address.sin_port = port.bigEndian
  _ = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  return descriptor
}
