@testable import MemfunTools

/// A path, 0xFF, rules: a verdict in bounded time.
func fuzzIgnoreRules(_ input: FuzzInput) {
  let (path, rules) = input.halves
  let ignore = IgnoreRules(rules.bytes)
  path.bytes.withUnsafeBytes { path in
    for isFolder in [false, true] { _ = ignore.verdict(path, isFolder: isFolder) }
    _ = AttributeRules(rules.bytes, baseLength: 0, parent: nil)?.attributes(of: path)
  }
}

/// A language's number and a file: facts whose lines are in the file, and that survive the cache.
func fuzzScanners(_ input: FuzzInput) {
  let (number, file) = input.choice(of: Language.allCases.count)
  let facts = file.bytes.withUnsafeBytes { FileFacts.scan($0, language: Language.allCases[number]) }
  var encoded: [UInt8] = []
  facts.append(to: &encoded)
  let decoded = encoded.withUnsafeBytes { FileFacts(decoding: $0) }
  require(decoded == facts, "facts survive the cache")
  let last = Int32(facts.lines)
  require(facts.imports.allSatisfy { (1...max(last, 1)).contains($0.line) }, "imports are in the file")
  require(facts.markers.allSatisfy { (1...max(last, 1)).contains($0.line) }, "markers are in the file")
}

/// Damaged cache entries are refused, or read without a trap.
func fuzzFactsDecoding(_ input: FuzzInput) {
  if let facts = input.bytes.withUnsafeBytes({ FileFacts(decoding: $0) }) {
    var encoded: [UInt8] = []
    facts.append(to: &encoded)
    require(encoded.withUnsafeBytes { FileFacts(decoding: $0) } == facts, "what was decoded can be encoded")
  }
  input.bytes.withUnsafeBytes { bytes in
    var reader = BinaryReader(bytes)
    _ = SymbolCoding.decode(&reader)
  }
  _ = ChurnCache.decode(input.bytes)
}

/// What ctags, ast-grep and git print, in pieces of an input's choosing.
func fuzzToolStreams(_ input: FuzzInput) {
  let (size, stream) = input.choice(of: 11)
  let (number, output) = stream.choice(of: Language.allCases.count)
  let language = Language.allCases[number]
  let files = [
    ToolFile(index: 0, argument: "a", size: 10), ToolFile(index: 1, argument: "b/c.py", size: 10),
  ]
  var tags = TagStreamParser(language: language, files: files)
  var annotations = AnnotationStreamParser(language: language, files: files)
  var churn = GitLogParser()
  for piece in output.pieces(of: size + 1) {
    piece.withUnsafeBytes { piece in
      tags.consume(piece)
      annotations.consume(piece)
      churn.consume(piece)
    }
  }
  tags.finish()
}
