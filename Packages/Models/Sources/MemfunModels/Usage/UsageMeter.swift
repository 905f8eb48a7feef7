/// Follows the chunks of one call and knows what it has used so far, failed attempts included.
struct UsageMeter: Sendable {
  private(set) var current = Usage.zero
  private(set) var failed = Usage.zero
  private(set) var attempts = 1
  /// Whether the provider has begun to answer.
  private(set) var hasBegun = false
  private(set) var isFinished = false
  private var delivered = TokenEstimator()
  private var hasReport = false

  mutating func add(_ chunk: ModelChunk) {
    switch chunk {
    case .started(let info):
      hasBegun = true
      attempts = info.attempt
    case .text(let piece), .reasoning(let piece): delivered.add(piece)
    case .toolCallDelta(_, let piece): delivered.add(piece)
    case .usage(let usage):
      current = usage
      hasReport = true
    case .restarted(let restart):
      failed += current
      current = .zero
      hasReport = false
      hasBegun = false
      delivered = TokenEstimator()
      attempts = restart.attempt + 1
    case .finished: isFinished = true
    case .reasoningSignature, .redactedReasoning, .toolCallStarted, .toolCallEnded: break
    }
  }

  /// Output tokens that were certainly delivered in the current attempt.
  var leastOutput: Int { delivered.low }

  /// What the call has used when it ends here; when the provider had begun to answer and never told, an
  /// estimate.
  func total(estimatedInput: Int) -> Usage {
    guard !isFinished, hasBegun else { return failed + current }
    var last = current
    last.input = hasReport ? last.input : estimatedInput
    last.output = max(last.output, delivered.likely)
    last.isEstimated = true
    return failed + last
  }
}
