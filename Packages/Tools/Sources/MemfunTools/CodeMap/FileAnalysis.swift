/// What was found out about one file: all that the map needs from its bytes.
struct FileAnalysis: Sendable {
  /// As the content shows it: a shebang may name the language, a header may say "generated".
  var language: Language?
  var role: SourceFile.Role
  /// Of the bytes on disk.
  var hash: ContentHash
  var facts: FileFacts
  /// `file` is not filled in yet.
  var symbols: [Symbol] = []
  /// Why the file was not, or not fully, understood.
  var problem: SkippedFile.Reason?
  /// Whether symbols were read; false for roles that only get line counts, and without a tool.
  var hasSymbols = false

  /// Whether a file with this role is looked into, or only counted.
  static func isDeep(_ role: SourceFile.Role, _ language: Language?) -> Bool {
    (role == .source || role == .test) && language?.isAnalysed == true
  }
}

/// 128 bits of XXH3 over the content of a file. Not safe against somebody who makes collisions on
/// purpose; all they would win is a wrong line in their own report.
struct ContentHash: Sendable, Hashable {
  var low: UInt64, high: UInt64
}
