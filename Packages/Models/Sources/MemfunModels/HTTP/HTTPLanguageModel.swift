import MemfunCore

/// A model behind an HTTP server, whatever its dialect.
struct HTTPLanguageModel: LanguageModel {
  let dialect: any ProviderDialect
  let limiter: ConcurrencyLimiter
  let retry: RetryPolicy
  let random: any RandomSource
  let observer: (@Sendable (ModelIdentity, Restart) -> Void)?

  var identity: ModelIdentity { dialect.identity }

  func capabilities() async throws -> ModelCapabilities { try await dialect.capabilities() }

  func stream(_ request: ModelRequest) -> ModelStream {
    let call = ModelCall(
      request, dialect: dialect, limiter: limiter, retry: retry, random: random, observer: observer)
    return ModelStream { try await call.next() }
  }
}
