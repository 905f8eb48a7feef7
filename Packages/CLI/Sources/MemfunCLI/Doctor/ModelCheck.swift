import MemfunCore
import MemfunModels

/// Asks the configured model for one word, and its server for the real context length.
struct ModelCheck {
  /// For each question. Longer than a busy server needs for a few tokens, shorter than a person waits.
  static let patience = Duration.seconds(20)

  let context: CommandContext
  /// Whether a request may be sent.
  let isAsked: Bool

  func finding() async -> DoctorFinding {
    do {
      // The check of the configuration reports what is wrong with it.
      guard case .success = context.loaded.configuration else {
        return .warning(
          "model", "not asked: the configuration is not valid", remedy: "mend the configuration first")
      }
      let access = try ModelAccess(context)
      if access.isOffline { return .ok("model", "none is configured: analyses are made without one") }
      guard isAsked else {
        return .warning("model", "not asked (--no-model)", remedy: "run 'memfun models test'")
      }
      let report = try await access.provider(access.transport(), patience: Self.patience).probe()
      guard case .object(let facts) = ModelsCommand.json(report) else { return .ok("model", "answers") }
      return .ok(
        "model",
        "\(report.identity) answers within \(report.latency.wholeMilliseconds) ms; context: "
          + ModelsCommand.contextText(report.capabilities), facts: facts)
    } catch let error as any MemfunError {
      return .failed(
        "model", (error.location.map { $0 + ": " } ?? "") + error.what,
        remedy: error.remedy ?? "run 'memfun models test -v'", facts: ["kind": .string(error.kind)])
    } catch {
      return .failed("model", "not asked: \(error)", remedy: "run 'memfun models test -v'")
    }
  }
}
