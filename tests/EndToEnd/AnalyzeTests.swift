import Glibc
import MemfunCore
import Testing

@Suite("memfun analyze")
struct AnalyzeTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      "project/app.py",
      "import util\n\n\ndef run(x):\n    # TODO: more\n    if x and x > 1:\n        return util.f(x)\n    return 0\n"
    )
    try folder.write("project/util.py", "def f(x):\n    return x\n")
  }

  private func analyze(_ arguments: String..., environment: [String: String] = [:]) async throws
    -> MemfunBinary.Run
  {
    try await MemfunBinary.run(["analyze"] + arguments, in: folder, environment: environment)
  }

  // MARK: Reports

  @Test("reports on a folder, on a single file, and on one outside the working directory")
  func places() async throws {
    let project = try await analyze("project")
    #expect(project.code == 0 && project.output.hasPrefix("# Code report: project\n"))
    #expect(project.output.contains("`project/app.py:4`") == false, "paths are relative to PATH")
    #expect(project.output.contains("`app.py:4`"))
    #expect(project.error.isEmpty, "no progress where no terminal is")
    let file = try await analyze("project/app.py")
    #expect(file.code == 0 && file.output.contains("1 file,"))
    let other = try TemporaryFolder()
    try other.write("main.c", "int main(void) { return 0; }\n")
    #expect(try await analyze(other.path).output.contains("1 file,"))
  }

  @Test("says plainly that it is offline and how the report was computed")
  func offline() async throws {
    #expect(try await analyze("project").output.contains("Offline: no model was asked."))
  }

  @Test("an empty folder is a result, not an error")
  func empty() async throws {
    try await confirm(code: 0, "mkdir empty")
    let run = try await analyze("empty")
    #expect(run.code == 0 && run.output.contains("There is nothing to analyse here"))
    let json = try await analyze("empty", "--json").json()
    #expect(json["result"]?["overview"]?["files"] == 0)
  }

  @Test("tables are for wide terminals only")
  func terminals() async throws {
    let wide = try await MemfunBinary.onTerminal(["analyze", "project"], columns: 130, in: folder)
    #expect(wide.output.contains("| Function"))
    let narrow = try await MemfunBinary.onTerminal(["analyze", "project"], columns: 80, in: folder)
    #expect(narrow.output.contains("- `run`: `app.py:4`") && !narrow.output.contains("| Function"))
  }

  @Test("names that are no UTF-8 are listed with the reason, as visible text")
  func invalidNames() async throws {
    try await confirm(code: 0, #"printf x > $'project/bad\xff.py'"#)
    let run = try await analyze("project")
    #expect(run.code == 0 && run.output.contains("its name is not valid UTF-8"))
    #expect(
      try await analyze("project", "--json").json()["result"]?["map"]?["skipped"]?[0]?["reason"]
        == "invalid-name")
  }

  // MARK: JSON

  @Test("--json is one object that satisfies the schema which the binary prints")
  func schema() async throws {
    let schema = try JSONSchema(
      JSONParser.parse(try await MemfunBinary.run(["schema", "analyze"], in: folder).output))
    for arguments in [
      ["project"], ["project", "--fail-on", "todo,complexity>1"], ["project/app.py"], ["missing"],
    ] {
      let json = try await MemfunBinary.run(["analyze", "--json"] + arguments, in: folder).json()
      let problems = schema.violations(in: json)
      #expect(problems.isEmpty, "\(arguments): \(problems)")
    }
  }

  @Test("a reader that goes away early is no failure")
  func brokenPipe() async throws {
    let run = try await MemfunBinary.shell(
      #""$MEMFUN" analyze project --json | head -c 1; echo " ${PIPESTATUS[0]}""#, in: folder)
    #expect(run.output == "{ 0\n" && run.error.isEmpty)
  }

  // MARK: Conditions

  @Test("a broken condition exits with 8, with the report and with the places that break it")
  func failOn() async throws {
    let run = try await analyze("project", "--fail-on", "complexity>2,cycles")
    #expect(run.code == 8)
    #expect(run.output.contains("**violated** `complexity>2`") && run.output.contains("`app.py:4`"))
    #expect(run.error.contains("a condition is broken"))
    let json = try await analyze("project", "--json", "--fail-on=complexity>2").json()
    #expect(json["error"]?["kind"] == "analyze.fail_on")
    #expect(json["result"]?["violations"]?[0]?["examples"]?[0]?["place"]?["path"] == "app.py")
    #expect(try await analyze("project", "--fail-on", "complexity>100,cycles").code == 0)
  }

  @Test("conditions come from the configuration, and the command line replaces them")
  func failOnFromConfiguration() async throws {
    try folder.write("memfun.toml", "[analyze]\nfail_on = [\"todo\"]\n")
    #expect(try await analyze("project").code == 8)
    #expect(try await analyze("project", "--fail-on", "cycles").code == 0)
  }

  @Test(
    "a condition that cannot be understood exits with 2 before anything is read",
    arguments: ["complexty>3", "complexity", "todo<1", ",", "duplicates>x%", "severity=loud"])
  func wrongCondition(rule: String) async throws {
    let isRight = rule == "complexity"
    let run = try await analyze(isRight ? "project" : "missing", "--fail-on", rule)
    #expect(run.code == (isRight ? 0 : 2))
    if !isRight { #expect(run.output.isEmpty && run.error.contains("--fail-on")) }
    if rule == "complexty>3" { #expect(run.error.contains("did you mean \"complexity\"?")) }
  }

  // MARK: The page

  @Test("--html writes one whole page")
  func page() async throws {
    let run = try await analyze("project", "--html", "report.html")
    let page = try #require(folder.read("report.html"))
    #expect(run.code == 0 && page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
    #expect(
      page.contains("app.py") && folder.names() == ["project", "report.html"] || folder.names().count <= 4)
    #expect(!folder.names().contains { $0.hasSuffix(".tmp") })
  }

  @Test(
    "a page that cannot be written is refused before the work begins",
    arguments: ["-", "project", "missing/report.html", "project/app.py/report.html", "/dev/null", "gone/"])
  func wrongPage(target: String) async throws {
    let run = try await analyze("no-such-project", "--html", target)
    #expect(run.code == 2 && run.output.isEmpty)
    #expect(run.error.contains("the page cannot be written") && run.error.contains("  try: "))
    #expect(folder.read("project/app.py")?.hasPrefix("import util") == true)
  }

  // MARK: Bad input

  @Test("a path that does not exist is told with its name", arguments: [false, true])
  func missing(asJSON: Bool) async throws {
    let run = try await MemfunBinary.run(["analyze", "nowhere"] + (asJSON ? ["--json"] : []), in: folder)
    #expect(run.code == 2)
    if asJSON {
      let error = try run.json()["error"]
      #expect(error?["location"]?.stringValue?.contains("nowhere") == true && run.error.isEmpty)
    } else {
      #expect(run.output.isEmpty && run.error.contains("nowhere") && run.error.contains("  try: "))
    }
  }

  @Test("what is neither a folder nor a regular file is refused")
  func device() async throws {
    #expect(try await analyze("/dev/null").code == 2)
  }

  @Test("a folder that may not be read is told with the reason")
  func unreadable() async throws {
    chmod(folder.path + "/project", 0)
    // Root may read everything, unless it gives up the capabilities for that.
    let prefix = geteuid() == 0 ? "setpriv --bounding-set=-dac_override,-dac_read_search -- " : ""
    let run = try await MemfunBinary.shell(prefix + "\"$MEMFUN\" analyze project", in: folder)
    chmod(folder.path + "/project", 0o755)
    #expect(run.code == 2 && run.error.contains("ermission denied"))
  }

  @Test(
    "unusable limits are usage errors",
    arguments: [
      ["--max-file-bytes", "many"], ["--max-file-bytes", "0"], ["--churn-days", "-1"], ["--max-time", "0"],
      ["--max-tokens", "none"], ["--max-cost", "-1"], ["--html", ""], ["a", "b"],
    ])
  func wrongOptions(arguments: [String]) async throws {
    let run = try await MemfunBinary.run(["analyze"] + arguments, in: folder)
    #expect(run.code == 2 && run.output.isEmpty && run.error.contains("memfun: error:"))
  }

  // MARK: Limits and interruptions

  /// A ctags that never answers, so that an analysis hangs until it is stopped.
  private func hangingTool() throws -> String {
    try folder.write("ctags", "#!/bin/sh\n: > '\(folder.path)/started'\nexec sleep 60\n")
    chmod(folder.path + "/ctags", 0o755)
    return "tools.ctags=\(folder.path)/ctags"
  }

  @Test("--max-time ends the whole command with 124, and leaves nothing half-written")
  func timeLimit() async throws {
    let tool = try hangingTool()
    let run = try await analyze("project", "-c", tool, "--max-time", "200ms", "--html", "report.html")
    #expect(run.code == 124 && run.output.isEmpty && run.error.contains("time limit"))
    #expect(folder.read("report.html") == nil)
  }

  @Test("SIGINT ends it with 130, and leaves nothing half-written")
  func interrupt() async throws {
    let tool = try hangingTool()
    // Job control keeps the shell from ignoring SIGINT on behalf of its background job.
    let run = try await MemfunBinary.shell(
      """
      set -m
      "$MEMFUN" analyze project -c '\(tool)' --html report.html --json & pid=$!
      until [ -e started ]; do sleep 0.01; done
      kill -INT $pid; wait $pid; echo "code $?"
      """, in: folder)
    #expect(run.output.contains("code 130"))
    #expect(run.output.contains("\"kind\":\"interrupted\""))
    #expect(folder.read("report.html") == nil)
  }

  private func confirm(code: Int32, _ command: String) async throws {
    #expect(try await MemfunBinary.shell(command, in: folder).code == code)
  }
}
