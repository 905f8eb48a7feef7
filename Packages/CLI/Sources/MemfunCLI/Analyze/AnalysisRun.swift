import MemfunAgent
import MemfunCore
import MemfunModels
import MemfunTools

/// One run of `memfun analyze`: map, report, narrative, page.
struct AnalysisRun: Sendable {
  let settings: AnalysisSettings
  let context: CommandContext

  /// Does the work.
  ///
  /// - Throws: when there is no report. A failed model, a broken condition and a page that could not be
  ///   written are in the outcome's `failure`, beside the report.
  func outcome() async throws -> CommandOutcome {
    let start = context.time.monotonic()
    let limit = settings.limits.time
    let map = try await within(limit, orThrow: AnalyzeFailure.timeLimit(limit ?? .zero)) {
      let console = context.console
      return try await CodeMapBuilder(options: settings.mapOptions, time: context.time)
        .build(settings.path) { console.progress($0.line) }
    }
    context.console.progress("computing the report")
    let report = try await onOwnThread { AnalysisReport(of: map) }
    let narration = try await narrate(report, start: start)
    let document = AnalysisDocument(
      report: report, conditions: settings.conditions, narrative: narration.outcome)
    try Task.checkCancellation()
    if let file = settings.htmlFile {
      context.console.progress("writing \(file.path)")
      try await onOwnThread { try file.write(document) }
    }
    // What was asked for in --fail-on is the verdict; a model that failed is reported after it.
    let violations = document.violations.map { violation in
      "\(violation.condition): \(violation.message.plainText)"
    }
    let failure: (any MemfunError)? =
      violations.isEmpty ? narration.failure : AnalyzeFailure.violations(violations)
    return CommandOutcome(
      streamed: { try JSONReport.write(document, to: &$0) }, failure: failure, spending: narration.spending
    ) { layout in
      StyledText(markdown: MarkdownReport.render(document, width: layout.isTerminal ? layout.width : 80))
    }
  }

  /// How the narrative came out, for the report and for the exit code.
  struct Narration: Sendable {
    var outcome: NarrativeOutcome
    var failure: (any MemfunError)?
    var spending: CommandOutcome.Spending?
  }

  /// Asks the configured model. Its failure is part of the result: the report stands without it.
  private func narrate(_ report: AnalysisReport, start: Duration) async throws -> Narration {
    let access = try ModelAccess(context, configuration: settings.configuration)
    guard !access.isOffline else { return Narration(outcome: .offline) }
    guard settings.asksModel, !report.map.files.isEmpty else { return Narration(outcome: .declined) }
    context.console.progress("asking the model")
    let prices = settings.prices
    let limits = settings.limits
    let remaining = limits.time.map { max(.zero, $0 - (context.time.monotonic() - start)) }
    let account = BudgetAccount(
      Budget(maximumTokens: limits.tokens, maximumCost: limits.cost, maximumTime: remaining), prices: prices,
      time: context.time)
    let ledger = UsageLedger(prices: prices, time: context.time)
    let transport = access.transport()
    do {
      // The server is asked for its models and its context length before the budget counts; the time
      // limit holds for these questions too.
      var narrative = try await within(remaining, orThrow: BudgetExceeded.time(limit: limits.time ?? .zero)) {
        let provider = try await access.provider(transport)
        let model = BudgetedModel(MeteredModel(provider.model, ledger: ledger), account: account)
        return try await AnalysisNarrative.write(for: report, by: model).narrative
      }
      narrative.usage.costUSD = ledger.cost.money?.inDollars
      return Narration(outcome: .written(narrative), spending: spending(ledger))
    } catch let error as CancellationError {
      throw error
    } catch let error as any MemfunError {
      let name = settings.configuration[ConfigurationKeys.modelName]
      let model = settings.configuration[ConfigurationKeys.modelProvider] + (name.isEmpty ? "" : "/" + name)
      return Narration(
        outcome: .failed(model: model, message: error.what), failure: error, spending: spending(ledger))
    }
  }

  /// What was used so far. The cost of a model without a known price is not known, not even when nothing
  /// came back: a server may charge for a request that was given up.
  private func spending(_ ledger: UsageLedger) -> CommandOutcome.Spending? {
    guard let first = ledger.models.first else { return nil }
    let isPriced = ledger.models.allSatisfy {
      settings.prices.price(of: $0.identity, at: context.time.now()) != nil
    }
    return CommandOutcome.Spending(
      model: first.identity.description, usage: ledger.usage.json,
      costUSD: isPriced ? ledger.cost.money?.inDollars : nil)
  }

  // MARK: Time and threads

  /// Runs `work` within a time limit; when it is over, the work is cancelled.
  private func within<Value: Sendable>(
    _ limit: Duration?, orThrow failure: any MemfunError,
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    guard let limit else { return try await work() }
    let time = context.time
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await time.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let value = first else { throw failure }
      return value
    }
  }

  /// Runs long or blocking work without holding a thread of the cooperative pool.
  private func onOwnThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      do {
        try DedicatedThread.start("memfun-report", stackBytes: 8 << 20) {
          continuation.resume(with: Result(catching: work))
        }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}

extension CodeMapProgress {
  /// One line for the terminal.
  fileprivate var line: String {
    switch phase {
    case .walking: "looking for files"
    case .reading: total > 0 ? "reading files: \(done) of \(total)" : "reading files"
    case .linking: "linking imports, tests and duplicates"
    case .history: "reading the history"
    }
  }
}

extension StyledText {
  /// Markdown as it is, its headings styled.
  fileprivate init(markdown: String) {
    self.init()
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      self.line(String(line), line.hasPrefix("#") ? .heading : .plain)
    }
  }
}

extension Money {
  /// For reports; sums are kept in `Money`.
  fileprivate var inDollars: Double { Double(picodollars) / 1e12 }
}
