/// One validation: a walk over the value with the nodes of the schema.
struct SchemaValidation {
  private let nodes: [SchemaNode]
  private let limits: JSONSchema.Limits
  private var steps: Int
  private var place: [String] = []
  private var violations: [JSONSchemaViolation] = []
  private var isExhausted = false

  init(nodes: [SchemaNode], limits: JSONSchema.Limits) {
    self.nodes = nodes
    self.limits = limits
    steps = max(1, limits.steps)
  }

  mutating func run(on instance: JSONValue) -> [JSONSchemaViolation] {
    evaluate(0, instance)
    if isExhausted {
      violations = [
        JSONSchemaViolation(
          instance: JSONPointer(), schema: JSONPointer(),
          message: "could not be checked within \(limits.steps) steps; the schema or the value is too complex"
        )
      ]
    }
    return Array(violations.prefix(max(1, limits.violations)))
  }

  // MARK: Bookkeeping

  /// Whether there is a reason to go on. What was found beyond the limit would not be reported.
  private var goesOn: Bool { !isExhausted && violations.count < max(1, limits.violations) }

  private mutating func spend(_ count: Int = 1) -> Bool {
    steps -= count
    if steps <= 0 { isExhausted = true }
    return !isExhausted
  }

  private mutating func violate(_ node: SchemaNode, _ rule: SchemaNode.Rule, _ message: String) {
    violations.append(
      JSONSchemaViolation(
        instance: JSONPointer(place),
        schema: rule.keyword.isEmpty ? node.pointer : node.pointer.appending(rule.keyword),
        message: message))
  }

  /// What a schema finds wrong with a value, without adding it to the result.
  private mutating func trial(_ index: Int, _ value: JSONValue) -> [JSONSchemaViolation] {
    let outer = violations
    violations = []
    evaluate(index, value)
    let found = violations
    violations = outer
    return found
  }

  private mutating func inside(_ token: String, _ index: Int, _ value: JSONValue) {
    place.append(token)
    evaluate(index, value)
    place.removeLast()
  }

  // MARK: Evaluation

  private mutating func evaluate(_ index: Int, _ value: JSONValue) {
    guard goesOn, spend() else { return }
    let node = nodes[index]
    for rule in node.rules {
      guard goesOn else { return }
      switch value {
      case .string(let text): if judge(text, node, rule) { continue }
      case .array(let elements): if judge(elements, node, rule) { continue }
      case .object(let object): if judge(object, node, rule) { continue }
      case .integer, .bigInteger, .number: if judge(number: value, node, rule) { continue }
      case .null, .bool: break
      }
      judgeAny(value, node, rule)
    }
  }

  /// Rules for values of every type.
  private mutating func judgeAny(_ value: JSONValue, _ node: SchemaNode, _ rule: SchemaNode.Rule) {
    switch rule.demand {
    case .never: violate(node, rule, "nothing is allowed here")
    case .reference(let target): evaluate(target, value)
    case .types(let types):
      if !types.contains(where: { $0.accepts(value) }) {
        let names = types.map(\.rawValue).joined(separator: " or ")
        violate(node, rule, "must be \(names), but is \(value.typeName)")
      }
    case .oneOf(let values, let shown):
      if !values.contains(SchemaNumber.normalized(value)) {
        violate(
          node, rule, "must be one of \(Self.shorten(shown)), but is \(Self.shorten(value.description))")
      }
    case .constant(let wanted, let shown):
      if SchemaNumber.normalized(value) != wanted {
        violate(node, rule, "must be \(Self.shorten(shown)), but is \(Self.shorten(value.description))")
      }
    case .all(let schemas): for schema in schemas { evaluate(schema, value) }
    case .any(let schemas): any(schemas, value, node, rule)
    case .exactlyOne(let schemas): exactlyOne(schemas, value, node, rule)
    case .not(let schema):
      if trial(schema, value).isEmpty, !isExhausted {
        violate(node, rule, "must not match the schema under not")
      }
    case .conditional(let condition, let then, let otherwise):
      let holds = trial(condition, value).isEmpty
      if let branch = holds ? then : otherwise { evaluate(branch, value) }
    default: break  // demands on values of another type
    }
  }

  private mutating func any(
    _ schemas: [Int], _ value: JSONValue, _ node: SchemaNode, _ rule: SchemaNode.Rule
  ) {
    var closest: [JSONSchemaViolation]?
    for schema in schemas {
      let found = trial(schema, value)
      if found.isEmpty || isExhausted { return }
      if closest.map({ Self.isCloser(found, than: $0) }) ?? true { closest = found }
    }
    violate(node, rule, "matches none of the \(schemas.count) alternatives; the closest one fails as follows")
    violations += closest ?? []
  }

  private mutating func exactlyOne(
    _ schemas: [Int], _ value: JSONValue, _ node: SchemaNode, _ rule: SchemaNode.Rule
  ) {
    var closest: [JSONSchemaViolation]?
    var matches: [Int] = []
    for (number, schema) in schemas.enumerated() {
      let found = trial(schema, value)
      if isExhausted { return }
      if found.isEmpty {
        matches.append(number)
      } else if closest.map({ Self.isCloser(found, than: $0) }) ?? true {
        closest = found
      }
    }
    switch matches.count {
    case 1: break
    case 0:
      violate(
        node, rule, "matches none of the \(schemas.count) alternatives; the closest one fails as follows")
      violations += closest ?? []
    default:
      let list = matches.map(String.init).joined(separator: " and ")
      violate(node, rule, "must match exactly one alternative, but matches those with the indices \(list)")
    }
  }

  /// The alternative that was meant is the one that fails deepest inside the value, and there least often.
  private static func isCloser(_ left: [JSONSchemaViolation], than right: [JSONSchemaViolation]) -> Bool {
    func depth(_ found: [JSONSchemaViolation]) -> Int { found.map(\.instance.tokens.count).min() ?? 0 }
    let (leftDepth, rightDepth) = (depth(left), depth(right))
    return leftDepth != rightDepth ? leftDepth > rightDepth : left.count < right.count
  }

  // MARK: Numbers and strings

  private mutating func judge(number value: JSONValue, _ node: SchemaNode, _ rule: SchemaNode.Rule) -> Bool {
    func order(_ limit: JSONValue) -> Int { SchemaNumber.compare(value, limit) ?? 0 }
    switch rule.demand {
    case .minimum(let limit):
      if order(limit) < 0 { violate(node, rule, "must be at least \(limit), but is \(value)") }
    case .maximum(let limit):
      if order(limit) > 0 { violate(node, rule, "must be at most \(limit), but is \(value)") }
    case .exclusiveMinimum(let limit):
      if order(limit) <= 0 { violate(node, rule, "must be greater than \(limit), but is \(value)") }
    case .exclusiveMaximum(let limit):
      if order(limit) >= 0 { violate(node, rule, "must be less than \(limit), but is \(value)") }
    case .multipleOf(let step):
      if !SchemaNumber.isMultiple(value, of: step) {
        violate(node, rule, "must be a multiple of \(step), but is \(value)")
      }
    default: return false
    }
    return true
  }

  private mutating func judge(_ text: String, _ node: SchemaNode, _ rule: SchemaNode.Rule) -> Bool {
    switch rule.demand {
    case .minLength(let limit):
      let length = text.unicodeScalars.count
      if length < limit { violate(node, rule, "must have at least \(limit) characters, but has \(length)") }
    case .maxLength(let limit):
      let length = text.unicodeScalars.count
      if length > limit { violate(node, rule, "must have at most \(limit) characters, but has \(length)") }
    case .pattern(let pattern, let source):
      if matches(pattern, text) == false {
        violate(
          node, rule,
          "must match the pattern \(Self.shorten(source)), but is \(Self.shorten(JSONValue.string(text).description))"
        )
      }
    default: return false
    }
    return true
  }

  private mutating func matches(_ pattern: SchemaPattern, _ text: String) -> Bool? {
    let answer = pattern.matches(text, budget: &steps)
    if answer == nil { isExhausted = true }
    return answer
  }

  // MARK: Arrays

  private mutating func judge(_ elements: [JSONValue], _ node: SchemaNode, _ rule: SchemaNode.Rule) -> Bool {
    switch rule.demand {
    case .minItems(let limit):
      if elements.count < limit {
        violate(node, rule, "must have at least \(limit) items, but has \(elements.count)")
      }
    case .maxItems(let limit):
      if elements.count > limit {
        violate(node, rule, "must have at most \(limit) items, but has \(elements.count)")
      }
    case .uniqueItems:
      var seen: [JSONValue: Int] = [:]
      for (number, element) in elements.enumerated() {
        guard spend() else { return true }
        let key = SchemaNumber.normalized(element)
        if let first = seen[key] {
          violate(
            node, rule,
            "must have different items, but those with the indices \(first) and \(number) are equal")
          return true
        }
        seen[key] = number
      }
    case .elements(let prefix, let rest):
      for (number, element) in elements.enumerated() {
        guard goesOn else { return true }
        if number < prefix.count {
          inside(String(number), prefix[number], element)
        } else if let rest {
          inside(String(number), rest, element)
        } else {
          break
        }
      }
    case .contains(let schema, let minimum, let maximum):
      var count = 0
      for element in elements where trial(schema, element).isEmpty { count += 1 }
      if isExhausted { return true }
      if count < minimum {
        violate(node, rule, "must contain at least \(minimum) matching items, but contains \(count)")
      }
      if let maximum, count > maximum {
        violate(node, rule, "must contain at most \(maximum) matching items, but contains \(count)")
      }
    default: return false
    }
    return true
  }

  // MARK: Objects

  private mutating func judge(_ object: JSONObject, _ node: SchemaNode, _ rule: SchemaNode.Rule) -> Bool {
    switch rule.demand {
    case .minProperties(let limit):
      if object.count < limit {
        violate(node, rule, "must have at least \(limit) members, but has \(object.count)")
      }
    case .maxProperties(let limit):
      if object.count > limit {
        violate(node, rule, "must have at most \(limit) members, but has \(object.count)")
      }
    case .required(let names):
      for name in names where object[name] == nil {
        violate(node, rule, "the member \"\(name)\" is missing")
      }
    case .dependentRequired(let dependencies):
      for (name, needs) in dependencies where object[name] != nil {
        for need in needs where object[need] == nil {
          violate(node, rule, "the member \"\(need)\" is missing, which \"\(name)\" needs")
        }
      }
    case .members(let members): judge(object, members, node, rule)
    case .propertyNames(let schema):
      for (name, _) in object {
        guard goesOn else { return true }
        if !trial(schema, .string(name)).isEmpty, !isExhausted {
          violate(node, rule, "\"\(Self.shorten(name))\" is not allowed as the name of a member")
        }
      }
    case .dependentSchemas(let schemas):
      for (name, schema) in schemas where object[name] != nil { evaluate(schema, .object(object)) }
    default: return false
    }
    return true
  }

  private mutating func judge(
    _ object: JSONObject, _ members: SchemaNode.Members, _ node: SchemaNode, _ rule: SchemaNode.Rule
  ) {
    for (name, value) in object {
      guard goesOn, spend() else { return }
      var isKnown = false
      if let schema = members.named[name] {
        isKnown = true
        inside(name, schema, value)
      }
      for (pattern, schema) in members.patterned {
        guard let answer = matches(pattern, name) else { return }
        if answer {
          isKnown = true
          inside(name, schema, value)
        }
      }
      guard !isKnown else { continue }
      if members.isClosed {
        let meant = Suggestion.closest(to: name, among: members.names)
        violations.append(
          JSONSchemaViolation(
            instance: JSONPointer(place + [name]), schema: node.pointer.appending("additionalProperties"),
            message: "this member is not allowed" + (meant.map { ", did you mean \"\($0)\"?" } ?? "")))
      } else if let additional = members.additional {
        inside(name, additional, value)
      }
    }
  }

  /// Messages go to terminals and to models: a whole document does not belong there.
  private static func shorten(_ text: String) -> String {
    text.unicodeScalars.count <= 200 ? text : String(text.unicodeScalars.prefix(200)) + "…"
  }
}
