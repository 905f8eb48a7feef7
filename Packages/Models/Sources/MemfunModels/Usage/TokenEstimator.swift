/// Estimates tokens without a tokenizer, from the classes of characters.
///
/// No estimate is exact. `likely` is meant to be near the truth for prose and code, `high` above it for
/// practically all text (reservations), `low` below it (to prove that a server read too little). The
/// weights, in hundredths of a token, come from the known behaviour of byte-pair tokenizers with
/// 32k–200k entries: English has 4 to 4.7 characters a token, code 2.8 to 3.6, a CJK character 1 to 2
/// tokens, digits one token per one to three, and runs of white space one token for many characters.
public struct TokenEstimator: Sendable, Hashable {
  private var likelyHundredths = 0
  private var highHundredths = 0
  private var lowHundredths = 0
  private var lastWasSpace = false

  /// Nothing counted yet.
  public init() {}

  /// Counts `text`.
  public mutating func add(_ text: some StringProtocol) {
    for byte in text.utf8 {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D:
        if !lastWasSpace {
          likelyHundredths += 25
          highHundredths += 34
          lowHundredths += 12
        } else {
          likelyHundredths += 6
          highHundredths += 27
        }
        lastWasSpace = true
        continue
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        likelyHundredths += 25
        highHundredths += 34
        lowHundredths += 12
      case 0..<0x80:
        likelyHundredths += 40
        highHundredths += 67
        lowHundredths += 12
      case 0x80..<0xC0:  // a continuation byte
        likelyHundredths += 30
        highHundredths += 50
      default:  // the first byte of a character outside ASCII
        likelyHundredths += 40
        highHundredths += 60
        lowHundredths += 12
      }
      lastWasSpace = false
    }
  }

  /// Counts tokens that are known, such as a picture's or a message's frame.
  public mutating func add(tokens: Int) {
    likelyHundredths += tokens * 100
    highHundredths += tokens * 100
  }

  /// Near the truth for prose and code, rounded up.
  public var likely: Int { (likelyHundredths + 99) / 100 }
  /// Above the truth for practically all text, rounded up.
  public var high: Int { (highHundredths + 99) / 100 }
  /// Below the truth, rounded down.
  public var low: Int { lowHundredths / 100 }

  /// Tokens that a picture costs at most with the providers' usual size limits.
  static let imageTokens = 1600
  /// Tokens that the frame of one message costs.
  static let messageTokens = 5

  /// Tokens that the frame of one tool's definition costs.
  static let toolTokens = 25

  /// The estimate of a whole prompt: messages, tools and schema.
  public init(of request: ModelRequest) {
    for message in request.messages { add(message) }
    for tool in request.tools {
      add(tool.name)
      add(tool.description)
      add(tool.parameters.description)
      add(tokens: Self.toolTokens)
    }
    if let schema = request.responseSchema { add(schema.schema.description) }
  }

  /// Counts one message with its frame.
  public mutating func add(_ message: Message) {
    add(tokens: Self.messageTokens)
    for part in message.content {
      switch part {
      case .text(let text): add(text)
      case .reasoning(let reasoning): add(reasoning.text)
      case .toolCall(let call):
        add(call.name)
        add(call.argumentsText)
        add(tokens: Self.messageTokens)
      case .toolResult(let result): add(result.text)
      case .image: add(tokens: Self.imageTokens)
      }
    }
  }
}
