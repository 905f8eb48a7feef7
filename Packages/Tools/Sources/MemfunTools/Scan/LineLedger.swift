/// Collects what a scanner sees, line by line, and closes the books at each line feed.
struct LineLedger {
  var facts = FileFacts()
  /// The line the scanner is in, from 1.
  var line: Int32 = 1
  /// Whether the line holds code or comment so far.
  private var hasCode = false, hasComment = false
  /// Whether the line holds a name, number or string: braces alone are no evidence of copying.
  private var isSubstantial = false
  private var isMarked = false
  /// The line holds an import, whatever follows on it.
  private var isImport = false
  private var hash: UInt64 = LineLedger.seed
  private var tokens = 0
  /// What a macro's text decides is decided where the macro is used, not where it is defined.
  var isInMacro = false

  private static let seed: UInt64 = 0x2545_F491_4F6C_DD1D
  private static let mixer: UInt64 = 0x9FB2_1C65_1E98_DF25

  /// A name, number or string (or what of it stands on this line).
  @inline(__always)
  mutating func token(_ value: UInt64) {
    add(value)
    isSubstantial = true
  }

  /// An operator, bracket or separator.
  @inline(__always)
  mutating func punctuation(_ byte: UInt8) { add(UInt64(byte)) }

  @inline(__always)
  private mutating func add(_ value: UInt64) {
    hash = (hash ^ value) &* Self.mixer
    hash ^= hash >> 32
    tokens += 1
    hasCode = true
  }

  /// Code that has no token of its own, such as an empty line inside a string.
  @inline(__always)
  mutating func markCode() { hasCode = true }

  /// Comment text that is not blank.
  @inline(__always)
  mutating func markComment() { hasComment = true }

  /// A decision point on this line.
  @inline(__always)
  mutating func decision() { if !isInMacro { facts.decisionLines.append(line) } }

  /// The line holds an import and is no evidence of copying.
  @inline(__always)
  mutating func markTrivial() { isImport = true }

  /// Ends a line. `isTrivial` lines (imports) leave a fingerprint that does not count as evidence.
  @inline(__always)
  mutating func endLine(isTrivial: Bool = false) {
    if hasCode {
      facts.codeLines &+= 1
      if tokens > 0 {
        let weight = isSubstantial && !isTrivial && !isImport ? UInt16(clamping: tokens) : 0
        facts.fingerprints.append(.init(hash: hash, line: line, tokens: weight))
        hash = Self.seed
        tokens = 0
      }
    } else if hasComment {
      facts.commentLines &+= 1
    } else {
      facts.blankLines &+= 1
    }
    hasCode = false
    hasComment = false
    isSubstantial = false
    isMarked = false
    isImport = false
    line &+= 1
  }

  /// Ends the file: `endsInLineFeed` tells whether there is a last line left to count.
  mutating func finish(endsInLineFeed: Bool, isTrivial: Bool = false) {
    if !endsInLineFeed { endLine(isTrivial: isTrivial) }
    facts.lines = line &- 1
  }

  /// Reads the part of a comment that stands on the current line.
  ///
  /// - Parameters:
  ///   - base: start of the file.
  ///   - start: first byte of the comment's text on this line.
  ///   - end: first byte after it: a line feed, the comment's closing delimiter, or the file's end.
  ///   - flags: `ByteTable.flags`.
  @inline(__always)
  mutating func comment(
    _ base: UnsafePointer<UInt8>, from start: Int, to end: Int, flags: UnsafePointer<UInt8>
  ) {
    var index = start
    var visible = hasComment
    while index < end {
      let flag = flags[Int(base[index])]
      if flag & ByteTable.space == 0 {
        visible = true
        if flag & ByteTable.markerStart != 0, !isMarked {
          marker(base, at: index, start: start, end: end, flags: flags)
        }
      }
      index += 1
    }
    hasComment = visible
  }

  /// Looks for a marker word at `index`. Only the first of a line counts: `TODO/FIXME` asks once.
  private mutating func marker(
    _ base: UnsafePointer<UInt8>, at index: Int, start: Int, end: Int, flags: UnsafePointer<UInt8>
  ) {
    if index > start, flags[Int(base[index - 1])] & ByteTable.identifier != 0 { return }
    let kind: Marker.Kind
    switch base[index] & 0xDF {
    case Ascii.T: kind = .todo
    case Ascii.F: kind = .fixme
    case Ascii.H: kind = .hack
    default: kind = .xxx
    }
    var after = index
    var isUpper = true
    for letter in kind.rawValue.utf8 {
      guard after < end, base[after] & 0xDF == letter else { return }
      isUpper = isUpper && base[after] == letter
      after += 1
    }
    if after < end, flags[Int(base[after])] & ByteTable.identifier != 0 { return }
    if !isUpper, after >= end || base[after] != Ascii.colon { return }
    isMarked = true
    if after < end, base[after] == Ascii.colon { after += 1 }
    while after < end, flags[Int(base[after])] & ByteTable.space != 0 { after += 1 }
    var last = end
    while last > after, flags[Int(base[last - 1])] & ByteTable.space != 0 { last -= 1 }
    // 200 characters take at most 800 bytes unless combining marks pile up; a cut may split a character.
    let bytes = UnsafeBufferPointer(start: base + after, count: min(last - after, 1_600))
    let text = String(decoding: bytes, as: UTF8.self)
    facts.markers.append(RawMarker(line: line, kind: kind, text: String(text.prefix(200))))
  }
}
