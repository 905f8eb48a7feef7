/// What a model said about a report, after its references were checked against the map.
public struct Narrative: Sendable, Equatable {
  /// The claims that survived, in the model's order.
  public var claims: [Claim]
  /// How many claims were removed because a reference does not exist.
  public var removed: Int
  /// Why the first few of them were removed.
  public var removalReasons: [String]
  /// The model's id as configured.
  public var model: String
  /// What it used and cost.
  public var usage: NarrativeUsage

  /// One claim and the places on which it rests (at least one).
  public struct Claim: Sendable, Equatable {
    /// The model's sentence or two, as plain text.
    public var text: String
    /// Where to look; each exists in the map.
    public var places: [Place]

    /// The text with what it quotes in backticks as names.
    public var sentence: Sentence {
      let parts = text.split(separator: "`", omittingEmptySubsequences: false)
      // A backtick without a partner is a character like any other.
      guard parts.count % 2 == 1 else { return Sentence([.words(text)]) }
      return Sentence(
        parts.enumerated().filter { !$1.isEmpty }.map { place, part in
          place % 2 == 1 ? .name(String(part)) : .words(String(part))
        })
    }

    /// - Parameters:
    ///   - text: plain text.
    ///   - places: checked against the map.
    public init(text: String, places: [Place]) {
      self.text = text
      self.places = places
    }
  }
}

/// Tokens and money of one narrative.
public struct NarrativeUsage: Sendable, Equatable {
  /// Tokens sent and received; nil when the provider did not say.
  public var inputTokens: Int?, outputTokens: Int?
  /// In US dollars; nil when the price of the model is unknown.
  public var costUSD: Double?

  /// Nothing known, unless given.
  public init(inputTokens: Int? = nil, outputTokens: Int? = nil, costUSD: Double? = nil) {
    self.inputTokens = inputTokens
    self.outputTokens = outputTokens
    self.costUSD = costUSD
  }
}

/// How the narrative of a report came out.
public enum NarrativeOutcome: Sendable, Equatable {
  /// No model is configured: everything was computed on this machine.
  case offline
  /// A model is configured but was not to be asked.
  case declined
  /// The model answered.
  case written(Narrative)
  /// The model was asked and did not give a usable answer; the rest of the report stands.
  case failed(model: String, message: String)
}

/// Everything that a renderer needs: the report, what was demanded of it, and the narrative.
public struct AnalysisDocument: Sendable {
  /// The report.
  public var report: AnalysisReport
  /// The conditions of `--fail-on` and `analyze.fail_on`, in order.
  public var conditions: [FailCondition]
  /// Those of them that the report breaks.
  public var violations: [Violation]
  /// How the narrative came out.
  public var narrative: NarrativeOutcome

  /// - Parameters:
  ///   - report: to be shown.
  ///   - conditions: evaluated here.
  ///   - narrative: how the narrative came out.
  public init(
    report: AnalysisReport, conditions: [FailCondition] = [], narrative: NarrativeOutcome = .offline
  ) {
    self.report = report
    self.conditions = conditions
    self.narrative = narrative
    violations = report.violations(of: conditions)
  }
}
