import Glibc

/// Counts lines and finds markers in languages of which only the comments are known.
///
/// Strings end at the line feed at the latest: a stray apostrophe spoils one line, not the file.
struct CommentScanner {
  private let base: UnsafePointer<UInt8>
  private let count: Int
  private let flags: UnsafePointer<UInt8>
  private let syntax: Syntax
  private var index = 0
  private var ledger = LineLedger()

  /// How a family of languages writes comments.
  struct Syntax {
    /// `//`, `/* */`, `--`, `<!-- -->`.
    var slashes = false, slashStar = false, dashes = false, angles = false
    /// `#` at the start of a word, and Lua's and CMake's bracket comments after the introducer.
    var hash = false, longBrackets = false
    /// `=begin`/`=end` and POD: lines from one that starts with `=word` to `=end` or `=cut`.
    var equalsBlocks = false
    /// Bytes that open and close strings.
    var quotes: [UInt8] = [Ascii.quote, Ascii.apostrophe]

    /// The syntax of a language; languages of one family share it.
    static func of(_ language: Language) -> Syntax {
      switch language {
      case .csharp, .kotlin, .scala, .swift, .java, .javascript, .typescript, .go, .rust, .c, .cpp:
        Syntax(slashes: true, slashStar: true)
      case .php: Syntax(slashes: true, slashStar: true, hash: true)
      case .css: Syntax(slashStar: true)
      case .sql: Syntax(slashStar: true, dashes: true)
      case .lua: Syntax(dashes: true, longBrackets: true)
      case .ruby, .perl: Syntax(hash: true, equalsBlocks: true)
      case .cmake: Syntax(hash: true, longBrackets: true)
      case .shell, .yaml, .toml, .make, .docker, .python: Syntax(hash: true)
      case .html, .xml, .markdown: Syntax(angles: true, quotes: [])
      case .json: Syntax(slashes: true, slashStar: true, quotes: [Ascii.quote])
      }
    }
  }

  /// Reads a whole file.
  static func scan(
    _ bytes: UnsafeBufferPointer<UInt8>, language: Language, flags: UnsafePointer<UInt8>
  ) -> FileFacts {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return FileFacts() }
    var scanner = CommentScanner(
      base: base, count: bytes.count, flags: flags, syntax: Syntax.of(language))
    scanner.run()
    return scanner.ledger.facts
  }

  private init(base: UnsafePointer<UInt8>, count: Int, flags: UnsafePointer<UInt8>, syntax: Syntax) {
    self.base = base
    self.count = count
    self.flags = flags
    self.syntax = syntax
  }

  private func byte(_ at: Int) -> UInt8 { at < count ? base[at] : 0 }

  private mutating func run() {
    if count >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF { index = 3 }
    var atLineStart = true
    while index < count {
      let current = base[index]
      if current == Ascii.lineFeed {
        ledger.endLine()
        index += 1
        atLineStart = true
        continue
      }
      if atLineStart, syntax.equalsBlocks, current == Ascii.equal, byte(index + 1) | 32 >= Ascii.a,
        byte(index + 1) | 32 <= Ascii.z
      {
        equalsBlock()
        continue
      }
      atLineStart = false
      if flags[Int(current)] & ByteTable.space != 0 {
        index += 1
        continue
      }
      if comment(current) { continue }
      if flags[Int(current)] & ByteTable.identifier != 0 {
        var hash = NameHash.seed
        while index < count, flags[Int(base[index])] & ByteTable.identifier != 0 {
          hash = (hash ^ UInt64(base[index])) &* NameHash.prime
          index += 1
        }
        ledger.token(hash)
        // `don't` opens no string.
        if byte(index) == Ascii.apostrophe {
          ledger.punctuation(Ascii.apostrophe)
          index += 1
        }
      } else if syntax.quotes.contains(current) {
        string(quote: current)
      } else {
        ledger.punctuation(current)
        index += 1
      }
    }
    ledger.finish(endsInLineFeed: base[count - 1] == Ascii.lineFeed)
  }

  /// Skips a comment that begins at `index`; false when none does.
  private mutating func comment(_ current: UInt8) -> Bool {
    switch current {
    case Ascii.slash:
      if syntax.slashes, byte(index + 1) == Ascii.slash {
        line()
        return true
      }
      if syntax.slashStar, byte(index + 1) == Ascii.star {
        block(from: index + 2, until: [Ascii.star, Ascii.slash])
        return true
      }
    case Ascii.minus where syntax.dashes && byte(index + 1) == Ascii.minus:
      if syntax.longBrackets, byte(index + 2) == Ascii.openBracket, byte(index + 3) == Ascii.openBracket {
        block(from: index + 4, until: [Ascii.closeBracket, Ascii.closeBracket])
      } else {
        line()
      }
      return true
    case Ascii.hash where syntax.hash:
      // `$#`, `a#b` and PHP's `#[attribute]` are no comments.
      if index > 0, base[index - 1] != Ascii.lineFeed, base[index - 1] != Ascii.semicolon,
        flags[Int(base[index - 1])] & ByteTable.space == 0
      {
        return false
      }
      if syntax.slashes, byte(index + 1) == Ascii.openBracket { return false }
      if syntax.longBrackets, byte(index + 1) == Ascii.openBracket, byte(index + 2) == Ascii.openBracket {
        block(from: index + 3, until: [Ascii.closeBracket, Ascii.closeBracket])
      } else {
        line()
      }
      return true
    case Ascii.less where syntax.angles:
      if byte(index + 1) == Ascii.bang, byte(index + 2) == Ascii.minus, byte(index + 3) == Ascii.minus {
        block(from: index + 4, until: [Ascii.minus, Ascii.minus, Ascii.greater])
        return true
      }
    default: break
    }
    return false
  }

  private mutating func line() {
    let end = memchr(base + index, Int32(Ascii.lineFeed), count - index).map {
      UnsafeRawPointer($0) - UnsafeRawPointer(base)
    }
    ledger.comment(base, from: index, to: end ?? count, flags: flags)
    index = end ?? count
  }

  private mutating func block(from: Int, until closer: [UInt8]) {
    ledger.markComment()
    var start = from
    index = from
    while index < count {
      let current = base[index]
      if current == Ascii.lineFeed {
        ledger.comment(base, from: start, to: index, flags: flags)
        ledger.endLine()
        index += 1
        start = index
      } else if current == closer[0], index + closer.count <= count,
        (1..<closer.count).allSatisfy({ base[index + $0] == closer[$0] })
      {
        ledger.comment(base, from: start, to: index, flags: flags)
        ledger.markComment()
        index += closer.count
        return
      } else {
        index += 1
      }
    }
    // `index` may have been beyond the end already when the opener stands at the end of the file.
    index = count
    ledger.comment(base, from: min(start, count), to: count, flags: flags)
  }

  private mutating func equalsBlock() {
    while index < count {
      let closes =
        matches("=end", at: index) || matches("=cut", at: index)
      line()
      guard index < count else { return }
      ledger.endLine()
      index += 1
      if closes { return }
    }
  }

  private func matches(_ word: StaticString, at start: Int) -> Bool {
    guard start + word.utf8CodeUnitCount <= count else { return false }
    return memcmp(base + start, word.utf8Start, word.utf8CodeUnitCount) == 0
  }

  private mutating func string(quote: UInt8) {
    var hash = NameHash.seed ^ UInt64(quote)
    index += 1
    while index < count, base[index] != Ascii.lineFeed {
      let current = base[index]
      index += 1
      if current == quote { break }
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      if current == Ascii.backslash, index < count, base[index] != Ascii.lineFeed { index += 1 }
    }
    ledger.token(hash)
  }
}
