import MemfunCore
import MemfunModels
import MemfunTools
import Testing

@testable import MemfunAgent

@Suite("Claims of a model")
struct ClaimVerifierTests {
  private let verifier = ClaimVerifier(map: SampleMap.make())

  private func isKept(_ text: String, _ references: [(String, Int)] = [("app/cart.py", 10)]) -> Bool {
    if case .kept = verifier.verify(ProposedClaim(text: text, references: references.map { ($0.0, $0.1) })) {
      true
    } else {
      false
    }
  }

  @Test("are kept when every file and line exists")
  func kept() {
    #expect(
      verifier.verify(
        ProposedClaim(text: " The `Cart.total`\n method  is hot. ", references: [("./app/cart.py", 10)]))
        == .kept(.init(text: "The `Cart.total` method is hot.", places: [Place("app/cart.py", line: 10)])))
  }

  @Test(
    "are removed when a reference does not exist",
    arguments: [
      ("app/none.py", 1), ("app/cart.py", 421), ("app/cart.py", 0), ("app/cart.py", -3), ("", 1),
      ("/etc/passwd", 1), ("../shop/app/cart.py", 1),
    ])
  func removed(path: String, line: Int) {
    #expect(!isKept("Hot.", [("app/cart.py", 10), (path, line)]))
  }

  @Test("show what they quote as names")
  func sentence() {
    #expect(
      Narrative.Claim(text: "`a` calls `b`.", places: []).sentence
        == Sentence([.name("a"), .words(" calls "), .name("b"), .words(".")]))
    #expect(Narrative.Claim(text: "one ` alone", places: []).sentence == "one ` alone")
  }

  @Test("are removed without any reference or any text")
  func bare() {
    #expect(!isKept("Hot.", []))
    #expect(!isKept(" \n "))
  }

  @Test(
    "may quote what the map knows",
    arguments: [
      "`Cart`", "`total`", "`Cart.total()`", "`place(self)`", "`app/order.py`", "`order.py`", "`app/`",
      "`TODO`",
      "`Cart::total`", "`app/cart.py:10`", "`app/cart.py:10-20`", "`Python`", "`42`", "`a + b`",
      "one ` alone",
    ])
  func quotesKnown(text: String) {
    #expect(isKept("See \(text)."))
  }

  @Test(
    "may not quote what the map does not know, nor name a place in passing that is none",
    arguments: [
      "`Basket`", "`checkout()`", "`Cart.refund`", "`app/cart.py:9999`", "(app/cart.py:9999)",
      "app/gone.py:3,",
    ])
  func quotesUnknown(text: String) {
    #expect(!isKept("See \(text)."))
  }
}

@Suite("Narrative of a model")
struct AnalysisNarrativeTests {
  private let report = AnalysisReport(of: SampleMap.make())

  private func claims(_ list: [(String, String, Int)]) -> String {
    let claims = list.map { text, path, line -> JSONValue in
      ["text": .string(text), "references": [["path": .string(path), "line": .int(line)]]]
    }
    return JSONValue.object([("claims", .array(claims))]).description
  }

  @Test("keeps verified claims, counts the removed ones, and says what it used")
  func counted() async throws {
    let model = ScriptedModel([
      .text(claims([("Good.", "app/cart.py", 10), ("Bad.", "app/none.py", 1), ("Fine.", "web/main.ts", 2)]))
    ])
    let result = try await AnalysisNarrative.write(for: report, by: model)
    #expect(result.narrative.claims.map(\.text) == ["Good.", "Fine."])
    #expect(result.narrative.removed == 1)
    #expect(result.narrative.removalReasons == ["there is no file app/none.py"])
    #expect(result.usage.output > 0)
    #expect(result.narrative.usage.outputTokens == result.usage.output)
  }

  @Test("asks once more when the reply has not the wanted form, and then gives up with the reason")
  func repair() async throws {
    let model = ScriptedModel([.text("I think…"), .text(claims([("Good.", "app/cart.py", 10)]))])
    #expect(try await AnalysisNarrative.write(for: report, by: model).narrative.claims.count == 1)
    let stubborn = ScriptedModel([.text("no"), .text("{\"claims\": [{\"text\": 3}]}")])
    await #expect(throws: ModelError.self) { try await AnalysisNarrative.write(for: report, by: stubborn) }
  }

  @Test("begins every prompt with the same words, and gives facts with places")
  func stablePrefix() async throws {
    let model = ScriptedModel([.text(claims([])), .text(claims([]))])
    _ = try await AnalysisNarrative.write(for: report, by: model)
    _ = try await AnalysisNarrative.write(for: AnalysisReport(of: SampleMap.make(history: false)), by: model)
    let requests = model.requests
    #expect(requests[0].messages[0] == requests[1].messages[0])
    #expect(requests[0].messages[1].text.contains("`app/cart.py:10`"))
    #expect(!requests[0].messages[1].text.contains("How this was computed"))
    #expect(requests[0].responseSchema?.name == "claims")
  }

  @Test("fits the facts into the model's context", arguments: [3000, 8192, 200_000])
  func context(length: Int) throws {
    let map = LargeMap.make(files: 600)
    let request = try NarrativePrompt.request(for: AnalysisReport(of: map), contextLength: length, model: "m")
    #expect(TokenEstimator(of: request).high + (request.maximumOutputTokens ?? 0) <= length)
  }

  @Test("says so when a model cannot even read the shortest facts")
  func tooSmall() {
    #expect(throws: NarrativeError.contextTooSmall(model: "m", contextLength: 500)) {
      try NarrativePrompt.request(for: report, contextLength: 500, model: "m")
    }
  }
}
