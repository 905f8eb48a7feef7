import Testing

@testable import MemfunCore

/// Without it the comparison is left out.
private let pythonProgram = try? Subprocess.locate("/usr/bin/python3")

@Suite("Reading JSON")
struct JSONParserTests {
  @Test(
    "keeps every kind of value",
    arguments: [
      ("null", JSONValue.null), ("true", true), ("false", false), ("0", 0), ("-0", .number(-0.0)),
      ("9007199254740993", 9_007_199_254_740_993), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775807", .integer(.max)), ("9223372036854775808", .bigInteger("9223372036854775808")),
      ("-9223372036854775809", .bigInteger("-9223372036854775809")), ("1.0", 1.0), ("1e2", 100.0),
      ("1E+2", 100.0), ("12.5e-1", 1.25), ("1e-400", 0.0), (#""""#, ""), ("[]", []), ("{}", [:]),
      (" [ 1 , 2 ] ", [1, 2]),
      (#"{"a":{"b":[null]}}"#, ["a": ["b": [nil]]]), ("\u{FEFF}1", 1), ("\t\n\r 1", 1),
    ] as [(String, JSONValue)])
  func values(text: String, value: JSONValue) throws {
    #expect(try JSONParser.parse(text) == value)
  }

  @Test(
    "decodes escapes, pairs of surrogates, and lone surrogates as U+FFFD",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u65e5""#, "é日"),
      (#""\uD83D\uDE00""#, "😀"), (#""\ud83d""#, "\u{FFFD}"), (#""\ude00x""#, "\u{FFFD}x"),
      (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\u0000""#, "\0"),
      (#""é\u00e9""#, "éé"), (#""\ud83dA""#, "\u{FFFD}A"),
    ])
  func strings(text: String, value: String) throws {
    #expect(try JSONParser.parse(text).stringValue == value)
  }

  @Test(
    "says where the text goes wrong",
    arguments: [
      ("", 1, 1), ("{", 1, 2), ("[1,]", 1, 4), ("[1 2]", 1, 4), (#"{"a" 1}"#, 1, 6), (#"{"a":1,}"#, 1, 8),
      ("{a:1}", 1, 2), ("nul", 1, 1), ("1 1", 1, 3), ("01", 1, 2), ("-", 1, 2), ("1.", 1, 3), ("1e", 1, 3),
      ("+1", 1, 1), (".5", 1, 1), ("NaN", 1, 1), ("'a'", 1, 1), ("[\n  1,\n  x]", 3, 3), (#""\x""#, 1, 3),
      (#""\u12g4""#, 1, 6), ("\"a\nb\"", 1, 3), ("\"a", 1, 1), ("\"a\\", 1, 4), ("[1]]", 1, 4),
      ("1e400", 1, 1),
      ("{\"a\":1 \"b\":2}", 1, 8), ("tru", 1, 1), ("// x", 1, 1), ("\u{0B}1", 1, 1), (#""\u12"#, 1, 4),
    ])
  func errors(text: String, line: Int, column: Int) {
    let error = #expect(throws: JSONParseError.self) { try JSONParser.parse(text, source: "file.json") }
    #expect(error?.line == line, "\(String(describing: error))")
    #expect(error?.column == column, "\(String(describing: error))")
    #expect(error?.location == "file.json:\(line):\(column)")
  }

  @Test(
    "refuses bytes that are not UTF-8",
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE9, 0x22],
      [0x22, 0x5C, 0x6E, 0xFF, 0x22], [0xFF],
    ] as [[UInt8]])
  func invalidUTF8(bytes: [UInt8]) { #expect(throws: JSONParseError.self) { try JSONParser.parse(bytes) } }

  @Test("refuses deep nesting before the stack ends, and takes what is allowed")
  func depth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSONParser.parse(nested(512))
    let error = #expect(throws: JSONParseError.self) { try JSONParser.parse(nested(513)) }
    #expect(error?.column == 513)
    #expect(throws: JSONParseError.self) {
      try JSONParser.parse(String(repeating: "[{\"a\":", count: 500_000))
    }
    _ = try JSONParser.parse(nested(3), options: .init(maximumDepth: 3))
    #expect(throws: JSONParseError.self) { try JSONParser.parse(nested(4), options: .init(maximumDepth: 3)) }
  }

  @Test("takes the last of repeated members, or refuses them when told so")
  func duplicates() throws {
    let text = #"{"a":1,"b":2,"a":3}"#
    let value = try JSONParser.parse(text)
    #expect(value == ["a": 3, "b": 2])
    #expect(value.objectValue?.keys == ["a", "b"])
    let error = #expect(throws: JSONParseError.self) {
      try JSONParser.parse(text, options: .init(rejectsDuplicateKeys: true))
    }
    #expect(error?.column == 14)
  }

  @Test("agrees with Python on which texts are JSON and what they mean", .enabled(if: pythonProgram != nil))
  func agreesWithPython() async throws {
    let random = SeededRandomSource(seed: 3)
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\\n\"", "\"\\ud83d\\ude00\"", "1", "-2.5e3", "0", "true",
      "null",
      " ", "1e5", "12345678901234567890", "\"é\"",
    ]
    var texts: [String] = []
    for _ in 0..<3000 {
      texts.append((0..<(1 + random.next() % 7)).map { _ in pieces[Int(random.next() % 18)] }.joined())
    }
    // A generated value and its text, with every character that may be special.
    for _ in 0..<300 { texts.append(JSONGenerator.value(random, depth: 4).description) }
    let script = """
      import json, sys
      def no(x): raise ValueError(x)
      for line in json.loads(sys.stdin.buffer.read()):
          try: print(json.dumps(json.loads(line, parse_constant=no), allow_nan=False))
          except ValueError: print("error")
      """
    let input = JSONSerializer.bytes(of: .array(texts.map(JSONValue.string)))
    let result = try await Subprocess(
      #require(pythonProgram), ["-c", script], input: .bytes(input), output: .capture(head: .max, tail: 0)
    ).run()
    #expect(result.succeeded, "\(result.error.text)")
    let lines = result.output.text.split(separator: "\n").map(String.init)
    try #require(lines.count == texts.count)
    for (text, line) in zip(texts, lines) {
      let ours = try? JSONParser.parse(text)
      if line == "error" {
        #expect(ours == nil, "\(text)")
      } else {
        let theirs = try JSONParser.parse(line)
        #expect(ours == theirs, "\(text) is \(line)")
      }
    }
  }
}

/// Values with everything in them that serialisers get wrong.
enum JSONGenerator {
  static func value(_ random: SeededRandomSource, depth: Int) -> JSONValue {
    switch random.next() % (depth > 0 ? 9 : 7) {
    case 0: .null
    case 1: .bool(random.next() % 2 == 0)
    case 2: .integer(Int64(bitPattern: random.next()))
    case 3: .bigInteger("\(UInt64.max - random.next() % 1000)000")
    case 4: .number(number(random))
    case 5, 6: .string(string(random))
    case 7: .array((0..<(random.next() % 5)).map { _ in value(random, depth: depth - 1) })
    default:
      .object(
        JSONObject((0..<(random.next() % 12)).map { _ in (string(random), value(random, depth: depth - 1)) }))
    }
  }

  private static func number(_ random: SeededRandomSource) -> Double {
    let value = Double(bitPattern: random.next())
    return value.isFinite ? value : random.unit()
  }

  private static func string(_ random: SeededRandomSource) -> String {
    var text = ""
    for _ in 0..<(random.next() % 12) {
      let limits: [UInt64] = [0x20, 0x80, 0x800, 0x11_0000]
      let code = UInt32(random.next() % limits[Int(random.next() % 4)])
      if let scalar = Unicode.Scalar(code) { text.unicodeScalars.append(scalar) }
    }
    return text
  }
}

@Suite("Writing JSON")
struct JSONSerializerTests {
  @Test("gives text that reads back as the same value, in every layout")
  func roundTrip() throws {
    let random = SeededRandomSource(seed: 5)
    for _ in 0..<1000 {
      let value = JSONGenerator.value(random, depth: 4)
      #expect(try JSONParser.parse(value.description) == value)
      #expect(try JSONParser.parse(value.prettyDescription) == value)
      #expect(try JSONParser.parse(JSONSerializer.bytes(of: value, sortsKeys: true)) == value)
    }
  }

  @Test("keeps integers and the order of members exactly")
  func exact() throws {
    let text = #"{"z":9007199254740993,"a":123456789012345678901234567890,"m":[1,1.5,-0.0]}"#
    #expect(try JSONParser.parse(text).description == text)
  }

  @Test("sorts members by code point for canonical text, at every level")
  func canonical() throws {
    let value = try JSONParser.parse(#"{"b":{"é":1,"z":2,"Z":3,"😀":4,"\uffff":5},"a":[]}"#)
    #expect(
      String(decoding: JSONSerializer.bytes(of: value, sortsKeys: true), as: UTF8.self)
        == "{\"a\":[],\"b\":{\"Z\":3,\"z\":2,\"é\":1,\"\u{FFFF}\":5,\"😀\":4}}")
  }

  @Test("writes members with canonically equivalent names as different members")
  func equivalentNames() throws {
    // Swift's strings call these two equal; JSON does not.
    let text = "{\"\u{E9}\":1,\"e\u{301}\":2}"
    #expect(try JSONParser.parse(text).description == text)
  }

  @Test("escapes what must be escaped and nothing else")
  func escapes() {
    let text = JSONValue.string("\"\\/\u{8}\u{c}\n\r\t\u{1}\u{7f}é\u{2028}😀").description
    #expect(text == "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0001\\u007fé\u{2028}😀\"")
  }

  @Test("writes null for numbers that JSON does not have")
  func notFinite() {
    #expect(JSONValue.array([.number(.nan), .number(.infinity)]).description == "[null,null]")
  }

  @Test("indents for people")
  func pretty() {
    let value: JSONValue = ["a": [1, [:]], "b": [], "c": ["d": nil]]
    #expect(
      value.prettyDescription == """
        {
          "a": [
            1,
            {}
          ],
          "b": [],
          "c": {
            "d": null
          }
        }
        """)
  }
}

@Suite("A JSON object")
struct JSONObjectTests {
  @Test("finds, replaces and removes members, with few and with many", arguments: [3, 8, 9, 10, 100])
  func members(count: Int) {
    var object = JSONObject((0..<count).map { ("k\($0)", .int($0)) })
    #expect(object.count == count)
    #expect(object["k1"] == 1)
    #expect(object["missing"] == nil)
    object["k1"] = "new"
    object["added"] = nil
    #expect(object.count == count)
    object["k0"] = nil
    #expect(object["k0"] == nil && object["k1"] == "new" && object["k\(count - 1)"] == .int(count - 1))
    #expect(object.keys == (1..<count).map { "k\($0)" })
    for key in object.keys { object[key] = nil }
    #expect(object.isEmpty)
  }

  @Test("equals another with the same members in another order, with the same hash")
  func equality() {
    let random = SeededRandomSource(seed: 9)
    for _ in 0..<100 {
      guard
        case .object(let object) = JSONValue.object(
          JSONObject((0..<12).map { ("\($0)", JSONGenerator.value(random, depth: 2)) }))
      else { return }
      let reversed = JSONObject(object.reversed().map { ($0.key, $0.value) })
      #expect(object == reversed)
      #expect(object.hashValue == reversed.hashValue)
    }
    #expect(["a": 1] as JSONValue != ["a": 1, "b": 2])
    #expect(["a": 1] as JSONValue != ["b": 1])
  }

  @Test("gives access by type")
  func access() {
    let value: JSONValue = ["s": "x", "i": 3, "d": 3.0, "f": 3.5, "a": [1], "b": true, "n": nil]
    #expect(value["s"]?.stringValue == "x")
    #expect(value["i"]?.intValue == 3 && value["d"]?.intValue == 3 && value["f"]?.intValue == nil)
    #expect(value["i"]?.doubleValue == 3 && value["s"]?.doubleValue == nil)
    #expect(JSONValue.bigInteger("18446744073709551616").doubleValue == 0x1p64)
    #expect(value["a"]?[0] == 1 && value["a"]?[1] == nil && value["a"]?[-1] == nil && value["s"]?[0] == nil)
    #expect(value["b"]?.boolValue == true && value["n"]?.isNull == true && value["missing"] == nil)
    #expect(JSONValue.number(1e300).intValue == nil)
  }
}
