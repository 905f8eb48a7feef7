/// The tokens of one or more calls, counted the same way for every provider.
///
/// `input` includes cached tokens, as in the OpenTelemetry conventions. OpenAI's `prompt_tokens` and
/// Ollama's `prompt_eval_count` already do; Anthropic's `input_tokens` does not, so the two cache
/// counts are added to it. `output` includes reasoning tokens (they do with every provider).
public struct Usage: Sendable, Hashable {
  /// Tokens of the prompt, cached ones included.
  public var input: Int
  /// Tokens of the reply, reasoning included.
  public var output: Int
  /// Part of `input` that was read from the provider's cache.
  public var cacheRead: Int
  /// Part of `input` that was written to the provider's cache.
  public var cacheWrite: Int
  /// Part of `output` that the model spent on thoughts.
  public var reasoning: Int
  /// Whether any of the numbers is our estimate because the provider gave none.
  public var isEstimated: Bool

  /// Counts, all at least 0.
  public init(
    input: Int = 0, output: Int = 0, cacheRead: Int = 0, cacheWrite: Int = 0, reasoning: Int = 0,
    isEstimated: Bool = false
  ) {
    self.input = input
    self.output = output
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
    self.reasoning = reasoning
    self.isEstimated = isEstimated
  }

  /// No tokens at all.
  public static let zero = Usage()

  /// Input and output together.
  public var total: Int { input.saturatingSum(output) }
  /// The input that was neither read from nor written to a cache.
  public var uncachedInput: Int { max(0, input - cacheRead - cacheWrite) }

  /// The sum of two usages; it is estimated when either is.
  public static func + (left: Usage, right: Usage) -> Usage {
    Usage(
      input: left.input.saturatingSum(right.input), output: left.output.saturatingSum(right.output),
      cacheRead: left.cacheRead.saturatingSum(right.cacheRead),
      cacheWrite: left.cacheWrite.saturatingSum(right.cacheWrite),
      reasoning: left.reasoning.saturatingSum(right.reasoning),
      isEstimated: left.isEstimated || right.isEstimated)
  }

  /// Adds `right` to `left`.
  public static func += (left: inout Usage, right: Usage) { left = left + right }
}

extension Int {
  /// The sum, or the largest integer when it does not fit: a peer's absurd number must not trap.
  func saturatingSum(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (self < 0 ? .min : .max) : sum
  }
}
