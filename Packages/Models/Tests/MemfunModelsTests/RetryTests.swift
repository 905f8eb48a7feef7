import MemfunCore
import Testing

@testable import MemfunModels

@Suite("Retrying")
struct RetryTests {
  let failure = AttemptFailure(cause: .status(500), message: "")

  @Test("waits grow, are jittered below their cap, and end with the attempts")
  func backoff() {
    var retry = RetryStateMachine(
      policy: RetryPolicy(maximumAttempts: 5, baseDelay: .seconds(1), maximumDelay: .seconds(3)))
    #expect(retry.attemptFailed(failure, random: 0.5) == .retry(after: .milliseconds(500)))
    #expect(retry.attemptFailed(failure, random: 0.5) == .retry(after: .seconds(1)))
    #expect(retry.attemptFailed(failure, random: 0.5) == .retry(after: .milliseconds(1500)))
    #expect(retry.attemptFailed(failure, random: 0) == .retry(after: .zero))
    #expect(retry.attemptFailed(failure, random: 0.5) == .giveUp(.attempts))
    #expect(retry.failures == 5)
    #expect(retry.waited == .seconds(3))
  }

  @Test("a server's wait is the least wait, and one that is too long is not borne")
  func retryAfter() {
    var retry = RetryStateMachine(
      policy: RetryPolicy(baseDelay: .seconds(1), maximumRetryAfter: .seconds(10)))
    var throttled = AttemptFailure(cause: .status(429), message: "", retryAfter: .seconds(4))
    #expect(retry.attemptFailed(throttled, random: 0) == .retry(after: .seconds(4)))
    throttled.retryAfter = .seconds(3600)
    #expect(retry.attemptFailed(throttled, random: 0) == .giveUp(.longWait))
  }

  @Test("the sum of the waits has a limit")
  func totalWait() {
    var retry = RetryStateMachine(policy: RetryPolicy(maximumAttempts: 99, maximumTotalWait: .seconds(5)))
    let throttled = AttemptFailure(cause: .status(429), message: "", retryAfter: .seconds(4))
    #expect(retry.attemptFailed(throttled, random: 0) == .retry(after: .seconds(4)))
    #expect(retry.attemptFailed(throttled, random: 0) == .giveUp(.wait))
  }

  @Test("the message says how long the server asked to wait, and of no waiting that was not done")
  func longWaitMessage() {
    var throttled = AttemptFailure(cause: .status(429), message: "slow down")
    throttled.retryAfter = .seconds(3600)
    let error = ModelError.gaveUp(attempts: 1, waited: .zero, reason: .longWait, last: throttled, url: "u")
    #expect(
      error.what.hasPrefix(
        "gave up after 1 attempt (the server asks to wait too long: 3600.0 s); last failure"))
  }

  @Test("silence of the server is borne twice only")
  func timeouts() {
    var retry = RetryStateMachine(policy: RetryPolicy())
    let silent = AttemptFailure(
      cause: .transport(.timedOut(phase: .firstByte, after: .seconds(1), url: "u")), message: "")
    guard case .retry = retry.attemptFailed(silent, random: 0) else {
      Issue.record("no second attempt")
      return
    }
    #expect(retry.attemptFailed(silent, random: 0) == .giveUp(.silence))
  }

  @Test(
    "Retry-After is read as seconds, milliseconds and date",
    arguments: [
      (["retry-after": "3"], Duration.seconds(3)), (["Retry-After": " 0.5 "], .milliseconds(500)),
      (["retry-after-ms": "200", "retry-after": "1"], .milliseconds(200)),
      (["retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"], .seconds(30)),
      (["retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"], .zero), (["retry-after": "-1"], nil),
      (["retry-after": "soon"], nil), (["retry-after": ""], nil), (["retry-after": "nan"], nil),
      (["retry-after": "inf"], nil), ([:], nil), (["retry-after": "1e300"], .seconds(1_000_000)),
    ] as [([String: String], Duration?)])
  func reading(fields: [String: String], expected: Duration?) {
    let fields = HTTPFields(fields.map { ($0.key, $0.value) })
    #expect(RetryAfter.delay(in: fields, now: Timestamp(seconds: 1_700_000_000)) == expected)
  }
}

@Suite("What servers' errors mean")
struct ServerErrorTests {
  func meaning(_ status: Int, _ body: String) -> any Error {
    ServerError(status: status, fields: [:], body: Array(body.utf8), now: Timestamp(seconds: 0))
      .meaning(model: "m", url: "u")
  }

  @Test(
    "every dialect's way to say that the prompt is too long is understood",
    arguments: [
      (
        400,
        #"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 130,512 tokens. Please reduce","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
        128_000, 130_512
      ),
      (
        400,
        #"{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion).","type":"BadRequestError","code":400}"#,
        4096, 5000
      ),
      (
        400,
        #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
        200_000, 210_000
      ),
      (
        400,
        #"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input"}}"#,
        200_000, 210_000
      ),
      (400, #"{"error":"the input length exceeds the context length"}"#, nil, nil),
      (
        400,
        #"{"error":{"code":400,"message":"the request exceeds the available context size. try increasing","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":8192}}"#,
        8192, 9000
      ),
    ] as [(Int, String, Int?, Int?)])
  func contextLength(status: Int, body: String, limit: Int?, requested: Int?) {
    #expect(
      meaning(status, body) as? ModelError
        == .contextLengthExceeded(limit: limit, requested: requested, model: "m", wasSent: true))
  }

  @Test(
    "an unknown model is told apart from an unknown address",
    arguments: [
      (
        404, #"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#,
        "model.unknown_model"
      ),
      (404, #"{"error":"model 'x' not found"}"#, "model.unknown_model"),
      (
        404, #"{"type":"error","error":{"type":"not_found_error","message":"model: x"}}"#,
        "model.unknown_model"
      ),
      (404, #"{"error":{"message":"unknown url GET /x"}}"#, "model.rejected"),
      (404, "<h1>Not Found</h1>", "model.rejected"),
      (
        400,
        #"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
        "model.quota_exhausted"
      ),
    ])
  func kinds(status: Int, body: String, kind: String) {
    #expect((meaning(status, body) as? ModelError)?.kind == kind)
  }

  @Test(
    "an empty or broken body still gives a sentence", arguments: ["", "{", "[]", "null", "\u{0}\u{1b}[2J"])
  func poorBodies(body: String) {
    let failure = meaning(503, body) as? AttemptFailure
    #expect(failure?.message == (body.hasSuffix("[2J") ? "[2J" : body == "{" ? "{" : "service unavailable"))
  }

  @Test("a long message is cut to a readable length")
  func longMessage() {
    let failure = meaning(500, String(repeating: "x ", count: 5000)) as? AttemptFailure
    #expect(failure?.message.count == ServerText.limit)
  }
}
