import MemfunCore

/// Turns the body of a response into chunks: a pure state machine, bytes in, chunks out.
///
/// Both functions throw `AttemptFailure` for what another attempt may mend, and `ModelError` for the
/// rest. After a throw the decoder is of no further use, except for `usage`.
public protocol ReplyDecoder: Sendable {
  /// The chunks that `bytes` complete.
  mutating func feed(_ bytes: [UInt8]) throws -> [ModelChunk]

  /// The chunks that remain when the body has ended. The last chunk of a complete reply is `finished`,
  /// preceded by `usage`.
  ///
  /// - Throws: `AttemptFailure` with cause `cut` when the reply is not complete.
  mutating func finish() throws -> [ModelChunk]

  /// Whether the model's reply is complete, although the body may not have ended.
  var isComplete: Bool { get }

  /// What the attempt has used so far; nil while the provider has not begun to answer.
  var usage: Usage? { get }
}

/// What a decoder must know about the exchange that it reads.
public struct ReplyContext: Sendable {
  /// The model that was asked.
  public var model: String
  /// The URL without credentials, for errors.
  public var url: String
  /// The provider's id of the request, from the response's head.
  public var requestID: String?
  /// Our estimate of the prompt's tokens, for providers that do not tell.
  public var estimatedInput: Int
  /// The name of the tool that the request used to force a schema (Anthropic); its arguments are text.
  public var schemaToolName: String?

  /// - Parameters:
  ///   - model: the model that was asked.
  ///   - url: without credentials.
  ///   - requestID: the provider's id of the request.
  ///   - estimatedInput: tokens.
  ///   - schemaToolName: the tool whose arguments are the structured reply.
  public init(
    model: String, url: String = "", requestID: String? = nil, estimatedInput: Int = 0,
    schemaToolName: String? = nil
  ) {
    self.model = model
    self.url = url
    self.requestID = requestID
    self.estimatedInput = estimatedInput
    self.schemaToolName = schemaToolName
  }

  func cut(_ detail: String) -> AttemptFailure {
    AttemptFailure(cause: .cut, message: detail, requestID: requestID)
  }

  func malformed(_ detail: String) -> AttemptFailure {
    AttemptFailure(cause: .malformed, message: detail, requestID: requestID)
  }

  /// Parses one JSON text of the stream.
  ///
  /// - Throws: `ModelError.foreignAnswer` for HTML, else `AttemptFailure` with cause `malformed`.
  func json(_ text: String) throws -> JSONValue {
    do {
      return try JSONParser.parse(text)
    } catch {
      if text.drop(while: \.isWhitespace).first == "<" {
        throw ModelError.foreignAnswer(url: url, summary: ServerText.summary(of: text))
      }
      throw malformed("the answer is no valid JSON (\(error.problem), byte \(error.offset))")
    }
  }

  /// The framing's error as a failure of the attempt.
  func framed<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch WireError.lineTooLong(let limit) {
      throw ModelError.foreignAnswer(url: url, summary: "one event is larger than \(limit) bytes")
    }
  }
}

/// Counts what a provider reports, and estimates what it does not.
struct UsageTracker: Sendable {
  private let estimatedInput: Int
  private var estimatedOutput = TokenEstimator()
  var input: Int?
  var output: Int?
  var cacheRead = 0
  var cacheWrite = 0
  var reasoning = 0
  /// Whether the provider has begun to answer, so that tokens were spent.
  var hasBegun = false

  init(estimatedInput: Int) { self.estimatedInput = estimatedInput }

  /// Text that the model produced, in case the provider does not count it.
  mutating func produced(_ text: String) { estimatedOutput.add(text) }

  /// - Parameter isComplete: whether the reported output is final; otherwise at least what was
  ///   delivered counts.
  func usage(isComplete: Bool) -> Usage {
    let produced = estimatedOutput.likely
    let counted = isComplete ? output : (output ?? 0) >= produced ? output : nil
    return Usage(
      input: input ?? estimatedInput, output: counted ?? produced, cacheRead: cacheRead,
      cacheWrite: cacheWrite, reasoning: reasoning, isEstimated: input == nil || counted == nil)
  }
}

extension JSONValue {
  /// A count of tokens: nil for anything that cannot be one.
  var tokenCount: Int? {
    guard let count = intValue, count >= 0 else { return nil }
    return count
  }
}
