/// Turns a schema document into nodes, and finds all that is wrong with it.
struct SchemaCompiler {
  typealias Problem = JSONSchemaError.Problem

  private let document: JSONValue
  private let strictness: JSONSchema.Strictness
  private(set) var nodes: [SchemaNode] = []
  private(set) var problems: [Problem] = []
  private(set) var ignored: [Problem] = []

  /// The node of each place that was compiled or is being compiled.
  private var indices: [JSONPointer: Int] = [:]
  /// Which nodes apply to the same value as a node: a cycle among them would never end.
  private var inPlace: [[Int]] = []

  private static let maximumNodes = 20_000
  private static let maximumDepth = 200

  /// Keywords without effect on validity.
  private static let annotations: Set<String> = [
    "$schema", "$id", "$comment", "$vocabulary", "title", "description", "default", "examples", "example",
    "deprecated", "readOnly", "writeOnly", "format", "contentEncoding", "contentMediaType", "contentSchema",
    "nullable", "additionalItems",
  ]
  private static let unsupported: Set<String> = [
    "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "unevaluatedItems",
    "unevaluatedProperties", "dependencies",
  ]
  private static let handled: Set<String> = [
    "$ref", "$defs", "definitions", "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "minItems", "maxItems",
    "uniqueItems", "items", "prefixItems", "contains", "minContains", "maxContains", "minProperties",
    "maxProperties", "required", "dependentRequired", "properties", "patternProperties",
    "additionalProperties", "propertyNames", "dependentSchemas", "allOf", "anyOf", "oneOf", "not", "if",
    "then", "else",
  ]

  init(document: JSONValue, strictness: JSONSchema.Strictness) {
    self.document = document
    self.strictness = strictness
  }

  /// Compiles the root, which becomes node 0, and all that it holds or refers to.
  mutating func compileDocument() {
    _ = compile(document, at: JSONPointer(), depth: 0)
    if problems.isEmpty { findCycles() }
  }

  // MARK: Problems

  private mutating func invalid(_ pointer: JSONPointer, _ message: String) {
    problems.append(Problem(kind: .invalid, pointer: pointer, message: message))
  }

  private mutating func report(_ kind: Problem.Kind, _ pointer: JSONPointer, _ message: String) {
    let problem = Problem(kind: kind, pointer: pointer, message: message)
    if strictness == .strict { problems.append(problem) } else { ignored.append(problem) }
  }

  // MARK: Schemas

  /// The node of the schema at `pointer`.
  private mutating func compile(_ schema: JSONValue, at pointer: JSONPointer, depth: Int) -> Int {
    if let known = indices[pointer] { return known }
    let index = nodes.count
    indices[pointer] = index
    nodes.append(SchemaNode(pointer: pointer))
    inPlace.append([])
    guard depth < Self.maximumDepth, index < Self.maximumNodes else {
      if depth == Self.maximumDepth || index == Self.maximumNodes {
        invalid(pointer, "the schema is nested too deeply or is too large")
      }
      return index
    }
    switch schema {
    case .bool(true): break
    case .bool(false): nodes[index].rules = [.init(keyword: "", demand: .never)]
    case .object(let object):
      checkKeywords(of: object, at: pointer)
      var reader = Reader(object: object, pointer: pointer, index: index, depth: depth + 1)
      compileDefinitions(&reader)
      compileReference(&reader)
      compileValues(&reader)
      compileNumbersAndStrings(&reader)
      compileArrays(&reader)
      compileObjects(&reader)
      compileCombinations(&reader)
      nodes[index].rules = reader.rules
    default: invalid(pointer, "a schema must be an object or a boolean, but this is \(schema.typeName)")
    }
    return index
  }

  /// One schema object while it is read.
  private struct Reader {
    let object: JSONObject
    let pointer: JSONPointer
    let index: Int
    let depth: Int
    var rules: [SchemaNode.Rule] = []

    mutating func demand(_ keyword: String, _ demand: SchemaNode.Demand) {
      rules.append(.init(keyword: keyword, demand: demand))
    }
  }

  private mutating func checkKeywords(of object: JSONObject, at pointer: JSONPointer) {
    for (key, value) in object where !Self.handled.contains(key) && !Self.annotations.contains(key) {
      let place = pointer.appending(key)
      if Self.unsupported.contains(key) {
        report(.unsupported, place, "the keyword \(key) is not supported")
      } else if !key.hasPrefix("x-") {
        let meant = Suggestion.closest(to: key, among: Self.handled.union(Self.annotations).sorted())
        report(
          .unknownKeyword, place, "unknown keyword \(key)" + (meant.map { ", did you mean \($0)?" } ?? ""))
      }
      _ = value
    }
  }

  /// The node of the subschema under a keyword.
  private mutating func subschema(_ reader: Reader, _ keyword: String) -> Int? {
    guard let value = reader.object[keyword] else { return nil }
    return compile(value, at: reader.pointer.appending(keyword), depth: reader.depth)
  }

  /// The nodes of an array of subschemas.
  private mutating func subschemas(_ reader: Reader, _ keyword: String) -> [Int]? {
    guard let value = reader.object[keyword] else { return nil }
    let place = reader.pointer.appending(keyword)
    guard case .array(let elements) = value, !elements.isEmpty else {
      invalid(place, "\(keyword) must be an array with at least one schema")
      return nil
    }
    return elements.enumerated().map { number, element in
      compile(element, at: place.appending(String(number)), depth: reader.depth)
    }
  }

  /// The nodes of an object of subschemas.
  private mutating func namedSubschemas(
    _ reader: Reader, _ keyword: String
  ) -> [(name: String, schema: Int)]? {
    guard let value = reader.object[keyword] else { return nil }
    let place = reader.pointer.appending(keyword)
    guard case .object(let members) = value else {
      invalid(place, "\(keyword) must be an object of schemas")
      return nil
    }
    return members.map { name, member in
      (name, compile(member, at: place.appending(name), depth: reader.depth))
    }
  }

  private mutating func count(_ reader: Reader, _ keyword: String) -> Int? {
    guard let value = reader.object[keyword] else { return nil }
    guard let number = value.intValue, number >= 0 else {
      invalid(reader.pointer.appending(keyword), "\(keyword) must be an integer of at least 0")
      return nil
    }
    return number
  }

  private mutating func strings(_ value: JSONValue, at place: JSONPointer, _ keyword: String) -> [String]? {
    guard let elements = value.arrayValue else {
      invalid(place, "\(keyword) must be an array of strings")
      return nil
    }
    let strings = elements.compactMap(\.stringValue)
    guard strings.count == elements.count, Set(strings).count == strings.count else {
      invalid(place, "\(keyword) must be an array of different strings")
      return nil
    }
    return strings
  }

  private mutating func pattern(_ source: String, at place: JSONPointer) -> SchemaPattern? {
    do { return try SchemaPattern(source) } catch {
      switch error {
      case .syntax(let problem): invalid(place, "invalid pattern: \(problem)")
      case .unsupported(let what): report(.unsupported, place, "not supported in a pattern: \(what)")
      }
      return nil
    }
  }

  // MARK: Keywords

  private mutating func compileDefinitions(_ reader: inout Reader) {
    _ = namedSubschemas(reader, "$defs")
    _ = namedSubschemas(reader, "definitions")
  }

  private mutating func compileReference(_ reader: inout Reader) {
    guard let value = reader.object["$ref"] else { return }
    let place = reader.pointer.appending("$ref")
    guard let reference = value.stringValue else { return invalid(place, "$ref must be a string") }
    guard reference.hasPrefix("#") else {
      return invalid(place, "only references inside the same document (#/…) are supported")
    }
    guard let decoded = Self.percentDecoded(reference.dropFirst()),
      let target = JSONPointer(parsing: decoded)
    else { return invalid(place, "\(reference) is no JSON Pointer") }
    guard let schema = target.value(in: document) else {
      return invalid(place, "\(reference) refers to nothing")
    }
    let index = compile(schema, at: target, depth: reader.depth)
    inPlace[reader.index].append(index)
    reader.demand("$ref", .reference(index))
  }

  private static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(code)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private mutating func compileValues(_ reader: inout Reader) {
    if let value = reader.object["type"] {
      let names = value.stringValue.map { [$0] } ?? value.arrayValue?.compactMap(\.stringValue) ?? []
      let types = names.compactMap(SchemaType.init)
      let expected = value.arrayValue?.count ?? 1
      if types.isEmpty || types.count != expected || Set(types).count != types.count {
        invalid(
          reader.pointer.appending("type"),
          "type must be one of null, boolean, object, array, number, integer, string, or an array of them")
      } else {
        reader.demand("type", .types(types))
      }
    }
    if let value = reader.object["enum"] {
      if let values = value.arrayValue, !values.isEmpty {
        let shown = values.map(\.description).joined(separator: ", ")
        reader.demand("enum", .oneOf(values: Set(values.map(SchemaNumber.normalized)), shown: shown))
      } else {
        invalid(reader.pointer.appending("enum"), "enum must be an array with at least one value")
      }
    }
    if let value = reader.object["const"] {
      reader.demand("const", .constant(SchemaNumber.normalized(value), shown: value.description))
    }
  }

  private mutating func compileNumbersAndStrings(_ reader: inout Reader) {
    let numeric: [(String, (JSONValue) -> SchemaNode.Demand)] = [
      ("minimum", { .minimum($0) }), ("maximum", { .maximum($0) }),
      ("exclusiveMinimum", { .exclusiveMinimum($0) }), ("exclusiveMaximum", { .exclusiveMaximum($0) }),
      ("multipleOf", { .multipleOf($0) }),
    ]
    for (keyword, make) in numeric {
      guard let value = reader.object[keyword] else { continue }
      let place = reader.pointer.appending(keyword)
      guard let double = value.doubleValue else {
        invalid(place, "\(keyword) must be a number")
        continue
      }
      if keyword == "multipleOf", double <= 0 {
        invalid(place, "multipleOf must be greater than 0")
        continue
      }
      reader.demand(keyword, make(value))
    }
    if let length = count(reader, "minLength") { reader.demand("minLength", .minLength(length)) }
    if let length = count(reader, "maxLength") { reader.demand("maxLength", .maxLength(length)) }
    if let value = reader.object["pattern"] {
      let place = reader.pointer.appending("pattern")
      if let source = value.stringValue {
        if let pattern = pattern(source, at: place) {
          reader.demand("pattern", .pattern(pattern, source: source))
        }
      } else {
        invalid(place, "pattern must be a string")
      }
    }
  }

  private mutating func compileArrays(_ reader: inout Reader) {
    if let limit = count(reader, "minItems") { reader.demand("minItems", .minItems(limit)) }
    if let limit = count(reader, "maxItems") { reader.demand("maxItems", .maxItems(limit)) }
    if let value = reader.object["uniqueItems"] {
      switch value.boolValue {
      case true: reader.demand("uniqueItems", .uniqueItems)
      case false: break
      default: invalid(reader.pointer.appending("uniqueItems"), "uniqueItems must be a boolean")
      }
    }
    let prefix = subschemas(reader, "prefixItems") ?? []
    if reader.object["items"]?.arrayValue != nil {
      invalid(
        reader.pointer.appending("items"),
        "items must be a schema; since draft 2020-12 an array of schemas is called prefixItems")
    } else {
      let rest = subschema(reader, "items")
      if !prefix.isEmpty || rest != nil {
        reader.demand(rest == nil ? "prefixItems" : "items", .elements(prefix: prefix, rest: rest))
      }
    }
    let minimum = count(reader, "minContains") ?? 1
    let maximum = count(reader, "maxContains")
    if let schema = subschema(reader, "contains") {
      reader.demand("contains", .contains(schema, minimum: minimum, maximum: maximum))
    }
  }

  private mutating func compileObjects(_ reader: inout Reader) {
    if let limit = count(reader, "minProperties") { reader.demand("minProperties", .minProperties(limit)) }
    if let limit = count(reader, "maxProperties") { reader.demand("maxProperties", .maxProperties(limit)) }
    if let value = reader.object["required"],
      let names = strings(value, at: reader.pointer.appending("required"), "required")
    {
      reader.demand("required", .required(names))
    }
    if let value = reader.object["dependentRequired"] {
      let place = reader.pointer.appending("dependentRequired")
      if let members = value.objectValue {
        var dependencies: [(name: String, needs: [String])] = []
        for (name, needs) in members {
          if let names = strings(needs, at: place.appending(name), "dependentRequired") {
            dependencies.append((name, names))
          }
        }
        reader.demand("dependentRequired", .dependentRequired(dependencies))
      } else {
        invalid(place, "dependentRequired must be an object of arrays of strings")
      }
    }
    compileMembers(&reader)
    if let schema = subschema(reader, "propertyNames") {
      reader.demand("propertyNames", .propertyNames(schema))
    }
    if let schemas = namedSubschemas(reader, "dependentSchemas") {
      inPlace[reader.index] += schemas.map(\.schema)
      reader.demand("dependentSchemas", .dependentSchemas(schemas))
    }
  }

  private mutating func compileMembers(_ reader: inout Reader) {
    var members = SchemaNode.Members()
    for (name, schema) in namedSubschemas(reader, "properties") ?? [] {
      members.named[name] = schema
      members.names.append(name)
    }
    let place = reader.pointer.appending("patternProperties")
    for (source, schema) in namedSubschemas(reader, "patternProperties") ?? [] {
      if let pattern = pattern(source, at: place.appending(source)) {
        members.patterned.append((pattern, schema))
      }
    }
    members.additional = subschema(reader, "additionalProperties")
    members.isClosed = reader.object["additionalProperties"] == false
    if !members.named.isEmpty || !members.patterned.isEmpty || members.additional != nil {
      reader.demand("properties", .members(members))
    }
  }

  private mutating func compileCombinations(_ reader: inout Reader) {
    if let schemas = subschemas(reader, "allOf") {
      inPlace[reader.index] += schemas
      reader.demand("allOf", .all(schemas))
    }
    if let schemas = subschemas(reader, "anyOf") {
      inPlace[reader.index] += schemas
      reader.demand("anyOf", .any(schemas))
    }
    if let schemas = subschemas(reader, "oneOf") {
      inPlace[reader.index] += schemas
      reader.demand("oneOf", .exactlyOne(schemas))
    }
    if let schema = subschema(reader, "not") {
      inPlace[reader.index].append(schema)
      reader.demand("not", .not(schema))
    }
    let then = subschema(reader, "then")
    let otherwise = subschema(reader, "else")
    if let condition = subschema(reader, "if") {
      inPlace[reader.index] += [condition, then, otherwise].compactMap { $0 }
      reader.demand("if", .conditional(condition: condition, then: then, otherwise: otherwise))
    }
  }

  // MARK: Cycles

  /// Finds schemas that apply to the same value again and again, such as `{"$ref": "#"}`.
  private mutating func findCycles() {
    enum Mark { case new, open, done }
    var marks = [Mark](repeating: .new, count: nodes.count)
    for start in nodes.indices where marks[start] == .new {
      // Depth first with a stack of our own: a document may hold thousands of nodes in a row.
      var path: [(node: Int, next: Int)] = [(start, 0)]
      marks[start] = .open
      while let (node, next) = path.last {
        guard next < inPlace[node].count else {
          marks[node] = .done
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let target = inPlace[node][next]
        switch marks[target] {
        case .done: continue
        case .open:
          invalid(nodes[target].pointer, "the schema refers to itself without going into the value")
          return
        case .new:
          marks[target] = .open
          path.append((target, 0))
        }
      }
    }
  }
}
