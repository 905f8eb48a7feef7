/// What happened, as one number for comparison and as the last lines for people.
struct Trace {
  /// FNV-1a over all lines (Fowler, Noll, Vo; 64 bits). Equal runs have equal hashes.
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  private(set) var lineCount = 0
  private var recent: [String] = []
  private let kept: Int

  /// - Parameter kept: how many of the last lines are kept as text; 0: none.
  init(keeping kept: Int) { self.kept = kept }

  mutating func add(_ line: String) {
    lineCount += 1
    hash = FNV1a.hash(line.utf8, from: hash)
    if kept > 0 {
      recent.append(line)
      if recent.count > 2 * kept { recent.removeFirst(recent.count - kept) }
    }
  }

  var tail: [String] { Array(recent.suffix(kept)) }
}

/// The hash FNV-1a of 64 bits. It guards the simulated log too: any single damaged record is noticed.
enum FNV1a {
  static func hash(_ bytes: some Sequence<UInt8>, from start: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
    var hash = start
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }
}
