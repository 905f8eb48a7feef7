/// What `.gitattributes` says about files in the vocabulary of GitHub's Linguist.
struct LinguistAttributes: Sendable, Equatable {
  /// `linguist-generated`, `linguist-vendored` and `linguist-documentation`; nil when nothing is said.
  var isGenerated: Bool?, isVendored: Bool?, isDocumentation: Bool?
}

/// The attribute files that hold for a folder, as a chain from the deepest to the topmost one.
///
/// Source of the format: gitattributes(5). Only the attributes that say what a file is for are kept.
final class AttributeRules: Sendable {
  private struct Rule: Sendable {
    let pattern: IgnorePattern
    let attributes: LinguistAttributes
  }

  private let rules: [Rule]
  private let baseLength: Int
  private let parent: AttributeRules?

  /// Reads an attribute file; nil when it says nothing of interest.
  ///
  /// - Parameters:
  ///   - text: the content of the file.
  ///   - baseLength: how many bytes of a path to test name the file's own folder, its slash included.
  ///   - parent: what holds where this file is silent.
  init?(_ text: some Collection<UInt8>, baseLength: Int, parent: AttributeRules?) {
    rules = text.split(separator: UInt8(ascii: "\n")).compactMap { Self.rule(line: $0) }
    if rules.isEmpty { return nil }
    self.baseLength = baseLength
    self.parent = parent
  }

  /// What is said of a file: of several matches the deepest file's last one counts, for each attribute.
  func attributes(of path: UnsafeRawBufferPointer) -> LinguistAttributes {
    let nameStart = (path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
    var found = LinguistAttributes()
    var level: AttributeRules? = self
    while let current = level {
      let below = UnsafeRawBufferPointer(rebasing: path[current.baseLength...])
      for rule in current.rules.reversed()
      where rule.pattern.matches(below, nameStart: nameStart - current.baseLength, isFolder: false) {
        found.isGenerated = found.isGenerated ?? rule.attributes.isGenerated
        found.isVendored = found.isVendored ?? rule.attributes.isVendored
        found.isDocumentation = found.isDocumentation ?? rule.attributes.isDocumentation
      }
      level = current.parent
    }
    return found
  }

  private static func rule(line: some Collection<UInt8>) -> Rule? {
    let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    // Quoted patterns (for names with spaces) and negated ones (an error in git) are passed over.
    guard let pattern = words.first, pattern.first != UInt8(ascii: "\""),
      pattern.first != UInt8(ascii: "!"),
      pattern.first != UInt8(ascii: "[")
        || pattern.contains(UInt8(ascii: "]"))
    else { return nil }
    var attributes = LinguistAttributes()
    for word in words.dropFirst() {
      let isUnset = word.first == UInt8(ascii: "-")
      let parts = (isUnset ? word.dropFirst() : word[...]).split(
        separator: UInt8(ascii: "="), maxSplits: 1)
      guard let first = parts.first else { continue }
      let isFalse = parts.count > 1 && parts[1].elementsEqual("false".utf8)
      let value = !isUnset && !isFalse
      switch String(decoding: first, as: UTF8.self) {
      case "linguist-generated": attributes.isGenerated = value
      case "linguist-vendored": attributes.isVendored = value
      case "linguist-documentation": attributes.isDocumentation = value
      default: continue
      }
    }
    guard attributes != LinguistAttributes(), let compiled = IgnorePattern(line: pattern) else {
      return nil
    }
    return Rule(pattern: compiled, attributes: attributes)
  }
}
