/// Tells a stream of events from one document: servers that ignore `stream`, and proxies with their
/// error pages, answer with the latter. The first byte that is no white space decides.
struct ReplyFraming: Sendable {
  /// What the body turned out to be.
  enum Kind: Sendable { case undecided, events, document }

  private(set) var kind = Kind.undecided
  /// The document so far; what came before the decision while it is open.
  private(set) var document: [UInt8] = []

  /// Takes a piece of the body. Returns what belongs to the stream of events, nil when it was kept.
  mutating func take(_ bytes: [UInt8]) -> [UInt8]? {
    switch kind {
    case .events: return bytes
    case .document:
      document += bytes
      return nil
    case .undecided:
      document += bytes
      // A byte order mark may stand before either.
      guard let first = document.first(where: { $0 > 0x20 && $0 < 0x80 }) else { return nil }
      guard first != UInt8(ascii: "{"), first != UInt8(ascii: "<") else {
        kind = .document
        return nil
      }
      kind = .events
      defer { document = [] }
      return document
    }
  }
}
