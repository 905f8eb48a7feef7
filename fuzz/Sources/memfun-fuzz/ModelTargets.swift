import MemfunCore

@testable import MemfunModels

/// How a stream is cut into pieces does not matter.
func fuzzServerSentEvents(_ input: FuzzInput) {
  let (size, stream) = input.choice(of: 7)
  func events(_ pieces: [[UInt8]]) -> [ServerSentEventParser.Event]? {
    var parser = ServerSentEventParser(maximumEventBytes: 1 << 16)
    do {
      var events: [ServerSentEventParser.Event] = []
      for piece in pieces { events += try parser.feed(piece) }
      if let last = try parser.finish() { events.append(last) }
      return events
    } catch { return nil }
  }
  require(
    events([stream.bytes]) == events(stream.pieces(of: size + 1)), "splitting does not change the events")
  var lines = NDJSONParser(maximumLineBytes: 1 << 16)
  _ = try? lines.feed(stream.bytes)
  _ = lines.finish()
}

func fuzzAnthropicReply(_ input: FuzzInput) {
  decode(input) { AnthropicReplyDecoder(context: $0) }
}

func fuzzOpenAIReply(_ input: FuzzInput) {
  decode(input) { OpenAIReplyDecoder(context: $0) }
}

func fuzzOllamaReply(_ input: FuzzInput) {
  decode(input) { OllamaReplyDecoder(context: $0) }
}

/// A body in pieces: chunks or a typed error, and the same outcome however the body is cut.
private func decode(_ input: FuzzInput, with make: (ReplyContext) -> any ReplyDecoder) {
  let (size, body) = input.choice(of: 13)
  func outcome(_ pieces: [[UInt8]]) -> String {
    var decoder = make(ReplyContext(model: "m", estimatedInput: 10))
    var assembler = ReplyAssembler()
    do {
      for piece in pieces { for chunk in try decoder.feed(piece) { assembler.add(chunk) } }
      for chunk in try decoder.finish() { assembler.add(chunk) }
      require(decoder.isComplete, "a reply that finished is complete")
      return "complete"
    } catch {
      require(
        error is AttemptFailure || error is any MemfunError, "errors are typed, and not \(type(of: error))")
      return "error"
    }
  }
  require(
    outcome([body.bytes]) == outcome(body.pieces(of: size + 1)), "splitting does not change the outcome")
}
