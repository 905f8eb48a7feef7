import MemfunCore
import MemfunTools
import Testing

@testable import MemfunAgent

@Suite("JSON report")
struct JSONReportTests {
  private func json(_ document: AnalysisDocument) throws -> JSONValue {
    var bytes: [UInt8] = []
    var writer = JSONStreamWriter { bytes += $0 }
    try JSONReport.write(document, to: &writer)
    try writer.finish()
    return try JSONParser.parse(bytes)
  }

  @Test("holds the report and the whole map")
  func whole() throws {
    let map = SampleMap.make()
    let result = try json(
      AnalysisDocument(report: AnalysisReport(of: map), conditions: try FailCondition.parse("cycles")))
    #expect(result["project"] == "shop")
    #expect(result["map"]?["files"]?.arrayValue?.count == map.files.count)
    #expect(result["map"]?["symbols"]?.arrayValue?.count == map.symbols.count)
    #expect(result["map"]?["dependencies"]?[0]?.description == "[1,2]")
    #expect(result["hot_spots"]?[0]?["file"] == 1)
    #expect(result["violations"]?[0]?["condition"] == "cycles")
    #expect(result["narrative"]?["state"] == "offline")
    #expect(result["structure"]?["cycles"]?[0]?["path"]?[0]?["line"] == 2)
  }

  @Test("satisfies its schema, with and without history, narrative and violations", arguments: 0..<5)
  func schema(kind: Int) throws {
    let narrative = Narrative(
      claims: [.init(text: "Hot.", places: [Place("app/cart.py", line: 10)])], removed: 1,
      removalReasons: ["there is no file x"], model: "m", usage: NarrativeUsage())
    let document =
      switch kind {
      case 0: AnalysisDocument(report: AnalysisReport(of: SampleMap.make()))
      case 1:
        AnalysisDocument(
          report: AnalysisReport(of: SampleMap.make(history: false)),
          conditions: try FailCondition.parse("complexity>1,cycles,high"), narrative: .written(narrative))
      case 2:
        AnalysisDocument(report: AnalysisReport(of: CodeMap(root: "/")), narrative: .declined)
      case 3:
        AnalysisDocument(
          report: AnalysisReport(of: SampleMap.make()), narrative: .failed(model: "m", message: "no answer"))
      default: AnalysisDocument(report: AnalysisReport(of: LargeMap.make(files: 200)))
      }
    let violations = try JSONSchema(AnalysisSchema.value).violations(in: try json(document))
    #expect(violations.isEmpty, "\(violations)")
  }

  @Test("the schema is JSON and names every member that is written")
  func schemaNamesMembers() throws {
    let schema = try JSONParser.parse(AnalysisSchema.text)
    let result = try json(AnalysisDocument(report: AnalysisReport(of: SampleMap.make())))
    let written = Set(try #require(result.objectValue).keys)
    #expect(written == Set(try #require(schema["properties"]?.objectValue).keys))
    let mapWritten = Set(try #require(result["map"]?.objectValue).keys)
    #expect(mapWritten == Set(try #require(schema["$defs"]?["map"]?["properties"]?.objectValue).keys))
  }
}
