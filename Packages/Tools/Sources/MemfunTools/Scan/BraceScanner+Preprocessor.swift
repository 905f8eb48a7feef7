/// The preprocessor of C and C++.
extension BraceScanner {
  /// Whether nothing but white space stands before the cursor on its line.
  func isFirstOnLine() -> Bool {
    var at = index - 1
    while at >= 0, flags[Int(base[at])] & ByteTable.space != 0 { at -= 1 }
    return at < 0 || base[at] == Ascii.lineFeed || (at == 2 && base[0] == 0xEF)
  }

  /// A directive, with the cursor on its `#`.
  mutating func preprocessor() {
    ledger.punctuation(Ascii.hash)
    let name = directiveName(at: index)
    var hash = NameHash.seed
    for byte in name.text.utf8 { hash = (hash ^ UInt64(byte)) &* NameHash.prime }
    ledger.token(hash)
    index = name.end
    directive = .condition
    switch name.text {
    case "include", "include_next", "import": include()
    case "define":
      directive = .define
      ledger.isInMacro = true
    case "if", "ifdef", "ifndef":
      conditionals.append(stack.count)
      if name.text == "if", isZero(at: index) { skipInactive() }
    case "else", "elif", "elifdef", "elifndef":
      if let depth = conditionals.last, stack.count > depth { truncateStack(to: depth) }
    case "endif": if !conditionals.isEmpty { conditionals.removeLast() }
    case "error", "warning", "pragma", "line", "ident":
      // Free text: an apostrophe in it opens nothing.
      let end = lineEnd(from: index)
      while index < end {
        hash = (hash ^ UInt64(base[index])) &* NameHash.prime
        index += 1
      }
      ledger.token(hash)
    default: directive = .define
    }
  }

  /// The word after a `#` at an offset, and where it ends.
  private func directiveName(at hash: Int) -> (text: String, end: Int) {
    let begin = skipSpaces(from: hash + 1)
    var end = begin
    while end < count, end - begin < 16, flags[Int(base[end])] & ByteTable.identifierStart != 0 { end += 1 }
    return (text(begin, end), end)
  }

  private func isZero(at start: Int) -> Bool {
    let at = skipSpaces(from: start)
    guard byte(at) == 0x30, flags[Int(byte(at + 1))] & ByteTable.identifier == 0 else { return false }
    let next = nextVisible(from: at + 1)
    return next == Ascii.lineFeed || next == Ascii.slash || next == 0
  }

  private mutating func include() {
    let begin = skipSpaces(from: index)
    let closer: UInt8
    switch byte(begin) {
    case Ascii.quote: closer = Ascii.quote
    case Ascii.less: closer = Ascii.greater
    default: return
    }
    var end = begin + 1
    while end < count, base[end] != closer, base[end] != Ascii.lineFeed { end += 1 }
    guard byte(end) == closer else { return }
    ledger.facts.imports.append(
      RawImport(
        line: ledger.line, kind: closer == Ascii.quote ? .quotedInclude : .angleInclude,
        text: text(begin + 1, end)))
    var hash = NameHash.seed
    for at in begin..<end { hash = (hash ^ UInt64(base[at])) &* NameHash.prime }
    ledger.token(hash)
    ledger.markTrivial()
    index = end + 1
  }

  /// Passes over the lines of `#if 0` as over a comment, up to its `#else`, `#elif` or `#endif`.
  private mutating func skipInactive() {
    var depth = 0
    index = lineEnd(from: index)
    while index < count {
      ledger.endLine()
      index += 1
      directive = .none
      let begin = skipSpaces(from: index)
      if byte(begin) == Ascii.hash {
        switch directiveName(at: begin).text {
        case "if", "ifdef", "ifndef": depth += 1
        case "endif":
          if depth == 0 { return }
          depth -= 1
        case "else", "elif", "elifdef", "elifndef": if depth == 0 { return }
        default: break
        }
      }
      if begin < count, base[begin] != Ascii.lineFeed { ledger.markComment() }
      index = lineEnd(from: index)
    }
  }
}
