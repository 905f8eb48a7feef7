extension ConfigurationEntry {
  /// Reads a TOML value as this key's type.
  ///
  /// - Parameter place: `file:line:column`, or the name of the variable or flag.
  /// - Throws: `ConfigurationProblem.badValue`, `.literalSecret`.
  public func check(_ value: TOMLNode.Value, place: String) throws(ConfigurationProblem)
    -> ConfigurationScalar
  {
    func refuse(_ found: String) -> ConfigurationProblem {
      .badValue(key: name, place: place, expected: type.description, found: found)
    }
    switch (type, value) {
    case (.string, .string(let text)):
      if Self.looksLikeSecret(text) { throw .literalSecret(key: name, place: place) }
      return .string(text)
    case (.variable, .string(let text)):
      // What was typed here may be the key itself, so it appears in no message.
      if Self.looksLikeSecret(text) || Self.looksLikeKeyMaterial(text) {
        throw .literalSecret(key: name, place: place)
      }
      guard Self.isVariableName(text) else {
        throw refuse("a text with other characters than A-Z, 0-9 and _")
      }
      return .string(text)
    case (.choice(let choices), .string(let text)):
      if choices.contains(text) { return .string(text) }
      let near = Suggestion.closest(to: text, among: choices).map { "; did you mean \"\($0)\"?" } ?? ""
      throw refuse("\"\(MessageText.shown(text))\"\(near)")
    case (.integer(let range), .integer(let value)):
      guard range.contains(Int(value)) else { throw refuse(String(value)) }
      return .integer(Int(value))
    case (.float(let range), .float(let value)):
      guard range.contains(value) else { throw refuse("\(value)") }
      return .float(value)
    case (.float(let range), .integer(let value)):
      guard range.contains(Double(value)) else { throw refuse("\(value)") }
      return .float(Double(value))
    case (.bool, .bool(let value)): return .bool(value)
    case (.duration, .string(let text)):
      guard let duration = DurationText.parse(text) else { throw refuse("\"\(MessageText.shown(text))\"") }
      // Only where the default is none may a time be none: a request without any would never succeed.
      if duration == .zero, defaultValue != .string("0s") {
        throw .badValue(key: name, place: place, expected: "a duration above zero", found: "\"\(text)\"")
      }
      return .string(text)
    case (.byteCount, .integer(let value)):
      guard value >= 0 else { throw refuse(String(value)) }
      return .integer(Int(value))
    case (.byteCount, .string(let text)):
      guard ByteCountText.parse(text) != nil else { throw refuse("\"\(MessageText.shown(text))\"") }
      return .string(text)
    case (.strings, .array(let nodes)):
      var values: [String] = []
      for node in nodes {
        guard case .string(let text) = node.value else {
          throw refuse("a list with \(node.value.typeName) in it")
        }
        // Patterns of files may look like the beginning of a key (sk-learn/**), but seldom like a whole one.
        if Self.looksLikeSecret(text), text.contains(where: \.isNumber) {
          throw .literalSecret(key: name, place: place)
        }
        values.append(text)
      }
      return .strings(values)
    default: throw refuse(value.typeName)
    }
  }

  /// Reads the text of an environment variable or an override: TOML first; bare text where the type
  /// allows it.
  ///
  /// - Throws: `ConfigurationProblem.badValue`, `.literalSecret`.
  public func check(text: String, place: String) throws(ConfigurationProblem) -> ConfigurationScalar {
    // Bare text is no TOML value; that is what the second attempt is for.
    let document = try? TOMLDocument(Array("v = \(text)\n".utf8), source: place)
    if let value = document?.root["v"]?.node.value, document?.root.members.count == 1 {
      switch (type, value) {
      // A bare word that happens to be TOML (true, 1, 1979-05-27) is still a string here.
      case (.string, .string), (.variable, .string), (.choice, .string), (.duration, .string),
        (.byteCount, .string):
        break
      case (.string, _), (.variable, _), (.choice, _), (.duration, _):
        return try check(.string(text), place: place)
      default: break
      }
      return try check(value, place: place)
    }
    switch type {
    case .string, .variable, .choice, .duration, .byteCount: return try check(.string(text), place: place)
    case .strings:
      let parts =
        text.isEmpty
        ? []
        : text.split(separator: ",").map { part in
          String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
      return try check(
        .array(parts.map { TOMLNode(value: .string($0), region: .nowhere) }), place: place)
    case .integer, .float, .bool:
      throw .badValue(
        key: name, place: place, expected: type.description, found: "\"\(MessageText.shown(text))\"")
    }
  }

  private static func isVariableName(_ text: String) -> Bool {
    text.utf8.allSatisfy(SecretPatterns.isWord)
      && !(text.utf8.first.map { (0x30...0x39).contains($0) } ?? false)
  }

  /// Whether a text is rather a key than the name of a variable: long, with digits, in one piece.
  private static func looksLikeKeyMaterial(_ text: String) -> Bool {
    text.utf8.count >= 20 && text.contains(where: \.isNumber) && !text.contains("_")
  }

  /// Whether something in the text has the form of a credential. A false alarm is cheaper than a key in
  /// a repository.
  static func looksLikeSecret(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return SecretPatterns.mask(bytes) != bytes
  }
}
