import Testing

@testable import MemfunCore

@Suite("HTTP response head")
struct HTTPHeadParserTests {
  private func steps(_ lines: [String], bytes: Int = 10_000, count: Int = 100) -> [HTTPHeadParser.Step] {
    var parser = HTTPHeadParser(maximumBytes: bytes, maximumLines: count)
    return lines.map { line in
      Array((line + "\r\n").utf8).withUnsafeBufferPointer { parser.accept($0) }
    }
  }

  @Test("status line, fields and the empty line make a head")
  func head() {
    let last = steps(["HTTP/1.1 200 OK", "A: b", "a:c", "Empty:", ""]).last
    #expect(
      last
        == .complete(
          HTTPHead(status: 200, version: "1.1", fields: HTTPFields([("A", "b"), ("a", "c"), ("Empty", "")]))))
  }

  @Test("HTTP/2's status line has no reason", arguments: ["HTTP/2 204", "HTTP/2 204 "])
  func http2(line: String) {
    #expect(steps([line, ""]).last == .complete(HTTPHead(status: 204, version: "2", fields: HTTPFields())))
  }

  @Test("interim responses are skipped, their fields too")
  func interim() {
    let all = steps(["HTTP/1.1 103 Early Hints", "Link: x", "", "HTTP/1.1 200 OK", "A: b", ""])
    #expect(all[2] == .interim)
    #expect(all.last == .complete(HTTPHead(status: 200, version: "1.1", fields: ["A": "b"])))
  }

  @Test("folded lines are joined with one blank, lines without a colon are left out")
  func oddLines() {
    let last = steps(["HTTP/1.1 200 OK", " lost", "A: b", "\t c", "nonsense", ": nameless", ""]).last
    #expect(last == .complete(HTTPHead(status: 200, version: "1.1", fields: ["A": "b c"])))
  }

  @Test("trailers after the head are ignored")
  func trailers() {
    #expect(steps(["HTTP/1.1 200 OK", "", "Trailer: x", ""]).suffix(2) == [.more, .more])
  }

  @Test(
    "what is no status line is a violation",
    arguments: [
      "<html>", "HTTP/1.1", "HTTP/1.1 OK", "HTTP/1.1 20", "HTTP/1.1 099 X", "ICY 200 OK", "",
      "HTTP/1.1 101 Switch",
    ])
  func violations(line: String) {
    guard case .violation = steps([line])[0] else {
      Issue.record("accepted: \(line)")
      return
    }
  }

  @Test("bytes and lines are limited, over all heads of the exchange")
  func limits() {
    let long = steps(["HTTP/1.1 200 OK", "A: " + String(repeating: "x", count: 200)], bytes: 100)
    #expect(long.last == .violation("the response's head is larger than 100 bytes"))
    let endless = steps(Array(repeating: ["HTTP/1.1 100 Continue", ""], count: 10).flatMap { $0 }, count: 10)
    #expect(endless.last == .violation("the response's head has more than 10 lines"))
  }

  @Test("bytes that are not UTF-8 do not break the head")
  func invalidUTF8() {
    var parser = HTTPHeadParser(maximumBytes: 1000, maximumLines: 10)
    _ = Array("HTTP/1.1 200 OK\r\n".utf8).withUnsafeBufferPointer { parser.accept($0) }
    _ = ([65, 58, 0xFF, 13, 10] as [UInt8]).withUnsafeBufferPointer { parser.accept($0) }
    let step = ([13, 10] as [UInt8]).withUnsafeBufferPointer { parser.accept($0) }
    #expect(step == .complete(HTTPHead(status: 200, version: "1.1", fields: ["A": "\u{FFFD}"])))
  }
}
