import MemfunCore
import MemfunModels

/// Asks a model for what the facts of a report mean, and keeps of the answer what can be looked up.
public enum AnalysisNarrative {
  /// A narrative and the tokens it took, failed attempts included.
  public struct Result: Sendable {
    /// What was kept.
    public var narrative: Narrative
    /// The tokens of all replies.
    public var usage: Usage
  }

  /// One call of the model (two, when the first reply has not the wanted form).
  ///
  /// - Parameters:
  ///   - report: the facts.
  ///   - model: within its budget, if there is one.
  /// - Throws: `NarrativeError`, and what a call throws: `ModelError`, `HTTPError`, `BudgetExceeded`,
  ///   `CancellationError`.
  public static func write(for report: AnalysisReport, by model: any LanguageModel) async throws -> Result {
    let request = try NarrativePrompt.request(
      for: report, contextLength: try await model.capabilities().contextLength,
      model: model.identity.description)
    let reply = try await model.structured(request) { value in
      if case .failure(let problems) = NarrativePrompt.claims(in: value) { problems.list } else { [] }
    }
    let proposed = try NarrativePrompt.claims(in: .object(reply.object)).get()
    var narrative = Narrative(
      claims: [], removed: 0, removalReasons: [], model: model.identity.description,
      usage: NarrativeUsage(inputTokens: reply.totalUsage.input, outputTokens: reply.totalUsage.output))
    let verifier = ClaimVerifier(map: report.map)
    for claim in proposed {
      switch verifier.verify(claim) {
      case .kept(let claim): narrative.claims.append(claim)
      case .removed(let reason):
        narrative.removed += 1
        if narrative.removalReasons.count < 5 { narrative.removalReasons.append(reason) }
      }
    }
    return Result(narrative: narrative, usage: reply.totalUsage)
  }
}
