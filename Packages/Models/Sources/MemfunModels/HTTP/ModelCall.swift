import MemfunCore

/// One call of a model over HTTP, with its repeated attempts: a driver that only performs what the
/// retry, limit and decoder state machines decide.
actor ModelCall {
  private struct Attempt {
    var prepared: PreparedRequest
    var decoder: any ReplyDecoder
    var pieces: HTTPBody.AsyncIterator
    let permit: ConcurrencyLimiter.Permit
    let firstByte: Duration
  }

  private let request: ModelRequest
  private let dialect: any ProviderDialect
  private let limiter: ConcurrencyLimiter
  private let random: any RandomSource
  private let observer: (@Sendable (ModelIdentity, Restart) -> Void)?

  private var retry: RetryStateMachine
  private var attempt: Attempt?
  private var queue: ArraySlice<ModelChunk> = []
  private var hasDelivered = false
  private var delay: Duration?
  private var failure: (any Error)?
  private var isOver = false
  private var adaptations = 0

  init(
    _ request: ModelRequest, dialect: any ProviderDialect, limiter: ConcurrencyLimiter, retry: RetryPolicy,
    random: any RandomSource, observer: (@Sendable (ModelIdentity, Restart) -> Void)?
  ) {
    self.request = request
    self.dialect = dialect
    self.limiter = limiter
    self.random = random
    self.observer = observer
    self.retry = RetryStateMachine(policy: retry)
  }

  func next() async throws -> ModelChunk? {
    while true {
      if let chunk = queue.popFirst() {
        if case .restarted = chunk {} else { hasDelivered = true }
        return chunk
      }
      if let failure {
        self.failure = nil
        throw failure
      }
      if isOver { return nil }
      do {
        try Task.checkCancellation()
        if let delay {
          self.delay = nil
          try await dialect.connection.time.sleep(for: delay)
        }
        if attempt == nil { try await begin() } else { try await read() }
      } catch let failure as AttemptFailure {
        handle(dialect.connection.redacted(failure) as? AttemptFailure ?? failure)
      } catch let error as HTTPError where error.isRetryable {
        handle(AttemptFailure(cause: .transport(error), message: error.what))
      } catch {
        end(with: dialect.connection.redacted(error))
      }
    }
  }

  // MARK: Attempts

  private func begin() async throws {
    let prepared: PreparedRequest
    do { prepared = try await dialect.prepare(request) } catch { throw await suggesting(error) }
    let permit = try await limiter.acquire()
    let time = dialect.connection.time
    let start = time.monotonic()
    let response: HTTPResponse
    do {
      response = try await dialect.connection.transport.send(prepared.http)
    } catch {
      permit.finish(.neutral)
      throw error
    }
    guard (200..<300).contains(response.status) else {
      let error = try await dialect.connection.error(of: response)
      let meaning = error.meaning(model: dialect.identity.model, url: prepared.context.url)
      permit.finish((meaning as? AttemptFailure)?.isThrottle == true ? .throttled : .neutral)
      // Each adaptation is another option given up; more than eight cannot be.
      if adaptations < 8, !(meaning is AttemptFailure), dialect.adapt(to: error, of: prepared) {
        adaptations += 1
        return
      }
      throw await suggesting(meaning)
    }
    var context = prepared.context
    context.requestID = response.fields["request-id"] ?? response.fields["x-request-id"]
    attempt = Attempt(
      prepared: prepared, decoder: dialect.decoder(context), pieces: response.body.makeAsyncIterator(),
      permit: permit, firstByte: time.monotonic() - start)
  }

  private func read() async throws {
    guard let current = attempt else { return }
    // The iterator is copied out, because a property of the actor must not be changed across an await;
    // copies share one exchange.
    var pieces = current.pieces
    let piece: [UInt8]?
    do {
      piece = try await pieces.next(isolation: self)
    } catch let error as HTTPError where attempt?.decoder.isComplete == true && error.isRetryable {
      // The model had said all and why it stopped; only the end of the transfer is missing.
      piece = nil
    }
    if let piece {
      queue += (try attempt?.decoder.feed(piece) ?? []).map(numbered)
      return
    }
    let chunks = (try attempt?.decoder.finish() ?? []).map(numbered)
    for case .usage(let usage) in chunks.reversed() {
      try await check(usage, of: current.prepared)
      break
    }
    queue += chunks
    current.permit.finish(.answered(firstByte: current.firstByte))
    attempt = nil
    isOver = true
  }

  private func check(_ usage: Usage, of prepared: PreparedRequest) async throws {
    do {
      try await dialect.check(usage, of: prepared)
    } catch let error as ModelError {
      // The tokens were spent, although the reply is worthless.
      queue.append(.usage(usage))
      throw error
    }
  }

  // MARK: Ends

  private func handle(_ failure: AttemptFailure) {
    attempt?.permit.finish(failure.isThrottle ? .throttled : .neutral)
    let usage = attempt?.decoder.usage
    attempt = nil
    let attemptNumber = retry.attempt
    let action = retry.attemptFailed(failure, random: random.unit())
    if let usage { queue.append(.usage(usage)) }
    switch action {
    case .retry(let delay):
      let restart = Restart(
        attempt: attemptNumber, reason: failure.summary, label: failure.label, delay: delay)
      if hasDelivered || usage != nil { queue.append(.restarted(restart)) }
      observer?(dialect.identity, restart)
      self.delay = delay
      hasDelivered = false
    case .giveUp(let reason):
      self.failure = ModelError.gaveUp(
        attempts: retry.failures, waited: retry.waited, reason: reason, last: failure,
        url: dialect.identity.baseURL)
      isOver = true
    }
  }

  private func end(with error: any Error) {
    if let usage = attempt?.decoder.usage { queue.append(.usage(usage)) }
    attempt = nil
    failure = error
    isOver = true
  }

  private func numbered(_ chunk: ModelChunk) -> ModelChunk {
    guard case .started(var info) = chunk else { return chunk }
    info.attempt = retry.attempt
    return .started(info)
  }

  /// Adds the closest name that the server does have to an error about an unknown model.
  private func suggesting(_ error: any Error) async -> any Error {
    guard case .unknownModel(let rejection, let model, nil)? = error as? ModelError,
      // The list is a courtesy: the error is the same without it.
      let listings = try? await dialect.models()
    else { return error }
    return ModelError.unknownModel(
      rejection, model: model,
      suggestion: Suggestion.closest(to: model, among: listings.map(\.id).filter { $0 != model }))
  }
}
