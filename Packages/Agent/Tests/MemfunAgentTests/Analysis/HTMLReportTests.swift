import MemfunCore
import MemfunTools
import Testing

@testable import MemfunAgent

@Suite("HTML report")
struct HTMLReportTests {
  private func page(_ map: CodeMap) throws -> String {
    String(decoding: try HTMLReport.render(AnalysisDocument(report: AnalysisReport(of: map))), as: UTF8.self)
  }

  @Test("write for inspection")
  func write() throws {
    try AtomicFile.write(page(SampleMap.make()), to: "/tmp/memfun-report-small.html")
    try AtomicFile.write(page(LargeMap.make(files: 5000)), to: "/tmp/memfun-report-large.html")
  }
}
