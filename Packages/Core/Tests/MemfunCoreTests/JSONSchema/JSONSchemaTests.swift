import Testing

@testable import MemfunCore

@Suite("A JSON Schema")
struct JSONSchemaTests {
  private func schema(_ text: String, _ strictness: JSONSchema.Strictness = .strict) throws -> JSONSchema {
    try JSONSchema(JSONParser.parse(text), strictness: strictness)
  }

  // MARK: Validity

  @Test(
    "accepts and refuses values by its keywords",
    arguments: [
      (#"{}"#, #"[1,"a",null,{},[]]"#, #"[]"#),
      (#"true"#, #"[1]"#, #"[]"#),
      (#"false"#, #"[]"#, #"[1,null]"#),
      (
        #"{"type":"integer"}"#, #"[1,1.0,-3,1e3,123456789012345678901234567890]"#, #"[1.5,"1",null,true,[1]]"#
      ),
      (#"{"type":"number"}"#, #"[1,1.5,123456789012345678901234567890]"#, #"["1",null,true]"#),
      (#"{"type":["string","null"]}"#, #"["",null]"#, #"[1,false,[],{}]"#),
      (#"{"type":"boolean"}"#, #"[true,false]"#, #"[0,1,"true",null]"#),
      (#"{"enum":[1,"a",null,{"x":[1]}]}"#, #"[1,1.0,"a",null,{"x":[1.0]}]"#, #"[2,"b",false,{"x":[]},0]"#),
      (#"{"const":{"a":1,"b":2}}"#, #"[{"b":2,"a":1.0}]"#, #"[{"a":1},{"a":1,"b":3},null]"#),
      (#"{"const":false}"#, #"[false]"#, #"[0,null]"#),
      (#"{"minimum":2,"maximum":5}"#, #"[2,5,3.5,"x"]"#, #"[1.9999,5.0001,-9e99,9223372036854775808]"#),
      (#"{"exclusiveMinimum":2,"exclusiveMaximum":5}"#, #"[2.0001,4.9]"#, #"[2,5,2.0]"#),
      (#"{"minimum":9007199254740993}"#, #"[9007199254740993,9007199254740994]"#, #"[9007199254740992]"#),
      (#"{"maximum":9223372036854775807}"#, #"[9223372036854775807]"#, #"[9223372036854775808,1e19]"#),
      (
        #"{"multipleOf":3}"#, #"[0,3,-9,9.0,30000000000000000000000000003]"#,
        #"[1,4.5,30000000000000000000000000001]"#
      ),
      (#"{"multipleOf":0.1}"#, #"[0.3,1,0,-0.7]"#, #"[0.35,0.01]"#),
      (#"{"minLength":2,"maxLength":3}"#, #"["ab","日本","😀😀😀",5]"#, #"["a","abcd","😀"]"#),
      (#"{"pattern":"^a+$"}"#, #"["a","aaa",1]"#, #"["","b","ab"]"#),
      (#"{"minItems":1,"maxItems":2}"#, #"[[1],[1,2],"x"]"#, #"[[],[1,2,3]]"#),
      (
        #"{"uniqueItems":true}"#, #"[[],[1,2],[1,true],[[1],[2]],[0,false]]"#,
        #"[[1,1.0],[{"a":1},{"a":1}],["a","a"]]"#
      ),
      (#"{"items":{"type":"string"}}"#, #"[[],["a"],{"a":1}]"#, #"[[1],["a",1]]"#),
      (
        #"{"prefixItems":[{"type":"string"}],"items":{"type":"integer"}}"#, #"[[],["a"],["a",1,2]]"#,
        #"[[1],["a","b"]]"#
      ),
      (#"{"prefixItems":[{"type":"string"}],"items":false}"#, #"[[],["a"]]"#, #"[["a",1]]"#),
      (
        #"{"contains":{"const":1},"minContains":2,"maxContains":3}"#, #"[[1,1],[1,2,1,1]]"#,
        #"[[1],[1,1,1,1],[]]"#
      ),
      (#"{"contains":{"const":1},"minContains":0}"#, #"[[],[2]]"#, #"[]"#),
      (#"{"required":["a","b"]}"#, #"[{"a":1,"b":null},[],"x"]"#, #"[{},{"a":1}]"#),
      (#"{"properties":{"a":{"type":"integer"}}}"#, #"[{},{"a":1},{"b":"x"}]"#, #"[{"a":"x"},{"a":null}]"#),
      (
        #"{"properties":{"a":{}},"additionalProperties":false}"#, #"[{},{"a":1}]"#,
        #"[{"b":1},{"a":1,"A":1}]"#
      ),
      (
        #"{"properties":{"a":{}},"additionalProperties":{"type":"null"}}"#, #"[{"a":1,"b":null}]"#,
        #"[{"b":1}]"#
      ),
      (
        #"{"patternProperties":{"^x_":{"type":"integer"}},"additionalProperties":false}"#, #"[{"x_a":1},{}]"#,
        #"[{"x_a":"s"},{"y":1}]"#
      ),
      (#"{"minProperties":1,"maxProperties":1}"#, #"[{"a":1}]"#, #"[{},{"a":1,"b":2}]"#),
      (#"{"propertyNames":{"maxLength":2}}"#, #"[{"ab":1},{}]"#, #"[{"abc":1}]"#),
      (#"{"dependentRequired":{"a":["b"]}}"#, #"[{},{"b":1},{"a":1,"b":1}]"#, #"[{"a":1}]"#),
      (#"{"dependentSchemas":{"a":{"required":["b"]}}}"#, #"[{},{"a":1,"b":1}]"#, #"[{"a":1}]"#),
      (#"{"allOf":[{"minimum":1},{"maximum":3}]}"#, #"[1,2,3]"#, #"[0,4]"#),
      (#"{"anyOf":[{"type":"string"},{"minimum":5}]}"#, #"["a",5,null]"#, #"[4]"#),
      (#"{"oneOf":[{"multipleOf":2},{"multipleOf":3}]}"#, #"[2,3,9]"#, #"[6,1]"#),
      (#"{"not":{"type":"string"}}"#, #"[1,null]"#, #"["a"]"#),
      (
        #"{"if":{"properties":{"k":{"const":1}},"required":["k"]},"then":{"required":["a"]},"else":{"required":["b"]}}"#,
        #"[{"k":1,"a":1},{"k":2,"b":1},{"b":1}]"#, #"[{"k":1,"b":1},{"a":1}]"#
      ),
      (
        ##"{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"}},"additionalProperties":false}}}"##,
        #"[{},{"next":{"next":{}}}]"#, #"[1,{"next":1},{"next":{"other":{}}}]"#
      ),
      (
        ##"{"properties":{"self":{"$ref":"#"}},"additionalProperties":false}"##, #"[{"self":{"self":{}}}]"#,
        #"[{"self":{"x":1}}]"#
      ),
      (##"{"$ref":"#/$defs/a~1b%25c","$defs":{"a/b%c":{"type":"null"}}}"##, #"[null]"#, #"[1]"#),
      (##"{"definitions":{"x":{"minimum":2}},"$ref":"#/definitions/x","maximum":3}"##, #"[2,3]"#, #"[1,4]"#),
      (
        #"{"type":"string","format":"date-time","nullable":true,"default":3,"title":"t"}"#, #"["no date"]"#,
        #"[null]"#
      ),
    ])
  func validity(text: String, good: String, bad: String) throws {
    let schema = try schema(text)
    for value in try JSONParser.parse(good).arrayValue ?? [] {
      #expect(schema.violations(in: value) == [], "\(text) should accept \(value)")
    }
    for value in try JSONParser.parse(bad).arrayValue ?? [] {
      #expect(!schema.violations(in: value).isEmpty, "\(text) should refuse \(value)")
    }
  }

  // MARK: Violations

  @Test("reports every violation with its places in the value and in the schema, and a message")
  func reports() throws {
    let schema = try schema(
      #"""
      {"type":"object","required":["path"],"additionalProperties":false,"properties":{
        "path":{"type":"string"},"limit":{"type":"integer","minimum":1},
        "a/b~":{"items":{"type":"string"}}}}
      """#)
    let value = try JSONParser.parse(#"{"limit":0,"pth":"x","a/b~":["x",1]}"#)
    #expect(
      schema.violations(in: value).map { "\($0.instance)|\($0.schema)|\($0.message)" } == [
        #"|/required|the member "path" is missing"#,
        "/limit|/properties/limit/minimum|must be at least 1, but is 0",
        #"/pth|/additionalProperties|this member is not allowed, did you mean "path"?"#,
        "/a~1b~0/1|/properties/a~1b~0/items/type|must be string, but is integer",
      ])
    let error = #expect(throws: JSONSchemaMismatch.self) { try schema.check(value, subject: "the arguments") }
    #expect(
      error?.what.hasPrefix(#"the arguments does not fit its schema: (root): the member "path""#) == true)
    #expect(error?.violations.count == 4)
  }

  @Test("explains a failed choice by the alternative that was meant")
  func alternatives() throws {
    let schema = try schema(
      #"{"anyOf":[{"type":"string"},{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}]}"#
    )
    let found = schema.violations(in: ["n": "x"])
    #expect(found.count == 2)
    #expect(found.last?.instance.description == "/n")
    #expect(found.last?.schema.description == "/anyOf/1/properties/n/type")
    #expect(try self.schema(#"{"oneOf":[{},true]}"#).violations(in: 1)[0].message.contains("0 and 1"))
  }

  // MARK: Bad schemas

  @Test(
    "that is wrong is refused with the place of each mistake",
    arguments: [
      (#"1"#, ""), (#"{"type":"int"}"#, "/type"), (#"{"type":[]}"#, "/type"),
      (#"{"type":["string",1]}"#, "/type"),
      (#"{"properties":{"a":{"minimum":"1"}}}"#, "/properties/a/minimum"),
      (#"{"properties":[]}"#, "/properties"),
      (#"{"required":"a"}"#, "/required"), (#"{"required":["a","a"]}"#, "/required"),
      (#"{"enum":[]}"#, "/enum"),
      (#"{"enum":1}"#, "/enum"), (#"{"minLength":-1}"#, "/minLength"), (#"{"minLength":1.5}"#, "/minLength"),
      (#"{"multipleOf":0}"#, "/multipleOf"), (#"{"pattern":"("}"#, "/pattern"),
      (#"{"pattern":1}"#, "/pattern"),
      (#"{"items":[{}]}"#, "/items"), (#"{"items":3}"#, "/items"), (#"{"allOf":[]}"#, "/allOf"),
      (#"{"anyOf":{}}"#, "/anyOf"), (#"{"anyOf":[1]}"#, "/anyOf/0"), (#"{"not":"x"}"#, "/not"),
      (#"{"uniqueItems":1}"#, "/uniqueItems"), (##"{"$ref":"#/$defs/x"}"##, "/$ref"),
      (#"{"$ref":1}"#, "/$ref"),
      (#"{"$ref":"other.json"}"#, "/$ref"), (##"{"$ref":"#anchor"}"##, "/$ref"), (##"{"$ref":"#"}"##, ""),
      (##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"allOf":[{"$ref":"#/$defs/a"}]}}}"##, "/$defs/a"),
      (#"{"exclusiveMinimum":true}"#, "/exclusiveMinimum"),
      (#"{"$defs":{"a":{"type":"x"}}}"#, "/$defs/a/type"),
      (#"{"dependentRequired":{"a":"b"}}"#, "/dependentRequired/a"),
    ])
  func mistakes(text: String, place: String) throws {
    for strictness in [JSONSchema.Strictness.strict, .lenient] {
      let error = #expect(throws: JSONSchemaError.self) { try schema(text, strictness) }
      #expect(error?.problems.map(\.pointer.description) == [place], "\(String(describing: error))")
      #expect(error?.problems.first?.kind == .invalid)
    }
  }

  @Test("with keywords that are unknown or unsupported is refused when strict, and says so when lenient")
  func strictness() throws {
    let text =
      #"{"requried":["a"],"unevaluatedProperties":false,"properties":{"p":{"pattern":"(?=a)"}},"x-note":1}"#
    let error = #expect(throws: JSONSchemaError.self) { try schema(text) }
    #expect(
      error?.problems.map { "\($0.kind.rawValue) \($0.pointer)" } == [
        "unknownKeyword /requried", "unsupported /unevaluatedProperties", "unsupported /properties/p/pattern",
      ])
    #expect(error?.description.contains("did you mean required?") == true)
    let lenient = try schema(text, .lenient)
    #expect(lenient.ignored == error?.problems)
    #expect(lenient.violations(in: ["p": "zzz"]) == [])
  }

  // MARK: Bounds

  @Test("with a choice that multiplies at every level gives up after its steps, and says so")
  func exponential() throws {
    var definitions = JSONObject()
    for level in 0..<40 {
      let next: JSONValue = ["$ref": .string("#/$defs/d\(level + 1)")]
      definitions["d\(level)"] = ["allOf": [next, next]]
    }
    definitions["d40"] = ["type": "string"]
    let schema = try JSONSchema(["$ref": "#/$defs/d0", "$defs": .object(definitions)])
    let found = schema.violations(in: "x", limits: .init(steps: 100_000))
    #expect(found.count == 1)
    #expect(found[0].message.contains("too complex"))
  }

  @Test("reports a limited number of violations for a value that is wrong everywhere")
  func manyViolations() throws {
    let schema = try schema(#"{"items":{"type":"string"}}"#)
    let value = JSONValue.array((0..<10_000).map { .int($0) })
    #expect(schema.violations(in: value).count == 100)
    #expect(schema.violations(in: value, limits: .init(violations: 3)).count == 3)
  }

  @Test("takes values as deep as the parser lets through")
  func depth() throws {
    let schema = try schema(##"{"type":"array","items":{"$ref":"#"}}"##)
    let text = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
    #expect(schema.violations(in: try JSONParser.parse(text)) == [])
  }
}

@Suite("A pattern of a schema")
struct SchemaPatternTests {
  @Test(
    "matches as ECMA-262 says",
    arguments: [
      ("", ["", "a"], []), ("a", ["a", "xax"], ["", "b"]), ("^a|b$", ["ax", "xb"], ["xa", "bx"]),
      ("^(ab)+$", ["ab", "abab"], ["", "aba"]), ("^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]),
      ("^a{2}$", ["aa"], ["a", "aaa"]), ("^a{2,}$", ["aa", "aaaaa"], ["a"]), ("^a{0}$", [""], ["a"]),
      ("^a*?b+?c??$", ["b", "aabbc"], ["a", "ca"]), (#"^\d{4}-\d\d$"#, ["2026-11"], ["2026-1", "٣٣٣٣-11"]),
      (#"^[\w.-]+@[\w-]+(\.[a-z]{2,})+$"#, ["a.b@c.de"], ["a@b", "@c.de"]),
      ("^[^abc]$", ["d", "\n"], ["a", ""]),
      ("^.$", ["a", "😀"], ["\n", "", "ab"]), (#"^\s\S$"#, [" x", "\u{A0}x"], ["x ", "  "]),
      (#"\bfoo\b"#, ["foo", "a foo b"], ["food", "afoo"]), (#"^\Boo"#, [], ["oo"]),
      (#"^\u00e9\x41\u{1F600}$"#, ["éA😀"], ["eA😀"]),
      (#"^\uD83D\uDE00$"#, ["😀"], ["x"]), (#"^\p{L}+$"#, ["Äß日"], ["1", "a1"]),
      (#"^\p{Lu}\P{Lu}$"#, ["Aa"], ["AA"]),
      ("^[a-c-]+$", ["a-b"], ["d"]), (#"^[\]\\]+$"#, [#"]\"#], ["a"]),
      ("^(?:a|b(?<n>c))$", ["a", "bc"], ["b"]),
      ("a{", ["a{"], ["a"]), ("^{}$", ["{}"], [""]), ("^[]$", [], ["", "a"]), ("^[^]$", ["a", "\n"], [""]),
      ("a||b", ["", "x"], []),
      ("^(a|)b$", ["ab", "b"], ["aab"]), (#"^\/\-$"#, ["/-"], ["x"]), ("^日+$", ["日日"], ["本"]),
      ("x*", ["", "y"], []), ("$^", [""], ["a"]),
    ] as [(String, [String], [String])])
  func matching(source: String, good: [String], bad: [String]) throws {
    let pattern = try SchemaPattern(source)
    for (texts, wanted) in [(good, true), (bad, false)] {
      for text in texts {
        var budget = 100_000
        #expect(pattern.matches(text, budget: &budget) == wanted, "\(source) on \(text)")
      }
    }
  }

  @Test(
    "with a mistake is refused",
    arguments: [
      "(", ")", "a)", "[", "[a", "*", "+a", "a**", "a+*", "(?a)", "a{3,2}", "[b-a]", "\\", "{2}", #"\xg"#,
      #"\u{110000}"#, "^*",
      "(?<n", #"\q"#, #"[\d-z"#, #"\p"#, #"\p{"#,
    ])
  func syntax(source: String) {
    let error = #expect(throws: SchemaPattern.Problem.self) { try SchemaPattern(source) }
    guard case .syntax = error else {
      Issue.record("\(source): \(String(describing: error))")
      return
    }
  }

  @Test(
    "that needs backtracking or is huge is refused as unsupported",
    arguments: [
      "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", #"(a)\1"#, #"\k<n>"#, "a{2000}", "((a{100}){100}){100}",
      #"\p{Script=Greek}"#,
      String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000),
    ])
  func unsupported(source: String) {
    let error = #expect(throws: SchemaPattern.Problem.self) { try SchemaPattern(source) }
    guard case .unsupported = error else {
      Issue.record("\(source.prefix(50)): \(String(describing: error))")
      return
    }
  }

  @Test(
    "that ruins backtracking matchers takes linear time",
    arguments: ["(a+)+$", "(a|a)*$", "(a*)*b", "(.*)*x", "a?".repeated(30) + "a".repeated(30)])
  func linear(source: String) throws {
    var budget = 5_000_000
    #expect(try SchemaPattern(source).matches("a".repeated(2000) + "!", budget: &budget) != nil)
    var small = 50
    #expect(try SchemaPattern(source).matches("c".repeated(2000), budget: &small) == nil)
  }
}

extension String {
  fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}

@Suite("A JSON Pointer")
struct JSONPointerTests {
  @Test(
    "resolves as RFC 6901 §5 says",
    arguments: [
      ("/foo", #"["bar","baz"]"#), ("/foo/0", #""bar""#), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"),
      ("/e^f", "3"),
      ("/g|h", "4"), (#"/i\j"#, "5"), (#"/k"l"#, "6"), ("/ ", "7"), ("/m~0n", "8"),
    ])
  func resolving(pointer: String, value: String) throws {
    let document = try JSONParser.parse(
      #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#)
    let parsed = try #require(JSONPointer(parsing: pointer))
    #expect(parsed.value(in: document) == (try JSONParser.parse(value)))
    #expect(parsed.description == pointer)
    #expect(JSONPointer(parsing: "")?.value(in: document) == document)
  }

  @Test("finds nothing where nothing is, and refuses text that is no pointer")
  func nothing() {
    let document: JSONValue = ["a": [1, 2]]
    for text in ["/b", "/a/2", "/a/-", "/a/01", "/a/+1", "/a/-1", "/a/0/x"] {
      #expect(JSONPointer(parsing: text)?.value(in: document) == nil, "\(text)")
    }
    for text in ["a", "/~", "/~2", "#/a"] { #expect(JSONPointer(parsing: text) == nil, "\(text)") }
  }
}
