import Testing

@testable import MemfunCore

@Suite("HTTP URL")
struct HTTPURLTests {
  @Test(
    "scheme, host and port are read",
    arguments: [
      ("http://example.com", "http://example.com:80"),
      ("HTTPS://Example.COM/path", "https://example.com:443"),
      ("http://example.com:8080?x", "http://example.com:8080"),
      ("http://example.com:/x", "http://example.com:80"),
      ("http://user:pw@example.com:81/a@b", "http://example.com:81"),
      ("http://[::1]:11434/api", "http://::1:11434"),
      ("http://bücher.example/", "http://bücher.example:80"),
    ])
  func parts(text: String, origin: String) throws {
    #expect(try HTTPURL(text).origin == origin)
  }

  @Test(
    "what is no absolute http or https URL is refused with the reason",
    arguments: [
      ("", "empty"), ("example.com", "http://"), ("/path", "http://"), ("ftp://example.com", "ftp"),
      ("file:///etc/passwd", "file"), ("http:/example.com", "http://"), ("http://", "no host"),
      ("http:///path", "no host"), ("http://:80/", "no host"), ("http://a b/", "blank"),
      ("http://a/\r\nX: y", "control"), ("http://a\\@b/", "backslash"), ("http://a@b@c/", "second @"),
      ("http://a:0/", "port"), ("http://a:65536/", "port"), ("http://a:http/", "port"),
      ("http://a:+80/", "port"), ("http://[::1", "bracket"), ("http://[::1]x/", "IPv6"),
      ("http://[nonsense]/", "IPv6"), ("http://a%00b/", "character"), ("http://a,b/", "character"),
    ])
  func refused(text: String, part: String) {
    let error = #expect(throws: HTTPError.self) { try HTTPURL(text) }
    guard case .invalidURL(_, let reason) = error else {
      Issue.record("not an invalid URL: \(String(describing: error))")
      return
    }
    #expect(reason.contains(part))
    #expect(error?.exitCode == .usage)
  }

  @Test("the fragment is not sent, and bytes outside ASCII are percent-encoded")
  func wireForm() throws {
    #expect(try HTTPURL("http://a/ü?q=é#top").text == "http://a/%C3%BC?q=%C3%A9")
  }

  @Test(
    "user information and query values never show",
    arguments: [
      ("https://me:s3cret@host/v1", "https://***@host/v1"),
      ("https://host/v1?key=s3cret&b=s3cret#s3cret", "https://host/v1?key=***&b=***"),
      ("https://host/v1?s3cret", "https://host/v1?***"),
      ("https://me:s3cret@x@host:99x/?a", "https://***@host:99x/?***"),
      ("me:s3cret@host/v1", "***@host/v1"),
      ("me:s3/cret@host", "***@host"),
      ("https://host/\u{1B}[31m", "https://host/?[31m"),
      ("https://host/plain", "https://host/plain"),
    ])
  func redaction(text: String, shown: String) {
    #expect(HTTPURL.redact(text) == shown)
  }

  @Test(
    "this machine is recognised under all its names",
    arguments: [
      "localhost", "LOCALHOST.", "api.localhost", "127.0.0.1", "127.1", "127.255.0.9", "0x7f000001",
      "2130706433",
      "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]",
    ])
  func loopback(host: String) throws {
    #expect(try HTTPURL("http://\(host):8080/").isLoopback)
  }

  @Test(
    "other machines are not this one",
    arguments: [
      "example.com", "localhost.example.com", "notlocalhost", "128.0.0.1", "10.0.0.1", "[::2]", "[fe80::1]",
      "[::ffff:10.0.0.1]", "127.example.com",
    ])
  func elsewhere(host: String) throws {
    #expect(try !HTTPURL("http://\(host)/").isLoopback)
  }
}
