/// A sentence of a report with its places and names kept apart from its words, so that every output
/// format can link and escape them in its own way.
public struct Sentence: Sendable, Equatable {
  /// A piece of a sentence.
  public enum Fragment: Sendable, Equatable {
    /// Words.
    case words(String)
    /// A name from the code.
    case name(String)
    /// A file, or a line of it.
    case place(Place)
  }

  /// The pieces, in order.
  public var fragments: [Fragment]

  /// - Parameter fragments: in order; no white space is added between them.
  public init(_ fragments: [Fragment]) { self.fragments = fragments }

  /// The sentence as plain text, with places as `path:line`.
  public var plainText: String {
    fragments.map { fragment in
      switch fragment {
      case .words(let words): words
      case .name(let name): name
      case .place(let place): place.description
      }
    }.joined()
  }

  /// The places that the sentence names, in order.
  public var places: [Place] {
    fragments.compactMap { if case .place(let place) = $0 { place } else { nil } }
  }
}

/// A file, a line of a file, or a range of lines.
public struct Place: Sendable, Hashable, CustomStringConvertible {
  /// Relative to the root of the map.
  public var path: String
  /// From 1; nil means the whole file.
  public var line: Int?
  /// The last line of a range, inclusive; nil when it is one line.
  public var endLine: Int?

  /// - Parameters:
  ///   - path: relative to the root of the map.
  ///   - line: from 1.
  ///   - endLine: inclusive.
  public init(_ path: String, line: Int? = nil, endLine: Int? = nil) {
    self.path = path
    self.line = line
    self.endLine = endLine
  }

  /// `path`, `path:line` or `path:line-endLine`: what editors and terminals can follow.
  public var description: String {
    guard let line else { return path }
    guard let endLine, endLine != line else { return "\(path):\(line)" }
    return "\(path):\(line)-\(endLine)"
  }
}

extension Sentence: ExpressibleByStringInterpolation {
  public init(stringLiteral value: String) { fragments = [.words(value)] }
  public init(stringInterpolation: Interpolation) { fragments = stringInterpolation.fragments }

  /// `"\(place: …)"` and `"\(name: …)"` beside plain words.
  public struct Interpolation: StringInterpolationProtocol {
    var fragments: [Fragment] = []

    public init(literalCapacity: Int, interpolationCount: Int) {}

    public mutating func appendLiteral(_ literal: String) { append(words: literal) }
    /// Words that are computed, such as a number.
    public mutating func appendInterpolation(_ words: String) { append(words: words) }
    /// A whole number with separators.
    public mutating func appendInterpolation(_ number: some BinaryInteger) {
      append(words: Figures.grouped(number))
    }
    /// A name from the code.
    public mutating func appendInterpolation(name: String) { fragments.append(.name(name)) }
    /// A place.
    public mutating func appendInterpolation(place: Place) { fragments.append(.place(place)) }
    /// Another sentence, in line.
    public mutating func appendInterpolation(_ sentence: Sentence) {
      fragments += sentence.fragments
    }

    private mutating func append(words: String) {
      guard !words.isEmpty else { return }
      if case .words(let before) = fragments.last {
        fragments[fragments.count - 1] = .words(before + words)
      } else {
        fragments.append(.words(words))
      }
    }
  }
}
