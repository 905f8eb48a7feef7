import MemfunTools
import Testing

@testable import MemfunAgent

@Suite("Analysis report")
struct AnalysisReportTests {
  private let report = AnalysisReport(of: SampleMap.make())

  @Test("judges own code only: vendored functions rank nowhere")
  func ownCode() {
    let names = report.complexFunctions.map { report.map.symbols[Int($0)].name }
    #expect(names == ["total", "start", "place", "add", "render", "money", "test_total"])
    #expect(report.overview.functions == 7)
    #expect(!report.findings.contains { $0.place?.path == "vendor/lib.js" })
  }

  @Test("ranks hot spots with the functions that carry them")
  func hotSpots() {
    #expect(report.hotSpots.map(\.file) == [1, 2, 7, 4, 6, 3])
    #expect(report.hotSpots[0].functions == [0, 1])
    #expect(report.hotSpots[0].isTested)
    #expect(!report.hotSpots[1].isTested)
  }

  @Test("explains a cycle by the imports that close it")
  func cycle() {
    #expect(
      report.structure.cycles == [
        .init(files: [1, 2], path: [.init(from: 1, to: 2, line: 2), .init(from: 2, to: 1, line: 4)])
      ])
  }

  @Test("finds a shortest way round a large group")
  func shortestCycle() {
    // A ring of six with a chord that closes a ring of three: 2 → 3 → 4 → 2.
    let ring: [(FileID, FileID)] = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (4, 2)]
    let graph = Adjacency(count: 6, edges: ring.map { Dependency(from: $0.0, to: $0.1) })
    #expect(graph.shortestCycle(within: [0, 1, 2, 3, 4, 5]) == [2, 3, 4])
  }

  @Test("counts who can be reached by a change, over any number of imports")
  func transitive() {
    let util = report.structure.mostDependedOn.first { $0.file == 3 }
    #expect(util == .init(file: 3, direct: 2, transitive: 3))
  }

  @Test("counts each duplicated line once, even when blocks overlap")
  func overlappingDuplicates() {
    var map = SampleMap.make()
    map.duplicates.append(
      DuplicateGroup(
        places: [.init(file: 1, startLine: 330, endLine: 350), .init(file: 7, startLine: 1, endLine: 21)],
        codeLines: 18))
    let summary = AnalysisReport(of: map).duplicates
    #expect(summary.lines == 41 + 41 + 10 + 21)
    #expect(summary.groups == [0, 1])
  }

  @Test("a copy in vendored code alone is no duplicate of ours")
  func vendoredDuplicate() {
    var map = SampleMap.make()
    map.duplicates = [
      DuplicateGroup(
        places: [.init(file: 1, startLine: 1, endLine: 20), .init(file: 5, startLine: 1, endLine: 20)],
        codeLines: 20)
    ]
    #expect(AnalysisReport(of: map).duplicates == DuplicateSummary())
  }

  @Test("folder edges count dependencies between different folders")
  func folders() {
    let graph = report.structure.folders
    #expect(graph.folders == ["app", "tests", "web"])
    #expect(graph.edges == [.init(from: 1, to: 0, count: 1)])
    #expect(FolderGraph.folder(of: "main.c") == ".")
  }

  @Test("folders that need each other are found once")
  func mutualFolders() {
    var map = CodeMap(root: "/x")
    map.files = ["a/1", "a/2", "b/1"].map { SourceFile(path: $0, language: .c, role: .source, bytes: 1) }
    map.dependencies = [(0, 2), (1, 2), (2, 0)].map { Dependency(from: $0.0, to: $0.1) }
    #expect(
      AnalysisReport(of: map).structure.folders.mutual
        == [.init(first: 0, second: 1, forward: 2, backward: 1)])
  }

  @Test("without history there are no hot spots and no authors")
  func noHistory() {
    let report = AnalysisReport(of: SampleMap.make(history: false))
    #expect(report.hotSpots.isEmpty)
    #expect(report.authorship == nil)
    #expect(report.standouts.count >= 3)
  }

  @Test("an empty folder gives an empty report")
  func empty() {
    let report = AnalysisReport(of: CodeMap(root: "/"))
    #expect(report.project == "/")
    #expect(report.standouts.isEmpty)
    #expect(report.findings.isEmpty)
    #expect(report.duplicates.share == 0)
  }

  @Test("equal maps give equal reports")
  func deterministic() {
    let again = AnalysisReport(of: SampleMap.make())
    #expect(again.findings == report.findings)
    #expect(again.standouts == report.standouts)
    #expect(again.structure == report.structure)
  }

  @Test("a measure must exceed a bound to be a finding")
  func bounds() {
    let bounds = FindingThresholds.Bounds(low: 15, medium: 25, high: 50)
    #expect(
      [15, 16, 25, 26, 50, 51].map(bounds.severity(of:)) == [nil, .low, .low, .medium, .medium, .high])
  }
}
