import MemfunTools

/// Something that breaks a rule, with its place and its measure.
public struct Finding: Sendable, Equatable {
  /// Which rule.
  public var rule: Rule
  /// How much it matters.
  public var severity: Severity
  /// Where; nil for findings about the analysis as a whole.
  public var place: Place?
  /// What is wrong there, with numbers.
  public var message: Sentence
  /// The number that was compared with the threshold.
  public var measure: Int
}

extension Finding {
  /// All findings of a report (its other parts must be computed), most severe first, then by rule,
  /// measure and place.
  static func all(in report: AnalysisReport) -> [Finding] {
    let map = report.map
    let limits = report.thresholds
    var findings: [Finding] = []

    for id in report.complexFunctions {
      let symbol = map.symbols[Int(id)]
      guard let severity = limits.complexity.severity(of: Int(symbol.complexity)) else { break }
      findings.append(
        Finding(
          rule: .complexity, severity: severity, place: map.place(ofSymbol: id),
          message: "\(name: symbol.qualifiedName) has a cyclomatic complexity of \(symbol.complexity)",
          measure: Int(symbol.complexity)))
    }
    for id in report.longFunctions {
      let symbol = map.symbols[Int(id)]
      guard let severity = limits.functionLines.severity(of: symbol.lineCount) else { break }
      findings.append(
        Finding(
          rule: .functionLines, severity: severity, place: map.place(ofSymbol: id),
          message: "\(name: symbol.qualifiedName) is \(symbol.lineCount) lines long",
          measure: symbol.lineCount))
    }
    for (index, file) in map.files.enumerated() where file.isOwnCode {
      guard let severity = limits.fileLines.severity(of: Int(file.codeLines)) else { continue }
      findings.append(
        Finding(
          rule: .fileLines, severity: severity, place: map.place(ofFile: FileID(index)),
          message: "the file has \(file.codeLines) lines of code", measure: Int(file.codeLines)))
    }
    findings += cycles(in: report)
    findings += duplicates(in: report)
    findings += markers(in: report)
    findings += imports(in: report)
    findings += hotSpots(in: report)
    findings += limitsOfTheAnalysis(in: report)

    let order = Dictionary(uniqueKeysWithValues: Rule.allCases.enumerated().map { ($1, $0) })
    return findings.enumerated().sorted { left, right in
      let (a, b) = (left.element, right.element)
      return (b.severity, order[a.rule] ?? 0, b.measure, left.offset)
        < (a.severity, order[b.rule] ?? 0, a.measure, right.offset)
    }.map(\.element)
  }

  private static func cycles(in report: AnalysisReport) -> [Finding] {
    report.structure.cycles.map { cycle in
      let count = cycle.files.count
      let last = cycle.path.last
      return Finding(
        rule: .cycles, severity: report.thresholds.cycleFiles.severity(of: count) ?? .info,
        place: last.map { Place(report.map.files[Int($0.from)].path, line: $0.line) }
          ?? cycle.files.first.map { report.map.place(ofFile: $0) },
        message: "\(count) files need each other in a circle: \(cycle.description(in: report.map))",
        measure: count)
    }
  }

  private static func duplicates(in report: AnalysisReport) -> [Finding] {
    report.duplicates.groups.map { index in
      let group = report.map.duplicates[index]
      let own = group.places.filter { report.map.files[Int($0.file)].isOwnCode }
      let others = own.count - 2
      let more: Sentence = others > 0 ? " and \(Figures.counted(others, "more place"))" : ""
      let second: Sentence = own.count > 1 ? "\(place: report.map.place(of: own[1]))" : ""
      return Finding(
        rule: .duplicates,
        severity: report.thresholds.repeatedLines.severity(of: group.repeatedLines) ?? .info,
        place: own.first.map { report.map.place(of: $0) },
        message: "the same \(group.codeLines) lines of code are also at \(second)\(more)",
        measure: group.repeatedLines)
    }
  }

  private static func markers(in report: AnalysisReport) -> [Finding] {
    report.markers.ranked.flatMap { index in
      let marker = report.map.markers[index]
      let place = Place(report.map.files[Int(marker.file)].path, line: Int(marker.line))
      let message: Sentence = "\(marker.kind.rawValue)\(marker.text.isEmpty ? "" : ": ")\(marker.text)"
      let finding = Finding(rule: .todo, severity: .info, place: place, message: message, measure: 1)
      guard marker.kind == .fixme else { return [finding] }
      return [finding, Finding(rule: .fixme, severity: .low, place: place, message: message, measure: 1)]
    }
  }

  private static func imports(in report: AnalysisReport) -> [Finding] {
    report.structure.unresolved.map { index in
      let item = report.map.imports[index]
      return Finding(
        rule: .unresolvedImports, severity: .low,
        place: Place(report.map.files[Int(item.file)].path, line: Int(item.line)),
        message: "the import of \(name: item.name) leads to no file", measure: 1)
    }
  }

  private static func hotSpots(in report: AnalysisReport) -> [Finding] {
    var findings: [Finding] = []
    let hottest = report.hotSpots.prefix(report.thresholds.hotSpots)
    for hotSpot in hottest where !hotSpot.isTested {
      let file = report.map.files[Int(hotSpot.file)]
      findings.append(
        Finding(
          rule: .untestedHotSpots, severity: .medium, place: report.map.place(ofFile: hotSpot.file),
          message:
            "changed in \(Figures.counted(file.commits, "commit")) with a complexity of \(file.complexity), and no test file is linked to it",
          measure: Int(file.commits)))
    }
    let single = Set(report.authorship?.singleAuthorHotSpots ?? [])
    for hotSpot in hottest where single.contains(hotSpot.file) {
      let file = report.map.files[Int(hotSpot.file)]
      findings.append(
        Finding(
          rule: .singleAuthorHotSpots, severity: .low, place: report.map.place(ofFile: hotSpot.file),
          message: "all \(file.commits) commits are by one person", measure: Int(file.commits)))
    }
    return findings
  }

  private static func limitsOfTheAnalysis(in report: AnalysisReport) -> [Finding] {
    let skipped = report.map.skipped.map { file in
      Finding(
        rule: .skipped, severity: .info, place: Place(file.path),
        message: "not analysed: \(file.reason.explanation)", measure: 1)
    }
    let notes = report.map.notes.filter(\.isAboutCompleteness).map { note in
      Finding(rule: .incomplete, severity: .low, place: nil, message: "\(note.message)", measure: 1)
    }
    return skipped + notes
  }
}

extension DependencyStructure.Cycle {
  /// `a.py:3 → b.py:1 → a.py`: each file with the line of its import of the next one.
  func description(in map: CodeMap) -> Sentence {
    var sentence = Sentence([])
    for step in path {
      let place = Place(map.files[Int(step.from)].path, line: step.line)
      sentence.fragments += [.place(place), .words(" → ")]
    }
    if let first = path.first { sentence.fragments.append(.place(map.place(ofFile: first.from))) }
    return sentence
  }
}

extension SkippedFile.Reason {
  /// A stable name for JSON and for counting.
  public var name: String {
    switch self {
    case .unreadable: "unreadable"
    case .tooLarge: "too-large"
    case .symlinkLoop: "symlink-loop"
    case .symlinkOutside: "symlink-outside"
    case .changedWhileRead: "changed-while-read"
    case .notUTF8: "not-utf-8"
    case .invalidName: "invalid-name"
    case .specialFile: "special-file"
    case .parserFailed: "parser-failed"
    }
  }

  /// One clause for people.
  public var explanation: String {
    switch self {
    case .unreadable(let reason): "it cannot be read: \(reason)"
    case .tooLarge(let bytes, let limit):
      "it has \(Figures.bytes(bytes)), more than the limit of \(Figures.bytes(limit)) (--max-file-bytes)"
    case .symlinkLoop: "a symbolic link that leads back to itself or to a folder above it"
    case .symlinkOutside: "a symbolic link that leads out of the tree"
    case .changedWhileRead: "it changed while it was read"
    case .notUTF8: "its text is not UTF-8"
    case .invalidName: "its name is not valid UTF-8"
    case .specialFile: "it is no regular file"
    case .parserFailed(let reason): "its parser failed: \(reason)"
    }
  }
}

extension Note {
  /// Whether it says that a part of the analysis is missing or less exact.
  var isAboutCompleteness: Bool {
    ["missing", "failed", "unusable", "timeout", "incomplete"].contains { kind.hasSuffix("." + $0) }
  }
}
