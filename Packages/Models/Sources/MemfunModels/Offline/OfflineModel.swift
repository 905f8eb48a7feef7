import MemfunCore

/// No model at all. Every call fails with an error that says how to configure one, so that no output
/// can be mistaken for a model's.
public struct OfflineModel: LanguageModel {
  public let identity = ModelIdentity(provider: "offline", model: "none")

  /// There is nothing to configure.
  public init() {}

  /// Nothing is promised.
  public func capabilities() async throws -> ModelCapabilities {
    ModelCapabilities(supportsTools: false, supportsSchema: false, streams: false)
  }

  /// A stream that fails with `ModelError.offline`.
  public func stream(_ request: ModelRequest) -> ModelStream { ModelStream(failure: ModelError.offline) }
}
