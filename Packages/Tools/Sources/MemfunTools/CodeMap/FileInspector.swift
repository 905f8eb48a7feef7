import CXXHash

/// Finds out what the bytes of one file are, and scans them.
enum FileInspector {
  /// A file that was read and scanned, with its text in case symbols are to be read from it too.
  struct Inspected {
    var analysis: FileAnalysis
    /// UTF-8 without byte-order mark.
    var text: [UInt8]
    /// The text is not what is on disk: tools must be given a copy.
    var isTranscoded: Bool
  }

  /// The key of a content.
  static func hash(_ bytes: [UInt8]) -> ContentHash {
    bytes.withUnsafeBytes { buffer in
      let hash = memfun_xxh3_128(buffer.baseAddress, buffer.count)
      return ContentHash(low: hash.low, high: hash.high)
    }
  }

  /// Scans one file.
  static func inspect(_ bytes: [UInt8], hash: ContentHash, file: WalkedFile) -> Inspected {
    let encoding = bytes.withUnsafeBytes { TextEncoding(of: $0) }
    if encoding == .binary {
      let analysis = FileAnalysis(
        language: nil, role: file.role == .vendored ? .vendored : .binary, hash: hash, facts: FileFacts())
      return Inspected(analysis: analysis, text: [], isTranscoded: false)
    }
    let transcoded = bytes.withUnsafeBytes { encoding.transcoded($0) }
    let text = transcoded ?? bytes
    return text.withUnsafeBytes { buffer in
      var language = file.language
      var role = file.role
      if language == nil, let script = Language(shebang: buffer) {
        language = script
        if role == .other { role = .source }
      }
      var facts = language.map { FileFacts.scan(buffer, language: $0) } ?? countLines(buffer)
      if let language, role == .source || role == .test, !file.isSurelyHandwritten,
        GeneratedCode.isLikely(buffer, language: language, lines: Int(facts.lines))
      {
        role = .generated
      }
      if !FileAnalysis.isDeep(role, language) {
        facts.keepCountsOnly(andMarkers: role == .source || role == .test)
      }
      var analysis = FileAnalysis(language: language, role: role, hash: hash, facts: facts)
      if encoding == .latin1 { analysis.problem = .notUTF8 }
      return Inspected(analysis: analysis, text: text, isTranscoded: transcoded != nil)
    }
  }

  /// The line counts of a text in no known language: every line that is not blank counts as code.
  private static func countLines(_ bytes: UnsafeRawBufferPointer) -> FileFacts {
    var facts = FileFacts()
    var isBlank = true
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        facts.lines += 1
        if isBlank { facts.blankLines += 1 }
        isBlank = true
      } else if byte != 0x20, byte != 0x09, byte != 0x0D {
        isBlank = false
      }
    }
    if let last = bytes.last, last != UInt8(ascii: "\n") {
      facts.lines += 1
      if isBlank { facts.blankLines += 1 }
    }
    facts.codeLines = facts.lines - facts.blankLines
    return facts
  }
}

extension FileFacts {
  /// Drops what only code of one's own is asked for.
  fileprivate mutating func keepCountsOnly(andMarkers keepsMarkers: Bool) {
    imports = []
    decisionLines = []
    blocks = []
    fingerprints = []
    definedNames = []
    referencedNames = []
    if !keepsMarkers { markers = [] }
  }
}
