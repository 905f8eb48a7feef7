import Glibc
import MemfunCore
import Testing

/// Reports on Fixtures/polyglot, compared to the byte with what was agreed on. After a deliberate change:
/// `tests/update-goldens`, then look at the difference before committing it.
@Suite(
  "Golden reports",
  .enabled(if: GoldenTools.areInstalled, "needs universal-ctags, ast-grep and git: script/bootstrap"))
struct AnalyzeGoldenTests {
  private static let isUpdate = getenv("MEMFUN_UPDATE_GOLDENS") != nil
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func copyFixture() async throws {
    let fixture = MemfunBinary.folder + "Fixtures/polyglot"
    let run = try await MemfunBinary.shell(
      "cp -r '\(fixture)' polyglot && mkdir polyglot/build && echo 'int ignored;' > polyglot/build/out.c",
      in: folder)
    #expect(run.code == 0, "\(run.error)")
  }

  private func analyze(_ arguments: [String]) async throws -> MemfunBinary.Run {
    try await MemfunBinary.run(
      ["analyze", "polyglot", "--no-cache"] + arguments, in: folder, environment: ["PATH": GoldenTools.path])
  }

  private func compare(_ text: String, to name: String) throws {
    let path = MemfunBinary.folder + "Fixtures/goldens/" + name
    if Self.isUpdate { return try AtomicFile.write(text, to: path) }
    let expected = String(decoding: try WholeFile.read(path), as: UTF8.self)
    let (ours, theirs) = (text.split(separator: "\n"), expected.split(separator: "\n"))
    let place = zip(ours, theirs).enumerated().first { $1.0 != $1.1 }
    #expect(
      text == expected,
      "\(name) differs at line \(place.map { "\($0.offset + 1): \($0.element.0) instead of \($0.element.1)" } ?? "\(min(ours.count, theirs.count) + 1)")"
    )
  }

  @Test("Markdown without history")
  func markdown() async throws {
    try await copyFixture()
    let run = try await analyze([])
    #expect(run.code == 0)
    try compare(run.output, to: "polyglot.md")
  }

  /// A repository whose commits have fixed authors, dates and contents, so that their ids are fixed too.
  private func makeHistory() async throws {
    let run = try await MemfunBinary.shell(
      """
      set -e
      cd polyglot
      export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
      git init -q -b main .
      commit() { # author, day
        git add -A
        GIT_AUTHOR_NAME=$1 GIT_AUTHOR_EMAIL=$1@example.org GIT_AUTHOR_DATE="2026-01-$2T12:00:00Z" \
          GIT_COMMITTER_DATE="2026-01-$2T12:00:00Z" git commit -q -m "Day $2"
      }
      commit Ada 01
      for day in 02 03 04 05; do echo "# day $day" >> python/shop/pricing.py; commit Ada $day; done
      for day in 06 07; do echo "// day $day" >> go/store/store.go; commit Grace $day; done
      echo "// day 08" >> c/src/list.c; commit Grace 08
      """, in: folder, environment: ["PATH": GoldenTools.path])
    #expect(run.code == 0, "\(run.error)")
  }

  @Test("Markdown with history")
  func markdownWithHistory() async throws {
    try await copyFixture()
    try await makeHistory()
    let run = try await analyze(["--churn-days", "0", "--fail-on", "complexity>15,cycles,duplicates>50%"])
    #expect(run.code == 8)
    try compare(run.output, to: "polyglot-history.md")
  }

  @Test("JSON with history")
  func json() async throws {
    try await copyFixture()
    try await makeHistory()
    let run = try await analyze(["--churn-days", "0", "--json"])
    var object = try #require(try run.json().objectValue)
    object["duration_ms"] = 0
    // The folder of the test is the only thing that differs from run to run.
    let text = JSONValue.object(object).prettyDescription.replacing(folder.path, with: "")
    try compare(text + "\n", to: "polyglot.json")
  }

  @Test("a second run reads nothing anew and reports the same")
  func warm() async throws {
    try await copyFixture()
    func report() async throws -> JSONValue {
      try await MemfunBinary.run(
        ["analyze", "polyglot", "--json"], in: folder, environment: ["PATH": GoldenTools.path]
      ).json()["result"] ?? .null
    }
    let (cold, warm) = (try await report(), try await report())
    #expect(warm["map"]?["cache"]?["misses"] == 0)
    #expect(cold["findings"] == warm["findings"] && cold["map"]?["symbols"] == warm["map"]?["symbols"])
  }
}

/// The programs that the golden reports were made with.
enum GoldenTools {
  /// What this checkout has installed for itself comes first.
  static let path: String = {
    let root = MemfunBinary.folder + "../../.tools/bin"
    return "\(root):/usr/local/bin:/usr/bin:/bin"
  }()

  static let areInstalled = ["ctags", "ast-grep", "git"].allSatisfy { name in
    path.split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
  }
}
