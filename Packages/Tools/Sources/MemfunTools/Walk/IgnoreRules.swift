/// The ignore files that hold for a folder, as a chain from the deepest to the most general one.
///
/// Precedence follows gitignore(5): the deepest file with a matching pattern decides, and within a file
/// the last matching pattern does. Folders without ignore files share their parent's chain.
final class IgnoreRules: Sendable {
  private let patterns: [IgnorePattern]
  /// Length of the folder's path in bytes, with its slash; 0 for the base.
  private let baseLength: Int
  private let parent: IgnoreRules?

  /// - Parameters:
  ///   - text: the content of the file.
  ///   - baseLength: how many bytes of a path to test name the file's own folder, its slash included.
  ///   - parent: what decides when no pattern here matches.
  init(_ text: some Collection<UInt8>, baseLength: Int = 0, parent: IgnoreRules? = nil) {
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let body = text.starts(with: byteOrderMark) ? text.dropFirst(3) : text.dropFirst(0)
    patterns = body.split(separator: UInt8(ascii: "\n")).compactMap { IgnorePattern(line: $0) }
    self.baseLength = baseLength
    self.parent = parent
  }

  /// The patterns of another file as if it lay in another folder: for rules that hold everywhere.
  init(rebasing rules: IgnoreRules, to baseLength: Int, parent: IgnoreRules? = nil) {
    patterns = rules.patterns
    self.baseLength = baseLength
    self.parent = parent
  }

  /// What the rules say of an entry: ignored, kept by a negated pattern, or nothing.
  ///
  /// An entry below an ignored folder must not be asked about: git never looks there.
  ///
  /// - Parameters:
  ///   - path: relative to the base of the whole chain, without a slash at the end.
  ///   - isFolder: whether it is a folder.
  func verdict(_ path: UnsafeRawBufferPointer, isFolder: Bool) -> Verdict {
    let nameStart = (path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
    var rules: IgnoreRules? = self
    while let current = rules {
      let below = UnsafeRawBufferPointer(rebasing: path[current.baseLength...])
      for pattern in current.patterns.reversed()
      where pattern.matches(below, nameStart: nameStart - current.baseLength, isFolder: isFolder) {
        return pattern.isNegated ? .kept : .ignored
      }
      rules = current.parent
    }
    return .undecided
  }

  /// What ignore rules say of an entry.
  enum Verdict: Sendable, Equatable {
    case ignored, kept, undecided
  }
}
