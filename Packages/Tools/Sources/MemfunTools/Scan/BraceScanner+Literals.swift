/// Comments, strings, characters and regular expressions.
extension BraceScanner {
  // MARK: Comments

  /// `//`, `/*` or a regular expression at the cursor; false when it is a division.
  mutating func slash() -> Bool {
    let next = byte(index + 1)
    if next == Ascii.slash, top != .jsxTag {
      lineComment()
      return true
    }
    if next == Ascii.star {
      blockComment()
      return true
    }
    guard isScript || language == .swift else { return false }
    if top == .jsxTag {
      guard next == Ascii.greater else { return false }
      ledger.punctuation(Ascii.slash)
      index += 2
      endElement()
      return true
    }
    return regex()
  }

  private mutating func lineComment() {
    var start = index
    while true {
      let end = lineEnd(from: start)
      ledger.comment(base, from: start, to: end, flags: flags)
      index = end
      // In C a backslash takes the next line into the comment.
      guard isCFamily, end < count, end > 0 else { return }
      let last = base[end - 1] == Ascii.carriageReturn && end > 1 ? end - 2 : end - 1
      guard base[last] == Ascii.backslash, last >= start else { return }
      ledger.endLine()
      start = end + 1
      guard start < count else {
        index = count
        return
      }
    }
  }

  private mutating func blockComment() {
    let nests = language == .swift || language == .rust
    var depth = 1
    ledger.markComment()
    index += 2
    var start = index
    while index < count {
      let current = base[index]
      if current == Ascii.lineFeed {
        ledger.comment(base, from: start, to: index, flags: flags)
        ledger.endLine(isTrivial: statement == .importing)
        if newlineEnds, top == .brace, pending == .no { pending = .line }
        index += 1
        start = index
      } else if current == Ascii.star, byte(index + 1) == Ascii.slash {
        depth -= 1
        if depth == 0 {
          ledger.comment(base, from: start, to: index, flags: flags)
          ledger.markComment()
          index += 2
          return
        }
        index += 2
      } else if nests, current == Ascii.slash, byte(index + 1) == Ascii.star {
        depth += 1
        index += 2
      } else {
        index += 1
      }
    }
    index = count
    ledger.comment(base, from: min(start, count), to: count, flags: flags)
  }

  // MARK: Strings

  /// A double quote at the cursor.
  mutating func quote() {
    switch language {
    case .swift:
      if byte(index + 1) == Ascii.quote, byte(index + 2) == Ascii.quote {
        index += 3
        swiftString(hashes: 0, isMultiline: true)
      } else {
        index += 1
        swiftString(hashes: 0, isMultiline: false)
      }
    case .java where byte(index + 1) == Ascii.quote && byte(index + 2) == Ascii.quote:
      textBlock()
    default:
      string(quote: Ascii.quote, isMultiline: language == .rust || top == .jsxTag)
    }
  }

  /// A string with backslash escapes; one that may not span lines ends at the line feed.
  mutating func string(quote: UInt8, isMultiline: Bool) {
    let before = previous
    index += 1
    let start = index
    var hash = NameHash.seed ^ UInt64(quote)
    var isClosed = false
    while index < count {
      let current = base[index]
      if flags[Int(current)] & ByteTable.stringStop == 0 {
        hash = (hash ^ UInt64(current)) &* NameHash.prime
        index += 1
        continue
      }
      if current == quote {
        index += 1
        isClosed = true
        break
      }
      if current == Ascii.lineFeed {
        guard isMultiline else { break }
        endLineInString(&hash)
        continue
      }
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      index += 1
      if current == Ascii.backslash, index < count {
        if base[index] == Ascii.carriageReturn, byte(index + 1) == Ascii.lineFeed { index += 1 }
        if base[index] == Ascii.lineFeed {
          endLineInString(&hash)
        } else {
          hash = (hash ^ UInt64(base[index])) &* NameHash.prime
          index += 1
        }
      }
    }
    ledger.token(hash)
    if isClosed { importString(from: start, to: index - 1, before: before) }
    previous = .string
  }

  /// A line feed inside a string, with the cursor on it.
  private mutating func endLineInString(_ hash: inout UInt64) {
    if hash != NameHash.seed { ledger.token(hash) }
    ledger.markCode()
    ledger.endLine(isTrivial: false)
    hash = NameHash.seed
    index += 1
  }

  private mutating func textBlock() {
    index += 3
    var hash = NameHash.seed ^ 3
    while index < count {
      let current = base[index]
      if current == Ascii.lineFeed {
        endLineInString(&hash)
      } else if current == Ascii.quote, byte(index + 1) == Ascii.quote, byte(index + 2) == Ascii.quote {
        index += 3
        break
      } else {
        hash = (hash ^ UInt64(current)) &* NameHash.prime
        index += 1
        if current == Ascii.backslash, index < count, base[index] != Ascii.lineFeed { index += 1 }
      }
    }
    ledger.token(hash)
    previous = .string
  }

  /// The rest of a Swift string, with the cursor behind its opening quotes or behind an interpolation.
  mutating func swiftString(hashes: Int, isMultiline: Bool) {
    var hash = NameHash.seed ^ UInt64(hashes)
    scan: while index < count {
      let current = base[index]
      switch current {
      case Ascii.lineFeed:
        guard isMultiline else { break scan }
        endLineInString(&hash)
      case Ascii.backslash:
        hash = (hash ^ UInt64(current)) &* NameHash.prime
        index += 1
        var seen = 0
        while seen < hashes, byte(index) == Ascii.hash {
          seen += 1
          index += 1
        }
        guard seen == hashes, index < count else { continue }
        if base[index] == Ascii.openParen {
          index += 1
          ledger.token(hash)
          push(
            Bracket(
              kind: .interpolation, outerBlock: nextBlock, statement: statement,
              detail: UInt8(truncatingIfNeeded: hashes), isMultiline: isMultiline))
          previous = .open
          return
        }
        if base[index] != Ascii.lineFeed { index += 1 }
      case Ascii.quote:
        if isMultiline {
          guard byte(index + 1) == Ascii.quote, byte(index + 2) == Ascii.quote else {
            hash = (hash ^ UInt64(current)) &* NameHash.prime
            index += 1
            continue
          }
          index += 3
        } else {
          index += 1
        }
        var seen = 0
        while seen < hashes, byte(index) == Ascii.hash {
          seen += 1
          index += 1
        }
        if seen == hashes { break scan }
      default:
        hash = (hash ^ UInt64(current)) &* NameHash.prime
        index += 1
      }
    }
    ledger.token(hash)
    previous = .string
  }

  /// A run of `#` in Swift: a raw string, an extended regular expression, or a directive or macro.
  mutating func swiftHash() -> Bool {
    var end = index
    while end < count, base[end] == Ascii.hash { end += 1 }
    let hashes = end - index
    if hashes <= 255, byte(end) == Ascii.quote {
      if pending != .no { settle(Ascii.hash) }
      let isMultiline = byte(end + 1) == Ascii.quote && byte(end + 2) == Ascii.quote
      index = end + (isMultiline ? 3 : 1)
      swiftString(hashes: hashes, isMultiline: isMultiline)
      return true
    }
    if hashes <= 255, byte(end) == Ascii.slash, byte(end + 1) != Ascii.slash {
      if pending != .no { settle(Ascii.hash) }
      extendedRegex(hashes: hashes, from: end + 1)
      return true
    }
    if hashes > 1 {
      ledger.punctuation(Ascii.hash)
      previous = .hash
      index = end
      return true
    }
    if isFirstOnLine(), byte(end) == 0x69 || byte(end) == 0x65 {
      let rest = text(end, min(end + 6, count))
      if rest.hasPrefix("if") || rest.hasPrefix("elseif") { directive = .condition }
      // Brackets of a condition are balanced; leaving them unread costs nothing.
    }
    return false
  }

  private mutating func extendedRegex(hashes: Int, from start: Int) {
    index = start
    var hash = NameHash.seed ^ 7
    while index < count {
      let current = base[index]
      if current == Ascii.lineFeed {
        endLineInString(&hash)
        continue
      }
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      index += 1
      if current == Ascii.backslash, index < count, base[index] != Ascii.lineFeed {
        index += 1
      } else if current == Ascii.slash {
        var seen = 0
        while seen < hashes, byte(index) == Ascii.hash {
          seen += 1
          index += 1
        }
        if seen == hashes { break }
      }
    }
    ledger.token(hash)
    previous = .string
  }

  // MARK: Templates and raw strings

  /// A backtick at the cursor.
  mutating func openTemplate() {
    index += 1
    template()
  }

  /// The rest of a template literal, with the cursor behind the backtick or behind `}`.
  mutating func template() {
    var hash = NameHash.seed ^ 5
    scan: while index < count {
      let current = base[index]
      if flags[Int(current)] & ByteTable.stringStop == 0 {
        hash = (hash ^ UInt64(current)) &* NameHash.prime
        index += 1
        continue
      }
      switch current {
      case Ascii.lineFeed: endLineInString(&hash)
      case Ascii.backtick:
        index += 1
        break scan
      case Ascii.dollar where byte(index + 1) == Ascii.openBrace:
        index += 2
        ledger.token(hash)
        push(Bracket(kind: .template, outerBlock: nextBlock, statement: statement))
        previous = .open
        return
      default:
        hash = (hash ^ UInt64(current)) &* NameHash.prime
        index += 1
        if current == Ascii.backslash, index < count, base[index] != Ascii.lineFeed { index += 1 }
      }
    }
    ledger.token(hash)
    previous = .string
  }

  mutating func goRawString() {
    let before = previous
    index += 1
    let start = index
    var hash = NameHash.seed ^ 5
    while index < count, base[index] != Ascii.backtick {
      if base[index] == Ascii.lineFeed {
        endLineInString(&hash)
      } else {
        hash = (hash ^ UInt64(base[index])) &* NameHash.prime
        index += 1
      }
    }
    if index < count {
      importString(from: start, to: index, before: before)
      index += 1
    }
    ledger.token(hash)
    previous = .string
  }

  /// Whether the word before the cursor introduces a raw string: Rust's `r`, `br`, `cr`; C++'s `R`, `u8R`.
  @inline(__always)
  func isRawStringPrefix(_ packed: UInt64, length: Int) -> Bool {
    let next = base[index]
    if language == .rust {
      guard next == Ascii.quote || next == Ascii.hash, packed & 0xFF == 0x72 else { return false }
      guard length == 1 || packed == 0x6272 || packed == 0x6372 else { return false }
      var at = index
      while at < count, base[at] == Ascii.hash { at += 1 }
      return byte(at) == Ascii.quote
    }
    guard language == .cpp, next == Ascii.quote else { return false }
    return packed == 0x52 || packed == 0x7552 || packed == 0x5552 || packed == 0x4C52 || packed == 0x753852
  }

  /// A raw string of Rust or C++, with the cursor behind its prefix.
  mutating func rawString() {
    var hash = NameHash.seed ^ 9
    if language == .rust {
      var hashes = 0
      while byte(index) == Ascii.hash {
        hashes += 1
        index += 1
      }
      index += 1
      while index < count {
        let current = base[index]
        if current == Ascii.lineFeed {
          endLineInString(&hash)
          continue
        }
        hash = (hash ^ UInt64(current)) &* NameHash.prime
        index += 1
        if current == Ascii.quote {
          var seen = 0
          while seen < hashes, byte(index) == Ascii.hash {
            seen += 1
            index += 1
          }
          if seen == hashes { break }
        }
      }
    } else {
      index += 1
      let delimiter = index
      // The standard allows at most sixteen bytes between the quote and the parenthesis.
      while index < count, index - delimiter <= 16, base[index] != Ascii.openParen,
        base[index] != Ascii.lineFeed, base[index] != Ascii.quote
      {
        index += 1
      }
      let length = index - delimiter
      guard byte(index) == Ascii.openParen, length <= 16 else {
        ledger.token(hash)
        previous = .string
        return
      }
      while index < count {
        let current = base[index]
        if current == Ascii.lineFeed {
          endLineInString(&hash)
          continue
        }
        hash = (hash ^ UInt64(current)) &* NameHash.prime
        index += 1
        if current == Ascii.closeParen, byte(index + length) == Ascii.quote,
          (0..<length).allSatisfy({ base[index + $0] == base[delimiter + $0] })
        {
          index += length + 1
          break
        }
      }
    }
    ledger.token(hash)
    previous = .string
  }

  /// A character, or a lifetime such as `'a`.
  mutating func rustApostrophe() {
    let next = byte(index + 1)
    var end = index + 2
    if next == Ascii.backslash {
      string(quote: Ascii.apostrophe, isMultiline: false)
      return
    }
    if next >= 0x80 {
      while end < count, base[end] & 0xC0 == 0x80 { end += 1 }
    }
    if byte(end) == Ascii.apostrophe, next != Ascii.lineFeed {
      var hash = NameHash.seed
      for at in index..<end { hash = (hash ^ UInt64(base[at])) &* NameHash.prime }
      ledger.token(hash)
      index = end + 1
      previous = .string
      return
    }
    ledger.punctuation(Ascii.apostrophe)
    index += 1
    previous = .other
  }

  // MARK: Regular expressions

  /// A regular expression at the cursor; false when the slash divides.
  private mutating func regex() -> Bool {
    guard !previous.isOperand, index >= noRegexBefore else { return false }
    let next = byte(index + 1)
    if language == .swift, flags[Int(next)] & ByteTable.space != 0 || next == Ascii.closeParen {
      return false
    }
    var at = index + 1
    var inClass = false
    var hash = NameHash.seed ^ 7
    while at < count, base[at] != Ascii.lineFeed {
      let current = base[at]
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      at += 1
      switch current {
      case Ascii.backslash: if at < count, base[at] != Ascii.lineFeed { at += 1 }
      case Ascii.openBracket: inClass = true
      case Ascii.closeBracket: inClass = false
      case Ascii.slash where !inClass:
        if pending != .no { settle(Ascii.slash) }
        ledger.token(hash)
        index = at
        previous = .string
        return true
      default: break
      }
    }
    // No end on this line. Later slashes of the line are not tried: that would cost the square of its length.
    noRegexBefore = at
    return false
  }
}
