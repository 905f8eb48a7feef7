/// Decides how large a context to ask Ollama for, and whether it read all of what it was sent. Pure.
///
/// Ollama's default context is small (4096 tokens), and a longer prompt loses its beginning without any
/// error. Changing the size makes the server load the model again, so the size only grows, by doubling.
struct OllamaContextStateMachine: Sendable {
  /// The smallest context to ask for.
  static let smallest = 4096
  /// Room for a reply whose length the request does not limit.
  static let usualReply = 2048
  /// Prompts that are remembered to recognise cached beginnings.
  static let memory = 16

  /// What to do about a prompt.
  enum Decision: Equatable {
    /// Send it with this `num_ctx`.
    case send(contextLength: Int)
    /// It cannot fit.
    case refuse(limit: Int, requested: Int)
  }

  /// What the count of tokens that the server evaluated says.
  enum Verdict: Equatable {
    /// All was read, as far as can be told.
    case plausible
    /// Less was read than the text can possibly be.
    case truncated
    /// Rather little was read; the size of the loaded context would tell.
    case suspicious
  }

  private var current = smallest
  /// Earlier prompts: for every beginning the hash of its messages, and a high estimate of its tokens.
  private var prompts: [[(hash: Int, tokens: Int)]] = []

  /// - Parameters:
  ///   - limit: the model's real limit; nil when the server does not tell.
  ///   - configured: the size that the model's own parameters set; nil when they do not.
  mutating func decide(
    estimate: TokenEstimator, maximumOutput: Int?, limit: Int?, configured: Int?
  ) -> Decision {
    if let limit, estimate.likely >= limit { return .refuse(limit: limit, requested: estimate.likely) }
    let needed = estimate.high.saturatingSum(maximumOutput ?? Self.usualReply)
    current = max(current, configured ?? 0)
    while current < needed, current < Int.max / 2 { current *= 2 }
    if let limit, current > limit { current = limit }
    return .send(contextLength: current)
  }

  /// - Parameters:
  ///   - evaluated: the server's `prompt_eval_count`.
  ///   - estimate: what was sent.
  mutating func judge(evaluated: Int, estimate: TokenEstimator, messages: [Message]) -> Verdict {
    let beginnings = Self.beginnings(of: messages)
    // Servers before 2025 do not count what their cache held.
    var cached = 0
    for prompt in prompts {
      for (mine, other) in zip(beginnings, prompt) {
        guard mine.hash == other.hash else { break }
        cached = max(cached, mine.tokens)
      }
    }
    prompts.append(beginnings)
    if prompts.count > Self.memory { prompts.removeFirst() }
    if evaluated < estimate.low - cached { return .truncated }
    if cached == 0, evaluated * 4 < estimate.likely * 3 { return .suspicious }
    return .plausible
  }

  /// Whether a prompt that looked suspicious was cut, now that the loaded context is known.
  static func isTruncated(evaluated: Int, estimate: TokenEstimator, loadedContext: Int) -> Bool {
    evaluated <= loadedContext && loadedContext * 10 < estimate.likely * 9
  }

  private static func beginnings(of messages: [Message]) -> [(hash: Int, tokens: Int)] {
    var hasher = Hasher()
    var estimate = TokenEstimator()
    return messages.map { message in
      hasher.combine(message)
      estimate.add(message)
      let copy = hasher
      return (copy.finalize(), estimate.high)
    }
  }
}
