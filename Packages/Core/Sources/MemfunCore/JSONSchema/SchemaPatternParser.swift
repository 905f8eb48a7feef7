/// Parses the regular expressions of `SchemaPattern`.
struct SchemaPatternParser {
  indirect enum Node {
    case empty
    case scalar(ScalarSet)
    case start, end
    case wordBoundary(Bool)
    case sequence([Node])
    case alternatives([Node])
    case repeated(Node, minimum: Int, maximum: Int?)
  }

  typealias Problem = SchemaPattern.Problem

  private static let maximumDepth = 100
  private static let maximumRepetition = 1000

  private let text: [Unicode.Scalar]
  private var place = 0
  private var depth = 0

  init(_ pattern: String) { text = Array(pattern.unicodeScalars) }

  mutating func parse() throws(Problem) -> Node {
    let node = try alternatives()
    if place < text.count { throw .syntax("unmatched ')'") }
    return node
  }

  private var peek: Unicode.Scalar? { place < text.count ? text[place] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    place += 1
    return true
  }

  private mutating func alternatives() throws(Problem) -> Node {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.maximumDepth { throw .unsupported("groups are nested too deeply") }
    var nodes = [try sequence()]
    while take("|") { nodes.append(try sequence()) }
    return nodes.count == 1 ? nodes[0] : .alternatives(nodes)
  }

  private mutating func sequence() throws(Problem) -> Node {
    var nodes: [Node] = []
    while let scalar = peek, scalar != "|", scalar != ")" {
      let node = try atom()
      nodes.append(try quantified(node))
    }
    return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
  }

  private mutating func quantified(_ node: Node) throws(Problem) -> Node {
    let limits: (Int, Int?)
    switch peek {
    case "*": limits = (0, nil)
    case "+": limits = (1, nil)
    case "?": limits = (0, 1)
    case "{":
      guard let counted = try repetition() else { return node }
      limits = counted
      place -= 1
    default: return node
    }
    place += 1
    switch node {
    case .start, .end, .wordBoundary: throw .syntax("an assertion cannot be repeated")
    default: break
    }
    // Lazy or not makes no difference to whether there is a match.
    _ = take("?")
    if let next = peek, next == "*" || next == "+" || next == "?" { throw .syntax("nothing to repeat") }
    return .repeated(node, minimum: limits.0, maximum: limits.1)
  }

  /// `{3}`, `{3,}`, `{3,5}`; nil (and nothing taken) for a brace that is meant literally.
  private mutating func repetition() throws(Problem) -> (Int, Int?)? {
    let start = place
    place += 1
    guard let minimum = try number() else {
      place = start
      return nil
    }
    var maximum: Int? = minimum
    if take(",") { maximum = try number() }
    guard take("}") else {
      place = start
      return nil
    }
    if let maximum, maximum < minimum { throw .syntax("the numbers of a repetition are out of order") }
    return (minimum, maximum)
  }

  private mutating func number() throws(Problem) -> Int? {
    var value: Int?
    while let scalar = peek, scalar.value >= 0x30, scalar.value <= 0x39 {
      value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
      if value! > Self.maximumRepetition {
        throw .unsupported("more than \(Self.maximumRepetition) repetitions")
      }
      place += 1
    }
    return value
  }

  private mutating func atom() throws(Problem) -> Node {
    guard let scalar = peek else { return .empty }
    place += 1
    switch scalar {
    case ".": return .scalar(.notLineEnd)
    case "^": return .start
    case "$": return .end
    case "(": return try group()
    case "[": return .scalar(try characterClass())
    case "*", "+", "?": throw .syntax("nothing to repeat")
    case "\\":
      if take("b") { return .wordBoundary(true) }
      if take("B") { return .wordBoundary(false) }
      return .scalar(try escape(inClass: false))
    case "{":
      // Literal, unless it reads as a repetition of nothing.
      place -= 1
      if try repetition() != nil { throw .syntax("nothing to repeat") }
      place += 1
      return .scalar(Self.single(scalar))
    default: return .scalar(Self.single(scalar))
    }
  }

  private mutating func group() throws(Problem) -> Node {
    if take("?") {
      switch peek {
      case ":": place += 1
      case "=", "!": throw .unsupported("look-ahead")
      case "<":
        place += 1
        if peek == "=" || peek == "!" { throw .unsupported("look-behind") }
        while let scalar = peek, scalar != ">" {
          guard ScalarSet.word.contains(scalar) else { throw .syntax("invalid name of a group") }
          place += 1
        }
        guard take(">") else { throw .syntax("the name of a group is not closed") }
      default: throw .syntax("unknown kind of group")
      }
    }
    let node = try alternatives()
    guard take(")") else { throw .syntax("a group is not closed") }
    return node
  }

  private mutating func characterClass() throws(Problem) -> ScalarSet {
    var set = ScalarSet()
    set.isNegated = take("^")
    while let scalar = peek {
      if scalar == "]" {
        place += 1
        return set
      }
      let first = try classMember()
      guard let low = Self.only(first), peek == "-", place + 1 < text.count, text[place + 1] != "]" else {
        set.members.append(first)
        continue
      }
      place += 1
      guard let high = Self.only(try classMember()) else {
        throw .syntax("a range in a class needs a character at both ends")
      }
      guard low <= high else { throw .syntax("the ends of a range in a class are out of order") }
      set.ranges.append(low...high)
    }
    throw .syntax("a class is not closed")
  }

  private mutating func classMember() throws(Problem) -> ScalarSet {
    guard let scalar = peek else { throw .syntax("a class is not closed") }
    place += 1
    return scalar == "\\" ? try escape(inClass: true) : Self.single(scalar)
  }

  private mutating func escape(inClass: Bool) throws(Problem) -> ScalarSet {
    guard let scalar = peek else { throw .syntax("nothing after the backslash") }
    place += 1
    switch scalar {
    case "d": return .digit
    case "D": return ScalarSet.digit.negated
    case "w": return .word
    case "W": return ScalarSet.word.negated
    case "s": return .space
    case "S": return ScalarSet.space.negated
    case "t": return Self.single("\t")
    case "n": return Self.single("\n")
    case "r": return Self.single("\r")
    case "f": return Self.single("\u{C}")
    case "v": return Self.single("\u{B}")
    case "b" where inClass: return Self.single("\u{8}")
    case "0": return Self.single("\0")
    case "1"..."9": throw .unsupported("back-references")
    case "k": throw .unsupported("back-references")
    case "x": return try hexadecimal(digits: 2)
    case "u": return try unicodeEscape()
    case "p": return try category()
    case "P": return try category().negated
    case "a"..."z", "A"..."Z": throw .syntax("unknown escape \\\(scalar)")
    default: return Self.single(scalar)
    }
  }

  private mutating func unicodeEscape() throws(Problem) -> ScalarSet {
    if take("{") {
      var value: UInt32 = 0
      var count = 0
      while let digit = peek.flatMap({ Character($0).hexDigitValue }), count < 7 {
        value = value << 4 | UInt32(digit)
        count += 1
        place += 1
      }
      guard count > 0, take("}"), value <= 0x10FFFF else { throw .syntax("invalid \\u{…}") }
      return ScalarSet(ranges: [value...value])
    }
    let first = try hexadecimal(digits: 4)
    guard let high = Self.only(first), (0xD800..<0xDC00).contains(high), place + 1 < text.count,
      text[place] == "\\", text[place + 1] == "u"
    else { return first }
    let rewind = place
    place += 2
    guard let low = Self.only(try hexadecimal(digits: 4)), (0xDC00..<0xE000).contains(low) else {
      place = rewind
      return first
    }
    let value = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
    return ScalarSet(ranges: [value...value])
  }

  private mutating func hexadecimal(digits: Int) throws(Problem) -> ScalarSet {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = peek.flatMap({ Character($0).hexDigitValue }) else {
        throw .syntax("\(digits) hexadecimal digits were expected")
      }
      value = value << 4 | UInt32(digit)
      place += 1
    }
    return ScalarSet(ranges: [value...value])
  }

  private mutating func category() throws(Problem) -> ScalarSet {
    guard take("{") else { throw .syntax("\\p needs a category in braces") }
    var name = ""
    while let scalar = peek, scalar != "}" {
      name.unicodeScalars.append(scalar)
      place += 1
    }
    guard take("}") else { throw .syntax("a category is not closed") }
    let long = [
      "Letter": "L", "Mark": "M", "Number": "N", "Punctuation": "P", "Symbol": "S", "Separator": "Z",
    ]
    let short = long[name] ?? name
    let isKnown =
      short.count <= 2 && short.first.map { "LMNPSZC".contains($0) } == true
      && short.dropFirst().allSatisfy { $0.isASCII && $0.isLowercase }
    guard isKnown else { throw .unsupported("the Unicode property \(name)") }
    return ScalarSet(categories: [short])
  }

  private static func single(_ scalar: Unicode.Scalar) -> ScalarSet {
    ScalarSet(ranges: [scalar.value...scalar.value])
  }

  /// The one scalar of a set that has exactly one.
  private static func only(_ set: ScalarSet) -> UInt32? {
    guard set.members.isEmpty, set.categories.isEmpty, !set.isNegated, set.ranges.count == 1,
      set.ranges[0].lowerBound == set.ranges[0].upperBound
    else { return nil }
    return set.ranges[0].lowerBound
  }
}
