/// A regular expression of JSON Schema's `pattern`, matched in time proportional to the text.
///
/// The dialect is the part of ECMA-262 that can be matched without backtracking: characters, `.`, classes,
/// `\d \w \s \b` and their opposites, `\p{L}` and the other general categories of one letter or two,
/// anchors, groups, alternatives, and all quantifiers. Look-around and back-references are refused when
/// the pattern is compiled. The matcher is Thompson's (Ken Thompson, "Regular expression search
/// algorithm", CACM 1968) in the form of Pike's virtual machine without captures.
struct SchemaPattern: Sendable {
  /// Why a pattern cannot be used.
  enum Problem: Error, Equatable {
    case syntax(String)
    case unsupported(String)
  }

  enum Instruction: Sendable {
    case scalar(ScalarSet)
    case split(Int, Int)
    case jump(Int)
    case start, end
    case wordBoundary(Bool)
    case match
  }

  /// Repetitions multiply; beyond this the pattern is refused.
  static let maximumInstructions = 4000

  private let program: [Instruction]

  /// Compiles a pattern.
  init(_ pattern: String) throws(Problem) {
    var parser = SchemaPatternParser(pattern)
    let tree = try parser.parse()
    var compiler = Compiler()
    try compiler.emit(tree)
    try compiler.append(.match)
    program = compiler.program
  }

  /// Whether some part of `text` matches.
  ///
  /// - Parameter budget: how many steps may be taken; what was used is subtracted.
  /// - Returns: nil when the budget did not suffice.
  func matches(_ text: String, budget: inout Int) -> Bool? {
    let scalars = Array(text.unicodeScalars)
    var current = States(count: program.count)
    var next = States(count: program.count)
    for place in 0...scalars.count {
      // The pattern may begin anywhere.
      if add(0, to: &current, at: place, in: scalars, budget: &budget) { return true }
      guard budget > 0 else { return nil }
      guard place < scalars.count else { break }
      for state in current.list {
        budget -= 1
        guard case .scalar(let set) = program[state], set.contains(scalars[place]) else { continue }
        if add(state + 1, to: &next, at: place + 1, in: scalars, budget: &budget) { return true }
      }
      swap(&current, &next)
      next.removeAll()
    }
    return false
  }

  /// The states that wait for a scalar, each once.
  private struct States {
    var list: [Int] = []
    private var isMember: [Bool]

    init(count: Int) { isMember = [Bool](repeating: false, count: count) }

    mutating func insert(_ state: Int) -> Bool {
      if isMember[state] { return false }
      isMember[state] = true
      list.append(state)
      return true
    }

    mutating func removeAll() {
      for state in list { isMember[state] = false }
      list.removeAll(keepingCapacity: true)
    }
  }

  /// Adds a state and all that are reached from it without reading. Returns whether that ends the match.
  private func add(
    _ state: Int, to states: inout States, at place: Int, in text: [Unicode.Scalar], budget: inout Int
  ) -> Bool {
    var pending = [state]
    while let state = pending.popLast() {
      guard states.insert(state) else { continue }
      budget -= 1
      switch program[state] {
      case .match: return true
      case .scalar: break
      case .jump(let target): pending.append(target)
      case .split(let first, let second): pending += [second, first]
      case .start: if place == 0 { pending.append(state + 1) }
      case .end: if place == text.count { pending.append(state + 1) }
      case .wordBoundary(let wanted):
        let before = place > 0 && ScalarSet.word.contains(text[place - 1])
        let after = place < text.count && ScalarSet.word.contains(text[place])
        if (before != after) == wanted { pending.append(state + 1) }
      }
    }
    return false
  }

  private struct Compiler {
    var program: [Instruction] = []

    mutating func append(_ instruction: Instruction) throws(Problem) {
      guard program.count < SchemaPattern.maximumInstructions else {
        throw .unsupported("the pattern is too large when its repetitions are written out")
      }
      program.append(instruction)
    }

    mutating func emit(_ node: SchemaPatternParser.Node) throws(Problem) {
      switch node {
      case .empty: break
      case .scalar(let set): try append(.scalar(set))
      case .start: try append(.start)
      case .end: try append(.end)
      case .wordBoundary(let wanted): try append(.wordBoundary(wanted))
      case .sequence(let nodes): for node in nodes { try emit(node) }
      case .alternatives(let nodes):
        var jumps: [Int] = []
        for (place, node) in nodes.enumerated() {
          if place == nodes.count - 1 {
            try emit(node)
            break
          }
          let split = program.count
          try append(.jump(0))
          try emit(node)
          jumps.append(program.count)
          try append(.jump(0))
          program[split] = .split(split + 1, program.count)
        }
        for jump in jumps { program[jump] = .jump(program.count) }
      case .repeated(let node, let minimum, let maximum):
        for _ in 0..<minimum { try emit(node) }
        guard let maximum else {
          let split = program.count
          try append(.jump(0))
          try emit(node)
          try append(.jump(split))
          program[split] = .split(split + 1, program.count)
          return
        }
        var splits: [Int] = []
        for _ in minimum..<max(minimum, maximum) {
          splits.append(program.count)
          try append(.jump(0))
          try emit(node)
        }
        for split in splits { program[split] = .split(split + 1, program.count) }
      }
    }
  }
}

/// A set of Unicode scalars.
struct ScalarSet: Sendable {
  var ranges: [ClosedRange<UInt32>] = []
  /// Sets inside this one: `\w` or `\D` in a class.
  var members: [ScalarSet] = []
  /// The beginnings of general categories: `L`, `Lu`.
  var categories: [String] = []
  var isNegated = false

  static let digit = ScalarSet(ranges: [0x30...0x39])
  static let word = ScalarSet(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  static let space = ScalarSet(ranges: [
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ])
  /// What `.` matches: all but line terminators.
  static let notLineEnd = ScalarSet(
    ranges: [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029], isNegated: true)

  var negated: ScalarSet {
    var opposite = self
    opposite.isNegated.toggle()
    return opposite
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    let isIn =
      ranges.contains { $0.contains(scalar.value) } || members.contains { $0.contains(scalar) }
      || !categories.isEmpty && categories.contains(where: Self.category(of: scalar).hasPrefix)
    return isIn != isNegated
  }

  private static func category(of scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter: "Lu"
    case .lowercaseLetter: "Ll"
    case .titlecaseLetter: "Lt"
    case .modifierLetter: "Lm"
    case .otherLetter: "Lo"
    case .nonspacingMark: "Mn"
    case .spacingMark: "Mc"
    case .enclosingMark: "Me"
    case .decimalNumber: "Nd"
    case .letterNumber: "Nl"
    case .otherNumber: "No"
    case .connectorPunctuation: "Pc"
    case .dashPunctuation: "Pd"
    case .openPunctuation: "Ps"
    case .closePunctuation: "Pe"
    case .initialPunctuation: "Pi"
    case .finalPunctuation: "Pf"
    case .otherPunctuation: "Po"
    case .mathSymbol: "Sm"
    case .currencySymbol: "Sc"
    case .modifierSymbol: "Sk"
    case .otherSymbol: "So"
    case .spaceSeparator: "Zs"
    case .lineSeparator: "Zl"
    case .paragraphSeparator: "Zp"
    case .control: "Cc"
    case .format: "Cf"
    case .surrogate: "Cs"
    case .privateUse: "Co"
    case .unassigned: "Cn"
    @unknown default: "Cn"
    }
  }
}
