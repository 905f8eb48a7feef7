import MemfunTools

/// Renders a report as Markdown that reads well both raw in a terminal and rendered.
///
/// Sections without content are left out. The text is a pure function of the document and the width.
public struct MarkdownReport {
  private let document: AnalysisDocument
  private let width: Int
  private var report: AnalysisReport { document.report }
  private var map: CodeMap { document.report.map }
  private let rowLimit: Int
  private var text = ""

  private init(_ document: AnalysisDocument, width: Int, rowLimit: Int = 10) {
    self.document = document
    self.width = width
    self.rowLimit = rowLimit
  }

  /// The whole report, ending with a line break.
  ///
  /// - Parameter width: columns of the terminal; below 100 every table is a list. Use 80 when the
  ///   output is no terminal.
  public static func render(_ document: AnalysisDocument, width: Int) -> String {
    var renderer = MarkdownReport(document, width: width)
    renderer.writeHead()
    if document.report.map.files.isEmpty {
      renderer.writeEmpty()
    } else {
      renderer.writeStandouts()
      renderer.writeConditions()
      renderer.writeNarrative()
      renderer.writeHotSpots()
      renderer.writeFunctions()
      renderer.writeStructure()
      renderer.writeDuplicates()
      renderer.writeTests()
      renderer.writeAuthors()
      renderer.writeMarkers()
      renderer.writeFindings()
      renderer.writeInventory()
    }
    renderer.writeSkipped()
    renderer.writeMethod()
    return renderer.text
  }

  /// The computed facts alone, as lists: what a model is given to read.
  ///
  /// - Parameter rows: how many rows a list shows at most.
  static func facts(_ document: AnalysisDocument, rows: Int) -> String {
    var renderer = MarkdownReport(document, width: 80, rowLimit: rows)
    renderer.writeHead()
    renderer.writeStandouts()
    renderer.writeHotSpots()
    renderer.writeFunctions()
    renderer.writeStructure()
    renderer.writeDuplicates()
    renderer.writeTests()
    renderer.writeAuthors()
    renderer.writeMarkers()
    renderer.writeInventory()
    return renderer.text
  }

  // MARK: Building blocks

  private mutating func section(_ title: String, _ body: String) {
    guard !body.isEmpty else { return }
    text += "\n## \(title)\n\n\(body)"
  }

  private func listing<Items: Collection>(
    _ items: Items, limit: Int? = nil, columns: [MarkdownListing.Column],
    row: (Items.Element) -> [MarkdownListing.Cell]
  ) -> String {
    MarkdownListing(columns: columns, rows: items.prefix(limit ?? rowLimit).map(row), total: items.count)
      .markdown(width: width)
  }

  private func code(_ place: Place) -> String { MarkdownText.code(place.description) }
  private func path(_ file: FileID) -> MarkdownListing.Cell { .init(code: map.files[Int(file)].path) }

  // MARK: First screen

  private mutating func writeHead() {
    let overview = report.overview
    text += "# Code report: \(MarkdownText.words(report.project))\n\n"
    guard overview.files > 0 else { return }
    var facts = "\(Figures.counted(overview.files, "file"))"
    if overview.ownFiles > 0 {
      facts +=
        ", \(Figures.counted(overview.ownCodeLines, "line")) of own code in \(Figures.counted(overview.functions, "function"))"
      let names = overview.languages.filter(\.language.isAnalysed).prefix(4).map { count in
        "\(count.language.displayName) \(Figures.percent(min(1, Double(count.codeLines) / Double(max(1, overview.ownCodeLines)))))"
      }
      if !names.isEmpty { facts += " (\(names.joined(separator: ", ")))" }
    }
    text += facts + ".\n"
    if let history = map.history {
      let window = history.windowDays.map { "the last \(Figures.counted($0, "day"))" } ?? "all of its history"
      text +=
        "\(Figures.counted(history.commits, "commit")) by \(Figures.counted(history.authors.count, "author")) in \(window), at \(MarkdownText.code(String(history.head.prefix(12))))\(history.isDirty ? " with uncommitted changes" : "").\n"
    }
    // Without a program whole languages have no functions: who reads the figures above must know.
    for note in map.notes where note.kind.hasSuffix(".missing") {
      text += "\n**Incomplete:** \(MarkdownText.words(note.message)).\n"
    }
  }

  private mutating func writeEmpty() {
    text += "There is nothing to analyse here: the folder holds no files, or all of them are ignored.\n"
  }

  private mutating func writeStandouts() {
    let lines = report.standouts.enumerated().map { "\($0 + 1). \(MarkdownText.sentence($1))\n" }
    section("What stands out", lines.joined())
  }

  private mutating func writeConditions() {
    guard !document.conditions.isEmpty else { return }
    if document.violations.isEmpty {
      let all = document.conditions.map { MarkdownText.code($0.description) }.joined(separator: ", ")
      section("Conditions", "All hold: \(all).\n")
      return
    }
    var body = ""
    for violation in document.violations {
      body +=
        "- **violated** \(MarkdownText.code(violation.condition.description)): \(MarkdownText.sentence(violation.message))\n"
      for example in violation.examples {
        let place = example.place.map { code($0) + ": " } ?? ""
        body += "  - \(place)\(MarkdownText.sentence(example.message))\n"
      }
      if violation.count > violation.examples.count {
        body +=
          "  - … and \(Figures.grouped(violation.count - violation.examples.count)) more (`--json` has all)\n"
      }
    }
    section("Conditions", body)
  }

  private mutating func writeNarrative() {
    guard case .written(let narrative) = document.narrative else { return }
    var body = narrative.claims.map { claim in
      "- \(MarkdownText.sentence(claim.sentence)) (\(claim.places.map(code).joined(separator: ", ")))\n"
    }.joined()
    if narrative.claims.isEmpty { body += "No claim of the model could be kept.\n" }
    body +=
      "\nWritten by \(MarkdownText.code(narrative.model)). Each reference was checked against the code map"
    body +=
      narrative.removed == 0
      ? "; no claim had to be removed.\n"
      : "; \(Figures.counted(narrative.removed, "claim")) whose reference does not exist \(narrative.removed == 1 ? "was" : "were") removed.\n"
    section("In the model's words", body)
  }

  // MARK: Complexity and change

  private mutating func writeHotSpots() {
    guard map.history != nil else { return }
    section(
      "Hot spots",
      report.hotSpots.isEmpty
        ? ""
        : "Files that are complex and change often: complexity × commits, the hottest is 1.00.\n\n"
          + listing(
            report.hotSpots,
            columns: [
              .init(title: "File"), .init(title: "Score", phrase: "score %", isNumber: true),
              .init(title: "Complexity", phrase: "complexity %", isNumber: true),
              .init(title: "Commits", noun: "commit", isNumber: true),
              .init(title: "Carried by", phrase: "carried by %"),
              .init(title: "Tests", phrase: "%"),
            ]
          ) { hotSpot in
            let file = map.files[Int(hotSpot.file)]
            var carriers = Sentence([])
            for id in hotSpot.functions.prefix(2) {
              let symbol = map.symbols[Int(id)]
              if !carriers.fragments.isEmpty { carriers.fragments.append(.words(" and ")) }
              carriers.fragments += [
                .name("\(symbol.name):\(symbol.startLine)"), .words(" (\(symbol.complexity))"),
              ]
            }
            return [
              .init(code: file.path), .init(words: Figures.score(hotSpot.score)),
              .init(number: file.complexity), .init(number: file.commits),
              carriers.fragments.isEmpty ? .none : .init(carriers),
              .init(words: hotSpot.isTested ? "tested" : "no test linked"),
            ]
          })
  }

  private mutating func writeFunctions() {
    func rows(_ ids: [SymbolID]) -> String {
      listing(
        ids,
        columns: [
          .init(title: "Function"), .init(title: "Place"),
          .init(title: "Complexity", phrase: "complexity %", isNumber: true),
          .init(title: "Lines", noun: "line", isNumber: true),
        ]
      ) { id in
        let symbol = map.symbols[Int(id)]
        return [
          .init(code: symbol.qualifiedName), .init(code: map.place(ofSymbol: id).description),
          .init(number: symbol.complexity), .init(number: symbol.lineCount),
        ]
      }
    }
    section(
      "Most complex functions", rows(report.complexFunctions.filter { map.symbols[Int($0)].complexity > 1 }))
    section("Longest functions", rows(report.longFunctions))
  }

  // MARK: Structure

  private mutating func writeStructure() {
    let structure = report.structure
    section(
      "Most depended-on files",
      listing(
        structure.mostDependedOn,
        columns: [
          .init(title: "File"), .init(title: "Imported by", phrase: "imported by %", isNumber: true),
          .init(title: "Reached by", phrase: "reached by %", isNumber: true),
        ]
      ) { top in
        [
          path(top.file), .init(number: top.direct),
          top.transitive.map { .init(number: $0) } ?? .none,
        ]
      })
    var cycles = ""
    for cycle in structure.cycles.prefix(rowLimit) {
      cycles += "- \(Figures.counted(cycle.files.count, "file")): "
      cycles += MarkdownText.sentence(cycle.description(in: map)) + "\n"
    }
    if structure.cycles.count > rowLimit {
      cycles += "- … and \(Figures.grouped(structure.cycles.count - rowLimit)) more (`--json` has all)\n"
    }
    section(
      "Import cycles",
      cycles.isEmpty
        ? "" : "Each with a shortest way round, at the lines of the imports that close it.\n\n" + cycles)
    writeFolders(structure.folders)
    section(
      "Imports that lead nowhere",
      listing(structure.unresolved, columns: [.init(title: "Place"), .init(title: "Import")]) { index in
        let item = map.imports[index]
        return [
          .init(code: Place(map.files[Int(item.file)].path, line: Int(item.line)).description),
          .init(code: item.name),
        ]
      })
  }

  private mutating func writeFolders(_ graph: FolderGraph) {
    var body = listing(
      graph.edges,
      columns: [
        .init(title: "Folder"), .init(title: "needs", phrase: "needs %"),
        .init(title: "Dependencies", noun: "dependency", isNumber: true),
      ]
    ) { edge in
      [
        .init(code: graph.folders[edge.from]), .init(code: graph.folders[edge.to]),
        .init(number: edge.count),
      ]
    }
    if !graph.mutual.isEmpty {
      body += "\nFolders that need each other:\n\n"
      body += graph.mutual.prefix(rowLimit).map { pair in
        "- \(MarkdownText.code(graph.folders[pair.first])) and \(MarkdownText.code(graph.folders[pair.second])): \(Figures.grouped(pair.forward)) there, \(Figures.grouped(pair.backward)) back\n"
      }.joined()
      if graph.mutual.count > rowLimit {
        body += "- … and \(Figures.grouped(graph.mutual.count - rowLimit)) more (`--json` has all)\n"
      }
    }
    section("Folders", body)
  }

  private mutating func writeDuplicates() {
    let duplicates = report.duplicates
    guard !duplicates.groups.isEmpty else { return }
    var body =
      "\(Figures.grouped(duplicates.lines)) of \(Figures.counted(report.overview.ownLines, "own line")) (\(Figures.percent(duplicates.share))) lie in \(Figures.counted(duplicates.groups.count, "group")) of duplicate blocks.\n\n"
    for index in duplicates.groups.prefix(rowLimit) {
      let group = map.duplicates[index]
      let own = group.places.filter { map.files[Int($0.file)].isOwnCode }
      let shown = own.prefix(4).map { code(map.place(of: $0)) }.joined(separator: ", ")
      let more = own.count > 4 ? " and \(own.count - 4) more places" : ""
      body += "- \(Figures.counted(group.codeLines, "line")) of code: \(shown)\(more)\n"
    }
    if duplicates.groups.count > rowLimit {
      body += "- … and \(Figures.grouped(duplicates.groups.count - rowLimit)) more (`--json` has all)\n"
    }
    section("Duplicates", body)
  }

  // MARK: Tests and people

  private mutating func writeTests() {
    let tests = report.tests
    guard tests.sourceFiles + tests.testFiles > 0 else { return }
    var body = ""
    if tests.testFiles == 0 {
      body += "No test file was found.\n"
    } else {
      body +=
        "\(Figures.counted(tests.testFiles, "test file")) with \(Figures.counted(tests.testCodeLines, "line")) of code"
      if let ratio = tests.ratio { body += ", \(Figures.score(ratio)) for each line of source" }
      body +=
        ". Linked by import or by name: \(Figures.grouped(tests.linkedSourceFiles)) of \(Figures.counted(tests.sourceFiles, "source file")) with functions.\n"
    }
    if !tests.untested.isEmpty {
      body += "\nWithout a linked test, the \(map.history == nil ? "most complex" : "hottest") first:\n\n"
      body += listing(
        tests.untested,
        columns: [
          .init(title: "File"), .init(title: "Complexity", phrase: "complexity %", isNumber: true),
          .init(title: "Commits", noun: "commit", isNumber: true),
        ]
      ) { id in
        let file = map.files[Int(id)]
        return [
          path(id), .init(number: file.complexity),
          map.history == nil ? .none : .init(number: file.commits),
        ]
      }
    }
    section("Tests", body)
  }

  private mutating func writeAuthors() {
    guard let history = map.history, let people = report.authorship else { return }
    var body =
      "\(Figures.counted(people.halfOfCommits, "person", plural: "people")) made more than half of the commits.\n\n"
    body += listing(
      history.authors,
      columns: [.init(title: "Author"), .init(title: "Commits", noun: "commit", isNumber: true)]
    ) { [.init(words: $0.name), .init(number: $0.commits)] }
    if !people.singleAuthorHotSpots.isEmpty {
      body += "\nHot spots that one person alone changed:\n\n"
      body += listing(
        people.singleAuthorHotSpots,
        columns: [
          .init(title: "File"), .init(title: "Author", phrase: "%"),
          .init(title: "Commits", noun: "commit", isNumber: true),
        ]
      ) { id in
        [
          path(id), .init(words: history.ownership[id]?.mainAuthor ?? ""),
          .init(number: map.files[Int(id)].commits),
        ]
      }
    }
    section("Authors", body)
  }

  private mutating func writeMarkers() {
    let markers = report.markers
    guard !markers.ranked.isEmpty else { return }
    var body = markers.counts.map { "\(Figures.grouped($0.count)) \($0.kind.rawValue)" }.joined(
      separator: ", ")
    body += map.history == nil ? ".\n\n" : "; those in the hottest files first.\n\n"
    body += listing(
      markers.ranked, columns: [.init(title: "Place"), .init(title: "Kind"), .init(title: "Text")]
    ) { index in
      let marker = map.markers[index]
      return [
        .init(code: Place(map.files[Int(marker.file)].path, line: Int(marker.line)).description),
        .init(words: marker.kind.rawValue), marker.text.isEmpty ? .none : .init(words: marker.text),
      ]
    }
    section("Open promises", body)
  }

  private mutating func writeFindings() {
    let groups = Rule.allCases.map { rule in report.findings.filter { $0.rule == rule } }.filter {
      !$0.isEmpty
    }
    section(
      "Findings by rule",
      listing(
        groups, limit: .max,
        columns: [
          .init(title: "Rule"), .init(title: "High", phrase: "% high", isNumber: true),
          .init(title: "Medium", phrase: "% medium", isNumber: true),
          .init(title: "Low", phrase: "% low", isNumber: true),
          .init(title: "Info", phrase: "% info", isNumber: true),
        ]
      ) { group in
        [.init(code: group[0].rule.rawValue)]
          + Severity.allCases.reversed().map { severity in
            let count = group.count { $0.severity == severity }
            return count == 0 ? .none : .init(number: count)
          }
      })
  }

  // MARK: Inventory and method

  private mutating func writeInventory() {
    section(
      "Languages",
      listing(
        report.overview.languages, limit: 15,
        columns: [
          .init(title: "Language"), .init(title: "Files", noun: "file", isNumber: true),
          .init(title: "Code lines", noun: "code line", isNumber: true),
          .init(title: "Comment lines", noun: "comment line", isNumber: true),
          .init(title: "Functions", noun: "function", isNumber: true),
        ]
      ) { count in
        [
          .init(words: count.language.displayName), .init(number: count.files),
          .init(number: count.codeLines), .init(number: count.commentLines),
          count.language.isAnalysed ? .init(number: count.functions) : .none,
        ]
      })
    section(
      "Files by role",
      listing(
        report.overview.roles, limit: .max,
        columns: [
          .init(title: "Role"), .init(title: "Files", noun: "file", isNumber: true),
          .init(title: "Lines", noun: "line", isNumber: true), .init(title: "Size", isNumber: true),
        ]
      ) { count in
        [
          .init(words: count.role.rawValue), .init(number: count.files), .init(number: count.lines),
          .init(words: Figures.bytes(count.bytes)),
        ]
      })
  }

  private mutating func writeSkipped() {
    section(
      "Not analysed",
      listing(map.skipped, columns: [.init(title: "File"), .init(title: "Reason")]) { file in
        [.init(code: MarkdownText.shortened(file.path)), .init(words: file.reason.explanation)]
      })
  }

  private mutating func writeMethod() {
    let lines = AnalysisMethod.sentences(for: document).map { "- \(MarkdownText.sentence($0))\n" }
    section("How this was computed", lines.joined())
  }
}
