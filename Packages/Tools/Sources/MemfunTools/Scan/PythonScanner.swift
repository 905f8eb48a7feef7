import Glibc

/// Reads Python, whose blocks are told by indentation.
///
/// One pass, linear in the bytes; brackets and the replacement fields of f-strings live on an explicit
/// stack. A string that stands alone as a statement is a docstring and counts as comment, but markers
/// are looked for in real comments only.
///
/// **Decision points** (McCabe 1976, with short-circuit operators): `if` and `elif`, also in conditional
/// expressions and comprehensions; `for`, also in comprehensions; `while`; each `except`; `and`, `or`;
/// each `case` of `match` but `case _`. Not counted: `else` of loops, `try`, `finally`, `with`, `assert`.
/// Where others differ: lizard counts `finally` and does not know `match`; radon counts `assert` and the
/// `else` of loops and of `try`, and counts `case _`.
struct PythonScanner {
  private let base: UnsafePointer<UInt8>
  private let count: Int
  private let flags: UnsafePointer<UInt8>
  private let keywords: UnsafePointer<KeywordTable.Entry>

  private var index = 0
  private var ledger = LineLedger()
  private var stack: [Bracket] = []
  /// Whether the next token begins a logical line, and whether it begins a statement.
  private var atLineStart = true
  private var isFresh = true
  private var afterDot = false
  private var isDecorated = false
  /// Where the statement, or its first decorator, begins.
  private var headLine: Int32 = 1
  private var indent = 0
  private var lastCodeLine: Int32 = 0
  private var openBlocks: [OpenBlock] = []
  /// A `def` or `class` whose logical line has not ended yet.
  private var pendingBlock: OpenBlock?
  /// Lines that begin before this offset belong to an import.
  private var importEnd = 0

  /// An open bracket or a replacement field.
  private struct Bracket {
    /// The quote of the f-string that a replacement field belongs to; 0 for a bracket.
    var quote: UInt8 = 0
    var isTriple = false
  }

  private struct OpenBlock {
    var indent: Int
    var index: Int
  }

  private static let words = KeywordTable([
    (.branch, "if elif while except and or"), (.forLoop, "for"), (.caseLabel, "case"),
    (.typeHead, "class"), (.functionHead, "def"), (.modifier, "async"), (.importWord, "import"),
    (.from, "from"),
  ])

  /// Reads a whole file.
  static func scan(_ bytes: UnsafeBufferPointer<UInt8>, flags: UnsafePointer<UInt8>) -> FileFacts {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return FileFacts() }
    return words.entries.withUnsafeBufferPointer { keywords in
      // The table has 256 entries, so its buffer has an address.
      var scanner = PythonScanner(
        base: base, count: bytes.count, flags: flags, keywords: keywords.baseAddress!)
      scanner.run()
      return scanner.ledger.facts
    }
  }

  private init(
    base: UnsafePointer<UInt8>, count: Int, flags: UnsafePointer<UInt8>,
    keywords: UnsafePointer<KeywordTable.Entry>
  ) {
    self.base = base
    self.count = count
    self.flags = flags
    self.keywords = keywords
  }

  @inline(__always)
  private func byte(_ at: Int) -> UInt8 { at < count ? base[at] : 0 }

  private func skipSpaces(from start: Int) -> Int {
    var at = start
    while at < count, flags[Int(base[at])] & ByteTable.space != 0 { at += 1 }
    return at
  }

  private mutating func run() {
    if count >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF { index = 3 }
    var column = 0
    while index < count {
      let current = base[index]
      let flag = flags[Int(current)]
      if flag & ByteTable.space != 0 {
        if atLineStart { column = current == Ascii.tab ? (column / 8 + 1) * 8 : column + 1 }
        index += 1
        continue
      }
      if current == Ascii.lineFeed {
        lineFeed()
        column = 0
        continue
      }
      if current == Ascii.hash {
        comment()
        continue
      }
      if atLineStart {
        atLineStart = false
        if stack.isEmpty { beginLogicalLine(indent: column, first: current) }
      }
      lastCodeLine = ledger.line
      if flag & ByteTable.identifierStart != 0 {
        word()
      } else if flag & ByteTable.digit != 0 {
        number()
      } else if current == Ascii.quote || current == Ascii.apostrophe {
        string(isFormatted: false, isRaw: false)
      } else {
        symbol(current)
      }
    }
    ledger.finish(endsInLineFeed: base[count - 1] == Ascii.lineFeed, isTrivial: importEnd >= count)
    // A string without an end reaches into the line behind the last line feed, which is none.
    lastCodeLine = min(lastCodeLine, ledger.facts.lines)
    endLogicalLine()
    closeBlocks(downTo: -1)
    ledger.facts.blocks.removeAll { $0.closeLine <= $0.headLine }
  }

  // MARK: Lines and blocks

  private mutating func lineFeed() {
    ledger.endLine(isTrivial: index <= importEnd)
    index += 1
    // A replacement field of a string that may not span lines was never closed.
    while let last = stack.last, last.quote != 0, !last.isTriple { stack.removeLast() }
    if stack.isEmpty {
      if !atLineStart { endLogicalLine() }
      atLineStart = true
      isFresh = true
    }
    afterDot = false
  }

  private mutating func beginLogicalLine(indent column: Int, first: UInt8) {
    closeBlocks(downTo: column)
    indent = column
    if !isDecorated { headLine = ledger.line }
    isDecorated = first == Ascii.at
    isFresh = true
  }

  private mutating func endLogicalLine() {
    guard let block = pendingBlock else { return }
    pendingBlock = nil
    ledger.facts.blocks[block.index].openLine = max(lastCodeLine, ledger.facts.blocks[block.index].headLine)
    openBlocks.append(block)
  }

  /// Ends the blocks that are indented at least as far as `column`.
  private mutating func closeBlocks(downTo column: Int) {
    while let block = openBlocks.last, block.indent >= column {
      openBlocks.removeLast()
      ledger.facts.blocks[block.index].closeLine = lastCodeLine
    }
  }

  private mutating func comment() {
    let end =
      memchr(base + index, Int32(Ascii.lineFeed), count - index).map {
        UnsafeRawPointer($0) - UnsafeRawPointer(base)
      } ?? count
    ledger.comment(base, from: index, to: end, flags: flags)
    index = end
  }

  // MARK: Tokens

  @inline(__always)
  private mutating func word() {
    let start = index
    var hash = NameHash.seed
    var packed: UInt64 = 0
    repeat {
      let current = base[index]
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      packed = packed << 8 | UInt64(current)
      index += 1
    } while index < count && flags[Int(base[index])] & ByteTable.identifier != 0
    let length = index - start
    let next = byte(index)
    if length <= 2, next == Ascii.quote || next == Ascii.apostrophe {
      if let prefix = StringPrefix(base, start, length) {
        let isDocstring = isFresh && stack.isEmpty && !prefix.isFormatted && !prefix.isBytes
        if !isDocstring { ledger.token(hash) }
        string(isFormatted: prefix.isFormatted, isRaw: prefix.isRaw)
        return
      }
    }
    let isName = afterDot
    let wasFresh = isFresh
    afterDot = false
    isFresh = false
    ledger.token(hash)
    guard !isName, length <= 6 else { return }
    switch KeywordTable.role(in: keywords, word: packed, length: length) {
    case .none: break
    case .branch, .forLoop: ledger.decision()
    case .caseLabel: if wasFresh, isCase() { ledger.decision() }
    case .modifier: isFresh = wasFresh
    case .typeHead, .functionHead:
      guard wasFresh, stack.isEmpty, pendingBlock == nil else { break }
      pendingBlock = OpenBlock(indent: indent, index: ledger.facts.blocks.count)
      ledger.facts.blocks.append(.init(headLine: headLine, openLine: ledger.line, closeLine: 0))
    case .importWord: if wasFresh, index > importEnd { importModules() }
    case .from: if wasFresh, index > importEnd { importNames() }
    default: break
    }
  }

  /// Whether `case` before the cursor is the keyword and the pattern is not the wildcard alone.
  private func isCase() -> Bool {
    guard
      flags[Int(byte(index))] & ByteTable.space != 0 || byte(index) == Ascii.openParen
        || byte(index) == Ascii.openBracket
    else { return false }
    let at = skipSpaces(from: index)
    switch byte(at) {
    case Ascii.equal, Ascii.dot, Ascii.comma, Ascii.colon, Ascii.closeParen, Ascii.plus, 0, Ascii.lineFeed:
      return false
    case Ascii.underscore: return byte(skipSpaces(from: at + 1)) != Ascii.colon
    default: return true
    }
  }

  private mutating func number() {
    var hash = NameHash.seed
    while index < count {
      let current = base[index]
      guard flags[Int(current)] & ByteTable.identifier != 0 || current == Ascii.dot else { break }
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      index += 1
    }
    ledger.token(hash)
    isFresh = false
    afterDot = false
  }

  private mutating func symbol(_ current: UInt8) {
    ledger.punctuation(current)
    index += 1
    afterDot = current == Ascii.dot
    isFresh = false
    switch current {
    case Ascii.openParen, Ascii.openBracket, Ascii.openBrace: stack.append(Bracket())
    case Ascii.closeParen, Ascii.closeBracket:
      if let last = stack.last, last.quote == 0 { stack.removeLast() }
    case Ascii.closeBrace:
      guard let last = stack.popLast() else { return }
      if last.quote != 0 {
        stringRest(quote: last.quote, isTriple: last.isTriple, isFormatted: true, isRaw: false)
      }
    case Ascii.colon:
      if let last = stack.last, last.quote != 0 {
        formatSpecification(last)
      } else if stack.isEmpty {
        isFresh = true
      }
    case Ascii.semicolon: if stack.isEmpty { isFresh = true }
    case Ascii.backslash:
      // A continuation: the logical line goes on behind the line feed.
      if byte(index) == Ascii.carriageReturn { index += 1 }
      if byte(index) == Ascii.lineFeed {
        ledger.endLine(isTrivial: index <= importEnd)
        index += 1
      }
    default: break
    }
  }

  // MARK: Strings

  /// The letters in front of a string.
  private struct StringPrefix {
    var isFormatted = false, isRaw = false, isBytes = false

    init?(_ base: UnsafePointer<UInt8>, _ start: Int, _ length: Int) {
      for at in start..<start + length {
        switch base[at] | 32 {
        case 0x66, 0x74: isFormatted = true
        case 0x72: isRaw = true
        case 0x62: isBytes = true
        case 0x75: break
        default: return nil
        }
      }
    }
  }

  /// A string, with the cursor on its opening quote.
  private mutating func string(isFormatted: Bool, isRaw: Bool) {
    let quote = base[index]
    let isTriple = byte(index + 1) == quote && byte(index + 2) == quote
    index += isTriple ? 3 : 1
    if isFresh, stack.isEmpty, !isFormatted {
      isFresh = false
      docstring(quote: quote, isTriple: isTriple)
      return
    }
    isFresh = false
    afterDot = false
    stringRest(quote: quote, isTriple: isTriple, isFormatted: isFormatted, isRaw: isRaw)
  }

  /// The rest of a string, behind its opening quotes or behind a replacement field.
  private mutating func stringRest(quote: UInt8, isTriple: Bool, isFormatted: Bool, isRaw: Bool) {
    var hash = NameHash.seed ^ UInt64(quote)
    while index < count {
      let current = base[index]
      if flags[Int(current)] & ByteTable.stringStop == 0 {
        hash = (hash ^ UInt64(current)) &* NameHash.prime
        index += 1
        continue
      }
      if current == quote {
        if !isTriple {
          index += 1
          break
        }
        if byte(index + 1) == quote, byte(index + 2) == quote {
          index += 3
          break
        }
      } else if current == Ascii.lineFeed {
        guard isTriple else { break }
        endLineInString(&hash)
        continue
      } else if current == Ascii.openBrace, isFormatted {
        if byte(index + 1) == Ascii.openBrace {
          index += 1
        } else {
          index += 1
          ledger.token(hash)
          stack.append(Bracket(quote: quote, isTriple: isTriple))
          return
        }
      }
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      index += 1
      if current == Ascii.backslash, index < count {
        // Raw strings too: there a backslash keeps the quote from ending the string as well.
        if base[index] == Ascii.carriageReturn, byte(index + 1) == Ascii.lineFeed { index += 1 }
        if base[index] == Ascii.lineFeed {
          endLineInString(&hash)
        } else if !(isFormatted && base[index] == Ascii.openBrace) {
          hash = (hash ^ UInt64(base[index])) &* NameHash.prime
          index += 1
        }
      }
    }
    ledger.token(hash)
    lastCodeLine = ledger.line
    afterDot = false
  }

  private mutating func endLineInString(_ hash: inout UInt64) {
    if hash != NameHash.seed { ledger.token(hash) }
    ledger.markCode()
    ledger.endLine()
    hash = NameHash.seed
    index += 1
  }

  /// The part of a replacement field behind its colon: text with nested fields, in which `#` is no comment.
  private mutating func formatSpecification(_ field: Bracket) {
    var depth = 0
    var hash = NameHash.seed
    while index < count {
      let current = base[index]
      if current == Ascii.lineFeed || current == field.quote { break }
      if current == Ascii.closeBrace {
        if depth == 0 { break }
        depth -= 1
      } else if current == Ascii.openBrace {
        depth += 1
      }
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      index += 1
    }
    if hash != NameHash.seed { ledger.token(hash) }
  }

  /// A string that begins a statement, with the cursor behind its opening quotes.
  private mutating func docstring(quote: UInt8, isTriple: Bool) {
    ledger.markComment()
    while index < count {
      let current = base[index]
      if current == Ascii.lineFeed {
        guard isTriple else { break }
        ledger.endLine()
        index += 1
        continue
      }
      if flags[Int(current)] & ByteTable.space == 0 { ledger.markComment() }
      index += 1
      if current == Ascii.backslash {
        if index < count, base[index] != Ascii.lineFeed { index += 1 }
      } else if current == quote {
        if !isTriple { break }
        if byte(index) == quote, byte(index + 1) == quote {
          index += 2
          break
        }
      }
    }
    lastCodeLine = ledger.line
    let next = byte(skipSpaces(from: index))
    // `"a b".split()` is code after all.
    if next != Ascii.lineFeed, next != Ascii.hash, next != 0 { ledger.token(NameHash.seed) }
  }

  // MARK: Imports

  /// The names and dots of an import, read ahead of the cursor up to the end of the logical line.
  private struct ImportReader {
    let base: UnsafePointer<UInt8>
    let count: Int
    let flags: UnsafePointer<UInt8>
    var at: Int
    private var depth = 0

    init(base: UnsafePointer<UInt8>, count: Int, flags: UnsafePointer<UInt8>, at: Int) {
      self.base = base
      self.count = count
      self.flags = flags
      self.at = at
    }

    /// The next dotted name, `*`, or `,`; nil at the end of the statement.
    mutating func next() -> String? {
      while at < count {
        let current = base[at]
        if flags[Int(current)] & (ByteTable.space) != 0 {
          at += 1
          continue
        }
        switch current {
        case Ascii.lineFeed:
          if depth == 0 { return nil }
          at += 1
        case Ascii.backslash:
          at += 1
          while at < count, flags[Int(base[at])] & ByteTable.space != 0 { at += 1 }
          if at < count, base[at] == Ascii.lineFeed { at += 1 } else { return nil }
        case Ascii.hash:
          while at < count, base[at] != Ascii.lineFeed { at += 1 }
        case Ascii.openParen:
          depth += 1
          at += 1
        case Ascii.closeParen:
          at += 1
          return nil
        case Ascii.comma:
          at += 1
          return ","
        case Ascii.star:
          at += 1
          return "*"
        default:
          let begin = at
          while at < count, flags[Int(base[at])] & ByteTable.identifier != 0 || base[at] == Ascii.dot {
            at += 1
          }
          guard at > begin else { return nil }
          return String(
            decoding: UnsafeBufferPointer(start: base + begin, count: min(at - begin, 1_000)), as: UTF8.self)
        }
      }
      return nil
    }

    /// Names up to the end, without what follows `as`.
    mutating func names() -> [String] {
      var names: [String] = []
      var takes = true
      while let word = next(), names.count < 5_000 {
        if word == "," {
          takes = true
        } else if takes {
          names.append(word)
          takes = false
        }
      }
      return names
    }
  }

  private mutating func importModules() {
    var reader = ImportReader(base: base, count: count, flags: flags, at: index)
    for name in reader.names() where name != "*" {
      ledger.facts.imports.append(RawImport(line: ledger.line, kind: .pythonImport, text: name))
    }
    importEnd = reader.at
  }

  private mutating func importNames() {
    var reader = ImportReader(base: base, count: count, flags: flags, at: index)
    guard var module = reader.next() else { return }
    // `from . import a`, `from .. a import b`: dots and name may stand apart.
    var word = reader.next()
    if let next = word, next != "import", module.utf8.allSatisfy({ $0 == Ascii.dot }) {
      module += next
      word = reader.next()
    }
    guard word == "import" else { return }
    let level = module.utf8.prefix { $0 == Ascii.dot }.count
    ledger.facts.imports.append(
      RawImport(
        line: ledger.line, kind: .pythonFrom, text: module, level: UInt8(clamping: level),
        members: reader.names()))
    importEnd = reader.at
  }
}
