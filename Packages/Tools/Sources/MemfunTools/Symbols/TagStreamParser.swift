import Glibc

/// Reads the output of `ctags --output-format=u-ctags --excmd=number` as it arrives.
///
/// A line is `name TAB file TAB line;" TAB kind-letter {TAB key:value}`; tabs, line feeds and backslashes
/// inside fields are escaped. The format is described in ctags(1) and tags(5). It is read instead of
/// JSON because every build of universal-ctags has it and it is a third of the size.
struct TagStreamParser: ~Copyable {
  private let language: Language
  private let indexOfFile: [String: Int]
  private var partialLine: [UInt8] = []
  private var lastFile: [UInt8] = []
  private var lastIndex: Int?
  private var lastScopeBytes: [UInt8] = []
  private var lastScope = ""
  /// What was read so far, by `ToolFile.index`.
  private(set) var tags: [Int: [RawTag]] = [:]
  private var current: [RawTag] = []

  init(language: Language, files: [ToolFile]) {
    self.language = language
    indexOfFile = Dictionary(files.map { ($0.argument, $0.index) }, uniquingKeysWith: { first, _ in first })
  }

  /// Takes the next piece of output; lines may be cut anywhere.
  mutating func consume(_ chunk: UnsafeRawBufferPointer) {
    var rest = chunk
    if !partialLine.isEmpty {
      guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
        partialLine.append(contentsOf: rest)
        return
      }
      partialLine.append(contentsOf: rest[..<end])
      let line = partialLine
      partialLine = []
      line.withUnsafeBytes { read(line: $0) }
      rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
    }
    while let base = rest.baseAddress, let found = memchr(base, 0x0A, rest.count) {
      let end = UnsafeRawPointer(found) - base
      read(line: UnsafeRawBufferPointer(start: base, count: end))
      rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
    }
    // A line of more than a megabyte is no tag; it must not fill the memory.
    if rest.count < 1 << 20 { partialLine = Array(rest) }
  }

  /// Call when the output has ended.
  mutating func finish() {
    keepCurrent()
    lastIndex = nil
  }

  private mutating func keepCurrent() {
    guard let lastIndex, !current.isEmpty else { return }
    tags[lastIndex, default: []] += current
    current = []
  }

  private mutating func read(line: UnsafeRawBufferPointer) {
    var fields = FieldReader(rest: line)
    guard let name = fields.next(), let file = fields.next(), let address = fields.next(),
      let kindField = fields.next(), let letter = kindField.first,
      name.first != UInt8(ascii: "!") || name.count == 1
    else { return }
    if !file.elementsEqual(lastFile) {
      keepCurrent()
      lastFile = Array(file)
      lastIndex = indexOfFile[Self.text(file)]
    }
    guard lastIndex != nil, let kind = CtagsKinds.kind(letter, language) else { return }
    let lineNumber = Self.number(address)
    guard lineNumber > 0 else { return }
    var tag = RawTag(
      name: Self.text(name), scope: "", kind: kind, line: lineNumber, endLine: 0, isInType: false)
    while let field = fields.next() {
      guard let colon = field.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let key = UnsafeRawBufferPointer(rebasing: field[..<colon])
      let value = UnsafeRawBufferPointer(rebasing: field[(colon + 1)...])
      if key.elementsEqual("end".utf8) {
        tag.endLine = Self.number(value)
      } else if key.elementsEqual("typeref".utf8) {
        // Only the nameless struct, union or enum behind a typedef matters.
        guard kind == .typeAlias, let inner = value.firstIndex(of: UInt8(ascii: ":")) else { continue }
        let type = Self.text(UnsafeRawBufferPointer(rebasing: value[(inner + 1)...]))
        let own = type.split(separator: ":").last.map(String.init) ?? type
        if own.hasPrefix("__anon") { tag.namelessType = own }
      } else if !value.isEmpty {
        tag.scope = scope(value)
        tag.isInType = Self.isType(key)
      }
    }
    current.append(tag)
  }

  /// A scope as text; neighbours mostly share one.
  private mutating func scope(_ value: UnsafeRawBufferPointer) -> String {
    if value.elementsEqual(lastScopeBytes) { return lastScope }
    lastScopeBytes = Array(value)
    lastScope = ScopeName.dotted(Self.text(value), language)
    return lastScope
  }

  private static func isType(_ key: UnsafeRawBufferPointer) -> Bool {
    ["class", "struct", "union", "interface", "enum", "implementation"].contains {
      key.elementsEqual($0.utf8)
    }
  }

  private static func number(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    var value: Int32 = 0
    for byte in bytes {
      guard byte >= 0x30, byte <= 0x39, value < 200_000_000 else { break }
      value = value * 10 + Int32(byte - 0x30)
    }
    return value
  }

  /// Bytes as text with ctags' escapes undone.
  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
    var plain: [UInt8] = []
    var at = 0
    while at < bytes.count {
      guard bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count else {
        plain.append(bytes[at])
        at += 1
        continue
      }
      switch bytes[at + 1] {
      case UInt8(ascii: "t"): plain.append(0x09)
      case UInt8(ascii: "n"): plain.append(0x0A)
      case UInt8(ascii: "r"): plain.append(0x0D)
      case UInt8(ascii: "x"):
        if at + 3 < bytes.count, let high = Character(Unicode.Scalar(bytes[at + 2])).hexDigitValue,
          let low = Character(Unicode.Scalar(bytes[at + 3])).hexDigitValue
        {
          plain.append(UInt8(high * 16 + low))
          at += 2
        }
      default: plain.append(bytes[at + 1])
      }
      at += 2
    }
    return String(decoding: plain, as: UTF8.self)
  }
}

/// Splits a line at its tabs.
private struct FieldReader {
  var rest: UnsafeRawBufferPointer
  private var isDone = false

  init(rest: UnsafeRawBufferPointer) { self.rest = rest }

  mutating func next() -> UnsafeRawBufferPointer? {
    guard !isDone else { return nil }
    guard let base = rest.baseAddress, let found = memchr(base, 0x09, rest.count) else {
      isDone = true
      return rest
    }
    let end = UnsafeRawPointer(found) - base
    let field = UnsafeRawBufferPointer(start: base, count: end)
    rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
    return field
  }
}

/// The names around a symbol, in one notation for all languages.
enum ScopeName {
  /// `ns::A::f` and `pkg.Type` as dotted names; nameless types and Go's package are left out.
  static func dotted(_ scope: String, _ language: Language) -> String {
    var parts: [Substring]
    switch language {
    case .c, .cpp, .rust: parts = scope.split(separator: ":")
    default: parts = scope.split(separator: ".")
    }
    if language == .go { parts = Array(parts.dropFirst()) }
    // The made-up names of nameless types stay for now: a typedef may still name them.
    return parts.joined(separator: ".")
  }
}
