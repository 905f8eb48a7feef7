/// A place inside a JSON document (RFC 6901): `/items/0/name`; the empty pointer is the whole document.
public struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
  /// The names of members and indices of elements on the way, unescaped.
  public var tokens: [String]

  /// The whole document, or the place at the end of `tokens`.
  public init(_ tokens: [String] = []) { self.tokens = tokens }

  /// Parses the text form. Nil when it does not begin with `/` (and is not empty) or a `~` is followed
  /// by neither `0` nor `1`.
  public init?(parsing text: String) {
    if text.isEmpty {
      tokens = []
      return
    }
    guard text.utf8.first == UInt8(ascii: "/") else { return nil }
    tokens = []
    for token in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      var name = ""
      var scalars = token.unicodeScalars.makeIterator()
      while let scalar = scalars.next() {
        guard scalar == "~" else {
          name.unicodeScalars.append(scalar)
          continue
        }
        switch scalars.next() {
        case "0": name += "~"
        case "1": name += "/"
        default: return nil
        }
      }
      tokens.append(name)
    }
  }

  /// The text form.
  public var description: String {
    var text = ""
    for token in tokens {
      text += "/"
      for scalar in token.unicodeScalars {
        switch scalar {
        case "~": text += "~0"
        case "/": text += "~1"
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
    return text
  }

  /// The place of a member or an element of this one.
  public func appending(_ token: String) -> JSONPointer { JSONPointer(tokens + [token]) }

  /// What is at this place in `document`; nil when there is nothing.
  public func value(in document: JSONValue) -> JSONValue? {
    var value = document
    for token in tokens {
      switch value {
      case .object(let object):
        guard let member = object[token] else { return nil }
        value = member
      case .array(let array):
        // Only the digits of RFC 6901 §4: no sign, no leading zero.
        guard let index = Int(token), String(index) == token, array.indices.contains(index) else {
          return nil
        }
        value = array[index]
      default: return nil
      }
    }
    return value
  }
}
