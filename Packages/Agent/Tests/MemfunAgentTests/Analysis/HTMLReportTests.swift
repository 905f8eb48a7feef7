import MemfunCore
import MemfunTools
import Testing

@testable import MemfunAgent

@Suite("HTML report")
struct HTMLReportTests {
  private func page(_ map: CodeMap, failOn: String = "cycles,todo>9") throws -> String {
    let document = AnalysisDocument(
      report: AnalysisReport(of: map), conditions: try FailCondition.parse(failOn),
      narrative: .written(
        Narrative(
          claims: [.init(text: "The cart <knows> too much.", places: [Place("app/cart.py", line: 10)])],
          removed: 2,
          removalReasons: [], model: "m", usage: NarrativeUsage())))
    return String(decoding: try HTMLReport.render(document), as: UTF8.self)
  }

  /// The block of facts within a page.
  private func data(of page: String) throws -> JSONValue {
    let start = try #require(page.range(of: "<script id=\"data\" type=\"application/json\">"))
    let rest = page[start.upperBound...]
    let end = try #require(rest.range(of: "</script>"))
    return try JSONParser.parse(String(rest[..<end.lowerBound]))
  }

  @Test("loads nothing from anywhere, and says so in its policy")
  func selfContained() throws {
    let page = try page(SampleMap.make())
    #expect(page.contains("default-src 'none'"))
    // A namespace is a name, and url(#…) is a place within the page.
    let rest = page.replacing("http://www.w3.org/2000/svg", with: "").replacing("url(#", with: "")
    for reference in ["http://", "https://", "//cdn", "@import", "url(", " src="] {
      let isThere = rest.contains(reference)
      #expect(!isThere, "\(reference)")
    }
    #expect(!page.contains("{{"))
  }

  @Test("names its script by the hash of exactly its text")
  func scriptHash() throws {
    let page = try page(SampleMap.make())
    let start = try #require(page.range(of: "<script>"))
    let end = try #require(page[start.upperBound...].range(of: "</script>"))
    let script = Array(page[start.upperBound..<end.lowerBound].utf8)
    #expect(page.contains("script-src 'sha256-\(SHA256.base64(SHA256.digest(of: script)))'"))
  }

  @Test("no text of the analysed code can become markup or end the block of facts")
  func escaping() throws {
    var map = SampleMap.make()
    map.markers[0].text = "</script><script>alert(1)</script><!-- {{script}}"
    map.files[1].path = "app/<img src=x onerror=alert(1)>.py"
    let page = try page(map)
    #expect(page.components(separatedBy: "<script").count == 3)
    #expect(!page.contains("<img"))
    let data = try data(of: page)
    #expect(data["markers"]?[0]?[3] == "</script><script>alert(1)</script><!-- {{script}}")
    #expect(data["files"]?["path"]?[1] == "app/<img src=x onerror=alert(1)>.py")
  }

  @Test("carries the facts of the report as columns")
  func facts() throws {
    let data = try data(of: try page(SampleMap.make()))
    #expect(data["files"]?["path"]?.arrayValue?.count == 8)
    #expect(data["files"]?["hot"]?[1] == 1000)
    #expect(data["functions"]?["name"]?[0] == "Cart.total")
    #expect(data["deps"]?.description == "[1,2,1,3,2,1,2,3,4,1,7,6]")
    #expect(data["cycles"]?[0]?.description == "[[1,2],[[1,2,2],[2,1,4]]]")
    #expect(data["violations"]?.arrayValue?.count == 1)
    #expect(data["narrative"]?["removed"] == 2)
    #expect(data["totals"]?["findings"] == .int(AnalysisReport(of: SampleMap.make()).findings.count))
  }

  @Test("equal documents give equal bytes")
  func deterministic() throws {
    #expect(try page(SampleMap.make()) == page(SampleMap.make()))
  }

  @Test(
    "SHA-256 agrees with the examples of FIPS 180-4",
    arguments: [
      ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
      ("abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE="
      ),
    ])
  func sha256(text: String, expected: String) {
    #expect(SHA256.base64(SHA256.digest(of: Array(text.utf8))) == expected)
  }
}

/// The page in a browser without a window: what it draws, and that it complains of nothing.
@Suite(
  "HTML report in Chromium", .enabled(if: Chromium.path != nil, "needs chromium: apt-get install chromium"))
struct HTMLReportBrowserTests {
  private static let views = [
    ("", "What stands out"), ("#/treemap", "Treemap of"), ("#/treemap/app", "aria-current=\"page\">app"),
    ("#/graph", "leads back: part of a cycle"), ("#/files", "1–8 of 8"), ("#/functions", "Cart.total"),
    ("#/findings", "untested-hot-spots"), ("#/duplicates", "app/cart.py:300-340"),
    ("#/markers", "round *half* up"), ("#/about", "Not analysed"), ("#/file/app/cart.py", "Imported by"),
    ("#/file/no%zz", "No such file"), ("#/nonsense", "What stands out"),
  ]

  @Test("shows every view that an address can name, without a complaint", arguments: views)
  func view(address: String, expected: String) async throws {
    let dom = try await Chromium.open(SampleMap.make(), at: address)
    #expect(dom.text.contains(expected))
    #expect(dom.complaints.isEmpty, "\(dom.complaints)")
  }

  @Test("shows a map of 5,000 files a hundred rows at a time")
  func large() async throws {
    let dom = try await Chromium.open(LargeMap.make(files: 5000), at: "#/files")
    #expect(dom.text.contains("1–100 of 5,000"))
    #expect(dom.text.components(separatedBy: "<tr>").count == 102)
    #expect(dom.text.contains("aria-sort=\"descending\""))
    #expect(dom.complaints.isEmpty, "\(dom.complaints)")
  }

  @Test("shows an empty folder and one without history", arguments: [true, false])
  func little(isEmpty: Bool) async throws {
    let map = isEmpty ? CodeMap(root: "/tmp/empty") : SampleMap.make(history: false)
    for address in ["", "#/treemap", "#/graph", "#/files"] {
      let dom = try await Chromium.open(map, at: address)
      #expect(dom.complaints.isEmpty, "\(address): \(dom.complaints)")
      if address.isEmpty { #expect(dom.text.contains(isEmpty ? "nothing to analyse" : "Most complex files")) }
    }
  }
}

extension String {
  fileprivate func components(separatedBy separator: String) -> [Substring] {
    split(separator: separator, omittingEmptySubsequences: false)
  }
  fileprivate func range(of text: String) -> Range<String.Index>? { firstRange(of: text) }
}
extension Substring {
  fileprivate func range(of text: String) -> Range<String.Index>? { firstRange(of: text) }
}
