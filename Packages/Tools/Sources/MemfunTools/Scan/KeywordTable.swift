/// What a word means to a scanner. Words without an entry are plain names.
enum WordRole: UInt8 {
  case none
  /// Adds a path through the code wherever it stands as a keyword: `if`, `while`, `catch`, `guard`.
  case branch
  /// `for`: a branch, but also part of Rust's `impl Trait for Type`.
  case forLoop
  /// `case` of a switch; in Swift also of an enumeration or a pattern.
  case caseLabel
  /// `switch`, `match`, `select`.
  case selection
  /// Keywords that name a type which follows.
  case typeHead, enumHead
  /// Go's `var`, `const`, `type`, and `func`.
  case declarationGroup, functionHead
  /// Import-like constructs.
  case importWord, exportWord, from, require, use, module, extern, packageClause
  /// TypeScript's `type`; Rust's `impl`.
  case typeAlias, implementation
  /// May precede a declaration: `public`, `pub`, `unsafe`.
  case modifier
  /// A keyword after which an operand follows: `return`, `typeof`, `in`.
  case operatorWord
  /// Continues the statement of the line before: `where`, `throws`, `else`.
  case continuation
  /// Rust's `path`, `cfg` and `test` in attributes.
  case path, configuration, test
}

/// The keywords of a language by their packed bytes, in an open-addressing table.
struct KeywordTable {
  struct Entry {
    /// The last eight bytes of the word, and its length.
    var word: UInt64 = 0
    var length: Int32 = 0
    var role = WordRole.none
  }

  private(set) var entries = [Entry](repeating: Entry(), count: 256)

  /// - Parameter roles: which words, separated by spaces, have which role. Later ones win.
  init(_ roles: [(WordRole, String)]) {
    for (role, words) in roles {
      for word in words.split(separator: " ") {
        var packed: UInt64 = 0
        for byte in word.utf8 { packed = packed << 8 | UInt64(byte) }
        var slot = Self.slot(packed)
        while entries[slot].word != 0, entries[slot].word != packed { slot = (slot + 1) & 255 }
        entries[slot] = Entry(word: packed, length: Int32(word.utf8.count), role: role)
      }
    }
  }

  @inline(__always)
  static func slot(_ word: UInt64) -> Int { Int((word &* 0x9E37_79B9_7F4A_7C15) >> 56) }

  /// The role of a word, given its last eight bytes and its length.
  @inline(__always)
  static func role(
    in entries: UnsafePointer<Entry>, word: UInt64, length: Int
  ) -> WordRole {
    var slot = slot(word)
    while entries[slot].word != 0 {
      if entries[slot].word == word, entries[slot].length == length { return entries[slot].role }
      slot = (slot + 1) & 255
    }
    return .none
  }

  /// The table of a language with braces.
  static func of(_ language: Language) -> KeywordTable {
    switch language {
    case .swift: swift
    case .javascript, .typescript: script
    case .go: go
    case .rust: rust
    case .java: java
    case .cpp: cpp
    default: c
    }
  }

  private static let swift = KeywordTable([
    (.branch, "if while guard catch"), (.forLoop, "for"), (.caseLabel, "case"), (.selection, "switch"),
    (.typeHead, "class struct protocol actor typealias"), (.enumHead, "enum"), (.importWord, "import"),
    (.operatorWord, "return in throw await try is as repeat do else default defer"),
    (.continuation, "where throws rethrows async"),
    (
      .modifier,
      "public package internal private fileprivate open final indirect nonisolated static override"
    ),
  ])
  private static let script = KeywordTable([
    (.branch, "if while catch"), (.forLoop, "for"), (.caseLabel, "case"), (.selection, "switch"),
    (.importWord, "import"), (.exportWord, "export"), (.from, "from"), (.require, "require"),
    (.typeAlias, "type"), (.modifier, "declare"),
    (.operatorWord, "return typeof instanceof in of new delete void throw do else yield await default"),
    (.operatorWord, "extends"),
  ])
  private static let go = KeywordTable([
    (.branch, "if"), (.forLoop, "for"), (.caseLabel, "case"), (.selection, "switch select"),
    (.declarationGroup, "var const type"), (.functionHead, "func"), (.importWord, "import"),
    (.packageClause, "package"),
    (.operatorWord, "return range go defer else default struct interface map chan break continue goto"),
  ])
  private static let rust = KeywordTable([
    (.branch, "if while"), (.forLoop, "for"), (.selection, "match"), (.use, "use"), (.module, "mod"),
    (.extern, "extern"), (.implementation, "impl"), (.modifier, "pub unsafe default"),
    (.operatorWord, "return in else move break loop as mut ref let where async await dyn box"),
    (.path, "path"), (.configuration, "cfg"), (.test, "test"),
  ])
  private static let java = KeywordTable([
    (.branch, "if while catch"), (.forLoop, "for"), (.caseLabel, "case"), (.selection, "switch"),
    (.typeHead, "class interface record"), (.enumHead, "enum"), (.importWord, "import"),
    (.packageClause, "package"),
    (.modifier, "public private protected static final abstract sealed strictfp"),
    (.operatorWord, "return throw new instanceof else do default yield assert"),
  ])
  private static let c = KeywordTable([
    (.branch, "if while"), (.forLoop, "for"), (.caseLabel, "case"), (.selection, "switch"),
    (.operatorWord, "return else do goto"),
  ])
  private static let cpp = KeywordTable([
    (.branch, "if while catch and or"), (.forLoop, "for"), (.caseLabel, "case"), (.selection, "switch"),
    (.operatorWord, "return else do goto throw new delete co_return co_yield co_await auto const"),
    (.operatorWord, "int char bool float double long short unsigned signed void"),
  ])
}

/// A set of name hashes that costs a few nanoseconds for each name of a file.
struct NameSet {
  private var slots = [UInt64](repeating: 0, count: 128)
  private var used = 0

  /// Adds a hash; 0 stands for an empty slot and is not kept.
  @inline(__always)
  mutating func insert(_ hash: UInt64) {
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: hash >> 20) & mask
    while true {
      let found = slots[slot]
      if found == hash { return }
      if found == 0 { break }
      slot = (slot &+ 1) & mask
    }
    guard hash != 0 else { return }
    slots[slot] = hash
    used += 1
    if used * 2 > slots.count { grow() }
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt64](repeating: 0, count: old.count * 4)
    let mask = slots.count - 1
    for hash in old where hash != 0 {
      var slot = Int(truncatingIfNeeded: hash >> 20) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = hash
    }
  }

  /// The hashes, ascending.
  func sorted() -> [UInt64] {
    slots.filter { $0 != 0 }.sorted()
  }
}
