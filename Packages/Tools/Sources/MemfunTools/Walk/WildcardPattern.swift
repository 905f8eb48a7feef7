/// A shell wildcard pattern with git's extensions, compiled once and matched in bounded time.
///
/// The language is that of gitignore(5) and of git's `wildmatch` with `WM_PATHNAME`: `?` and `*` stop at
/// a slash, `**` between slashes crosses them, `[…]` is a set with ranges, negation (`!` or `^`) and
/// POSIX classes, and a backslash quotes the next byte. Matching simulates a nondeterministic automaton
/// (Thompson 1968): pattern length × text length steps at most, so that a hostile ignore file cannot
/// make the walk hang as backtracking would.
struct WildcardPattern: Sendable {
  private enum Token: Sendable, Equatable {
    case byte(UInt8)
    /// Any byte but a slash.
    case anyByte
    case set(ByteSet)
    /// Any number of bytes without a slash.
    case run
    /// Any number of bytes, slashes too.
    case everything
    /// The start of `**/`: goes on to the next token, or skips it.
    case fork
    /// The body of `**/`: anything that ends with a slash.
    case folders
    /// Broken syntax that no text can match, such as a set that is never closed.
    case impossible
  }

  private var tokens: [Token] = []

  /// - Parameter pattern: without the leading `!`, the trailing slash and the leading slash that
  ///   gitignore gives a meaning of its own.
  init(_ pattern: some Collection<UInt8>) {
    let bytes = Array(pattern)
    var at = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "?"):
        tokens.append(.anyByte)
        at += 1
      case UInt8(ascii: "*"):
        at = compileStars(bytes, from: at)
      case UInt8(ascii: "["):
        guard let (set, next) = ByteSet.parse(bytes, from: at) else {
          tokens.append(.impossible)
          return
        }
        tokens.append(.set(set))
        at = next
      case UInt8(ascii: "\\"):
        guard at + 1 < bytes.count else {
          tokens.append(.impossible)
          return
        }
        tokens.append(.byte(bytes[at + 1]))
        at += 2
      default:
        tokens.append(.byte(bytes[at]))
        at += 1
      }
    }
  }

  /// Adds the token for a run of stars and returns where the pattern goes on.
  private mutating func compileStars(_ bytes: [UInt8], from start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end] == UInt8(ascii: "*") { end += 1 }
    let slash = UInt8(ascii: "/")
    guard end - start >= 2, start == 0 || bytes[start - 1] == slash else {
      tokens.append(.run)
      return end
    }
    if end == bytes.count {
      tokens.append(.everything)
      return end
    }
    if bytes[end] == slash {
      tokens.append(.fork)
      tokens.append(.folders)
      return end + 1
    }
    if bytes[end] == UInt8(ascii: "\\"), end + 1 < bytes.count, bytes[end + 1] == slash {
      tokens.append(.everything)
      return end
    }
    tokens.append(.run)
    return end
  }

  /// Whether the whole text matches.
  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    // State i: the first i tokens have matched. One bit a state.
    let states = tokens.count + 1
    return withUnsafeTemporaryAllocation(of: Bool.self, capacity: states * 2) { memory in
      memory.initialize(repeating: false)
      var current = UnsafeMutableBufferPointer(rebasing: memory[0..<states])
      var next = UnsafeMutableBufferPointer(rebasing: memory[states...])
      current[0] = true
      closeOverEmpty(current)
      for byte in text {
        next.update(repeating: false)
        for state in 0..<tokens.count where current[state] {
          switch tokens[state] {
          case .byte(let wanted): if byte == wanted { next[state + 1] = true }
          case .anyByte: if byte != UInt8(ascii: "/") { next[state + 1] = true }
          case .set(let set): if byte != UInt8(ascii: "/"), set.contains(byte) { next[state + 1] = true }
          case .run: if byte != UInt8(ascii: "/") { next[state] = true }
          case .everything: next[state] = true
          case .folders:
            next[state] = true
            if byte == UInt8(ascii: "/") { next[state + 1] = true }
          case .fork, .impossible: break
          }
        }
        closeOverEmpty(next)
        if !next.contains(true) { return false }
        swap(&current, &next)
      }
      return current[tokens.count]
    }
  }

  /// Adds the states that are reached without reading a byte.
  private func closeOverEmpty(_ states: UnsafeMutableBufferPointer<Bool>) {
    for state in 0..<tokens.count where states[state] {
      switch tokens[state] {
      case .run, .everything: states[state + 1] = true
      case .fork:
        states[state + 1] = true
        states[state + 2] = true
      default: break
      }
    }
  }
}
