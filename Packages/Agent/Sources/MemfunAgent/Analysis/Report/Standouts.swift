import MemfunTools

/// The sentences at the top of a report: computed facts that a reader most likely did not know, each
/// with numbers and a place.
///
/// Each candidate has a weight between 0 and 1 for how far it is from what is normal; the heaviest are
/// kept. Facts that are true of any code base fill up only when there is little else to say.
struct Standouts {
  private struct Candidate {
    var weight: Double
    var sentence: Sentence
  }

  private let report: AnalysisReport
  private var map: CodeMap { report.map }
  private var overview: Overview { report.overview }

  init(report: AnalysisReport) { self.report = report }

  /// At most this many sentences are kept.
  static let limit = 7
  /// General facts are added while there are fewer sentences than this.
  static let wanted = 4

  var sentences: [Sentence] {
    let found = [
      concentration(), hottestFunction(), untested(), cycle(), mutualFolders(), duplicates(),
      mostDependedOn(), knowledge(), longFunction(), largeFile(), unresolved(), fixme(),
    ]
    var kept = found.enumerated().compactMap { place, candidate in
      candidate.map { (place: place, weight: $0.weight, sentence: $0.sentence) }
    }
    kept.sort { ($1.weight, $0.place) < ($0.weight, $1.place) }
    var sentences = kept.prefix(Self.limit).map(\.sentence)
    for general in [size(), mostComplex(), generated()].compactMap({ $0 })
    where sentences.count < Self.wanted { sentences.append(general) }
    return sentences
  }

  // MARK: Change and complexity

  private func concentration() -> Candidate? {
    let scores = report.hotSpots.map(\.score)
    let total = scores.reduce(0, +)
    guard total > 0, report.tests.sourceFiles + report.tests.testFiles >= 8 else { return nil }
    var sum = 0.0
    var count = 0
    for score in scores {
      sum += score
      count += 1
      if sum * 2 >= total { break }
    }
    let share = Double(count) / Double(max(1, overview.ownFiles))
    guard share <= 0.25 else { return nil }
    var names = Sentence([])
    for (place, hotSpot) in report.hotSpots.prefix(min(count, 3)).enumerated() {
      if place > 0 { names.fragments.append(.words(", ")) }
      names.fragments.append(.place(map.place(ofFile: hotSpot.file)))
    }
    let verb = count == 1 ? "carries" : "carry"
    return Candidate(
      weight: 0.95 - share,
      sentence:
        "\(Figures.counted(count, "file")) of \(overview.ownFiles) \(verb) half of all complexity × change: \(names)\(count > 3 ? " and \(Figures.grouped(count - 3)) more" : "")."
    )
  }

  private func hottestFunction() -> Candidate? {
    guard let hotSpot = report.hotSpots.first, let id = hotSpot.functions.first else { return nil }
    let (symbol, file) = (map.symbols[Int(id)], map.files[Int(hotSpot.file)])
    guard symbol.complexity >= 8, file.commits >= 2 else { return nil }
    let window = map.history?.windowDays.map { " in \($0) days" } ?? ""
    return Candidate(
      weight: min(0.9, 0.5 + Double(symbol.complexity) / 100),
      sentence:
        "The hottest file, \(place: map.place(ofFile: hotSpot.file)), changed in \(Figures.counted(file.commits, "commit"))\(window); most of its complexity sits in \(name: symbol.qualifiedName) (\(place: map.place(ofSymbol: id))): \(symbol.complexity) in \(Figures.counted(symbol.lineCount, "line"))."
    )
  }

  private func untested() -> Candidate? {
    let tests = report.tests
    guard tests.sourceFiles >= 3, let first = tests.untested.first else { return nil }
    if tests.testFiles == 0 {
      return Candidate(
        weight: 0.7,
        sentence:
          "No test file was found for \(Figures.counted(tests.sourceFiles, "source file")) with functions.")
    }
    let share = Double(tests.untested.count) / Double(tests.sourceFiles)
    let file = map.files[Int(first)]
    let why: Sentence =
      file.hotSpotScore > 0
      ? "hot-spot score \(Figures.score(file.hotSpotScore)), \(Figures.counted(file.commits, "commit"))"
      : "complexity \(file.complexity)"
    return Candidate(
      weight: 0.3 + share * 0.4 + file.hotSpotScore * 0.2,
      sentence:
        "\(tests.untested.count) of \(Figures.counted(tests.sourceFiles, "source file")) with functions (\(Figures.percent(share))) have no test linked to them; the first to look at is \(place: map.place(ofFile: first)) (\(why))."
    )
  }

  private func longFunction() -> Candidate? {
    guard let id = report.longFunctions.first, report.longFunctions.count >= 5 else { return nil }
    let symbol = map.symbols[Int(id)]
    let middle = map.symbols[Int(report.longFunctions[report.longFunctions.count / 2])].lineCount
    guard symbol.lineCount > report.thresholds.functionLines.low else { return nil }
    return Candidate(
      weight: min(0.75, 0.3 + Double(symbol.lineCount) / 1000),
      sentence:
        "\(name: symbol.qualifiedName) (\(place: map.place(ofSymbol: id))) is \(symbol.lineCount) lines long; the median function has \(middle)."
    )
  }

  private func largeFile() -> Candidate? {
    let own = map.files.indices.filter { map.files[$0].isOwnCode }
    guard own.count >= 8,
      let largest = own.max(by: { map.files[$0].codeLines < map.files[$1].codeLines })
    else { return nil }
    let lines = Int(map.files[largest].codeLines)
    let share = Double(lines) / Double(max(1, overview.ownCodeLines))
    guard share >= 0.1 || lines > report.thresholds.fileLines.medium else { return nil }
    return Candidate(
      weight: min(0.7, 0.35 + share),
      sentence:
        "\(place: map.place(ofFile: FileID(largest))) alone holds \(Figures.percent(share)) of the code: \(lines) of \(overview.ownCodeLines) lines."
    )
  }

  // MARK: Structure

  private func cycle() -> Candidate? {
    guard let largest = report.structure.cycles.first, largest.path.count >= 2 else { return nil }
    let inCycles = Set(report.structure.cycles.flatMap(\.files)).count
    let others = report.structure.cycles.count - 1
    let rest: Sentence =
      others > 0
      ? " There are \(Figures.counted(report.structure.cycles.count, "such group")) with \(inCycles) files in all."
      : ""
    let shown =
      largest.path.count <= 6
      ? largest.description(in: map)
      : "\(place: Place(map.files[Int(largest.path[0].from)].path, line: largest.path[0].line)) and \(largest.path.count - 1) more"
    return Candidate(
      weight: min(0.85, 0.55 + Double(largest.files.count) / 60),
      sentence:
        "\(largest.files.count) files need each other in a circle; a shortest way round is \(shown).\(rest)"
    )
  }

  private func mutualFolders() -> Candidate? {
    let folders = report.structure.folders
    guard let pair = folders.mutual.first, pair.forward + pair.backward >= 3 else { return nil }
    return Candidate(
      weight: min(0.65, 0.35 + Double(pair.backward) / 50),
      sentence:
        "The folders \(place: Place(folders.folders[pair.first])) and \(place: Place(folders.folders[pair.second])) need each other: \(Figures.counted(pair.forward, "dependency", plural: "dependencies")) one way, \(pair.backward) back."
    )
  }

  private func mostDependedOn() -> Candidate? {
    guard let top = report.structure.mostDependedOn.first, let reach = top.transitive else { return nil }
    let share = Double(reach) / Double(max(1, overview.ownFiles))
    guard top.direct >= 3, share >= 0.1 else { return nil }
    return Candidate(
      weight: min(0.8, 0.4 + share * 0.4),
      sentence:
        "A change of \(place: map.place(ofFile: top.file)) can reach \(Figures.counted(reach, "file")): \(top.direct) import it directly."
    )
  }

  private func duplicates() -> Candidate? {
    guard let index = report.duplicates.groups.first else { return nil }
    let group = map.duplicates[index]
    let own = group.places.filter { map.files[Int($0.file)].isOwnCode }
    guard own.count >= 2, report.duplicates.share >= 0.01 || group.repeatedLines >= 20 else { return nil }
    return Candidate(
      weight: min(0.85, 0.45 + report.duplicates.share * 2 + Double(group.repeatedLines) / 1000),
      sentence:
        "\(Figures.percent(report.duplicates.share)) of own code lies in duplicate blocks; the costliest is \(Figures.counted(group.codeLines, "line")) that stand in \(Figures.counted(own.count, "place")), among them \(place: map.place(of: own[0])) and \(place: map.place(of: own[1]))."
    )
  }

  private func unresolved() -> Candidate? {
    let count = report.structure.unresolved.count
    guard let first = report.structure.unresolved.first, count > 0 else { return nil }
    let item = map.imports[first]
    return Candidate(
      weight: 0.32,
      sentence:
        "\(Figures.counted(count, "import")) \(count == 1 ? "leads" : "lead") to no file, for example \(name: item.name) at \(place: Place(map.files[Int(item.file)].path, line: Int(item.line)))."
    )
  }

  // MARK: People and promises

  private func knowledge() -> Candidate? {
    guard let people = report.authorship, let history = map.history, history.authors.count >= 2 else {
      return nil
    }
    let hottest = report.hotSpots.prefix(report.thresholds.hotSpots).map(\.file)
    let single = Set(people.singleAuthorHotSpots)
    let alone = hottest.filter(single.contains)
    if let first = alone.first {
      return Candidate(
        weight: 0.4 + 0.4 * Double(alone.count) / Double(hottest.count),
        sentence:
          "\(alone.count) of the \(hottest.count) hottest files \(alone.count == 1 ? "has" : "have") been changed by one person only, \(place: map.place(ofFile: first)) first among them."
      )
    }
    guard people.topShare >= 0.5 else { return nil }
    return Candidate(
      weight: 0.4 * people.topShare,
      sentence:
        "One of \(history.authors.count) authors made \(Figures.percent(people.topShare)) of the \(Figures.counted(history.commits, "commit"))."
    )
  }

  private func fixme() -> Candidate? {
    guard let index = report.markers.ranked.first(where: { map.markers[$0].kind == .fixme }) else {
      return nil
    }
    let marker = map.markers[index]
    let count = report.markers.counts.first { $0.kind == .fixme }?.count ?? 0
    return Candidate(
      weight: 0.31,
      sentence:
        "\(Figures.counted(count, "FIXME comment")) \(count == 1 ? "waits" : "wait") to be answered; start with \(place: Place(map.files[Int(marker.file)].path, line: Int(marker.line)))."
    )
  }

  // MARK: True of any code base

  private func size() -> Sentence? {
    guard let first = overview.languages.first(where: { $0.language.isAnalysed }), overview.ownCodeLines > 0
    else { return nil }
    let share = Double(first.codeLines) / Double(max(1, overview.ownCodeLines))
    return
      "\(first.language.displayName) is \(Figures.percent(min(1, share))) of the \(Figures.counted(overview.ownCodeLines, "line")) of code in \(Figures.counted(overview.ownFiles, "file"))."
  }

  private func mostComplex() -> Sentence? {
    guard let id = report.complexFunctions.first else { return nil }
    let symbol = map.symbols[Int(id)]
    return
      "The most complex of \(Figures.counted(overview.functions, "function")) is \(name: symbol.qualifiedName) (\(place: map.place(ofSymbol: id))) with a complexity of \(symbol.complexity)."
  }

  private func generated() -> Sentence? {
    let foreign = overview.roles.filter { $0.role == .vendored || $0.role == .generated }
    let lines = foreign.reduce(0) { $0 + $1.lines }
    guard lines > 0 else { return nil }
    return
      "\(Figures.counted(lines, "line")) in \(Figures.counted(foreign.reduce(0) { $0 + $1.files }, "file")) \(lines == 1 ? "is" : "are") vendored or generated and \(lines == 1 ? "was" : "were") not judged."
  }
}
