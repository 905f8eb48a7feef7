import Glibc
import MemfunCore
import MemfunTools

@testable import MemfunAgent

/// A browser without a window that opens a report from a file and hands back what it drew.
enum Chromium {
  /// Where it is installed; nil when it is not.
  static let path: String? = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .first { (name: String) in access(name, X_OK) == 0 }

  /// What came of opening a page.
  struct Page {
    /// The elements after the script has run, as text.
    var text: String
    /// Errors and warnings of the console, violations of the policy among them.
    var complaints: [String]
  }

  /// - Throws: when the page cannot be written or the browser does not end well.
  static func open(_ map: CodeMap, at address: String) async throws -> Page {
    let folder = try temporaryFolder()
    let outcome: Result<Page, any Error>
    do { outcome = .success(try await open(map, at: address, in: folder)) } catch {
      outcome = .failure(error)
    }
    _ = try await Subprocess("/bin/rm", ["-rf", "--", folder]).run()
    return try outcome.get()
  }

  private static func open(_ map: CodeMap, at address: String, in folder: String) async throws -> Page {
    let file = folder + "/report.html"
    try AtomicFile.write(
      HTMLReport.render(AnalysisDocument(report: AnalysisReport(of: map))), to: file, durable: false)
    var environment = Subprocess.minimalEnvironment
    environment["HOME"] = folder
    let arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
      "--user-data-dir=\(folder)/profile",
      "--window-size=1280,900", "--enable-logging=stderr", "--log-level=0", "--virtual-time-budget=2000",
      "--dump-dom", "file://\(file)\(address)",
    ]
    let result = try await Subprocess(
      path ?? "chromium", arguments, environment: environment, output: .capture(head: 64 << 20, tail: 0),
      timeout: .seconds(120)
    ).run()
    guard result.succeeded else { throw Failure(result: "\(result.termination)\n\(result.error.text)") }
    let complaints = result.error.text.split(separator: "\n").filter { $0.contains(":CONSOLE") }
    return Page(text: result.output.text, complaints: complaints.map(String.init))
  }

  private struct Failure: Error { var result: String }

  private static func temporaryFolder() throws -> String {
    var template = Array("/tmp/memfun-browser-XXXXXX".utf8CString)
    let isMade = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { mkdtemp($0) != nil } ?? false
    }
    guard isMade else { throw SystemCallError("mkdtemp") }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
