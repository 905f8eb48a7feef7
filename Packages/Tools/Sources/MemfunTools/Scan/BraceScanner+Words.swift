extension BraceScanner {
  /// A name or keyword, with the cursor on its first byte.
  @inline(__always)
  mutating func word() {
    let start = index
    let first = base[index]
    var hash = NameHash.seed
    var packed: UInt64 = 0
    repeat {
      let current = base[index]
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      packed = packed << 8 | UInt64(current)
      index += 1
    } while index < count && flags[Int(base[index])] & ByteTable.identifier != 0
    let length = index - start

    var role = WordRole.none
    if length <= 11, first >= Ascii.a, first <= Ascii.z, previous != .dot {
      role = KeywordTable.role(in: keywords, word: packed, length: length)
    }
    if pending != .no {
      if role == .continuation, pending == .line { pending = .no } else { settle(first) }
    }
    ledger.token(hash)

    if length <= 3, index < count, isRawStringPrefix(packed, length: length) {
      rawString()
      return
    }
    if role == .none {
      name(hash: hash, first: first, length: length)
    } else {
      keyword(role, start: start, hash: hash)
    }
  }

  /// A word without a role.
  @inline(__always)
  private mutating func name(hash: UInt64, first: UInt8, length: Int) {
    if language == .swift || language == .java {
      // Types begin with a capital letter; nothing else is looked up by name.
      if first &- 0x41 < 26 { references.insert(hash) }
    } else if language == .go {
      references.insert(previous == .dot ? hash ^ NameHash.selectorSalt : hash)
    }
    if expectsName {
      definitions.insert(hash)
      expectsName = false
    }
    if language == .rust, length == 1, first == Ascii.underscore {
      isWildcardArm =
        previous == .open || previous == .comma || previous == .closeBrace || previous == .none
    } else {
      isWildcardArm = false
    }
    if language == .rust, byte(index) == Ascii.colon, byte(index + 1) == Ascii.colon, statement != .importing,
      first >= Ascii.a
    {
      rustPath(from: index - length)
    }
    if statement == .fresh, previous != .at, previous != .dot, top == .brace { statement = .other }
    previous = .name
    lastWord = .none
  }

  /// A word with a role; whether it has that role here depends on what is around it.
  private mutating func keyword(_ role: WordRole, start: Int, hash: UInt64) {
    let before = previous
    let lastBefore = lastWord
    lastWord = role
    isWildcardArm = false
    let wasFresh = statement == .fresh && top == .brace && before != .at
    if top == .jsxTag || isLabel(role) || (language == .swift && before == .hash) {
      lastWord = .none
      previous = .name
      if wasFresh, before != .hash { statement = .other }
      return
    }
    previous = .keyword
    switch role {
    case .branch: ledger.decision()
    case .forLoop:
      if language == .rust, statement == .implementing || nextVisible(from: index) == Ascii.less { break }
      ledger.decision()
    case .caseLabel:
      if language == .swift {
        // `if case`, `guard case`, `for case` and cases of an enumeration are no decisions.
        let isPattern =
          before == .comma || (before == .keyword && (lastBefore == .branch || lastBefore == .forLoop))
        if isPattern || stack.last?.block != .selection { break }
      }
      ledger.decision()
    case .selection: nextBlock = .selection
    case .enumHead, .typeHead:
      nextBlock = role == .enumHead ? .enumeration : .plain
      expectsName = stack.isEmpty
    case .declarationGroup, .functionHead:
      if stack.isEmpty {
        expectsName = true
        if role == .declarationGroup { statement = .declaring } else { statement = .other }
        return
      }
    case .importWord: importWord(wasFresh: wasFresh)
    case .exportWord: if wasFresh { statement = .exporting }
    case .packageClause:
      if wasFresh, stack.isEmpty {
        statement = .importing
        ledger.facts.module = path(from: index).text
      }
    case .use:
      if wasFresh {
        statement = .importing
        rustUse()
      }
    case .module:
      if wasFresh { rustModule() }
    case .extern:
      if wasFresh { rustExternCrate() }
    case .implementation: if wasFresh { statement = .implementing }
    case .typeAlias:
      if statement == .importing || statement == .exporting {
        if lastBefore == .importWord || lastBefore == .exportWord { isTypeImport = true }
        if statement == .exporting, !isTypeImport || nextVisible(from: index) != Ascii.openBrace {
          if nextVisible(from: index) != Ascii.star { statement = .aliasing }
        }
      } else if wasFresh, flags[Int(nextVisible(from: index))] & ByteTable.identifierStart != 0 {
        statement = .aliasing
        return
      }
      previous = .name
    case .from, .require, .path, .configuration: previous = .name
    case .test:
      previous = .name
      let isAttribute =
        top == .bracket && stack.last?.detail == 1 && (before == .open || before == .colon)
      if isAttribute || (top == .paren && before == .open && callee == .configuration) {
        ledger.facts.traits.insert(.inlineTests)
      }
    case .modifier:
      return
    case .operatorWord, .continuation, .none: break
    }
    if language == .go, role == .operatorWord { expectsName = false }
    if statement == .fresh, top == .brace { statement = .other }
  }

  /// Whether a word with a role is only a label or key here: `index(for: x)`, `{ if: 1 }`.
  private func isLabel(_ role: WordRole) -> Bool {
    switch role {
    case .branch, .forLoop, .caseLabel, .selection, .operatorWord, .importWord, .exportWord, .from,
      .typeAlias:
      break
    default: return false
    }
    if language == .swift {
      // No statement stands directly in parentheses: `func index(for key: Key)`.
      if top == .paren || top == .bracket { return role != .operatorWord }
      return byte(index) == Ascii.colon && role != .operatorWord
    }
    return isScript && role != .operatorWord && nextVisible(from: index) == Ascii.colon
  }

  private mutating func importWord(wasFresh: Bool) {
    switch language {
    case .swift:
      guard wasFresh, stack.isEmpty else { return }
      statement = .importing
      swiftImport()
    case .java:
      guard wasFresh, stack.isEmpty else { return }
      statement = .importing
      javaImport()
    case .go:
      guard wasFresh, stack.isEmpty else { return }
      statement = .importing
    default:
      let next = nextVisible(from: index)
      if wasFresh, next != Ascii.openParen, next != Ascii.dot { statement = .importing }
    }
  }
}
