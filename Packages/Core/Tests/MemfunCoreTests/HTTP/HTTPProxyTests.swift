import Glibc
import MemfunCore
import Testing

@Suite("HTTP client: proxies", .timeLimit(.minutes(1)))
struct HTTPProxyTests {
  /// A host that no resolver has, so that only a proxy can reach it.
  private let elsewhere = String(repeating: "a", count: 64) + ".invalid"

  private func client(_ proxy: String, excluding hosts: [String] = []) -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.proxy = proxy
    configuration.proxyExclusions = hosts
    return HTTPClient(configuration)
  }

  @Test("a configured proxy gets the whole URL, and its credentials")
  func configured() async throws {
    let proxy = try LoopbackServer.answering { request in
      let seen = "\(request.line)|\(request.field("Proxy-Authorization") ?? "none")"
      return "HTTP/1.1 200 OK\r\nContent-Length: \(seen.utf8.count)\r\n\r\n\(seen)"
    }
    defer { proxy.stop() }
    let response = try await client("http://me:secret@127.0.0.1:\(proxy.port)")
      .send(HTTPRequest(url: "http://\(elsewhere)/x"))
    let seen = String(decoding: try await response.body.collect(), as: UTF8.self)
    #expect(seen == "GET http://\(elsewhere)/x HTTP/1.1|Basic bWU6c2VjcmV0")
  }

  @Test("this machine is reached directly")
  func loopback() async throws {
    let server = try LoopbackServer.answering { _ in "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" }
    let proxy = try LoopbackServer { $0.close() }
    defer {
      server.stop()
      proxy.stop()
    }
    let client = client("http://127.0.0.1:\(proxy.port)")
    for host in ["127.0.0.1", "localhost", "127.1"] {
      #expect(try await client.send(HTTPRequest(url: "http://\(host):\(server.port)/")).status == 200)
    }
    #expect(proxy.connections == 0)
  }

  @Test("excluded hosts are reached directly")
  func excluded() async throws {
    let proxy = try LoopbackServer { $0.close() }
    defer { proxy.stop() }
    let client = client("http://127.0.0.1:\(proxy.port)", excluding: ["example.com", "invalid"])
    let error = await #expect(throws: HTTPError.self) {
      try await client.send(HTTPRequest(url: "http://\(elsewhere)/"))
    }
    #expect(error?.kind == "http.unresolved_host")
    #expect(proxy.connections == 0)
  }

  @Test("a dead proxy is unreachable, and the message names it without its password")
  func dead() async throws {
    let (listener, port) = try LoopbackServer.listen(backlog: 1)
    close(listener)
    let error = await #expect(throws: HTTPError.self) {
      try await client("http://me:s3cret@127.0.0.1:\(port)").send(HTTPRequest(url: "http://\(elsewhere)/"))
    }
    #expect(error?.kind == "http.unreachable")
    #expect(error?.description.contains("through the proxy http://***@127.0.0.1:\(port)") == true)
    #expect(error?.description.contains("s3cret") == false)
  }

  @Test("a proxy that refuses the tunnel is unreachable")
  func refusedTunnel() async throws {
    let proxy = try LoopbackServer.answering { _ in
      "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    }
    defer { proxy.stop() }
    let error = await #expect(throws: HTTPError.self) {
      try await client("http://127.0.0.1:\(proxy.port)").send(HTTPRequest(url: "https://\(elsewhere)/"))
    }
    #expect(error?.kind == "http.unreachable")
    #expect(error?.what.contains("407") == true)
  }

  @Test(
    "a proxy with an unknown scheme is refused", arguments: ["ftp://127.0.0.1:1", "http://", "http://a b:1"])
  func unknownScheme(proxy: String) async throws {
    let error = await #expect(throws: HTTPError.self) {
      try await client(proxy).send(HTTPRequest(url: "http://\(elsewhere)/"))
    }
    #expect(error?.kind == "http.invalid_url")
    #expect(error?.what.contains("proxy") == true)
  }

  @Test("the environment's proxy is ignored")
  func environment() async throws {
    let proxy = try LoopbackServer { $0.close() }
    defer { proxy.stop() }
    setenv("http_proxy", "http://127.0.0.1:\(proxy.port)", 1)
    setenv("all_proxy", "http://127.0.0.1:\(proxy.port)", 1)
    defer {
      unsetenv("http_proxy")
      unsetenv("all_proxy")
    }
    let error = await #expect(throws: HTTPError.self) {
      try await HTTPClient().send(HTTPRequest(url: "http://\(elsewhere)/"))
    }
    #expect(error?.kind == "http.unresolved_host")
    #expect(proxy.connections == 0)
  }
}
