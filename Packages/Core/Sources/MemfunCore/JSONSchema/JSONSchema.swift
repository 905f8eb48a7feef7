/// A compiled JSON Schema (draft 2020-12) of the kind that tools use to describe their arguments.
///
/// Implemented are the keywords of the vocabularies core, applicator and validation but `$dynamicRef`,
/// `$anchor`, references to other documents, and the `unevaluated…` keywords. `format` and `content…` are
/// annotations, as the draft has it by default. Patterns are those of `SchemaPattern`.
public struct JSONSchema: Sendable {
  /// What happens to keywords that are unknown or unsupported.
  public enum Strictness: Sendable {
    /// They are errors: for our own schemas, where they are mistakes.
    case strict
    /// They are ignored and listed in `ignored`: for schemas of strangers, where they are habits.
    case lenient
  }

  /// How much work one validation may take.
  public struct Limits: Sendable {
    /// Evaluations of a schema on a value, and steps of patterns. Default 10 million.
    public var steps: Int
    /// Violations that are reported at most. Default 100.
    public var violations: Int

    /// The defaults suit arguments of tools.
    public init(steps: Int = 10_000_000, violations: Int = 100) {
      self.steps = steps
      self.violations = violations
    }
  }

  /// The schema as it was given.
  public let source: JSONValue
  /// What `lenient` compilation passed over.
  public let ignored: [JSONSchemaError.Problem]
  let nodes: [SchemaNode]

  /// Compiles a schema.
  ///
  /// - Parameters:
  ///   - source: an object or a boolean.
  ///   - name: appears in errors as their place.
  /// - Throws: all problems at once.
  public init(
    _ source: JSONValue, name: String? = nil, strictness: Strictness = .strict
  ) throws(JSONSchemaError) {
    var compiler = SchemaCompiler(document: source, strictness: strictness)
    compiler.compileDocument()
    if !compiler.problems.isEmpty { throw JSONSchemaError(problems: compiler.problems, name: name) }
    self.source = source
    ignored = compiler.ignored
    nodes = compiler.nodes
  }

  /// In which ways `instance` does not fit; empty when it does.
  ///
  /// Time is bounded by `limits.steps`: a value on which they do not suffice gets a violation that says so.
  public func violations(in instance: JSONValue, limits: Limits = Limits()) -> [JSONSchemaViolation] {
    var validation = SchemaValidation(nodes: nodes, limits: limits)
    return validation.run(on: instance)
  }

  /// Throws when `instance` does not fit.
  ///
  /// - Parameter subject: what the value is, for the message: "the arguments of read_file".
  public func check(
    _ instance: JSONValue, subject: String = "the value", limits: Limits = Limits()
  ) throws(JSONSchemaMismatch) {
    let violations = violations(in: instance, limits: limits)
    if !violations.isEmpty { throw JSONSchemaMismatch(violations: violations, subject: subject) }
  }
}

/// The names of JSON Schema's types.
enum SchemaType: String, Sendable {
  case null, boolean, object, array, number, integer, string

  func accepts(_ value: JSONValue) -> Bool {
    switch (self, value) {
    case (.null, .null), (.boolean, .bool), (.object, .object), (.array, .array), (.string, .string): true
    case (.number, .integer), (.number, .bigInteger), (.number, .number): true
    case (.integer, _): SchemaNumber.isInteger(value)
    default: false
    }
  }
}

/// One schema of the document. Subschemas are indices, so that schemas can refer to themselves.
struct SchemaNode: Sendable {
  var pointer: JSONPointer
  var rules: [Rule] = []

  struct Rule: Sendable {
    /// The keyword, for the pointer of violations.
    let keyword: String
    let demand: Demand
  }

  enum Demand: Sendable {
    case never
    case reference(Int)
    case types([SchemaType])
    case oneOf(values: Set<JSONValue>, shown: String)
    case constant(JSONValue, shown: String)
    case minimum(JSONValue), maximum(JSONValue)
    case exclusiveMinimum(JSONValue), exclusiveMaximum(JSONValue)
    case multipleOf(JSONValue)
    case minLength(Int), maxLength(Int)
    case pattern(SchemaPattern, source: String)
    case minItems(Int), maxItems(Int)
    case uniqueItems
    case elements(prefix: [Int], rest: Int?)
    case contains(Int, minimum: Int, maximum: Int?)
    case minProperties(Int), maxProperties(Int)
    case required([String])
    case dependentRequired([(name: String, needs: [String])])
    case members(Members)
    case propertyNames(Int)
    case dependentSchemas([(name: String, schema: Int)])
    case all([Int]), any([Int]), exactlyOne([Int])
    case not(Int)
    case conditional(condition: Int, then: Int?, otherwise: Int?)
  }

  struct Members: Sendable {
    var named: [String: Int] = [:]
    var patterned: [(pattern: SchemaPattern, schema: Int)] = []
    var additional: Int?
    /// For "did you mean".
    var names: [String] = []
    /// Whether members that are not named are refused altogether.
    var isClosed = false
  }
}
