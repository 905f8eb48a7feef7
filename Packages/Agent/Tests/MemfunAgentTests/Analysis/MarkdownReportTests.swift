import MemfunTools
import Testing

@testable import MemfunAgent

@Suite("Markdown report")
struct MarkdownReportTests {
  @Test("prints for inspection")
  func show() {
    print(MarkdownReport.render(AnalysisDocument(report: AnalysisReport(of: SampleMap.make())), width: 120))
    print(MarkdownReport.render(AnalysisDocument(report: AnalysisReport(of: SampleMap.make())), width: 80))
  }
}
