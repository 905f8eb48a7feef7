import MemfunTools

/// Keeps of a model's claims those whose references exist.
///
/// A claim is removed when it has no reference, when a reference (also one within its text) names a file
/// that the map does not have or a line that the file does not have, or when it quotes in backticks a
/// name that the map does not know. Whether a claim is true is not checked: that is what its references
/// are for.
struct ClaimVerifier {
  private let map: CodeMap
  private let files: [String: FileID]
  private let names: Set<String>

  /// Longer claims are cut here, in characters.
  static let longestClaim = 600

  init(map: CodeMap) {
    self.map = map
    var files: [String: FileID] = [:]
    var names: Set<String> = Set(Marker.Kind.allCases.map(\.rawValue))
    for (index, file) in map.files.enumerated() {
      files[file.path] = FileID(index)
      // A file, its name and every folder above it may be named.
      var rest = file.path[...]
      if let name = rest.split(separator: "/").last { names.insert(String(name)) }
      while let slash = rest.lastIndex(of: "/") {
        rest = rest[..<slash]
        names.insert(String(rest))
        if let name = rest.split(separator: "/").last { names.insert(String(name)) }
      }
    }
    for symbol in map.symbols {
      names.insert(symbol.name)
      names.insert(symbol.qualifiedName)
      for part in symbol.scope.split(separator: ".") { names.insert(String(part)) }
    }
    for item in map.imports { names.insert(item.name) }
    for language in Language.allCases { names.formUnion([language.rawValue, language.displayName]) }
    self.files = files
    self.names = names
  }

  /// What became of one claim.
  enum Verdict: Equatable {
    case kept(Narrative.Claim)
    case removed(reason: String)
  }

  func verify(_ claim: ProposedClaim) -> Verdict {
    let text = String(
      claim.text.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(Self.longestClaim))
    if text.isEmpty { return .removed(reason: "a claim without text") }
    if claim.references.isEmpty { return .removed(reason: "no reference is given") }
    var places: [Place] = []
    for reference in claim.references {
      switch check(path: reference.path, line: reference.line) {
      case .success(let place): if !places.contains(place) { places.append(place) }
      case .failure(let problem): return .removed(reason: problem.reason)
      }
    }
    if let problem = firstProblem(inText: text) { return .removed(reason: problem) }
    return .kept(Narrative.Claim(text: text, places: places))
  }

  private struct Missing: Error { var reason: String }

  private func check(path: String, line: Int) -> Result<Place, Missing> {
    let path = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    guard let file = files[path] else { return .failure(Missing(reason: "there is no file \(path)")) }
    let lines = Int(map.files[Int(file)].lines)
    guard line >= 1, line <= max(1, lines) else {
      return .failure(Missing(reason: "\(path) has \(lines) lines, not a line \(line)"))
    }
    return .success(Place(path, line: line))
  }

  /// The first thing that the text names and the map does not have.
  private func firstProblem(inText text: String) -> String? {
    for quoted in Self.quoted(in: text) {
      if let (path, line) = Self.reference(in: quoted) {
        if case .failure(let problem) = check(path: path, line: line) { return problem.reason }
      } else if !isKnown(quoted) {
        return "there is no \(quoted) in the map"
      }
    }
    for word in text.split(separator: " ") {
      let trimmed = word.trimmed { "`()[]{},;.!?\"'".contains($0) }
      guard let (path, line) = Self.reference(in: trimmed), path.contains(".") || path.contains("/") else {
        continue
      }
      if case .failure(let problem) = check(path: path, line: line) { return problem.reason }
    }
    return nil
  }

  private func isKnown(_ quoted: String) -> Bool {
    var name = quoted[...]
    // A call names its function: `parse()` and `parse(_:)` are parse.
    if let parenthesis = name.firstIndex(of: "(") { name = name[..<parenthesis] }
    if name.hasSuffix("/") { name = name.dropLast() }
    if name.hasPrefix("./") { name = name.dropFirst(2) }
    guard !name.isEmpty else { return true }
    if names.contains(String(name)) || files[String(name)] != nil { return true }
    // `Outer.Inner.method` may be written with :: or without its outermost parts.
    let dotted = name.split(whereSeparator: { $0 == ":" || $0 == "." || $0 == "#" })
    if dotted.count > 1 { return dotted.allSatisfy { names.contains(String($0)) } }
    // What is no name (a number, an expression) cannot be looked up and is no reference.
    return !name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
      || name.first?.isNumber == true
  }

  /// The texts between pairs of backticks.
  static func quoted(in text: String) -> [String] {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false)
    return stride(from: 1, to: parts.count - 1, by: 2).map { String(parts[$0]) }.filter { !$0.isEmpty }
  }

  /// `path:line` or `path:line-line`, when a text is that.
  static func reference(in text: some StringProtocol) -> (path: String, line: Int)? {
    guard let colon = text.lastIndex(of: ":"), colon != text.startIndex else { return nil }
    let numbers = text[text.index(after: colon)...].split(separator: "-")
    guard (1...2).contains(numbers.count), let line = Int(numbers[0]), numbers.allSatisfy({ Int($0) != nil })
    else { return nil }
    return (String(text[..<colon]), line)
  }
}

extension Substring {
  fileprivate func trimmed(_ isTrimmed: (Character) -> Bool) -> Substring {
    var rest = self
    while let first = rest.first, isTrimmed(first) { rest.removeFirst() }
    while let last = rest.last, isTrimmed(last) { rest.removeLast() }
    return rest
  }
}
