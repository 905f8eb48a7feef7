/// One line of an ignore file, with the meaning of gitignore(5).
struct IgnorePattern: Sendable {
  /// The line begins with `!`: what matches is not ignored after all.
  let isNegated: Bool
  private let needsFolder: Bool
  private let shape: Shape

  private enum Shape: Sendable {
    /// The last component of the path is exactly this.
    case name([UInt8])
    /// The last component ends with this.
    case nameSuffix([UInt8])
    /// The last component matches.
    case namePattern(WildcardPattern)
    /// The path below the ignore file's folder is exactly this.
    case path([UInt8])
    /// The path begins with this, and the rest matches.
    case pathPattern(prefix: [UInt8], rest: WildcardPattern)
  }

  /// Reads a line without its line feed; nil when it is empty or a comment.
  init?(line: some Collection<UInt8>) {
    var bytes = Array(line)
    if bytes.first == UInt8(ascii: "#") { return nil }
    // A file written on Windows: the carriage return belongs to the line end.
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    Self.trimUnquotedSpaces(&bytes)
    if bytes.isEmpty { return nil }
    isNegated = bytes.first == UInt8(ascii: "!")
    if isNegated { bytes.removeFirst() }
    needsFolder = bytes.last == UInt8(ascii: "/")
    if needsFolder { bytes.removeLast() }
    let literalCount = bytes.firstIndex(where: Self.isSpecial) ?? bytes.count
    if !bytes.contains(UInt8(ascii: "/")) {
      if literalCount == bytes.count {
        shape = .name(bytes)
      } else if bytes[0] == UInt8(ascii: "*"), !bytes.dropFirst().contains(where: Self.isSpecial) {
        shape = .nameSuffix(Array(bytes.dropFirst()))
      } else {
        shape = .namePattern(WildcardPattern(bytes))
      }
    } else {
      let start = bytes[0] == UInt8(ascii: "/") ? 1 : 0
      if literalCount == bytes.count {
        shape = .path(Array(bytes[start...]))
      } else {
        // The rest is compiled on its own, as git does: `**` right after the literal part counts as
        // the beginning of a pattern.
        let split = max(start, literalCount)
        shape = .pathPattern(
          prefix: Array(bytes[start..<split]), rest: WildcardPattern(bytes[split...]))
      }
    }
  }

  /// Whether an entry matches.
  ///
  /// - Parameters:
  ///   - path: relative to the folder of the ignore file.
  ///   - nameStart: where its last component begins.
  ///   - isFolder: whether the entry is a folder (a symbolic link to one is not).
  func matches(_ path: UnsafeRawBufferPointer, nameStart: Int, isFolder: Bool) -> Bool {
    if needsFolder, !isFolder { return false }
    let name = UnsafeRawBufferPointer(rebasing: path[nameStart...])
    switch shape {
    case .name(let wanted): return name.elementsEqual(wanted)
    case .nameSuffix(let suffix):
      return name.count >= suffix.count && name[(name.count - suffix.count)...].elementsEqual(suffix)
    case .namePattern(let pattern): return pattern.matches(name)
    case .path(let wanted): return path.elementsEqual(wanted)
    case .pathPattern(let prefix, let rest):
      return path.starts(with: prefix)
        && rest.matches(UnsafeRawBufferPointer(rebasing: path[prefix.count...]))
    }
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "\\"): true
    default: false
    }
  }

  /// Removes spaces at the end unless a backslash quotes them.
  private static func trimUnquotedSpaces(_ bytes: inout [UInt8]) {
    var end = 0
    var at = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: " "): break
      case UInt8(ascii: "\\"):
        // A backslash as the very last byte keeps everything.
        if at + 1 == bytes.count { return }
        at += 1
        end = at + 1
      default: end = at + 1
      }
      at += 1
    }
    bytes.removeSubrange(end...)
  }
}
