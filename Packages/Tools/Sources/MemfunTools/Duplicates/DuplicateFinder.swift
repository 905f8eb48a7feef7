/// Finds blocks of code that stand in more than one place, equal but for white space and comments.
///
/// Windows of `minimumLines` lines that say something are compared by a rolling hash over the lines'
/// fingerprints (Karp and Rabin 1987); windows of one hash form a class. From the first place that no group
/// covers yet, the class is extended to the longest block with binary search over prefix hashes, checked
/// line by line against the fingerprints, and covered. Each class is extended once, so the time is
/// n log n in the lines, also when a file repeats one line or ten thousand files are equal.
///
/// Lines of braces only and imports are compared but do not count towards the minimum. The places of one
/// group do not overlap; a longer block in few places and a part of it in more places are two groups.
public struct DuplicateFinder {
  /// How large a block must be.
  public struct Options: Sendable {
    /// Lines that are more than braces, and tokens, that a block must have.
    public var minimumLines: Int, minimumTokens: Int

    /// - Parameters:
    ///   - minimumLines: at least 1.
    ///   - minimumTokens: names, numbers, strings, operators and brackets.
    public init(minimumLines: Int = 10, minimumTokens: Int = 50) {
      self.minimumLines = max(1, minimumLines)
      self.minimumTokens = minimumTokens
    }
  }

  private let options: Options
  /// The fingerprints of all files, one after the other.
  private var lines: [FileFacts.LineFingerprint] = []
  /// The file of each range of `lines`, by the range's end.
  private var ends: [(end: Int, file: FileID)] = []
  /// Hashes of all lines before each line, and powers of the multiplier.
  private var prefix: [UInt64] = [0]
  private var powers: [UInt64] = [1]
  private var tokenSums: [Int] = [0]
  /// Per line: the next line that no group covers (with path compression).
  private var uncovered: [Int32] = []
  private var groups: [DuplicateGroup] = []

  private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C55

  /// Finds the groups, most duplicated lines first.
  ///
  /// - Parameters:
  ///   - facts: of all files; pass empty facts for files that are not to be searched.
  ///   - options: how large a block must be.
  public static func find(in facts: [FileFacts], options: Options = Options()) -> [DuplicateGroup] {
    var finder = DuplicateFinder(facts: facts, options: options)
    finder.run()
    return finder.groups
  }

  private init(facts: [FileFacts], options: Options) {
    self.options = options
    let total = facts.reduce(0) { $0 + $1.fingerprints.count }
    lines.reserveCapacity(total)
    prefix.reserveCapacity(total + 1)
    tokenSums.reserveCapacity(total + 1)
    var longest = 0
    for (file, facts) in facts.enumerated() where !facts.fingerprints.isEmpty {
      longest = max(longest, facts.fingerprints.count)
      lines.append(contentsOf: facts.fingerprints)
      ends.append((lines.count, FileID(file)))
    }
    for line in lines {
      prefix.append(prefix[prefix.count - 1] &* Self.multiplier &+ line.hash)
      tokenSums.append(tokenSums[tokenSums.count - 1] + Int(line.tokens))
    }
    powers.reserveCapacity(longest + 1)
    for _ in 0..<longest { powers.append(powers[powers.count - 1] &* Self.multiplier) }
  }

  /// The hash of lines `start ..< end` of one file.
  @inline(__always)
  private func hash(_ start: Int, _ end: Int) -> UInt64 {
    prefix[end] &- prefix[start] &* powers[end - start]
  }

  /// The index in `ends` of the file that holds a line.
  private func file(of line: Int) -> Int {
    var low = 0
    var high = ends.count - 1
    while low < high {
      let middle = (low + high) / 2
      if ends[middle].end <= line { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func run() {
    let (firstOfClass, nextInClass) = classes()
    uncovered = (0...Int32(lines.count)).map { $0 }
    var members: [Int] = []
    for start in 0..<lines.count {
      let first = firstOfClass[start]
      guard first >= 0, uncovered[start] == start else { continue }
      // A class of one.
      guard nextInClass[Int(first)] >= 0 else { continue }
      members.removeAll(keepingCapacity: true)
      var member = first
      while member >= 0 {
        members.append(Int(member))
        member = nextInClass[Int(member)]
      }
      extend(from: start, members: members)
    }
    groups.sort(by: Self.precedes)
  }

  private static func precedes(_ left: DuplicateGroup, _ right: DuplicateGroup) -> Bool {
    let leftLines = Int(left.codeLines) * (left.places.count - 1)
    let rightLines = Int(right.codeLines) * (right.places.count - 1)
    if leftLines != rightLines { return leftLines > rightLines }
    let a = left.places[0]
    let b = right.places[0]
    return (a.file, a.startLine, a.endLine) < (b.file, b.startLine, b.endLine)
  }

  // MARK: Classes of equal windows

  /// For each line the first line whose window has the same hash (-1 without a window), and the chain of
  /// the lines of a class in ascending order.
  private func classes() -> (first: [Int32], next: [Int32]) {
    var first = [Int32](repeating: -1, count: lines.count)
    var next = [Int32](repeating: -1, count: lines.count)
    var last = [Int32](repeating: -1, count: lines.count)
    var hashes = [UInt64](repeating: 0, count: lines.count)
    var size = 1024
    while size < lines.count * 2 { size *= 2 }
    var table = [Int32](repeating: -1, count: size)
    var begin = 0
    for (fileEnd, _) in ends {
      var end = begin
      var seen = 0
      for start in begin..<fileEnd {
        guard lines[start].tokens > 0 else { continue }
        while end < fileEnd, seen < options.minimumLines {
          if lines[end].tokens > 0 { seen += 1 }
          end += 1
        }
        guard seen == options.minimumLines else { break }
        let hash = hash(start, end)
        hashes[start] = hash
        seen -= 1
        var slot = Int(truncatingIfNeeded: (hash &* 0xD6E8_FEB8_6659_FD93) >> 20) & (size - 1)
        while table[slot] >= 0, hashes[Int(table[slot])] != hash { slot = (slot + 1) & (size - 1) }
        if table[slot] < 0 {
          table[slot] = Int32(start)
          first[start] = Int32(start)
          last[start] = Int32(start)
        } else {
          let head = table[slot]
          first[start] = head
          next[Int(last[Int(head)])] = Int32(start)
          last[Int(head)] = Int32(start)
        }
      }
      begin = fileEnd
    }
    return (first, next)
  }

  // MARK: Groups

  /// Reports the block that begins at `start` and the places of its class, and covers them all.
  private mutating func extend(from start: Int, members: [Int]) {
    let home = file(of: start)
    let limit = ends[home].end
    var lengths: [Int] = []
    lengths.reserveCapacity(members.count)
    var memberFile = 0
    var longest = 0
    var shortest = Int.max
    var repeatsItself = false
    for member in members {
      while ends[memberFile].end <= member { memberFile += 1 }
      guard member != start else {
        lengths.append(0)
        continue
      }
      let length = commonLength(start, limit, member, ends[memberFile].end)
      cover(member, member + length)
      // Two places of one file must not overlap.
      let usable = memberFile == home ? min(length, abs(member - start)) : length
      repeatsItself = repeatsItself || usable < length
      lengths.append(usable)
      if spans(start, usable) {
        longest = max(longest, usable)
        shortest = min(shortest, usable)
      }
    }
    cover(start, start + max(longest, 1))
    guard longest > 0 else { return }
    let inLongest = report(start, longest, members, lengths)
    // A run of one pattern repeats at every offset; its halves say it all.
    guard shortest < longest, !repeatsItself else { return }
    report(start, shortest, members, lengths, onlyAbove: inLongest)
  }

  /// How many lines are equal from two places on, at most up to the ends of their files.
  private func commonLength(_ a: Int, _ aEnd: Int, _ b: Int, _ bEnd: Int) -> Int {
    var low = 0
    var high = min(aEnd - a, bEnd - b)
    while low < high {
      let middle = (low + high + 1) / 2
      if hash(a, a + middle) == hash(b, b + middle) { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// Whether a block is large enough.
  private func spans(_ start: Int, _ length: Int) -> Bool {
    guard length >= options.minimumLines,
      tokenSums[start + length] - tokenSums[start] >= options.minimumTokens
    else { return false }
    var seen = 0
    for line in start..<start + length where lines[line].tokens > 0 {
      seen += 1
      if seen >= options.minimumLines { return true }
    }
    return false
  }

  /// Adds the group of all members that are equal for `length` lines.
  ///
  /// - Parameter onlyAbove: the group is left out unless it has more places than this.
  /// - Returns: how many places it has.
  @discardableResult
  private mutating func report(
    _ start: Int, _ length: Int, _ members: [Int], _ lengths: [Int], onlyAbove: Int = 1
  ) -> Int {
    var places: [DuplicateGroup.Place] = []
    var memberFile = 0
    var lastEnd = -1
    for (index, member) in members.enumerated() {
      guard member == start || lengths[index] >= length else { continue }
      while ends[memberFile].end <= member { memberFile += 1 }
      // Places of one file are apart, and apart from the block itself, which must be among them.
      guard member >= lastEnd, member == start || abs(member - start) >= length else { continue }
      guard member == start || isEqual(start, member, length) else { continue }
      lastEnd = member + length
      places.append(
        .init(
          file: ends[memberFile].file, startLine: lines[member].line,
          endLine: lines[member + length - 1].line))
    }
    guard places.count > onlyAbove else { return places.count }
    groups.append(DuplicateGroup(places: places, codeLines: Int32(clamping: length)))
    return places.count
  }

  /// Compares the fingerprints themselves: a rolling hash can be made to collide.
  private func isEqual(_ a: Int, _ b: Int, _ length: Int) -> Bool {
    for offset in 0..<length where lines[a + offset].hash != lines[b + offset].hash { return false }
    return true
  }

  /// Marks lines as covered; each line is visited once in all calls together.
  private mutating func cover(_ start: Int, _ end: Int) {
    var line = nextUncovered(start)
    while line < end {
      uncovered[line] = Int32(line + 1)
      line = nextUncovered(line + 1)
    }
  }

  private mutating func nextUncovered(_ start: Int) -> Int {
    var root = start
    while uncovered[root] != root { root = Int(uncovered[root]) }
    var line = start
    while uncovered[line] != root, line != root {
      let next = Int(uncovered[line])
      uncovered[line] = Int32(root)
      line = next
    }
    return root
  }
}
