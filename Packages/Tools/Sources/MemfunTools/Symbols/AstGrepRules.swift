/// The rules by which ast-grep finds definitions, as it reads them from `--inline-rules`.
///
/// Each rule's id is the `rawValue` of a `Symbol.Kind`, and its message is the name of what was found.
/// The names of syntax nodes are those of the tree-sitter grammars inside ast-grep 0.51.
enum AstGrepRules {
  /// The rules for the files that count as `language`; nil when ast-grep is not used for it.
  static func yaml(for language: Language) -> String? {
    switch language {
    case .swift: swift
    case .python: document(python, "Python")
    case .javascript: document(script, "JavaScript") + "---\n" + document(script, "Tsx")
    case .typescript:
      document(script + typeScript, "TypeScript") + "---\n" + document(script + typeScript, "Tsx")
    case .go: document(go, "Go")
    case .rust: document(rust, "Rust")
    case .java: document(java, "Java")
    // ast-grep goes by the ending of a name, and `.h` may be either.
    case .c, .cpp: document(c, "C") + "---\n" + document(c + cpp, "Cpp")
    default: nil
    }
  }

  /// The ending by which ast-grep knows the language, for copies of files with other names.
  static func ending(of language: Language) -> String {
    switch language {
    case .swift: "swift"
    case .python: "py"
    case .javascript: "js"
    case .typescript: "ts"
    case .go: "go"
    case .rust: "rs"
    case .java: "java"
    case .c: "c"
    default: "cpp"
    }
  }

  private static func document(_ rules: [(Symbol.Kind, String)], _ language: String) -> String {
    rules.map { rule($0.0, language, $0.1) }.joined(separator: "---\n")
  }

  private static func rule(
    _ kind: Symbol.Kind, _ language: String, _ body: String, message: String = "$N"
  ) -> String {
    "id: \(kind.rawValue)\nlanguage: \(language)\nseverity: info\nmessage: \(message)\nrule: {\(body)}\n"
  }

  /// A rule body: any of some nodes whose field holds the name.
  private static func named(_ nodes: String..., in field: String = "name", and more: String = "") -> String {
    let any = nodes.map { "{kind: \($0)}" }.joined(separator: ", ")
    return "any: [\(any)], has: {field: \(field), pattern: $N}\(more)"
  }

  /// Only nodes with a body: a mention of `struct x` is no definition.
  private static func body(_ node: String) -> String { ", all: [{has: {field: body, kind: \(node)}}]" }

  private static let python: [(Symbol.Kind, String)] = [
    (.class, named("class_definition")), (.function, named("function_definition")),
  ]

  private static let script: [(Symbol.Kind, String)] = [
    (.class, named("class_declaration")),
    (.function, named("function_declaration", "generator_function_declaration")),
    (.method, named("method_definition")),
    (
      .constant,
      named(
        "variable_declarator",
        and: ", inside: {any: [{kind: lexical_declaration}, {kind: variable_declaration}],"
          + " inside: {any: [{kind: program}, {kind: export_statement}]}}")
    ),
  ]

  private static let typeScript: [(Symbol.Kind, String)] = [
    (.interface, named("interface_declaration")), (.typeAlias, named("type_alias_declaration")),
    (.enum, named("enum_declaration")), (.module, named("internal_module")),
    (.type, named("abstract_class_declaration")),
  ]

  private static let go: [(Symbol.Kind, String)] = [
    (.function, named("function_declaration")), (.method, named("method_declaration")),
    (.type, named("type_spec")), (.constant, named("const_spec")),
  ]

  private static let rust: [(Symbol.Kind, String)] = [
    (.function, named("function_item", "function_signature_item")),
    (.struct, named("struct_item", "union_item")), (.enum, named("enum_item")),
    (.trait, named("trait_item")), (.extension, named("impl_item", in: "type")),
    (.module, named("mod_item")), (.macro, named("macro_definition")),
    (.constant, named("const_item", "static_item")), (.typeAlias, named("type_item")),
  ]

  private static let java: [(Symbol.Kind, String)] = [
    (.class, named("class_declaration", "record_declaration")),
    (.interface, named("interface_declaration", "annotation_type_declaration")),
    (.enum, named("enum_declaration")), (.method, named("method_declaration")),
    (.initializer, named("constructor_declaration")), (.enumCase, named("enum_constant")),
  ]

  private static let c: [(Symbol.Kind, String)] = [
    (
      .function,
      "kind: function_definition, has: {field: declarator, stopBy: end, kind: function_declarator,"
        + " has: {field: declarator, pattern: $N}}"
    ),
    (.struct, named("struct_specifier", "union_specifier", and: body("field_declaration_list"))),
    (.enum, named("enum_specifier", and: body("enumerator_list"))),
    (.typeAlias, named("type_definition", in: "declarator")),
    (.macro, named("preproc_def", "preproc_function_def")),
  ]

  private static let cpp: [(Symbol.Kind, String)] = [
    (.class, named("class_specifier", and: body("field_declaration_list"))),
    (.module, named("namespace_definition")),
  ]

  private static let swift = [
    // struct, class, enum, actor and extension are one node; the text tells which.
    rule(.type, "Swift", named("class_declaration")),
    rule(.protocol, "Swift", named("protocol_declaration")),
    rule(
      .function, "Swift",
      "any: [{kind: function_declaration}, {kind: protocol_function_declaration}],"
        + " has: {field: name, kind: simple_identifier, pattern: $N}"),
    rule(
      .method, "Swift",
      "kind: function_declaration, not: {has: {field: name, kind: simple_identifier}}", message: "operator"),
    rule(
      .initializer, "Swift", "any: [{kind: init_declaration}, {kind: deinit_declaration}]", message: "init"),
    rule(.field, "Swift", "kind: subscript_declaration", message: "subscript"),
    rule(
      .property, "Swift",
      named(
        "property_declaration", "protocol_property_declaration",
        and: ", inside: {any: [{kind: class_body}, {kind: enum_class_body}, {kind: protocol_body},"
          + " {kind: source_file}]}")),
    rule(.enumCase, "Swift", "kind: simple_identifier, pattern: $N, inside: {kind: enum_entry}"),
    rule(.typeAlias, "Swift", named("typealias_declaration", "associatedtype_declaration")),
    rule(.macro, "Swift", "kind: macro_declaration, has: {kind: simple_identifier, pattern: $N}"),
  ].joined(separator: "---\n")
}
