import MemfunCore

/// What a command has to say when it is done: the same for people and for programs.
public struct CommandOutcome: Sendable {
  /// `result` of the JSON output.
  public var result: JSONValue
  /// Writes `result` piece by piece instead, when it is too large to be a value; `result` is then not
  /// looked at.
  public var streamedResult: (@Sendable (inout JSONStreamWriter) throws -> Void)?
  /// The same for people. It is made only when it is printed.
  public var text: @Sendable (TextLayout) -> StyledText
  /// Why the command failed although it has a result (a check that found something); its exit code
  /// becomes the process's.
  public var failure: (any MemfunError)?
  /// What was spent on models; nil when the command used none.
  public var spending: Spending?

  /// What a command spent on language models.
  public struct Spending: Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// Token counts by kind: `input`, `output`, `cache_read`, `cache_write`, `reasoning`.
    public var usage: JSONValue
    /// Dollars; nil when a price is unknown.
    public var costUSD: Double?

    /// - Parameters:
    ///   - model: the model's name.
    ///   - usage: token counts by kind.
    ///   - costUSD: nil when a price is unknown.
    public init(model: String, usage: JSONValue, costUSD: Double?) {
      self.model = model
      self.usage = usage
      self.costUSD = costUSD
    }
  }

  /// - Parameters:
  ///   - result: must satisfy the command's `resultSchema`.
  ///   - failure: for a command that did its work and has to report a failure.
  ///   - spending: what models cost.
  ///   - text: the result for people.
  public init(
    _ result: JSONValue, failure: (any MemfunError)? = nil, spending: Spending? = nil,
    text: @escaping @Sendable (TextLayout) -> StyledText
  ) {
    self.result = result
    self.text = text
    self.failure = failure
    self.spending = spending
  }
  /// - Parameters:
  ///   - streamed: writes one JSON value that satisfies the command's `resultSchema`; it throws only
  ///     what the writer throws.
  ///   - failure: for a command that did its work and has to report a failure.
  ///   - spending: what models cost.
  ///   - text: the result for people.
  public init(
    streamed: @escaping @Sendable (inout JSONStreamWriter) throws -> Void,
    failure: (any MemfunError)? = nil, spending: Spending? = nil,
    text: @escaping @Sendable (TextLayout) -> StyledText
  ) {
    self.init(.null, failure: failure, spending: spending, text: text)
    streamedResult = streamed
  }
}
