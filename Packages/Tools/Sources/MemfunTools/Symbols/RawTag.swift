/// A symbol as a tool reports it, before its file's text was consulted.
struct RawTag: Sendable, Equatable {
  var name: String
  /// Names around it, joined with dots; empty when the tool does not say.
  var scope: String
  var kind: Symbol.Kind
  /// Where it begins, from 1.
  var line: Int32
  /// Its last line; 0 when the tool does not say.
  var endLine: Int32
  /// The scope is a type, so that a function in it is a method.
  var isInType: Bool
  /// The made-up name of the nameless type that a typedef names (C).
  var namelessType: String?

  /// ctags gives nameless types a name of its own.
  var isNameless: Bool { name.utf8.starts(with: "__anon".utf8) }

  /// ctags calls a function expression without a name `AnonymousFunction` and a dozen hexadecimal digits.
  var isAnonymousFunction: Bool {
    let made = "AnonymousFunction"
    return name.utf8.starts(with: made.utf8) && name.utf8.count == made.utf8.count + 12
      && name.dropFirst(made.count).allSatisfy(\.isHexDigit)
  }
}

/// A file as it is given to a tool.
struct ToolFile: Sendable {
  /// Its place in the list of results.
  var index: Int
  /// What to write on the tool's command line or input.
  var argument: String
  /// In bytes, for time limits.
  var size: Int
}

/// What a tool made of several files.
struct ToolOutcome: Sendable {
  /// Tags by `ToolFile.index`, in the tool's order.
  var tags: [Int: [RawTag]] = [:]
  /// Files that the tool could not read, by index, with the reason.
  var failures: [Int: String] = [:]
}
