import Glibc

/// Cuts declarations out of a source text.
struct SignatureReader {
  private let text: UnsafeRawBufferPointer
  private let language: Language
  private let lineStarts: [Int32]

  /// - Parameters:
  ///   - text: the whole file as UTF-8; it must outlive the reader.
  ///   - language: decides what ends a declaration.
  init(text: UnsafeRawBufferPointer, language: Language) {
    self.text = text
    self.language = language
    var starts: [Int32] = [0]
    starts.reserveCapacity(text.count / 32 + 1)
    var at = 0
    while at < text.count, let found = memchr(text.baseAddress! + at, 0x0A, text.count - at) {
      at = UnsafeRawPointer(found) - text.baseAddress! + 1
      starts.append(Int32(at))
    }
    lineStarts = starts
  }

  /// Number of lines, an empty last one included.
  var lineCount: Int32 { Int32(lineStarts.count) }

  /// The bytes of a line without its line feed.
  func line(_ number: Int32) -> Slice<UnsafeRawBufferPointer> {
    guard number >= 1, number <= lineCount else { return text[0..<0] }
    let start = Int(lineStarts[Int(number) - 1])
    let end = number == lineCount ? text.count : Int(lineStarts[Int(number)]) - 1
    return text[start..<max(start, end)]
  }

  /// The declaration of `name` that begins on `line`, on one line, at most 200 characters.
  ///
  /// It ends before the body: at an opening brace, a semicolon, Python's colon, or at the end of the line
  /// where the language lets a declaration end there. Comments are left out, white space is folded.
  func signature(of name: String, kind: Symbol.Kind, line number: Int32) -> String {
    var output = SignatureText()
    let line = self.line(number)
    guard !line.isEmpty else { return name }
    if language == .c || language == .cpp, kind == .function || kind == .method,
      let type = returnTypeAbove(number, name: name)
    {
      output.append(type)
      output.append(0x20)
    }
    read(from: declarationStart(of: name, kind: kind, in: line), kind: kind, into: &output)
    return output.text(fallback: name)
  }

  /// Where on its line a declaration begins: behind the last brace or semicolon before its name.
  private func declarationStart(
    of name: String, kind: Symbol.Kind, in line: Slice<UnsafeRawBufferPointer>
  ) -> Int {
    var start = line.startIndex
    // Thousands of names on one endless line must not take time by their square.
    let line = line.prefix(4096)
    guard let place = place(of: name, in: line, isFunction: kind.isFunction) else { return start }
    for index in line.startIndex..<place {
      switch text[index] {
      case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ";"): start = index + 1
      case UInt8(ascii: ",") where kind == .enumCase && language != .swift: start = index + 1
      default: break
      }
    }
    return start
  }

  /// Where the name stands as a word of its own, preferably before a parenthesis if it is a function's.
  private func place(
    of name: String, in line: Slice<UnsafeRawBufferPointer>, isFunction: Bool
  ) -> Int? {
    var name = name
    return name.withUTF8 { name in
      guard let first = name.first, line.count >= name.count else { return nil }
      var best: Int?
      var at = line.startIndex
      let last = line.endIndex - name.count
      while at <= last, let found = memchr(text.baseAddress! + at, Int32(first), last - at + 1) {
        at = UnsafeRawPointer(found) - text.baseAddress!
        let end = at + name.count
        if memcmp(text.baseAddress! + at, name.baseAddress!, name.count) == 0,
          at == line.startIndex || !isIdentifier(text[at - 1]) || !isIdentifier(first),
          end == line.endIndex || !isIdentifier(text[end])
        {
          if !isFunction || (end < line.endIndex && text[end] == UInt8(ascii: "(")) { return at }
          if best == nil { best = at }
        }
        at += 1
      }
      return best
    }
  }

  /// The line above a function whose name stands in the first column, as GNU style has it.
  private func returnTypeAbove(_ number: Int32, name: String) -> Slice<UnsafeRawBufferPointer>? {
    guard number > 1, line(number).starts(with: name.utf8) else { return nil }
    let above = line(number - 1)
    guard let first = above.first, let last = above.last(where: { $0 != 0x20 && $0 != 0x0D }),
      isIdentifier(first), isIdentifier(last) || last == UInt8(ascii: "*")
    else { return nil }
    return above
  }

  private func isIdentifier(_ byte: UInt8) -> Bool {
    (byte >= 0x61 && byte <= 0x7A) || (byte >= 0x41 && byte <= 0x5A) || byte == 0x5F
      || (byte >= 0x30 && byte <= 0x39) || byte >= 0x80
  }

  private func read(from start: Int, kind: Symbol.Kind, into output: inout SignatureText) {
    var at = start
    var depth = 0
    let hasBody = kind.isFunction || kind.isType || kind == .module || kind == .extension
    func byte(_ index: Int) -> UInt8 { index < text.count ? text[index] : 0 }
    while at < text.count, !output.isFull {
      let current = text[at]
      switch current {
      case UInt8(ascii: "("), UInt8(ascii: "["):
        depth += 1
        output.append(current)
      case UInt8(ascii: ")"), UInt8(ascii: "]"):
        depth -= 1
        if depth < 0 { return }
        output.append(current)
      case UInt8(ascii: "{"):
        if depth == 0 {
          // Go's `interface{}` and `struct{}` are types, not bodies.
          guard language == .go, byte(at + 1) == UInt8(ascii: "}"), output.endsInWord else { return }
          output.append(current)
          output.append(UInt8(ascii: "}"))
          at += 1
        } else {
          output.append(current)
        }
      case UInt8(ascii: "}"):
        if depth == 0 { return }
        output.append(current)
      case UInt8(ascii: ";"):
        if depth == 0 { return }
        output.append(current)
      case UInt8(ascii: ","):
        if depth == 0, kind == .enumCase || kind == .field { return }
        output.append(current)
      case UInt8(ascii: ":"):
        if depth == 0, language == .python, hasBody { return }
        if depth == 0, language == .cpp, kind.isFunction, output.endsInParenthesis,
          byte(at + 1) != UInt8(ascii: ":")
        {
          return
        }
        output.append(current)
      case UInt8(ascii: "\n"):
        if depth == 0, !output.isOpenEnded, !continues(after: at, kind: kind, hasBody: hasBody) { return }
        output.append(0x20)
      case UInt8(ascii: "\\") where byte(at + 1) == UInt8(ascii: "\n"):
        output.append(0x20)
        at += 1
      case UInt8(ascii: "\""), UInt8(ascii: "`"):
        at = copyQuoted(from: at, into: &output)
      case UInt8(ascii: "'"):
        if language == .python || language == .javascript || language == .typescript
          || byte(at + 2) == current
          || byte(at + 1) == UInt8(ascii: "\\")
        {
          at = copyQuoted(from: at, into: &output)
        } else {
          // A lifetime in Rust, a digit separator in C++.
          output.append(current)
        }
      case UInt8(ascii: "#") where language == .python:
        at = endOfLine(at) - 1
      case UInt8(ascii: "/") where byte(at + 1) == UInt8(ascii: "/") && language != .python:
        at = endOfLine(at) - 1
      case UInt8(ascii: "/") where byte(at + 1) == UInt8(ascii: "*") && language != .python:
        at += 2
        while at < text.count, !(text[at] == UInt8(ascii: "*") && byte(at + 1) == UInt8(ascii: "/")) {
          at += 1
        }
        at += 1
        output.append(0x20)
      default: output.append(current)
      }
      at += 1
    }
  }

  private func endOfLine(_ start: Int) -> Int {
    guard let found = memchr(text.baseAddress! + start, 0x0A, text.count - start) else { return text.count }
    return UnsafeRawPointer(found) - text.baseAddress!
  }

  /// Copies a literal up to its closing quote, which must stand on the same line.
  private func copyQuoted(from start: Int, into output: inout SignatureText) -> Int {
    let quote = text[start]
    let end = endOfLine(start)
    output.append(quote)
    var at = start + 1
    while at < end {
      output.append(text[at])
      if text[at] == UInt8(ascii: "\\"), at + 1 < end {
        at += 1
        output.append(text[at])
      } else if text[at] == quote {
        return at
      }
      at += 1
    }
    return end - 1
  }

  /// Whether a declaration goes on behind the line feed at `end`.
  private func continues(after end: Int, kind: Symbol.Kind, hasBody: Bool) -> Bool {
    guard hasBody, kind != .macro, language != .python else { return false }
    var next = end + 1
    while next < text.count, text[next] == 0x20 || text[next] == 0x09 || text[next] == 0x0D { next += 1 }
    guard next < text.count else { return false }
    switch text[next] {
    case UInt8(ascii: "{"): return false
    case UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "("), UInt8(ascii: "."):
      return true
    default: break
    }
    let word = text[next..<min(text.count, next + 12)].prefix { isIdentifier($0) }
    return Self.continuations.contains { word.elementsEqual($0.utf8) }
  }

  private static let continuations = [
    "where", "throws", "rethrows", "async", "extends", "implements", "permits", "const", "noexcept",
    "override", "final", "func", "function", "def", "class", "struct", "enum", "actor", "protocol",
    "extension",
    "public", "private", "internal", "package", "static", "mutating", "nonisolated", "var", "let", "init",
    "fn", "pub",
  ]
}

/// A text of at most 200 characters whose white space is folded.
private struct SignatureText {
  private var bytes: [UInt8] = []
  private var characters = 0
  private var hasPendingSpace = false
  private(set) var isFull = false

  init() { bytes.reserveCapacity(96) }

  private static let limit = 200

  var endsInParenthesis: Bool { bytes.last == UInt8(ascii: ")") }
  /// Whether more must come: the last thing is a comma or `where`.
  var isOpenEnded: Bool { bytes.last == UInt8(ascii: ",") || bytes.suffix(6).elementsEqual(" where".utf8) }
  var endsInWord: Bool {
    guard !hasPendingSpace, let last = bytes.last else { return false }
    return last >= 0x61 && last <= 0x7A
  }

  mutating func append(_ byte: UInt8) {
    if byte <= 0x20 || byte == 0x7F {
      hasPendingSpace = !bytes.isEmpty
      return
    }
    if isFull { return }
    let startsCharacter = byte & 0xC0 != 0x80
    if startsCharacter {
      let needed = hasPendingSpace ? 2 : 1
      if characters + needed > Self.limit {
        isFull = true
        return
      }
      characters += needed
      if hasPendingSpace { bytes.append(0x20) }
      hasPendingSpace = false
    }
    bytes.append(byte)
  }

  mutating func append(_ text: Slice<UnsafeRawBufferPointer>) {
    for byte in text { append(byte) }
  }

  /// The text without an assignment that leads nowhere.
  func text(fallback: String) -> String {
    var end = bytes.count
    while end > 0, [0x20, UInt8(ascii: "="), UInt8(ascii: ",")].contains(bytes[end - 1]) { end -= 1 }
    if end == 0 { return fallback }
    // Cut in the middle: the last character may be an ellipsis instead.
    if isFull {
      var cut = end - 1
      while cut > 0, bytes[cut] & 0xC0 == 0x80 { cut -= 1 }
      return String(decoding: bytes[..<cut], as: UTF8.self) + "…"
    }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }
}

extension Symbol.Kind {
  /// Whether it is a type with members of its own.
  var isType: Bool {
    switch self {
    case .type, .class, .struct, .enum, .protocol, .interface, .trait: true
    default: false
    }
  }
}
