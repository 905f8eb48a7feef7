import Glibc

/// Reads languages whose blocks stand in braces: Swift, JavaScript, TypeScript, Go, Rust, Java, C, C++.
///
/// One pass over the bytes. Nested constructs (interpolations, template literals, JSX) live on an explicit
/// stack, so depth costs memory of a few bytes a level and no recursion. Look-ahead happens only where
/// what was looked at is not looked at again, so the time is linear in the bytes.
///
/// **Decision points** are counted by tokens, as lizard does it (McCabe 1976, with short-circuit
/// operators): `if`, `for`, `while` (also of `do … while` and `repeat … while`), `guard`, `catch`, each
/// `case` of a switch (a label with several patterns once, `default` not), each arm of Rust's `match`
/// but `_`, the ternary operator, `&&`, `||`, and C++'s `and`, `or`. Not counted: `else`, `switch` itself,
/// `loop`, `try`, Rust's `?`, optional chaining `?.`, `??`, Swift's `where`, conditions of the
/// preprocessor, and what a macro's text holds. Where lizard differs: it counts `#if`, `&&` of C++ rvalue references, Swift's `case` of
/// enumerations, `?` of optional types, and Rust's `match` instead of its arms.
struct BraceScanner {
  let base: UnsafePointer<UInt8>
  let count: Int
  let flags: UnsafePointer<UInt8>
  let keywords: UnsafePointer<KeywordTable.Entry>
  let language: Language
  let isScript: Bool
  let isCFamily: Bool
  /// Whether a line feed can end a statement.
  let newlineEnds: Bool
  /// JSX is looked for unless a first attempt ran into the end of the file.
  let readsJSX: Bool

  var index = 0
  var ledger = LineLedger()

  /// The token before the current one, and the role of the last word.
  var previous = Token.none
  var lastWord = WordRole.none
  /// The role of the word before the last opening parenthesis.
  var callee = WordRole.none
  /// The last word was a lone `_` that begins a match arm.
  var isWildcardArm = false

  var stack: [Bracket] = []
  /// The kind of the innermost bracket; `.brace` at file level.
  var top = Bracket.Kind.brace
  /// How many braces the stack holds, and how many of them are inline modules.
  var braceCount = 0
  var moduleDepth: UInt8 = 0
  /// The names of the inline modules around the cursor, and of the one whose brace comes next.
  var moduleNames: [String] = []
  var nextModule = ""

  var pending = Pending.statement
  var statement = Statement.fresh
  var statementBeganWithAttribute = false
  var headLine: Int32 = 1
  /// What the brace that comes next opens.
  var nextBlock = Bracket.Block.plain
  /// The head and statement of the block that was closed last.
  var closedHead: Int32 = 1
  var closedStatement = Statement.other

  /// The next word is the name of a declaration at file level.
  var expectsName = false
  var isTypeImport = false
  var pathAttribute: String?
  /// Hashes of the Rust paths that were seen in code.
  var knownPaths: Set<UInt64> = []
  var references = NameSet()
  var definitions = NameSet()

  /// In JSX children, where `<` and `{` alone have a meaning.
  var inJSXText = false
  /// Regular expressions are not looked for before this offset: one attempt ran into the line's end.
  var noRegexBefore = 0
  var directive = Directive.none
  /// The depth of the stack at each open `#if`.
  var conditionals: [Int] = []

  /// What the token before was, as far as it matters. Up to `.close` it ends an operand.
  enum Token: UInt8 {
    case name, number, string, close
    case none, keyword, open, closeBrace, controlClose, comma, dot, colon, semicolon, at, hash, equal, other

    @inline(__always) var isOperand: Bool { rawValue <= Token.close.rawValue }
  }

  /// Whether the next token begins a statement.
  enum Pending: UInt8 {
    case no, line, afterBlock, statement
    /// The next member of an object literal, or the next name that one statement declares.
    case member
  }

  /// What kind of statement the scanner is in, as far as it matters.
  enum Statement: UInt8 {
    /// Nothing but modifiers and attributes so far.
    case fresh
    case importing, exporting, implementing, declaring, aliasing, other
  }

  /// The preprocessor line the scanner is in.
  enum Directive: UInt8 {
    case none, condition, define
  }

  /// An open bracket.
  struct Bracket {
    enum Kind: UInt8 {
      case brace, paren, bracket
      /// `${` of a template literal; `\(` of a Swift string.
      case template, interpolation
      /// Between `<name` and `>`, and between that and `</name>`.
      case jsxTag, jsxChildren
    }
    enum Block: UInt8 { case plain, selection, enumeration, module }

    var kind: Kind
    /// What it opens, and what the next brace of the statement around it would open.
    var block = Block.plain
    var outerBlock = Block.plain
    var statement = Statement.other
    /// Number of `#` of a Swift string; 1 for a parenthesis of `if (…)`, a bracket of `#[…]`, and the
    /// brace of an object literal.
    var detail: UInt8 = 0
    /// A Swift string in triple quotes.
    var isMultiline = false
    /// Index in `blocks` for braces.
    var blockIndex: Int32 = -1
  }

  /// Reads a whole file.
  static func scan(
    _ bytes: UnsafeBufferPointer<UInt8>, language: Language, flags: UnsafePointer<UInt8>
  ) -> FileFacts {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return FileFacts() }
    return KeywordTable.of(language).entries.withUnsafeBufferPointer { keywords in
      // The table has 256 entries, so its buffer has an address.
      let keywords = keywords.baseAddress!
      var scanner = BraceScanner(
        base: base, count: bytes.count, flags: flags, keywords: keywords, language: language, readsJSX: true)
      if !scanner.run() {
        scanner = BraceScanner(
          base: base, count: bytes.count, flags: flags, keywords: keywords, language: language,
          readsJSX: false)
        _ = scanner.run()
      }
      return scanner.finish()
    }
  }

  private init(
    base: UnsafePointer<UInt8>, count: Int, flags: UnsafePointer<UInt8>,
    keywords: UnsafePointer<KeywordTable.Entry>, language: Language, readsJSX: Bool
  ) {
    self.base = base
    self.count = count
    self.flags = flags
    self.keywords = keywords
    self.language = language
    isScript = language == .javascript || language == .typescript
    isCFamily = language == .c || language == .cpp
    newlineEnds = isScript || language == .swift || language == .go
    self.readsJSX = readsJSX && isScript
  }

  /// The byte at an offset, 0 beyond the end.
  @inline(__always)
  func byte(_ at: Int) -> UInt8 { at < count ? base[at] : 0 }

  /// The first byte from an offset on that is neither space nor tab, 0 at the end.
  func nextVisible(from start: Int) -> UInt8 {
    var at = start
    while at < count, flags[Int(base[at])] & ByteTable.space != 0 { at += 1 }
    return byte(at)
  }

  /// The offset of the next line feed, or the end.
  func lineEnd(from start: Int) -> Int {
    guard start < count, let found = memchr(base + start, Int32(Ascii.lineFeed), count - start) else {
      return count
    }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }

  /// Reads to the end; false when JSX was begun and not ended, so that it most likely was none.
  private mutating func run() -> Bool {
    if count >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF { index = 3 }
    if byte(index) == Ascii.hash, byte(index + 1) == Ascii.bang {
      let end = lineEnd(from: index)
      ledger.comment(base, from: index, to: end, flags: flags)
      index = end
    }
    while index < count {
      if inJSXText {
        jsxText()
        continue
      }
      let current = base[index]
      let flag = flags[Int(current)]
      if flag & ByteTable.space != 0 {
        index += 1
      } else if flag & ByteTable.identifierStart != 0 {
        word()
      } else if current == Ascii.lineFeed {
        lineFeed()
      } else if flag & ByteTable.digit != 0 {
        number()
      } else {
        symbol(current)
      }
    }
    return !readsJSX || !stack.contains { $0.kind == .jsxTag || $0.kind == .jsxChildren }
  }

  private mutating func finish() -> FileFacts {
    ledger.finish(
      endsInLineFeed: base[count - 1] == Ascii.lineFeed, isTrivial: statement == .importing)
    let last = ledger.facts.lines
    for index in ledger.facts.blocks.indices where ledger.facts.blocks[index].closeLine == 0 {
      ledger.facts.blocks[index].closeLine = last
    }
    ledger.facts.blocks.removeAll { $0.closeLine <= $0.headLine }
    ledger.facts.definedNames = definitions.sorted()
    ledger.facts.referencedNames = references.sorted()
    return ledger.facts
  }

  // MARK: Lines and statements

  @inline(__always)
  mutating func lineFeed() {
    let continues = index > 0 && base[index - 1] == Ascii.backslash
    ledger.endLine(isTrivial: statement == .importing)
    index += 1
    if directive != .none, !continues, !(index > 2 && base[index - 2] == 0x0D && base[index - 3] == 0x5C) {
      directive = .none
      ledger.isInMacro = false
    }
    if newlineEnds {
      if top == .brace {
        if pending == .no { pending = .line }
      } else if stack.count == 1, stack[0].statement == .declaring {
        expectsName = true
      }
    }
  }

  /// Decides whether the token that begins with `first` begins a statement.
  mutating func settle(_ first: UInt8) {
    let how = pending
    pending = .no
    switch how {
    case .no: return
    case .member:
      headLine = ledger.line
      return
    case .line:
      switch previous {
      case .comma, .dot, .open, .equal, .other, .colon: return
      default: break
      }
      switch first {
      case Ascii.openBrace, Ascii.dot, Ascii.question, Ascii.colon, Ascii.equal, Ascii.comma,
        Ascii.ampersand, Ascii.pipe, Ascii.minus, Ascii.plus, Ascii.closeBrace, Ascii.closeParen,
        Ascii.closeBracket:
        return
      default: break
      }
      if statement == .fresh, statementBeganWithAttribute { return }
    case .afterBlock:
      switch first {
      case Ascii.comma, Ascii.dot, Ascii.equal, Ascii.question, Ascii.colon, Ascii.ampersand, Ascii.pipe,
        Ascii.openParen:
        headLine = closedHead
        statement = closedStatement
        if first == Ascii.comma, isScript { pending = .member }
        return
      default: break
      }
    case .statement: break
    }
    headLine = ledger.line
    statement = .fresh
    statementBeganWithAttribute = first == Ascii.at
    nextBlock = .plain
    isTypeImport = false
    expectsName = false
  }

  // MARK: Brackets

  mutating func push(_ bracket: Bracket) {
    stack.append(bracket)
    top = bracket.kind
  }

  /// Removes the innermost bracket; there must be one.
  @discardableResult
  mutating func pop() -> Bracket {
    let bracket = stack.removeLast()
    top = stack.last?.kind ?? .brace
    if bracket.kind == .brace {
      braceCount -= 1
      if bracket.block == .module, moduleDepth > 0 {
        moduleDepth -= 1
        moduleNames.removeLast()
      }
      let block = Int(bracket.blockIndex)
      closedHead = ledger.facts.blocks[block].headLine
      closedStatement = bracket.statement
      if closedHead == ledger.line, block == ledger.facts.blocks.count - 1 {
        ledger.facts.blocks.removeLast()
      } else {
        ledger.facts.blocks[block].closeLine = ledger.line
      }
    }
    return bracket
  }

  mutating func openBrace() {
    defer { previous = .open }
    guard directive == .none else { return }
    let isList =
      statement == .importing || (statement == .exporting && (lastWord == .exportWord || isTypeImport))
    ledger.facts.blocks.append(.init(headLine: headLine, openLine: ledger.line, closeLine: 0))
    push(
      Bracket(
        kind: .brace, block: nextBlock, statement: statement,
        detail: isScript && opensObject() && !isList ? 1 : 0,
        blockIndex: Int32(truncatingIfNeeded: ledger.facts.blocks.count - 1)))
    braceCount += 1
    if nextBlock == .module, moduleDepth < .max {
      moduleDepth += 1
      moduleNames.append(nextModule)
    }
    nextBlock = .plain
    expectsName = false
    if !isList { pending = .statement }
  }

  /// Whether the brace before the cursor stands where a value is expected. `=>` opens a body.
  private func opensObject() -> Bool {
    switch previous {
    case .equal, .open, .comma, .colon: true
    default: false
    }
  }

  mutating func closeBrace() {
    guard directive == .none else { return }
    if top == .template {
      pop()
      template()
      return
    }
    previous = .closeBrace
    // Parentheses that were never closed end with the block; an interpolation or JSX keeps its own.
    while top == .paren || top == .bracket, braceCount > 0, !stack.isEmpty { pop() }
    guard top == .brace, !stack.isEmpty else { return }
    let bracket = pop()
    switch top {
    case .brace:
      if bracket.statement == .importing || bracket.statement == .exporting {
        statement = bracket.statement
        pending = .no
      } else {
        pending = .afterBlock
      }
    case .jsxChildren:
      inJSXText = true
      pending = .no
    default:
      statement = bracket.statement
      headLine = closedHead
      pending = .no
    }
    nextBlock = .plain
  }

  mutating func openRound(_ kind: Bracket.Kind) {
    if kind == .paren {
      callee = previous == .dot || previous.isOperand || previous == .keyword ? lastWord : .none
    }
    defer { previous = .open }
    guard directive == .none else { return }
    let isControl =
      kind == .paren
      ? previous == .keyword && (lastWord == .branch || lastWord == .forLoop) : previous == .hash
    push(
      Bracket(kind: kind, outerBlock: nextBlock, statement: statement, detail: isControl ? 1 : 0))
    nextBlock = .plain
    if stack.count == 1, statement == .declaring, kind == .paren { expectsName = true }
  }

  mutating func closeRound(_ kind: Bracket.Kind) {
    guard directive == .none else {
      previous = .close
      return
    }
    if kind == .paren, top == .interpolation {
      let bracket = pop()
      swiftString(hashes: Int(bracket.detail), isMultiline: bracket.isMultiline)
      return
    }
    previous = .close
    guard top == kind, !stack.isEmpty else { return }
    let bracket = pop()
    nextBlock = bracket.outerBlock
    expectsName = false
    if kind == .paren, bracket.detail == 1 { previous = .controlClose }
  }

  /// Forgets brackets above a depth: the branches of `#if` … `#else` open the same block twice.
  mutating func truncateStack(to depth: Int) {
    while stack.count > depth { pop() }
  }

  // MARK: Tokens

  /// A token that is no word, number or line feed.
  private mutating func symbol(_ current: UInt8) {
    switch current {
    case Ascii.slash:
      if slash() { return }
    case Ascii.quote:
      if pending != .no { settle(current) }
      quote()
      return
    case Ascii.apostrophe:
      if pending != .no { settle(current) }
      if language == .rust {
        rustApostrophe()
        return
      }
      if language != .swift {
        string(quote: current, isMultiline: false)
        return
      }
    case Ascii.backtick:
      if isScript || language == .go {
        if pending != .no { settle(current) }
        if isScript { openTemplate() } else { goRawString() }
        return
      }
    case Ascii.hash:
      if isCFamily, isFirstOnLine() {
        preprocessor()
        return
      }
      if language == .swift, swiftHash() { return }
    default: break
    }
    if pending != .no { settle(current) }
    ledger.punctuation(current)
    index += 1
    switch current {
    case Ascii.openBrace: openBrace()
    case Ascii.closeBrace: closeBrace()
    case Ascii.openParen: openRound(.paren)
    case Ascii.closeParen: closeRound(.paren)
    case Ascii.openBracket: openRound(.bracket)
    case Ascii.closeBracket: closeRound(.bracket)
    case Ascii.semicolon:
      previous = .semicolon
      if top == .brace {
        pending = .statement
        if statement == .importing { ledger.markTrivial() }
      }
    case Ascii.comma:
      previous = .comma
      if isScript, top == .brace, stack.last?.detail == 1 { pending = .member }
    case Ascii.dot: dots()
    case Ascii.colon: previous = .colon
    case Ascii.at: previous = .at
    case Ascii.hash: previous = .hash
    case Ascii.ampersand, Ascii.pipe: logical(current)
    case Ascii.question: question()
    case Ascii.less: less()
    case Ascii.greater: greater()
    case Ascii.equal:
      if byte(index) == Ascii.greater, language == .rust { arm() }
      previous = .equal
    default: previous = .other
    }
  }

  private mutating func dots() {
    if byte(index) == Ascii.dot {
      while byte(index) == Ascii.dot { index += 1 }
      previous = .other
    } else {
      previous = .dot
    }
  }

  private mutating func number() {
    if pending != .no { settle(base[index]) }
    var hash = NameHash.seed
    while index < count {
      let current = base[index]
      if flags[Int(current)] & ByteTable.identifier == 0 {
        // 1.5 but not 1..2 or 1.method; 1'000 in C++ but not '1'.
        let joins =
          current == Ascii.dot && flags[Int(byte(index + 1))] & ByteTable.digit != 0
          || current == Ascii.apostrophe && isCFamily
            && flags[Int(byte(index + 1))] & ByteTable.identifier != 0
        if !joins { break }
      }
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      index += 1
    }
    ledger.token(hash)
    previous = .number
  }

  // MARK: Operators that decide

  /// `&&` and `||`, with the cursor behind the first byte.
  private mutating func logical(_ current: UInt8) {
    let before = previous
    previous = .other
    guard byte(index) == current else { return }
    ledger.punctuation(current)
    index += 1
    guard directive != .condition else { return }
    switch language {
    case .rust:
      // `&&x` and `||` of a closure have no operand on the left.
      if before.isOperand || before == .closeBrace { ledger.decision() }
    case .cpp where current == Ascii.ampersand:
      if before.isOperand, !isRvalueReference() { ledger.decision() }
    case .c where current == Ascii.ampersand:
      // Headers of C++ are read as C when nothing tells them apart.
      if before.isOperand || before == .controlClose, !isFollowedByNoOperand() { ledger.decision() }
    default: ledger.decision()
    }
  }

  /// Whether the `&&` before the cursor belongs to a type: `T&& x`, `T &&x`, `T&&)`.
  private func isRvalueReference() -> Bool {
    let spaceBefore = index >= 3 && flags[Int(base[index - 3])] & ByteTable.space != 0
    let next = byte(index)
    let spaceAfter = next == Ascii.lineFeed || flags[Int(next)] & ByteTable.space != 0
    if isFollowedByNoOperand() { return true }
    let beginsName = flags[Int(nextVisible(from: index))] & ByteTable.identifierStart != 0
    return spaceBefore != spaceAfter && beginsName && index >= 3 && base[index - 3] != Ascii.lineFeed
  }

  /// Whether what follows the `&&` before the cursor cannot be its right operand.
  private func isFollowedByNoOperand() -> Bool {
    switch nextVisible(from: index) {
    case Ascii.closeParen, Ascii.comma, Ascii.greater, Ascii.semicolon, Ascii.dot, Ascii.equal,
      Ascii.openBrace, Ascii.closeBracket:
      true
    default: false
    }
  }

  /// `?`, with the cursor behind it.
  private mutating func question() {
    let before = previous
    previous = .other
    let next = byte(index)
    switch language {
    case .c, .cpp: if directive != .condition { ledger.decision() }
    case .java: if before.isOperand { ledger.decision() }
    case .swift:
      // The ternary operator must have white space in front of it; `x?`, `try?` and `T?` must not.
      if next == Ascii.question {
        ledger.punctuation(next)
        index += 1
        return
      }
      let isSpaced =
        index >= 2
        && (base[index - 2] == Ascii.lineFeed || flags[Int(base[index - 2])] & ByteTable.space != 0)
      if isSpaced { ledger.decision() } else { previous = .close }
    case .javascript, .typescript:
      if next == Ascii.question {
        ledger.punctuation(next)
        index += 1
        return
      }
      if next == Ascii.dot, flags[Int(byte(index + 1))] & ByteTable.digit == 0 {
        ledger.punctuation(next)
        index += 1
        previous = .dot
        return
      }
      if language == .typescript {
        if statement == .aliasing { return }
        // `a?: T`, `f(a?)`, `[T?]`, `method?(): T`.
        switch nextVisible(from: index) {
        case Ascii.colon, Ascii.closeParen, Ascii.comma, Ascii.semicolon, Ascii.equal, Ascii.closeBracket,
          Ascii.closeBrace:
          return
        case Ascii.openParen:
          if next == Ascii.openParen, index >= 2, flags[Int(base[index - 2])] & ByteTable.space == 0 {
            return
          }
        default: break
        }
      }
      ledger.decision()
    default: break
    }
  }

  /// `=>` of a match arm, with the cursor between the two bytes.
  private mutating func arm() {
    guard top == .brace, stack.last?.block == .selection else { return }
    if isWildcardArm, previous == .name { return }
    ledger.decision()
  }
}
