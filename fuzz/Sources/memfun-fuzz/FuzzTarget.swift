import Glibc

/// A parser and what must hold for every input. To add one: write the function, add a line to `all`, and
/// if you like put a few small inputs into corpus/NAME/.
struct FuzzTarget: Sendable {
  /// The name in `MEMFUN_FUZZ_TARGET` and of the corpus folder.
  let name: String
  /// Runs one input. What must not be traps.
  let run: @Sendable (FuzzInput) -> Void

  static let all: [FuzzTarget] = [
    FuzzTarget(name: "json", run: fuzzJSON),
    FuzzTarget(name: "json-schema", run: fuzzJSONSchema),
    FuzzTarget(name: "toml", run: fuzzTOML),
    FuzzTarget(name: "config", run: fuzzConfiguration),
    FuzzTarget(name: "config-edit", run: fuzzConfigurationEditor),
    FuzzTarget(name: "texts", run: fuzzSmallTexts),
    FuzzTarget(name: "redaction", run: fuzzRedaction),
    FuzzTarget(name: "sse", run: fuzzServerSentEvents),
    FuzzTarget(name: "reply-anthropic", run: fuzzAnthropicReply),
    FuzzTarget(name: "reply-openai", run: fuzzOpenAIReply),
    FuzzTarget(name: "reply-ollama", run: fuzzOllamaReply),
    FuzzTarget(name: "gitignore", run: fuzzIgnoreRules),
    FuzzTarget(name: "scan", run: fuzzScanners),
    FuzzTarget(name: "facts", run: fuzzFactsDecoding),
    FuzzTarget(name: "tool-streams", run: fuzzToolStreams),
  ]

  /// The target that the environment names.
  static let chosen: FuzzTarget = {
    let name = getenv("MEMFUN_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    if name == "list" {
      for target in all { print(target.name) }
      exit(0)
    }
    guard let target = all.first(where: { $0.name == name }) else {
      print("MEMFUN_FUZZ_TARGET must be one of: \(all.map(\.name).joined(separator: ", "))")
      exit(2)
    }
    return target
  }()
}

/// One input, with ways to take it apart.
struct FuzzInput: Sendable {
  /// All of it.
  let bytes: [UInt8]

  /// The first byte as a choice among `count`, and the rest.
  func choice(of count: Int) -> (Int, FuzzInput) {
    (Int(bytes.first ?? 0) % count, FuzzInput(bytes: Array(bytes.dropFirst())))
  }

  /// The pieces around the first byte 0xFF, which no text contains.
  var halves: (FuzzInput, FuzzInput) {
    let parts = bytes.split(separator: 0xFF, maxSplits: 1, omittingEmptySubsequences: false)
    return (FuzzInput(bytes: Array(parts[0])), FuzzInput(bytes: parts.count > 1 ? Array(parts[1]) : []))
  }

  /// Pieces of the given length, for readers to whom the splitting must not matter.
  func pieces(of length: Int) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: length).map { Array(bytes[$0..<min($0 + length, bytes.count)]) }
  }

  /// The bytes as text; what is no UTF-8 becomes U+FFFD.
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Checks a property of the input; a failure is a finding of the fuzzer.
func require(_ condition: Bool, _ property: @autoclosure () -> String) {
  if !condition { fatalError("this must hold: \(property())") }
}

/// libFuzzer calls this once before anything else.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
  _ = FuzzTarget.chosen
  return 0
}

/// libFuzzer calls this for every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  FuzzTarget.chosen.run(FuzzInput(bytes: Array(UnsafeBufferPointer(start: start, count: count))))
  return 0
}
