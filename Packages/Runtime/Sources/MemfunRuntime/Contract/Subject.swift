/// The address of a message: 1–16 tokens of `[A-Za-z0-9_-]` joined by `.`, at most 200 bytes.
public struct Subject: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The whole text.
  public let description: String

  /// - Throws: `RuntimeError.illegalSubject`.
  public init(_ text: String) throws(RuntimeError) {
    _ = try SubjectSyntax.tokens(of: text, wildcards: false)
    description = text
  }

  /// The first token: messages are numbered and ordered within a topic.
  public var topic: String { String(description.prefix { $0 != "." }) }

  public static func < (left: Subject, right: Subject) -> Bool {
    left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
  }
}

/// Which subjects a reader wants: like a subject, but `*` stands for one token and `>` at the end for
/// one or more.
public struct SubjectPattern: Sendable, Hashable, CustomStringConvertible {
  private enum Token: Sendable, Hashable {
    case literal([UInt8])
    case one
    case rest
  }

  /// The whole text.
  public let description: String
  private let tokens: [Token]

  /// - Throws: `RuntimeError.illegalSubject`.
  public init(_ text: String) throws(RuntimeError) {
    tokens = try SubjectSyntax.tokens(of: text, wildcards: true).map { token in
      switch token.elementsEqual("*".utf8)
        ? Token.one : token.elementsEqual(">".utf8) ? .rest : .literal(Array(token))
      {
      case let kind: kind
      }
    }
    description = text
  }

  /// The pattern that matches exactly `subject`.
  public init(_ subject: Subject) {
    tokens = subject.description.utf8.split(separator: UInt8(ascii: ".")).map { .literal(Array($0)) }
    description = subject.description
  }

  /// The topic, when the first token names one; nil when the pattern spans topics.
  public var topic: String? {
    if case .literal(let bytes)? = tokens.first { String(decoding: bytes, as: UTF8.self) } else { nil }
  }

  /// Whether `subject` is one that is wanted.
  public func matches(_ subject: Subject) -> Bool {
    var rest = subject.description.utf8.split(separator: UInt8(ascii: "."))[...]
    for token in tokens {
      if case .rest = token { return !rest.isEmpty }
      guard let next = rest.popFirst() else { return false }
      if case .literal(let bytes) = token, !next.elementsEqual(bytes) { return false }
    }
    return rest.isEmpty
  }
}

/// The rules of subjects, in one place.
enum SubjectSyntax {
  static func tokens(of text: String, wildcards: Bool) throws(RuntimeError) -> [Substring.UTF8View] {
    func refuse(_ reason: String) -> RuntimeError { .illegalSubject(text, reason: reason) }
    if text.isEmpty { throw refuse("it is empty") }
    if text.utf8.count > RuntimeLimits.nameBytes {
      throw refuse("it is longer than \(RuntimeLimits.nameBytes) bytes")
    }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    if parts.count > RuntimeLimits.subjectTokens {
      throw refuse("it has more than \(RuntimeLimits.subjectTokens) tokens")
    }
    for (place, part) in parts.enumerated() {
      if part.isEmpty { throw refuse("token \(place + 1) is empty") }
      if wildcards, part == "*" { continue }
      if wildcards, part == ">" {
        if place + 1 < parts.count { throw refuse("'>' stands before the end") }
        continue
      }
      guard part.utf8.allSatisfy(NameSyntax.isNameByte) else {
        throw refuse("token \(place + 1) has a character other than A-Z a-z 0-9 _ -")
      }
    }
    return parts.map(\.utf8)
  }
}

/// Names of queues, groups, buckets and owners: 1–64 bytes of `[A-Za-z0-9_-]`, so that each is also
/// one token of a subject.
package enum NameSyntax {
  static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  package static func check(_ name: String) throws(RuntimeError) {
    if name.isEmpty { throw .illegalName(name, reason: "it is empty") }
    if name.utf8.count > 64 { throw .illegalName(name, reason: "it is longer than 64 bytes") }
    guard name.utf8.allSatisfy(isNameByte) else {
      throw .illegalName(name, reason: "it has a character other than A-Z a-z 0-9 _ -")
    }
  }
}
