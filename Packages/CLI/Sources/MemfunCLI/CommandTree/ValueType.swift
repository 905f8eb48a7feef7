/// How the text of an option or argument becomes a value, and how a shell may complete it.
public struct ValueType<Value: Sendable>: Sendable {
  /// What a good value is, for "… was expected": "an integer from 1 to 65535".
  public let expectation: String
  /// The only texts it takes, when these can be listed.
  public let choices: [String]
  /// What a shell offers.
  public let completion: CompletionHint
  /// The value, or nil when the text does not give one.
  public let parse: @Sendable (String) -> Value?

  /// - Parameter expectation: with its article, fit for "… was expected".
  public init(
    expectation: String, choices: [String] = [], completion: CompletionHint = .nothing,
    parse: @escaping @Sendable (String) -> Value?
  ) {
    self.expectation = expectation
    self.choices = choices
    self.completion = completion
    self.parse = parse
  }
}

/// What a shell should offer where a value belongs.
public enum CompletionHint: Sendable, Equatable {
  /// Nothing is known.
  case nothing
  /// Files and folders.
  case file
  /// Folders only.
  case directory
  /// These words.
  case choices([String])
  /// Words that the program finds at the time, by the name of the list (`CompletionSource`).
  case dynamic(CompletionSource)
}

/// Lists of words that only the running program knows.
public enum CompletionSource: String, Sendable, CaseIterable {
  /// Keys of the configuration.
  case configurationKeys = "configuration-keys"
  /// `key=` for every key of the configuration.
  case configurationAssignments = "configuration-assignments"
  /// Paths of commands that have a JSON schema.
  case commands
}

extension ValueType where Value == String {
  /// Any text, also an empty one.
  public static let text = ValueType(expectation: "a text") { $0 }

  /// Any text but an empty one.
  public static let name = ValueType(expectation: "a text that is not empty") { $0.isEmpty ? nil : $0 }

  /// A path of a file. Whether it exists is for the command to see.
  public static let file = ValueType(expectation: "a path", completion: .file) { $0.isEmpty ? nil : $0 }

  /// A path of a folder. Whether it exists is for the command to see.
  public static let directory = ValueType(expectation: "a path", completion: .directory) {
    $0.isEmpty ? nil : $0
  }

  /// One of the given words.
  public static func choice(_ words: [String]) -> ValueType {
    ValueType(
      expectation: "one of \(words.joined(separator: ", "))", choices: words, completion: .choices(words)
    ) { words.contains($0) ? $0 : nil }
  }
}

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the cases of an enumeration, by raw value.
  public static func choice(of type: Value.Type = Value.self) -> ValueType {
    let words = Value.allCases.map(\.rawValue)
    return ValueType(
      expectation: "one of \(words.joined(separator: ", "))", choices: words, completion: .choices(words)
    ) { Value(rawValue: $0) }
  }
}

extension ValueType where Value == Int {
  /// A decimal integer within `range`; digits may be grouped with `_`.
  public static func integer(in range: ClosedRange<Int>) -> ValueType {
    let bounds =
      switch (range.lowerBound, range.upperBound) {
      case (.min, .max): ""
      case (let low, .max): " of at least \(low)"
      case (let low, let high): " from \(low) to \(high)"
      }
    return ValueType(expectation: "an integer\(bounds)") { text in
      Int(text.filter { $0 != "_" }).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension ValueType where Value == Double {
  /// A finite decimal number of at least `minimum`.
  public static func number(atLeast minimum: Double) -> ValueType {
    ValueType(expectation: "a number of at least \(minimum)") { text in
      guard let first = text.utf8.first, first != UInt8(ascii: "+"), let value = Double(text),
        value.isFinite, value >= minimum
      else { return nil }
      return value
    }
  }
}

extension ValueType where Value == Duration {
  /// A length of time: `90`, `90s`, `500ms`, `5m`, `1h30m`. A bare number counts seconds.
  public static let duration = ValueType(expectation: "a time such as 90s, 5m or 1h30m") { parseDuration($0) }
}

/// The sum of the parts of `1h30m`; nil for anything else, and for zero.
private func parseDuration(_ text: String) -> Duration? {
  let units: [(name: String, milliseconds: Double)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]
  var rest = Substring(text)
  var total = 0.0
  while !rest.isEmpty {
    let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard !digits.isEmpty, let amount = Double(digits) else { return nil }
    rest = rest.dropFirst(digits.count)
    let letters = rest.prefix { $0.isASCII && $0.isLetter }
    guard
      let unit = letters.isEmpty && rest.isEmpty
        ? 1000 : units.first(where: { $0.name == letters })?.milliseconds
    else { return nil }
    rest = rest.dropFirst(letters.count)
    total += amount * unit
  }
  // A hundred years: beyond it the arithmetic of deadlines is no longer safe, and nobody means it.
  return total > 0 && total < 3.2e12 ? .milliseconds(Int64(total)) : nil
}
