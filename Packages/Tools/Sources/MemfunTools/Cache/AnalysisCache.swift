import CXXHash

/// What earlier runs found out about the files of one root.
///
/// An entry is found by path and stamp, then the file is not even opened, or by content: moved, touched
/// and copied files are read but not analysed again. Entries are decoded only when they are used.
final class AnalysisCache: Sendable {
  /// What a file's analysis depends on besides its bytes.
  struct Circumstances: Hashable, Sendable {
    /// By name and folder, before the content was seen.
    var language: Language?
    var role: SourceFile.Role
    var isSurelyHandwritten: Bool

    init(_ file: WalkedFile) {
      language = file.language
      role = file.role
      isSurelyHandwritten = file.isSurelyHandwritten
    }

    init(language: Language?, role: SourceFile.Role, isSurelyHandwritten: Bool) {
      self.language = language
      self.role = role
      self.isSurelyHandwritten = isSurelyHandwritten
    }
  }

  /// One file's entry, its analysis still as bytes.
  struct Entry: Sendable {
    var path: String
    var stamp: FileStamp
    /// Whether the stamp would show a later change.
    var isSettled: Bool
    var hash: ContentHash
    var circumstances: Circumstances
    /// `FileAnalysis` as bytes, in `AnalysisCache.bytes`.
    var analysis: Range<Int>
  }

  private struct ContentKey: Hashable {
    var hash: ContentHash
    var circumstances: Circumstances
  }

  private let bytes: [UInt8]
  private let byPath: [String: Entry]
  private let byContent: [ContentKey: Range<Int>]
  private let tools: SymbolTools

  /// - Parameters:
  ///   - bytes: what `body` made; anything else gives an empty cache.
  ///   - tools: symbols that other tools read are not used.
  init(_ bytes: [UInt8], tools: SymbolTools) {
    self.bytes = bytes
    self.tools = tools
    var paths: [String: Entry] = [:]
    var contents: [ContentKey: Range<Int>] = [:]
    bytes.withUnsafeBytes { buffer in
      var reader = BinaryReader(buffer)
      guard !buffer.isEmpty, reader.number() == UInt64(FileFacts.formatVersion) else { return }
      let count = reader.count()
      paths.reserveCapacity(count)
      contents.reserveCapacity(count)
      for _ in 0..<count {
        guard let entry = Self.readEntry(&reader) else { return }
        contents[ContentKey(hash: entry.hash, circumstances: entry.circumstances)] = entry.analysis
        paths[entry.path] = entry
      }
    }
    byPath = paths
    byContent = contents
  }

  /// Number of files it knows.
  var count: Int { byPath.count }

  /// The entry of a file that has not changed since, by its stamp.
  func entry(of file: WalkedFile) -> Entry? {
    guard let entry = byPath[file.path], entry.isSettled, entry.stamp == file.stamp,
      entry.circumstances == Circumstances(file)
    else { return nil }
    return entry
  }

  /// The entry under a path, whatever has become of the file.
  func entry(at path: String) -> Entry? { byPath[path] }

  /// The analysis in an entry; nil when it is damaged or a tool has changed since.
  func analysis(_ entry: Entry) -> FileAnalysis? { decode(entry.analysis, hash: entry.hash) }

  /// What is known of a content under other circumstances of place and time.
  func analysis(of hash: ContentHash, for file: WalkedFile) -> FileAnalysis? {
    guard let range = byContent[ContentKey(hash: hash, circumstances: Circumstances(file))] else {
      return nil
    }
    return decode(range, hash: hash)
  }

  // MARK: - Coding

  private static let roles = SourceFile.Role.allCases
  private static let languages = Language.allCases

  private static func readEntry(_ reader: inout BinaryReader) -> Entry? {
    let path = reader.string()
    let stamp = FileStamp(
      size: Int64(bitPattern: reader.fixed()), modified: Int64(bitPattern: reader.fixed()),
      changed: Int64(bitPattern: reader.fixed()), inode: reader.fixed())
    let isSettled = reader.flag()
    let hash = ContentHash(low: reader.fixed(), high: reader.fixed())
    let language = Self.language(reader.byte())
    let role = Int(reader.byte())
    let isHandwritten = reader.flag()
    let analysis = reader.blob()
    guard reader.isIntact, role < roles.count else { return nil }
    return Entry(
      path: path, stamp: stamp, isSettled: isSettled, hash: hash,
      circumstances: Circumstances(
        language: language, role: roles[role], isSurelyHandwritten: isHandwritten),
      analysis: analysis)
  }

  private static func language(_ code: UInt8) -> Language? {
    code > 0 && Int(code) <= languages.count ? languages[Int(code) - 1] : nil
  }

  private static func code(_ language: Language?) -> UInt8 {
    language.flatMap { languages.firstIndex(of: $0) }.map { UInt8($0 + 1) } ?? 0
  }

  private static func toolKey(_ language: Language?, _ tools: SymbolTools) -> UInt64 {
    guard let language else { return 0 }
    let text = Array(tools.key(of: language).utf8)
    return text.withUnsafeBytes { memfun_xxh3_64($0.baseAddress, $0.count) }
  }

  private func decode(_ range: Range<Int>, hash: ContentHash) -> FileAnalysis? {
    bytes.withUnsafeBytes { buffer in
      let slice = UnsafeRawBufferPointer(rebasing: buffer[range])
      var reader = BinaryReader(slice)
      let language = Self.language(reader.byte())
      let role = Int(reader.byte())
      let problem = reader.byte()
      let reason = reader.string()
      let hasSymbols = reader.flag()
      let toolKey = reader.fixed()
      let factsRange = reader.blob()
      let symbols = SymbolCoding.decode(&reader)
      guard reader.isIntact, reader.isAtEnd, role < Self.roles.count, let symbols,
        let facts = FileFacts(decoding: UnsafeRawBufferPointer(rebasing: slice[factsRange]))
      else { return nil }
      if FileAnalysis.isDeep(Self.roles[role], language), toolKey != Self.toolKey(language, tools) {
        return nil
      }
      var analysis = FileAnalysis(language: language, role: Self.roles[role], hash: hash, facts: facts)
      analysis.symbols = symbols
      analysis.hasSymbols = hasSymbols
      switch problem {
      case 0: break
      case 1: analysis.problem = .notUTF8
      default: analysis.problem = .parserFailed(reason)
      }
      return analysis
    }
  }

  /// The bytes of an analysis. A file that could not be read has nothing worth keeping.
  static func encode(_ analysis: FileAnalysis, tools: SymbolTools) -> [UInt8]? {
    var writer = BinaryWriter()
    writer.byte(code(analysis.language))
    writer.byte(UInt8(roles.firstIndex(of: analysis.role) ?? 0))
    switch analysis.problem {
    case nil:
      writer.byte(0)
      writer.string("")
    case .notUTF8:
      writer.byte(1)
      writer.string("")
    // A tool that failed may do better next time.
    default: return nil
    }
    writer.flag(analysis.hasSymbols)
    writer.fixed(toolKey(analysis.language, tools))
    var facts: [UInt8] = []
    analysis.facts.append(to: &facts)
    writer.blob(facts)
    SymbolCoding.encode(analysis.symbols, into: &writer)
    return writer.bytes
  }

  /// A file and its analysis for the next run.
  struct Record {
    var file: WalkedFile
    var stamp: FileStamp
    var isSettled: Bool
    var hash: ContentHash
    /// From `encode`, or the bytes of an old entry.
    var analysis: ArraySlice<UInt8>
  }

  /// The bytes of an old entry's analysis.
  func bytes(of entry: Entry) -> ArraySlice<UInt8> { bytes[entry.analysis] }

  /// What `CacheStore` keeps for the next run.
  static func body(_ records: [Record]) -> [UInt8] {
    var writer = BinaryWriter()
    writer.reserve(records.reduce(64) { $0 + $1.analysis.count + $1.file.path.utf8.count + 80 })
    writer.number(FileFacts.formatVersion)
    writer.number(records.count)
    for record in records {
      writer.string(record.file.path)
      writer.fixed(UInt64(bitPattern: record.stamp.size))
      writer.fixed(UInt64(bitPattern: record.stamp.modified))
      writer.fixed(UInt64(bitPattern: record.stamp.changed))
      writer.fixed(record.stamp.inode)
      writer.flag(record.isSettled)
      writer.fixed(record.hash.low)
      writer.fixed(record.hash.high)
      let circumstances = Circumstances(record.file)
      writer.byte(code(circumstances.language))
      writer.byte(UInt8(roles.firstIndex(of: circumstances.role) ?? 0))
      writer.flag(circumstances.isSurelyHandwritten)
      writer.blob(record.analysis)
    }
    return writer.bytes
  }
}
