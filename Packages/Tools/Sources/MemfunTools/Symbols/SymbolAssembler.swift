/// Makes the symbols of one file from what a tool found, its text, and its scanned facts.
///
/// Tools differ in what they tell: universal-ctags 5.9 gives no last lines for JavaScript, TypeScript and
/// Rust and no usable scopes there, ast-grep gives lines only. What is missing follows from the blocks
/// that the scanner saw and from which range lies in which.
struct SymbolAssembler {
  /// Deeper nesting is not shown in scopes. Code is not nested that deep; broken text is.
  private static let maximumDepth = 64

  private let language: Language
  private let facts: FileFacts
  private let reader: SignatureReader

  /// - Parameters:
  ///   - text: the whole file as UTF-8; it must outlive the assembler.
  ///   - language: of the file.
  ///   - facts: of the same text.
  init(text: UnsafeRawBufferPointer, language: Language, facts: FileFacts) {
    self.language = language
    self.facts = facts
    reader = SignatureReader(text: text, language: language)
  }

  /// The symbols, by start line and then outermost first. `file` is 0.
  func symbols(from rawTags: [RawTag]) -> [Symbol] {
    var tags = nameNamelessTypes(rawTags)
    let lastLine = max(1, facts.lines)
    for index in tags.indices {
      tags[index].line = min(tags[index].line, lastLine)
      tags[index].endLine = min(max(endLine(of: tags[index]), tags[index].line), lastLine)
    }
    var order = Array(tags.indices)
    order.sort { left, right in
      let (a, b) = (tags[left], tags[right])
      if a.line != b.line { return a.line < b.line }
      if a.endLine != b.endLine { return a.endLine > b.endLine }
      if a.kind.isContainer != b.kind.isContainer { return a.kind.isContainer }
      return left < right
    }
    var symbols: [Symbol] = []
    symbols.reserveCapacity(tags.count)
    /// Indices in `symbols` of what is open at the current line.
    var open: [Int] = []
    for index in order {
      let tag = tags[index]
      while let last = open.last, symbols[last].endLine < tag.line { open.removeLast() }
      var symbol = Symbol(
        file: 0, name: tag.name, scope: tag.scope, kind: tag.kind, signature: "", startLine: tag.line,
        endLine: tag.endLine, complexity: 0)
      // The left side of `module.exports = …` names nothing of this file.
      if language == .javascript, tag.name == "module" || tag.name == "exports" { continue }
      complete(&symbol, tag, enclosing: open.map { symbols[$0] })
      if isLocal(symbol, in: open.last.map { symbols[$0] }) || isRepeated(symbol, in: symbols) { continue }
      if open.count < Self.maximumDepth, symbol.kind.isContainer || symbol.kind.isFunction {
        open.append(symbols.count)
      }
      symbols.append(symbol)
    }
    countDecisions(in: &symbols)
    return symbols
  }

  // MARK: - Filling in

  /// Gives the nameless struct behind `typedef struct { … } T` the name T and drops what stays nameless.
  private func nameNamelessTypes(_ tags: [RawTag]) -> [RawTag] {
    if language == .javascript || language == .typescript {
      return tags.map { tag in
        var tag = tag
        if tag.isAnonymousFunction { tag.name = "(anonymous)" }
        return tag
      }
    }
    guard tags.contains(where: \.isNameless) else { return tags }
    var names: [String: String] = [:]
    for tag in tags { if let nameless = tag.namelessType { names[nameless] = tag.name } }
    return tags.compactMap { tag in
      if tag.namelessType != nil { return nil }
      var tag = tag
      if tag.isNameless {
        guard let name = names[tag.name] else { return nil }
        tag.name = name
      }
      if tag.scope.contains("__anon") {
        tag.scope = tag.scope.split(separator: ".").compactMap { part in
          part.hasPrefix("__anon") ? names[String(part)] : String(part)
        }.joined(separator: ".")
      }
      return tag
    }
  }

  private func endLine(of tag: RawTag) -> Int32 {
    // ctags can lose its way at macros that hold a body, and then one function swallows those that follow.
    if language == .c || language == .cpp, tag.kind.isFunction, tag.endLine > tag.line,
      facts.holdsSeveralDeclarations(
        tag.line...tag.endLine, isBranch: { reader.line($0).first { $0 > 0x20 } == UInt8(ascii: "#") })
    {
      return facts.endLine(ofDeclarationAt: tag.line)
    }
    if tag.endLine > 0 {
      // ast-grep's range of a C macro includes the line feed.
      return tag.kind == .macro && tag.endLine > tag.line && !reader.line(tag.endLine - 1).endsInBackslash
        && (language == .c || language == .cpp) ? tag.endLine - 1 : tag.endLine
    }
    switch tag.kind {
    case .field, .enumCase, .typeAlias: return tag.line
    case .variable, .constant, .property:
      return language == .python ? tag.line : facts.endLine(ofDeclarationAt: tag.line)
    default: return facts.endLine(ofDeclarationAt: tag.line)
    }
  }

  private func complete(_ symbol: inout Symbol, _ tag: RawTag, enclosing: [Symbol]) {
    switch language {
    case .rust, .javascript, .typescript, .swift:
      // Ranges are more reliable than ctags' scopes here. What begins and ends on the same line as
      // this symbol is around it only when it is a container.
      let around = enclosing.filter {
        $0.startLine < symbol.startLine || $0.endLine > symbol.startLine || $0.kind.isContainer
      }
      symbol.scope = around.map(\.name).joined(separator: ".")
    default:
      if tag.scope.isEmpty, !enclosing.isEmpty, tag.endLine > 0, !hasScopes {
        symbol.scope = enclosing.map(\.name).joined(separator: ".")
      }
    }
    symbol.signature = reader.signature(of: tag.name, kind: symbol.kind, line: symbol.startLine)
    let isMember =
      enclosing.last.map { $0.kind.isContainer && $0.kind != .module } ?? (hasScopes && tag.isInType)
    refineKind(of: &symbol, isMember: isMember || (hasScopes && tag.isInType))
  }

  private var hasScopes: Bool {
    switch language {
    case .c, .cpp, .python, .go, .java: true
    default: false
    }
  }

  private func refineKind(of symbol: inout Symbol, isMember: Bool) {
    switch language {
    case .swift: refineSwift(&symbol, isMember: isMember)
    case .c, .cpp, .java:
      if symbol.kind == .function, isMember || symbol.name.contains("::") { symbol.kind = .method }
      if symbol.kind == .method, let type = symbol.scope.split(separator: ".").last,
        type == symbol.name || symbol.name == "~" + type
      {
        symbol.kind = .initializer
      }
    case .python:
      if symbol.kind == .function, isMember { symbol.kind = .method }
      if symbol.kind == .method, symbol.name == "__init__" { symbol.kind = .initializer }
      if symbol.kind == .variable {
        let letters = symbol.name.unicodeScalars
        if isMember {
          symbol.kind = .property
        } else if letters.contains(where: \.properties.isUppercase),
          !letters.contains(where: \.properties.isLowercase)
        {
          symbol.kind = .constant
        }
      }
    case .go:
      if symbol.kind == .function, isMember || symbol.signature.hasPrefix("func (") { symbol.kind = .method }
    case .rust:
      if symbol.kind == .function, isMember { symbol.kind = .method }
      if symbol.kind == .method, !isMember, symbol.scope.isEmpty { symbol.kind = .function }
      if symbol.kind == .variable { symbol.kind = .constant }
    case .javascript, .typescript:
      refineScript(&symbol, isMember: isMember)
    default: break
    }
  }

  private func refineScript(_ symbol: inout Symbol, isMember: Bool) {
    if symbol.kind == .type { symbol.kind = .class }
    if symbol.kind == .constant || symbol.kind == .variable || symbol.kind == .property
      || symbol.kind == .field,
      isFunctionValue(symbol.signature)
    {
      symbol.kind = isMember ? .method : .function
    }
    if isMember {
      if symbol.kind == .function { symbol.kind = .method }
      if symbol.kind == .method, symbol.name == "constructor" { symbol.kind = .initializer }
    } else if symbol.kind == .field {
      symbol.kind = .variable
    }
  }

  /// `name = (a) => …`, `name = async x => …`, `name = function (a)`.
  private func isFunctionValue(_ signature: String) -> Bool {
    guard let equals = signature.firstIndex(of: "=") else { return false }
    let value = signature[signature.index(after: equals)...].drop { $0 == " " }
    if value.hasPrefix("function") || value.hasPrefix("async function") { return true }
    return signature.contains("=>") && !value.hasPrefix("=")
      && (value.hasPrefix("(") || value.hasPrefix("async")
        || value.first.map { $0.isLetter || $0 == "_" || $0 == "$" } == true
          && !value.prefix { $0 != "=" }.contains("("))
  }

  /// One syntax node stands for struct, class, enum, actor and extension; the declaration says which.
  private func refineSwift(_ symbol: inout Symbol, isMember: Bool) {
    switch symbol.kind {
    case .type:
      symbol.kind = .class
      var line = symbol.startLine
      // Attributes may stand on lines above the keyword.
      search: while line <= min(symbol.endLine, symbol.startLine + 20) {
        let words = reader.line(line).split {
          !($0 >= 0x61 && $0 <= 0x7A) && $0 != 0x5F && !($0 >= 0x41 && $0 <= 0x5A)
        }
        for (at, word) in words.enumerated() where at + 1 < words.count {
          let kind: Symbol.Kind? =
            switch String(decoding: word, as: UTF8.self) {
            case "struct": .struct
            case "class", "actor": .class
            case "enum": .enum
            case "extension": .extension
            default: nil
            }
          if let kind, symbol.name.utf8.starts(with: words[at + 1]) {
            symbol.kind = kind
            break search
          }
        }
        line += 1
      }
    case .function: if isMember { symbol.kind = .method }
    case .method: if !isMember { symbol.kind = .function }
    case .initializer:
      if symbol.signature.contains("deinit") { symbol.name = "deinit" }
    case .field: symbol.kind = .method
    case .property:
      for prefix in ["var ", "let "] where symbol.name.hasPrefix(prefix) {
        symbol.name = String(symbol.name.dropFirst(4))
      }
      if !isMember { symbol.kind = symbol.signature.contains("let ") ? .constant : .variable }
    default: break
    }
    if symbol.name == "operator", symbol.kind.isFunction,
      let function = symbol.signature.split(separator: " ").drop(while: { $0 != "func" }).dropFirst().first
    {
      symbol.name = String(function.prefix { $0 != "(" && $0 != "<" || $0 == "<" && function.first == "<" })
    }
  }

  /// Variables inside functions, and JavaScript's `const x = require(…)`, which is an import.
  private func isLocal(_ symbol: Symbol, in enclosing: Symbol?) -> Bool {
    guard language == .javascript || language == .typescript,
      symbol.kind == .constant || symbol.kind == .variable || symbol.kind == .property
    else { return false }
    if let enclosing, enclosing.kind.isFunction, enclosing.endLine >= symbol.startLine { return true }
    guard let equals = symbol.signature.firstIndex(of: "=") else { return false }
    return symbol.signature[symbol.signature.index(after: equals)...].drop { $0 == " " }.hasPrefix("require(")
  }

  /// The same thing reported twice, as ast-grep does when two rules fit.
  private func isRepeated(_ symbol: Symbol, in symbols: [Symbol]) -> Bool {
    // On a line with hundreds of symbols a repetition is no matter, the time to find it is.
    for earlier in symbols.suffix(64).reversed() {
      if earlier.startLine != symbol.startLine { return false }
      if earlier.name == symbol.name, earlier.scope == symbol.scope, earlier.endLine == symbol.endLine,
        earlier.kind == symbol.kind
      {
        return true
      }
    }
    return false
  }

  /// Gives each decision point to the innermost function around it.
  private func countDecisions(in symbols: inout [Symbol]) {
    var open: [Int] = []
    var decision = 0
    let lines = facts.decisionLines
    func close(before line: Int32) {
      // Decisions up to the line belong to what is open now; inner functions end first.
      while decision < lines.count, lines[decision] < line {
        while let last = open.last, symbols[last].endLine < lines[decision] { open.removeLast() }
        if let innermost = open.last { symbols[innermost].complexity += 1 }
        decision += 1
      }
    }
    for index in symbols.indices where symbols[index].kind.isFunction {
      close(before: symbols[index].startLine)
      while let last = open.last, symbols[last].endLine < symbols[index].startLine { open.removeLast() }
      symbols[index].complexity = 1
      open.append(index)
    }
    close(before: .max)
  }
}

extension Symbol.Kind {
  /// Whether other symbols live in it.
  var isContainer: Bool { isType || self == .module || self == .extension }
}

extension Slice<UnsafeRawBufferPointer> {
  fileprivate var endsInBackslash: Bool {
    last { $0 != 0x0D } == UInt8(ascii: "\\")
  }
}
