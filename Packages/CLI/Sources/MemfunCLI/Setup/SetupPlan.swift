import MemfunCore

/// What `memfun init` will set up.
struct SetupPlan: Sendable, Equatable {
  /// The value for `model.provider`.
  var provider: String
  /// The value for `model.name`; nil leaves the key as it is.
  var model: String?
  /// The value for `model.base_url`; nil leaves the key as it is.
  var baseURL: String?
  /// The value for `model.api_key_env`; nil leaves the key as it is.
  var keyVariable: String?
  /// A key for the credentials file. Never shown, never part of any output.
  var storedKey: String?
  /// Whether an AGENTS.md is drafted where there is none.
  var draftsAgents = true

  /// The kinds of model servers, with what each is, in the order of the question.
  static let providers: [(value: String, label: String)] = [
    ("offline", "no model: structure, metrics and history only"),
    ("ollama", "models on this machine or in your network, by Ollama"),
    ("openai", "any server with OpenAI's API: OpenAI, vLLM, LM Studio, llama.cpp, Fireworks …"),
    ("anthropic", "Anthropic's API"),
  ]

  /// Where a provider is when nothing is said.
  static func usualBaseURL(of provider: String) -> String? {
    switch provider {
    case "ollama": "http://127.0.0.1:11434"
    case "openai": "https://api.openai.com/v1"
    default: nil
    }
  }

  /// The variable that usually holds a provider's key.
  static func usualKeyVariable(of provider: String) -> String? {
    switch provider {
    case "openai": "OPENAI_API_KEY"
    case "anthropic": "ANTHROPIC_API_KEY"
    default: nil
    }
  }
}

/// What is wrong with an answer; nil when it is fine.
enum AnswerRules {
  static func baseURL(_ text: String) -> String? {
    let rest = ["http://", "https://"].first { text.lowercased().hasPrefix($0) }.map {
      text.dropFirst($0.count)
    }
    guard let rest, let first = rest.first, first != "/", first != ":", isPlain(text) else {
      return "an address that begins with http:// or https:// was expected"
    }
    return nil
  }

  static func variable(_ text: String) -> String? {
    let isName = text.utf8.enumerated().allSatisfy { place, byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
        true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): place > 0
      default: false
      }
    }
    return isName && !text.isEmpty
      ? nil : "the name of an environment variable was expected, such as OPENAI_API_KEY"
  }

  static func model(_ text: String) -> String? {
    text.isEmpty || !isPlain(text) ? "the name of a model was expected" : nil
  }

  static func key(_ text: String) -> String? {
    text.isEmpty || text.utf8.count > 4096 || !isPlain(text)
      ? "a key was expected: one word of ASCII characters" : nil
  }

  /// Printable ASCII without spaces.
  private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}

/// Why nothing was set up.
enum SetupError: MemfunError, Equatable {
  /// Questions are open, and nobody can be asked.
  case nobodyToAsk
  /// A flag's value cannot be used.
  case invalidAnswer(flag: String, problem: String)
  /// The person ended the dialogue.
  case declined

  var kind: String {
    switch self {
    case .nobodyToAsk: "setup.nobody_to_ask"
    case .invalidAnswer: "setup.invalid_answer"
    case .declined: "setup.declined"
    }
  }

  var what: String {
    switch self {
    case .nobodyToAsk: "there are questions to ask, and this is no terminal"
    case .invalidAnswer(let flag, let problem): "\(flag) cannot be used: \(problem)"
    case .declined: "the setup was ended; nothing was written"
    }
  }

  var remedy: String? {
    switch self {
    case .nobodyToAsk: "add --yes, and flags for whatever should not have its default"
    case .invalidAnswer: "correct the value; 'memfun init --help' explains the flags"
    case .declined: "run 'memfun init' again when you like"
    }
  }

  var exitCode: ExitCode {
    switch self {
    case .nobodyToAsk, .invalidAnswer: .usage
    case .declined: .approval
    }
  }
}
