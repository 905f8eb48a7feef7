/// Imports are read ahead of the cursor, which then passes over the same bytes to count and hash them.
/// An import ends at the latest where its statement does, so no byte is read ahead twice.
extension BraceScanner {
  /// A dotted path (`a.b.*`) from an offset on, on one line; and where it ends.
  func path(from start: Int) -> (text: String, end: Int) {
    var at = skipSpaces(from: start)
    let begin = at
    while at < count {
      let current = base[at]
      let isPart =
        flags[Int(current)] & ByteTable.identifier != 0 || current == Ascii.dot || current == Ascii.star
      if !isPart { break }
      at += 1
    }
    return (text(begin, at), at)
  }

  func skipSpaces(from start: Int) -> Int {
    var at = start
    while at < count, flags[Int(base[at])] & ByteTable.space != 0 { at += 1 }
    return at
  }

  /// The bytes of a range as a string, at most 1,000 of them: no import is longer.
  func text(_ start: Int, _ end: Int) -> String {
    String(
      decoding: UnsafeBufferPointer(start: base + start, count: max(0, min(end - start, 1_000))),
      as: UTF8.self)
  }

  mutating func swiftImport() {
    var found = path(from: index)
    switch found.text {
    case "struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor":
      found = path(from: found.end)
    default: break
    }
    guard !found.text.isEmpty else { return }
    ledger.facts.imports.append(RawImport(line: ledger.line, kind: .swiftImport, text: found.text))
  }

  mutating func javaImport() {
    var found = path(from: index)
    var kind = RawImport.Kind.javaImport
    if found.text == "static" {
      kind = .javaStaticImport
      found = path(from: found.end)
    }
    guard !found.text.isEmpty else { return }
    ledger.facts.imports.append(RawImport(line: ledger.line, kind: kind, text: found.text))
  }

  /// A string literal that may be the path of an import, with its text between two offsets.
  mutating func importString(from start: Int, to end: Int, before: Token) {
    switch language {
    case .go:
      guard statement == .importing, stack.count <= 1 else { return }
      ledger.facts.imports.append(
        RawImport(line: ledger.line, kind: .goImport, text: text(start, end)))
    case .javascript, .typescript:
      let kind: RawImport.Kind
      let isBound = lastWord == .from && before == .name
      if isBound, statement == .importing || statement == .exporting {
        kind = isTypeImport ? .moduleType : .module
      } else if statement == .importing, lastWord == .importWord, before == .keyword {
        kind = .module
      } else if before == .open, top == .paren, callee == .require || callee == .importWord {
        let next = nextVisible(from: index)
        guard next == Ascii.closeParen || next == Ascii.comma || next == Ascii.lineFeed else { return }
        kind = callee == .require ? .require : .dynamicImport
      } else {
        return
      }
      ledger.facts.imports.append(RawImport(line: ledger.line, kind: kind, text: text(start, end)))
    case .rust:
      if lastWord == .path, before == .equal, top == .bracket { pathAttribute = text(start, end) }
    default: return
    }
  }

  // MARK: Rust

  /// `mod name;` or `mod name {`, with the cursor behind `mod`.
  mutating func rustModule() {
    let begin = skipSpaces(from: index)
    var end = begin
    while end < count, flags[Int(base[end])] & ByteTable.identifier != 0 { end += 1 }
    guard end > begin else { return }
    if nextVisible(from: end) == Ascii.semicolon {
      ledger.facts.imports.append(
        RawImport(
          line: ledger.line, kind: .rustMod,
          text: (moduleNames + [text(begin, end)]).joined(separator: "::"), level: moduleDepth,
          members: pathAttribute.map { [$0] } ?? []))
      statement = .importing
    } else {
      nextBlock = .module
      nextModule = text(begin, end)
    }
    pathAttribute = nil
  }

  /// A path in code, such as `crate::a::f`, that begins at an offset and goes on at the cursor.
  ///
  /// At most four segments are read: more than modules are nested, and a bound on looking ahead.
  mutating func rustPath(from start: Int) {
    if start >= 2, base[start - 1] == Ascii.colon, base[start - 2] == Ascii.colon { return }
    var hash = NameHash.seed
    var at = start
    var segments = 0
    while at < count, at - start < 200 {
      let current = base[at]
      if current == Ascii.colon {
        segments += 1
        guard segments < 4, byte(at + 1) == Ascii.colon,
          flags[Int(byte(at + 2))] & ByteTable.identifierStart != 0
        else { break }
        hash = (hash ^ UInt64(current)) &* NameHash.prime
        at += 2
        continue
      }
      guard flags[Int(current)] & ByteTable.identifier != 0 else { break }
      hash = (hash ^ UInt64(current)) &* NameHash.prime
      at += 1
    }
    guard knownPaths.insert(hash ^ UInt64(moduleDepth)).inserted else { return }
    let path = text(start, at)
    guard !path.hasPrefix("std::"), !path.hasPrefix("core::") else { return }
    ledger.facts.imports.append(
      RawImport(line: ledger.line, kind: .rustPath, text: path, level: moduleDepth, members: [path]))
  }

  mutating func rustExternCrate() {
    let word = path(from: index)
    guard word.text == "crate" else { return }
    let name = path(from: word.end)
    guard !name.text.isEmpty else { return }
    statement = .importing
    ledger.facts.imports.append(
      RawImport(line: ledger.line, kind: .rustExternCrate, text: name.text, level: moduleDepth))
  }

  /// `use a::{b, c::{self, d as e}};`, with the cursor behind `use`: the tree, spelt out as full paths.
  mutating func rustUse() {
    var at = skipSpaces(from: index)
    let begin = at
    var members: [String] = []
    var prefix: [UInt8] = []
    var current: [UInt8] = []
    var prefixLengths: [Int] = []
    var isRenamed = false
    // A tree with more leaves than this is no hand-written use.
    let limit = 2_000
    func close(_ members: inout [String]) {
      if !current.isEmpty || isRenamed, members.count < limit {
        var path = String(decoding: prefix + current, as: UTF8.self)
        if path.hasSuffix("::self") { path.removeLast(6) }
        members.append(path)
      }
      current.removeAll(keepingCapacity: true)
      isRenamed = false
    }
    scan: while at < count, at - begin < 20_000 {
      let byte = base[at]
      if flags[Int(byte)] & ByteTable.identifier != 0 {
        var end = at
        while end < count, flags[Int(base[end])] & ByteTable.identifier != 0 { end += 1 }
        if end - at == 2, base[at] == 0x61, base[at + 1] == 0x73 {
          isRenamed = true
        } else if !isRenamed, prefix.count + current.count < 1_000 {
          current.append(contentsOf: UnsafeBufferPointer(start: base + at, count: min(end - at, 200)))
        }
        at = end
        continue
      }
      switch byte {
      case Ascii.colon, Ascii.star: if !isRenamed { current.append(byte) }
      case Ascii.openBrace:
        guard prefixLengths.count < 64 else { break scan }
        prefixLengths.append(prefix.count)
        prefix.append(contentsOf: current)
        current.removeAll(keepingCapacity: true)
      case Ascii.closeBrace:
        close(&members)
        guard let length = prefixLengths.popLast() else { break scan }
        prefix.removeSubrange(length...)
      case Ascii.comma: close(&members)
      case Ascii.semicolon:
        close(&members)
        break scan
      case Ascii.slash where self.byte(at + 1) == Ascii.slash: at = lineEnd(from: at) - 1
      case Ascii.hash, Ascii.lineFeed: break
      default: if flags[Int(byte)] & ByteTable.space == 0 { break scan }
      }
      at += 1
    }
    var written = text(begin, min(at, count))
    if written.utf8.contains(where: { $0 <= Ascii.space }) {
      written = written.split(whereSeparator: { $0.isWhitespace }).joined(separator: " ")
    }
    guard !written.isEmpty else { return }
    ledger.facts.imports.append(
      RawImport(
        line: ledger.line, kind: .rustUse, text: written, level: moduleDepth, members: members))
  }
}
