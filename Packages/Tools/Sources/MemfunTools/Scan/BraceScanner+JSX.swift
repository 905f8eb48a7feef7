/// JSX, as far as needed not to take its text for code.
extension BraceScanner {
  /// `<`, with the cursor behind it.
  mutating func less() {
    let before = previous
    previous = .other
    guard readsJSX, !before.isOperand, before != .closeBrace, before != .dot, beginsElement() else { return }
    openTag()
  }

  private mutating func openTag() {
    push(Bracket(kind: .jsxTag, outerBlock: nextBlock, statement: statement))
    nextBlock = .plain
    previous = .open
  }

  /// Whether what follows `<` is a tag and no type parameter: `<div>`, `<A.B x={1}/>`, `<>`.
  private func beginsElement() -> Bool {
    var at = index
    if byte(at) == Ascii.greater { return true }
    guard flags[Int(byte(at))] & ByteTable.identifierStart != 0 else { return false }
    while at < count {
      let current = base[at]
      let isPart =
        flags[Int(current)] & ByteTable.identifier != 0 || current == Ascii.dot || current == Ascii.minus
        || current == Ascii.colon
      if !isPart { break }
      at += 1
    }
    let isType = base[index] &- 0x41 < 26
    if byte(at) == Ascii.greater {
      return !(language == .typescript && isType && byte(at + 1) == Ascii.openParen)
    }
    if byte(at) == Ascii.slash { return byte(at + 1) == Ascii.greater }
    let gap = at
    while at < count, flags[Int(base[at])] & ByteTable.space != 0 || base[at] == Ascii.lineFeed { at += 1 }
    guard at > gap else { return false }
    switch byte(at) {
    case Ascii.slash, Ascii.openBrace, Ascii.greater: return true
    default: break
    }
    guard flags[Int(byte(at))] & ByteTable.identifierStart != 0 else { return false }
    return !(text(at, min(at + 8, count)) == "extends ")
  }

  /// `>`, with the cursor behind it.
  mutating func greater() {
    let before = previous
    previous = .other
    guard top == .jsxTag else { return }
    // An arrow function in an attribute stands in braces, so this ends the tag.
    if before == .equal { return }
    stack[stack.count - 1].kind = .jsxChildren
    top = .jsxChildren
    inJSXText = true
  }

  /// An element is complete: back to the text or code around it.
  mutating func endElement() {
    let bracket = pop()
    nextBlock = bracket.outerBlock
    previous = .close
    inJSXText = top == .jsxChildren
  }

  /// Text between tags, up to a `{`, a tag, or the end.
  mutating func jsxText() {
    var hash = NameHash.seed
    while index < count {
      let current = base[index]
      switch current {
      case Ascii.lineFeed:
        if hash != NameHash.seed { ledger.token(hash) }
        hash = NameHash.seed
        ledger.endLine()
        index += 1
      case Ascii.openBrace:
        if hash != NameHash.seed { ledger.token(hash) }
        ledger.punctuation(current)
        index += 1
        inJSXText = false
        openBrace()
        pending = .no
        statement = .other
        return
      case Ascii.less:
        let next = byte(index + 1)
        let isTag =
          next == Ascii.slash || next == Ascii.greater || flags[Int(next)] & ByteTable.identifierStart != 0
        guard isTag else {
          hash = (hash ^ UInt64(current)) &* NameHash.prime
          index += 1
          continue
        }
        if hash != NameHash.seed { ledger.token(hash) }
        ledger.punctuation(current)
        if next == Ascii.slash {
          index += 2
          closingTag()
          return
        }
        index += 1
        inJSXText = false
        openTag()
        return
      default:
        if flags[Int(current)] & ByteTable.space == 0 {
          hash = (hash ^ UInt64(current)) &* NameHash.prime
        }
        index += 1
      }
    }
    if hash != NameHash.seed { ledger.token(hash) }
  }

  /// The rest of `</name>`, with the cursor behind the slash.
  private mutating func closingTag() {
    var hash = NameHash.seed
    while index < count, base[index] != Ascii.greater {
      if base[index] == Ascii.lineFeed {
        ledger.endLine()
      } else if flags[Int(base[index])] & ByteTable.space == 0 {
        hash = (hash ^ UInt64(base[index])) &* NameHash.prime
      }
      index += 1
    }
    ledger.token(hash)
    index = min(index + 1, count)
    endElement()
  }
}
