import CCurl
import Glibc
import Testing

@testable import MemfunCore

@Suite("HTTP client: peers that fail", .timeLimit(.minutes(1)))
struct HTTPFaultTests {
  /// What the exchange with a server that sends `text` and closes ends with.
  private func outcome(
    sending text: String, reset: Bool = false, _ configuration: HTTPClient.Configuration = .init()
  ) async throws -> (received: [UInt8], error: HTTPError?) {
    let server = try LoopbackServer { connection in
      _ = connection.readRequest()
      connection.write(text)
      if reset {
        sleep(milliseconds: 100)
        connection.reset()
      }
    }
    defer { server.stop() }
    var received: [UInt8] = []
    do {
      for try await piece in try await HTTPClient(configuration).send(HTTPRequest(url: server.url())).body {
        received += piece
      }
      return (received, nil)
    } catch let error as HTTPError {
      #expect(error.location == server.url())
      return (received, error)
    }
  }

  private func isLost(_ error: HTTPError?, after bytes: Int) -> Bool {
    guard case .connectionLost(_, let reason, bytes) = error else { return false }
    return !reason.isEmpty && error?.isRetryable == true && error?.exitCode == .provider
  }

  private func isViolation(_ error: HTTPError?) -> Bool {
    guard case .protocolViolation(_, let reason) = error else { return false }
    return !reason.isEmpty && error?.isRetryable == false
  }

  @Test("a body shorter than its length is a lost connection, after the bytes that came")
  func truncatedLength() async throws {
    let (received, error) = try await outcome(sending: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    #expect(received == Array("hello".utf8))
    #expect(isLost(error, after: 5), "\(String(describing: error))")
  }

  @Test(
    "a chunked body that is cut is a lost connection",
    arguments: [
      "5\r\nhello\r\n", "5\r\nhello\r\n5\r\n", "a\r\nhello", "5\r\nhello\r\n0\r\n",
    ])
  func truncatedChunks(body: String) async throws {
    let (received, error) = try await outcome(
      sending: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    #expect(received == Array("hello".utf8))
    #expect(isLost(error, after: 5), "\(String(describing: error))")
  }

  @Test("a reset in the body is a lost connection")
  func resetInBody() async throws {
    let (_, error) = try await outcome(
      sending: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", reset: true)
    #expect(isLost(error, after: 5), "\(String(describing: error))")
  }

  @Test("a connection closed or reset before the head is lost", arguments: [true, false])
  func closedBeforeHead(reset: Bool) async throws {
    #expect(isLost(try await outcome(sending: "", reset: reset).error, after: 0))
  }

  @Test("a head that is cut is a lost connection or a violation, never a response")
  func truncatedHead() async throws {
    let (received, error) = try await outcome(sending: "HTTP/1.1 200 OK\r\nContent-Le")
    #expect(received.isEmpty)
    #expect(isLost(error, after: 0) || isViolation(error), "\(String(describing: error))")
  }

  @Test(
    "what is not HTTP is a protocol violation",
    arguments: [
      "<html><body>It works!</body></html>\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/9.9 200 OK\r\n\r\n",
      "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "\0\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    ])
  func notHTTP(text: String) async throws {
    let (_, error) = try await outcome(sending: text)
    #expect(isViolation(error), "\(String(describing: error))")
  }

  /// Lines to put between a status line and the end of a head.
  enum Excess: CaseIterable {
    case longLine, manyLines, endlessInterim

    var lines: String {
      switch self {
      case .longLine: "X: " + String(repeating: "x", count: 70_000) + "\r\n"
      case .manyLines: String(repeating: "X: yyyyyyyyyyyyyyyy\r\n", count: 5000)
      case .endlessInterim: String(repeating: "\r\nHTTP/1.1 100 Continue\r\n", count: 5000)
      }
    }
  }

  @Test("an oversized head ends the exchange", arguments: Excess.allCases)
  func oversizedHead(excess: Excess) async throws {
    var configuration = HTTPClient.Configuration()
    configuration.maximumHeadBytes = 64 << 10
    let (_, error) = try await outcome(
      sending: "HTTP/1.1 \(excess == .endlessInterim ? 100 : 200) OK\r\n" + excess.lines
        + "Content-Length: 0\r\n\r\n", configuration)
    #expect(isViolation(error), "\(String(describing: error))")
  }

  @Test("the largest line that libcurl knows ends the exchange as well")
  func oversizedLine() async throws {
    let (_, error) = try await outcome(
      sending: "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 240_000) + "\r\n\r\n")
    #expect(isViolation(error), "\(String(describing: error))")
  }

  @Test("broken compression is a protocol violation")
  func brokenCompression() async throws {
    let server = try LoopbackServer.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nthis is not gzip at!"
    }
    defer { server.stop() }
    let error = await #expect(throws: HTTPError.self) {
      try await HTTPClient().send(HTTPRequest(url: server.url(), fields: ["Accept-Encoding": "gzip"])).body
        .collect()
    }
    #expect(isViolation(error), "\(String(describing: error))")
  }

  @Test("a port where nobody listens is unreachable, and the message hides what is secret")
  func unreachable() async throws {
    let (listener, port) = try LoopbackServer.listen(backlog: 1)
    close(listener)
    let error = await #expect(throws: HTTPError.self) {
      try await HTTPClient().send(
        HTTPRequest(url: "http://me:s3cret@127.0.0.1:\(port)/v1?key=s3cret#s3cret"))
    }
    guard case .unreachable(let url, _) = error else {
      Issue.record("not unreachable: \(String(describing: error))")
      return
    }
    #expect(url == "http://***@127.0.0.1:\(port)/v1?key=***")
    #expect(error?.description.contains("s3cret") == false)
    #expect(error?.isRetryable == true)
  }

  @Test("a name without an address is unresolved")
  func unresolved() async throws {
    // A label of more than 63 bytes cannot exist, which is found out without asking a server.
    let host = String(repeating: "a", count: 64) + ".invalid"
    let error = await #expect(throws: HTTPError.self) {
      try await HTTPClient().send(HTTPRequest(url: "http://\(host)/"))
    }
    #expect(error == .unresolved(host: host, url: "http://\(host)/"))
  }

  @Test(
    "a library that is not there, or is not libcurl, is told apart",
    arguments: [
      ("libno-such-thing.so.4", "libno-such-thing.so.4"), ("libc.so.6", "curl_global_init"),
    ])
  func libraryMissing(name: String, part: String) {
    var reason = [CChar](repeating: 0, count: 256)
    #expect(ccurl_try_library(name, &reason, reason.count) == -1)
    let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    #expect(text.contains(part))
  }

  @Test(
    "libcurl's codes become the errors that callers act on",
    arguments: [
      (CURLE_COULDNT_RESOLVE_PROXY, false, "x", "http.unreachable"),
      (CURLE_RECV_ERROR, true, "CONNECT tunnel failed, response 407", "http.unreachable"),
      (CURLE_RECV_ERROR, false, "Recv failure: Connection reset by peer", "http.connection_lost"),
      (CURLE_SSL_CONNECT_ERROR, true, "OpenSSL SSL_connect: Connection reset by peer", "http.unreachable"),
      (CURLE_SSL_CONNECT_ERROR, true, "wrong version number", "http.tls"),
      (CURLE_PEER_FAILED_VERIFICATION, true, "self-signed certificate", "http.tls"),
      (CURLE_HTTP2_STREAM, false, "stream was reset", "http.connection_lost"),
      (CURLE_HTTP2, false, "framing", "http.connection_lost"),
      (CURLE_OPERATION_TIMEDOUT, true, "x", "http.unreachable"),
      (CURLE_OUT_OF_MEMORY, false, "x", "http.client_failure"),
      (CURLE_UNSUPPORTED_PROTOCOL, false, "Received HTTP/0.9 when not allowed", "http.protocol"),
      (CURLE_URL_MALFORMAT, true, "x", "http.invalid_url"),
    ])
  func mapping(code: CURLcode, isConnecting: Bool, reason: String, kind: String) throws {
    let error = HTTPError(
      code, reason: reason, url: try HTTPURL("https://host/?key=s3cret"), proxy: "http://me:s3cret@proxy:1",
      isConnecting: isConnecting, receivedBytes: 3)
    #expect(error.kind == kind)
    #expect(!error.description.contains("s3cret"))
  }
}
