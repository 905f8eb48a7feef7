import MemfunCore
import Testing

@Suite("JSON stream writer")
struct JSONStreamWriterTests {
  @Test("puts commas between members and elements and nowhere else")
  func commas() throws {
    var text: [UInt8] = []
    var writer = JSONStreamWriter { text += $0 }
    try writer.object { writer in
      try writer.member("a", 1)
      try writer.member("b", of: [1, 2]) { writer, item in try writer.array(of: [item]) { try $0.value($1) } }
      try writer.member("c", nil as String?)
      try writer.member("empty", of: [Int]()) { try $0.value($1) }
      try writer.member("o") { writer in try writer.object { try $0.member("x", "q\"\n") } }
      try writer.member("last", .infinity as Double)
    }
    try writer.finish()
    #expect(
      String(decoding: text, as: UTF8.self)
        == #"{"a":1,"b":[[1],[2]],"c":null,"empty":[],"o":{"x":"q\"\n"},"last":null}"#)
  }

  @Test("hands large documents over in blocks, in order")
  func blocks() throws {
    var blocks: [[UInt8]] = []
    var writer = JSONStreamWriter { blocks.append($0) }
    try writer.array(of: 0..<50_000) { try $0.value($1) }
    try writer.finish()
    #expect(blocks.count > 2)
    #expect(blocks.allSatisfy { $0.count <= 70_000 })
    let parsed = try JSONParser.parse(Array(blocks.joined()))
    #expect(parsed.arrayValue?.count == 50_000)
    #expect(parsed[49_999] == 49_999)
  }

  @Test("lets the error of a full disk out")
  func sinkFails() {
    struct Full: Error {}
    var writer = JSONStreamWriter { _ in throw Full() }
    #expect(throws: Full.self) { try writer.array(of: 0..<100_000) { try $0.value($1) } }
  }
}
