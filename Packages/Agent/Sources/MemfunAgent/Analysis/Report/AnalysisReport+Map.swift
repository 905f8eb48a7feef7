import MemfunTools

extension AnalysisReport {
  /// Computes the report. Deterministic; time is linear in the size of the map up to sorting and the
  /// bounded searches of `DependencyStructure`.
  ///
  /// - Parameters:
  ///   - map: its ids must be valid.
  ///   - thresholds: from which measure on something becomes a finding.
  public init(of map: CodeMap, thresholds: FindingThresholds = .standard) {
    self.map = map
    self.thresholds = thresholds
    project = Self.projectName(of: map.root)
    overview = Overview(of: map)
    structure = DependencyStructure(of: map)
    duplicates = DuplicateSummary(of: map, ownLines: overview.ownLines)
    markers = MarkerSummary(of: map)
    tests = TestSummary(of: map)

    let own = map.symbols.indices.filter {
      map.symbols[$0].kind.isFunction && map.files[Int(map.symbols[$0].file)].isOwnCode
    }.map(SymbolID.init)
    complexFunctions = own.sorted {
      (map.symbols[Int($1)].complexity, $0) < (map.symbols[Int($0)].complexity, $1)
    }
    longFunctions = own.sorted {
      (map.symbols[Int($1)].lineCount, $0) < (map.symbols[Int($0)].lineCount, $1)
    }
    hotSpots = Self.rankHotSpots(map: map, complexFunctions: complexFunctions)
    authorship = Authorship(of: map, hotSpots: hotSpots)
    standouts = []
    findings = []
    findings = Finding.all(in: self)
    standouts = Standouts(report: self).sentences
  }

  private static func projectName(of root: String) -> String {
    let name = root.split(separator: "/").last.map(String.init) ?? ""
    return name.isEmpty ? "/" : name
  }

  private static func rankHotSpots(map: CodeMap, complexFunctions: [SymbolID]) -> [HotSpot] {
    var carriers: [FileID: [SymbolID]] = [:]
    for symbol in complexFunctions {
      let file = map.symbols[Int(symbol)].file
      if carriers[file, default: []].count < 3 { carriers[file, default: []].append(symbol) }
    }
    let tested = Set(map.testLinks.map(\.code))
    let hot = map.files.indices.filter { map.files[$0].hotSpotScore > 0 && map.files[$0].isOwnCode }
    return hot.sorted {
      (map.files[$1].hotSpotScore, $0) < (map.files[$0].hotSpotScore, $1)
    }.map { index in
      let file = FileID(index)
      return HotSpot(
        file: file, score: map.files[index].hotSpotScore, functions: carriers[file] ?? [],
        isTested: map.files[index].role == .test || tested.contains(file))
    }
  }
}

extension Overview {
  /// Counts a map.
  init(of map: CodeMap) {
    var languages: [Language: LanguageCount] = [:]
    var roles: [SourceFile.Role: RoleCount] = [:]
    for file in map.files {
      files += 1
      lines += Int(file.lines)
      codeLines += Int(file.codeLines)
      bytes += file.bytes
      roles[file.role, default: RoleCount(role: file.role)].add(file)
      if file.isOwnCode {
        ownFiles += 1
        ownLines += Int(file.lines)
        ownCodeLines += Int(file.codeLines)
      }
      if let language = file.language, file.role != .vendored, file.role != .generated {
        languages[language, default: LanguageCount(language: language)].add(file)
      }
    }
    for symbol in map.symbols where symbol.kind.isFunction {
      let file = map.files[Int(symbol.file)]
      guard file.isOwnCode, let language = file.language else { continue }
      functions += 1
      complexity += Int(symbol.complexity)
      languages[language]?.functions += 1
    }
    self.languages = languages.values.sorted {
      ($1.codeLines, $1.files, $0.language.rawValue) < ($0.codeLines, $0.files, $1.language.rawValue)
    }
    self.roles = SourceFile.Role.allCases.compactMap { roles[$0] }
  }
}

extension Overview.LanguageCount {
  fileprivate mutating func add(_ file: SourceFile) {
    files += 1
    codeLines += Int(file.codeLines)
    commentLines += Int(file.commentLines)
  }
}

extension Overview.RoleCount {
  fileprivate mutating func add(_ file: SourceFile) {
    files += 1
    lines += Int(file.lines)
    bytes += file.bytes
  }
}

extension DuplicateSummary {
  /// - Parameter ownLines: all lines of own code, the base of `share`.
  init(of map: CodeMap, ownLines: Int) {
    var ranges: [FileID: [ClosedRange<Int32>]] = [:]
    for (index, group) in map.duplicates.enumerated() {
      let own = group.places.filter { map.files[Int($0.file)].isOwnCode }
      guard own.count >= 2 else { continue }
      groups.append(index)
      for place in own where place.startLine <= place.endLine {
        ranges[place.file, default: []].append(place.startLine...place.endLine)
      }
    }
    groups.sort { left, right in
      let (a, b) = (map.duplicates[left].repeatedLines, map.duplicates[right].repeatedLines)
      return (b, left) < (a, right)
    }
    for spans in ranges.values { lines += Self.union(spans) }
    share = ownLines > 0 ? Double(lines) / Double(ownLines) : 0
  }

  /// How many lines lie in at least one of the ranges.
  private static func union(_ ranges: [ClosedRange<Int32>]) -> Int {
    var total = 0
    var reached: Int32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      let start = max(range.lowerBound, reached + 1)
      if start <= range.upperBound {
        total += Int(range.upperBound - start) + 1
        reached = range.upperBound
      }
    }
    return total
  }
}

extension DuplicateGroup {
  /// Code lines that would go away if only one copy stayed.
  public var repeatedLines: Int { Int(codeLines) * max(0, places.count - 1) }
}

extension MarkerSummary {
  /// Counts and ranks the markers of a map.
  init(of map: CodeMap) {
    var tally: [Marker.Kind: Int] = [:]
    ranked = map.markers.indices.filter { index in
      let role = map.files[Int(map.markers[index].file)].role
      guard role != .vendored, role != .generated else { return false }
      tally[map.markers[index].kind, default: 0] += 1
      return true
    }
    ranked.sort { left, right in
      let (a, b) = (map.markers[left].file, map.markers[right].file)
      return (map.files[Int(b)].hotSpotScore, left) < (map.files[Int(a)].hotSpotScore, right)
    }
    counts = Marker.Kind.allCases.compactMap { kind in tally[kind].map { Count(kind: kind, count: $0) } }
  }
}

extension TestSummary {
  /// Which files with code to test have a linked test. Where functions are not known for want of a
  /// parser, a file with decisions counts as one that has them.
  init(of map: CodeMap) {
    var withFunctions: Set<FileID> = []
    for symbol in map.symbols where symbol.kind.isFunction { withFunctions.insert(symbol.file) }
    let tested = Set(map.testLinks.map(\.code))
    for (index, file) in map.files.enumerated() where file.isOwnCode {
      if file.role == .test {
        testFiles += 1
        testCodeLines += Int(file.codeLines)
      } else if file.complexity > 1 || withFunctions.contains(FileID(index)) {
        sourceFiles += 1
        sourceCodeLines += Int(file.codeLines)
        if tested.contains(FileID(index)) {
          linkedSourceFiles += 1
        } else {
          untested.append(FileID(index))
        }
      }
    }
    untested.sort { left, right in
      let (a, b) = (map.files[Int(left)], map.files[Int(right)])
      return (b.hotSpotScore, b.complexity, left) < (a.hotSpotScore, a.complexity, right)
    }
  }
}

extension Authorship {
  /// Nil without history or without commits in it.
  init?(of map: CodeMap, hotSpots: [HotSpot]) {
    guard let history = map.history, !history.authors.isEmpty else { return nil }
    let total = history.authors.reduce(0) { $0 + $1.commits }
    guard total > 0 else { return nil }
    let ranked = history.authors.map(\.commits).sorted(by: >)
    var sum = 0
    halfOfCommits = 0
    for commits in ranked {
      sum += commits
      halfOfCommits += 1
      if sum * 2 > total { break }
    }
    topShare = Double(ranked[0]) / Double(total)
    // A file that one person touched once or twice says nothing about who knows it.
    singleAuthorHotSpots = hotSpots.prefix(Self.hotSpotsLookedAt).map(\.file).filter { file in
      history.ownership[file]?.authors == 1 && map.files[Int(file)].commits >= 3
    }
  }

  /// Only the hottest files are asked for their authors.
  static let hotSpotsLookedAt = 50
}
