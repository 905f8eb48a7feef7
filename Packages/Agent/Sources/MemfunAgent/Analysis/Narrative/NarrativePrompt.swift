import MemfunCore
import MemfunModels

/// What a model is asked about a report.
///
/// The instructions come first and never change, so that providers can keep them; the facts are the
/// Markdown report without its account of how it was made, with as many rows as fit the model.
struct NarrativePrompt {
  /// Room for the reply, in tokens.
  static let outputTokens = 2000
  /// What is assumed of a model that does not say how much it can read.
  static let assumedContextLength = 8192

  /// The request.
  ///
  /// - Parameters:
  ///   - contextLength: tokens that prompt and reply may have together; nil when unknown.
  /// - Throws: `NarrativeError.contextTooSmall` when not even the shortest facts fit.
  static func request(
    for report: AnalysisReport, contextLength: Int?, model: String
  ) throws(NarrativeError) -> ModelRequest {
    let context = contextLength ?? assumedContextLength
    let output = min(outputTokens, context / 4)
    for rows in [40, 25, 15, 8, 4, 2] {
      let request = ModelRequest(
        messages: [.system(instructions), .user(facts(of: report, rows: rows))], temperature: 0.2,
        maximumOutputTokens: output, responseSchema: ResponseSchema(name: "claims", schema: schema),
        allowsCoalescing: true)
      if TokenEstimator(of: request).high + output <= context { return request }
    }
    throw .contextTooSmall(model: model, contextLength: context)
  }

  static var instructions: String { String(decoding: PackageResources.narrative_md, as: UTF8.self) }

  static func facts(of report: AnalysisReport, rows: Int) -> String {
    MarkdownReport.facts(AnalysisDocument(report: report), rows: rows)
  }

  /// Providers that enforce schemas want every member required and no other allowed.
  static let schema: JSONValue = [
    "type": "object", "required": ["claims"], "additionalProperties": false,
    "properties": [
      "claims": [
        "type": "array",
        "items": [
          "type": "object", "required": ["text", "references"], "additionalProperties": false,
          "properties": [
            "text": ["type": "string"],
            "references": [
              "type": "array",
              "items": [
                "type": "object", "required": ["path", "line"], "additionalProperties": false,
                "properties": ["path": ["type": "string"], "line": ["type": "integer"]],
              ],
            ],
          ],
        ],
      ]
    ],
  ]

  /// The claims of a reply, or what is wrong with its form.
  static func claims(in reply: JSONValue) -> Result<[ProposedClaim], FormProblems> {
    guard let claims = reply["claims"]?.arrayValue else {
      return .failure(FormProblems(list: ["/claims: an array is missing"]))
    }
    var proposed: [ProposedClaim] = []
    var problems: [String] = []
    for (index, claim) in claims.enumerated() {
      guard let text = claim["text"]?.stringValue, let references = claim["references"]?.arrayValue else {
        problems.append("/claims/\(index): a string \"text\" and an array \"references\" are needed")
        continue
      }
      proposed.append(
        ProposedClaim(
          text: text,
          references: references.map { ($0["path"]?.stringValue ?? "", $0["line"]?.intValue ?? 0) }))
    }
    return problems.isEmpty ? .success(proposed) : .failure(FormProblems(list: problems))
  }

  /// What is wrong with the form of a reply, each with its place.
  struct FormProblems: Error {
    var list: [String]
  }
}

/// What a model says, before it is checked.
struct ProposedClaim: Sendable {
  var text: String
  var references: [(path: String, line: Int)]
}

/// Why there is no narrative, other than what a model call throws.
public enum NarrativeError: MemfunError, Equatable {
  /// The model cannot read even the shortest facts.
  case contextTooSmall(model: String, contextLength: Int)

  public var kind: String { "analyze.context_too_small" }
  public var what: String {
    switch self {
    case .contextTooSmall(let model, let length):
      "the context of \(model) (\(length) tokens) is too small for the facts of a report"
    }
  }
  public var remedy: String? { "choose a model with a larger context, or pass --no-model" }
  public var exitCode: ExitCode { .usage }
}
