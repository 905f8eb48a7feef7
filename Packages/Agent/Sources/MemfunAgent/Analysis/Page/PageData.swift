import MemfunCore
import MemfunTools

/// The facts of a report as the page's script wants them: columns of numbers instead of objects, so
/// that a map of thousands of files stays a small page. The names are those that page-data.js and its
/// neighbours read.
enum PageData {
  /// How many rows of each kind go into the page; the script says when there are more.
  static let functionLimit = 20_000, findingLimit = 20_000, markerLimit = 10_000
  static let duplicateLimit = 3_000, skippedLimit = 2_000

  static func write(_ document: AnalysisDocument, to writer: inout JSONStreamWriter) throws {
    let report = document.report
    try writer.object { writer in
      try writer.member("project", report.project)
      try writer.member("facts", of: facts(report)) { try $0.value($1) }
      try writer.member("history", report.map.history != nil)
      try writer.sentences("standouts", report.standouts)
      try writer.sentences("method", AnalysisMethod.sentences(for: document))
      try writer.member("conditions", of: document.conditions) { try $0.value($1.description) }
      try writer.member("violations", of: document.violations) { try $0.violation($1) }
      try writer.narrative(document.narrative)
      try totals(report, &writer)
      try files(report, &writer)
      try functions(report, &writer)
      try findings(report, &writer)
      try graph(report, &writer)
      try details(report, &writer)
    }
  }

  private static func facts(_ report: AnalysisReport) -> [String] {
    guard report.overview.files > 0 else {
      return ["There is nothing to analyse here: the folder holds no files, or all of them are ignored."]
    }
    guard let history = report.map.history else { return [report.map.root] }
    let window = history.windowDays.map { "the last \(Figures.counted($0, "day"))" } ?? "all of its history"
    return [
      report.map.root,
      "\(Figures.counted(history.commits, "commit")) by \(Figures.counted(history.authors.count, "author")) in \(window), at \(history.head.prefix(12))\(history.isDirty ? " with uncommitted changes" : "")",
    ]
  }

  private static func totals(_ report: AnalysisReport, _ writer: inout JSONStreamWriter) throws {
    let numbers: [(String, Int)] = [
      ("files", report.overview.files), ("ownFiles", report.overview.ownFiles),
      ("ownCode", report.overview.ownCodeLines), ("allFunctions", report.overview.functions),
      ("functions", report.complexFunctions.count), ("findings", report.findings.count),
      ("duplicates", report.duplicates.groups.count), ("markers", report.markers.ranked.count),
      ("skipped", report.map.skipped.count), ("testable", report.tests.sourceFiles),
      ("tested", report.tests.linkedSourceFiles),
    ]
    try writer.member("totals") { writer in
      try writer.object { writer in
        for (name, number) in numbers { try writer.member(name, number) }
        try writer.member("duplicateShare", report.duplicates.share)
      }
    }
    let limits = [
      "functions": functionLimit, "findings": findingLimit, "markers": markerLimit,
      "duplicates": duplicateLimit, "skipped": skippedLimit,
    ]
    try writer.member("shown") { writer in
      try writer.object { writer in
        for (name, number) in numbers { try writer.member(name, min(number, limits[name] ?? number)) }
      }
    }
  }

  private static func files(_ report: AnalysisReport, _ writer: inout JSONStreamWriter) throws {
    let files = report.map.files
    // The first name stands for files without a language.
    let languages = [""] + report.map.usedLanguages.map(\.displayName)
    let number = Dictionary(
      uniqueKeysWithValues: report.map.usedLanguages.enumerated().map { ($1, $0 + 1) })
    let roles = SourceFile.Role.allCases.filter { role in files.contains { $0.role == role } }
    try writer.member("languageNames", of: languages) { try $0.value($1) }
    try writer.member("roles", of: roles) { try $0.value($1.rawValue) }
    try writer.member("files") { writer in
      try writer.object { writer in
        try writer.member("path", of: files) { try $0.value($1.path) }
        try writer.member("language", of: files) { try $0.value($1.language.flatMap { number[$0] } ?? 0) }
        try writer.member("role", of: files) { try $0.value(roles.firstIndex(of: $1.role) ?? 0) }
        try writer.member("own", of: files) { try $0.value($1.isOwnCode ? 1 : 0) }
        try writer.member("lines", of: files) { try $0.value($1.lines) }
        try writer.member("code", of: files) { try $0.value($1.codeLines) }
        try writer.member("complexity", of: files) { try $0.value($1.complexity) }
        try writer.member("commits", of: files) { try $0.value($1.commits) }
        try writer.member("churn", of: files) { try $0.value($1.churnedLines) }
        try writer.member("hot", of: files) { try $0.value(Int(($1.hotSpotScore * 1000).rounded())) }
      }
    }
    try writer.member("tested", of: Set(report.map.testLinks.map(\.code)).sorted()) { try $0.value($1) }
    let owners = (report.map.history?.ownership ?? [:]).sorted { $0.key < $1.key }
    try writer.member("owners") { writer in
      try writer.object { writer in
        for (file, owner) in owners {
          try writer.member(String(file)) { writer in
            try writer.array { writer in
              try writer.value(owner.authors)
              try writer.value(owner.mainAuthor)
              try writer.value((owner.mainShare * 1000).rounded() / 1000)
            }
          }
        }
      }
    }
  }

  private static func functions(_ report: AnalysisReport, _ writer: inout JSONStreamWriter) throws {
    let shown = report.complexFunctions.prefix(functionLimit).map { report.map.symbols[Int($0)] }
    try writer.member("functions") { writer in
      try writer.object { writer in
        try writer.member("file", of: shown) { try $0.value($1.file) }
        try writer.member("name", of: shown) { try $0.value($1.qualifiedName) }
        try writer.member("line", of: shown) { try $0.value($1.startLine) }
        try writer.member("lines", of: shown) { try $0.value($1.lineCount) }
        try writer.member("complexity", of: shown) { try $0.value($1.complexity) }
      }
    }
  }

  private static func findings(_ report: AnalysisReport, _ writer: inout JSONStreamWriter) throws {
    let shown = report.findings.prefix(findingLimit)
    let rules = Rule.allCases.filter { rule in shown.contains { $0.rule == rule } }
    try writer.member("rules", of: rules) { try $0.value($1.rawValue) }
    try writer.member("ruleTexts", of: Rule.allCases) { writer, rule in
      try writer.array(of: [rule.rawValue, rule.summary]) { try $0.value($1) }
    }
    try writer.member("findings") { writer in
      try writer.object { writer in
        try writer.member("rule", of: shown) { try $0.value(rules.firstIndex(of: $1.rule) ?? 0) }
        try writer.member("severity", of: shown) { try $0.value($1.severity.rawValue) }
        try writer.member("place", of: shown) { try $0.place($1.place) }
        try writer.member("message", of: shown) { try $0.sentence($1.message) }
        try writer.member("measure", of: shown) { try $0.value($1.measure) }
      }
    }
  }

  private static func graph(_ report: AnalysisReport, _ writer: inout JSONStreamWriter) throws {
    try writer.member("deps") { writer in
      try writer.array { writer in
        for edge in report.map.dependencies {
          try writer.value(edge.from)
          try writer.value(edge.to)
        }
      }
    }
    try writer.member("cycles", of: report.structure.cycles) { writer, cycle in
      try writer.array { writer in
        try writer.array(of: cycle.files) { try $0.value($1) }
        try writer.array(of: cycle.path) { writer, step in
          try writer.array(of: [Int(step.from), Int(step.to), step.line ?? 0]) { try $0.value($1) }
        }
      }
    }
  }

  private static func details(_ report: AnalysisReport, _ writer: inout JSONStreamWriter) throws {
    let map = report.map
    try writer.member("duplicates", of: report.duplicates.groups.prefix(duplicateLimit)) { writer, index in
      let group = map.duplicates[index]
      try writer.array { writer in
        try writer.value(group.codeLines)
        try writer.array(of: group.places.filter { map.files[Int($0.file)].isOwnCode }) { writer, place in
          try writer.array(of: [place.file, place.startLine, place.endLine]) { try $0.value($1) }
        }
      }
    }
    try writer.member("markers", of: report.markers.ranked.prefix(markerLimit)) { writer, index in
      let marker = map.markers[index]
      try writer.array { writer in
        try writer.value(marker.file)
        try writer.value(marker.line)
        try writer.value(marker.kind.rawValue)
        try writer.value(marker.text)
      }
    }
    let languages = report.overview.languages.filter(\.language.isAnalysed)
    try writer.member("languages", of: languages) { writer, count in
      try writer.array { writer in
        try writer.value(count.language.displayName)
        try writer.value(count.files)
        try writer.value(count.codeLines)
      }
    }
    try writer.member("authors", of: map.history?.authors ?? []) { writer, author in
      try writer.array { writer in
        try writer.value(author.name)
        try writer.value(author.commits)
      }
    }
    try writer.member("skipped", of: map.skipped.prefix(skippedLimit)) { writer, file in
      try writer.array(of: [file.path, file.reason.explanation]) { try $0.value($1) }
    }
  }
}

extension CodeMap {
  /// The languages that occur, in the order of `Language`.
  fileprivate var usedLanguages: [Language] {
    let used = Set(files.compactMap(\.language))
    return Language.allCases.filter(used.contains)
  }
}

extension JSONStreamWriter {
  fileprivate mutating func sentences(_ name: String, _ sentences: [Sentence]) throws {
    try member(name, of: sentences) { try $0.sentence($1) }
  }

  /// Words as strings, names as `["n", name]`, places as `["p", path, line, end]`.
  fileprivate mutating func sentence(_ sentence: Sentence) throws {
    try array(of: sentence.fragments) { writer, fragment in
      switch fragment {
      case .words(let words): try writer.value(words)
      case .name(let name): try writer.array(of: ["n", name]) { try $0.value($1) }
      case .place(let place):
        try writer.array { writer in
          try writer.value("p")
          try writer.parts(of: place)
        }
      }
    }
  }

  fileprivate mutating func parts(of place: Place) throws {
    try value(place.path)
    if let line = place.line { try value(line) }
    if let end = place.endLine { try value(end) }
  }

  fileprivate mutating func place(_ place: Place?) throws {
    guard let place else { return try null() }
    try array { try $0.parts(of: place) }
  }

  fileprivate mutating func violation(_ violation: Violation) throws {
    try array { writer in
      try writer.value(violation.condition.description)
      try writer.sentence(violation.message)
      try writer.value(violation.count)
      try writer.array(of: violation.examples) { writer, example in
        try writer.array { writer in
          try writer.place(example.place)
          try writer.sentence(example.message)
        }
      }
    }
  }

  fileprivate mutating func narrative(_ outcome: NarrativeOutcome) throws {
    try key("narrative")
    guard case .written(let narrative) = outcome else { return try null() }
    try object { writer in
      try writer.member("model", narrative.model)
      try writer.member("removed", narrative.removed)
      try writer.member("claims", of: narrative.claims) { writer, claim in
        try writer.array { writer in
          try writer.sentence(claim.sentence)
          try writer.array(of: claim.places) { try $0.place($1) }
        }
      }
    }
  }
}
