import Glibc
import MemfunAgent
import MemfunCore

/// The file into which the page is written: checked before the work begins, written in one step after
/// it, so that there is never half a page.
struct ReportFile: Sendable {
  /// As given.
  let path: String

  /// - Throws: `AnalyzeFailure.htmlFile` when no page can be written there.
  init(_ path: String) throws(AnalyzeFailure) {
    self.path = path
    func refuse(_ reason: String, _ remedy: String) -> AnalyzeFailure {
      .htmlFile(path: path, reason: reason, remedy: remedy)
    }
    if path == "-" {
      throw refuse("the page cannot go to standard output", "name a file, for example --html report.html")
    }
    var status = stat()
    if stat(path, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR {
        throw refuse("it is a folder", "name a file, for example --html \(path)/report.html")
      }
      if status.st_mode & S_IFMT != S_IFREG { throw refuse("it is no regular file", "name a file") }
      if access(path, W_OK) != 0 {
        throw refuse(SystemCallError("open").reason, "make the file writable or name another one")
      }
    } else if errno != ENOENT || path.hasSuffix("/") {
      throw refuse(SystemCallError("stat").reason, "check the spelling of the path")
    }
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    if access(folder, W_OK | X_OK) != 0 {
      let reason = SystemCallError("access").reason
      throw refuse(
        "the folder \(folder) cannot be written: \(reason)", "make the folder, or name another one")
    }
  }

  /// Writes the page. It blocks: not to be called on the cooperative pool.
  func write(_ document: AnalysisDocument) throws {
    try AtomicFile.write(HTMLReport.render(document), to: path, durable: false)
  }
}
