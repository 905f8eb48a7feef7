import MemfunCore

/// A model behind an HTTP server, whatever its dialect.
struct HTTPLanguageModel: LanguageModel {
  let dialect: any ProviderDialect
  let limiter: ConcurrencyLimiter
  let retry: RetryPolicy
  let random: any RandomSource
  let observer: (@Sendable (ModelIdentity, Restart) -> Void)?

  var identity: ModelIdentity { dialect.identity }

  func capabilities() async throws -> ModelCapabilities {
    try await dialect.asking(retry: retry, random: random) { try await dialect.capabilities() }
  }

  func stream(_ request: ModelRequest) -> ModelStream {
    let call = ModelCall(
      request, dialect: dialect, limiter: limiter, retry: retry, random: random, observer: observer)
    return ModelStream { try await call.next() }
  }
}

extension ProviderDialect {
  /// Performs a question about the server, repeated like a call, with failures as `ModelError`.
  func asking<Answer>(
    retry policy: RetryPolicy, random: any RandomSource, _ question: () async throws -> Answer
  ) async throws -> Answer {
    var retry = RetryStateMachine(policy: policy)
    while true {
      let failure: AttemptFailure
      do {
        return try await question()
      } catch let passing as AttemptFailure {
        failure = connection.redacted(passing) as? AttemptFailure ?? passing
      } catch let error as HTTPError where error.isRetryable {
        failure = AttemptFailure(cause: .transport(error), message: error.what)
      } catch {
        throw connection.redacted(error)
      }
      switch retry.attemptFailed(failure, random: random.unit()) {
      case .retry(let delay): try await connection.time.sleep(for: delay)
      case .giveUp(let reason):
        throw ModelError.gaveUp(
          attempts: retry.failures, waited: retry.waited, reason: reason, last: failure, url: identity.baseURL
        )
      }
    }
  }
}

extension ServerConnection {
  /// A document that servers of the same kind need not have; nil when this one does not.
  ///
  /// - Throws: what `document` throws, but for refusals of the address or of the question.
  func optionalDocument(_ path: String, version: String = "", body: JSONValue? = nil) async throws
    -> JSONValue?
  {
    do {
      return try await document(path, version: version, body: body)
    } catch ModelError.rejected, ModelError.foreignAnswer {
      return nil
    } catch let failure as AttemptFailure where failure.cause == .malformed || failure.cause == .status(501) {
      return nil
    }
  }
}
