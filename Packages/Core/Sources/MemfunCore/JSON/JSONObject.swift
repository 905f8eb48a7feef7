/// The members of a JSON object in the order in which they were written.
///
/// Lookup is linear up to `indexThreshold` members (most objects are small) and hashed beyond.
/// Two objects are equal when they have the same members, in any order.
public struct JSONObject: Sendable {
  private static let indexThreshold = 8

  private var entries: [(key: String, value: JSONValue)] = []
  private var index: [ExactKey: Int] = [:]

  /// A name compared by its bytes: Swift's own comparison takes "é" and "e\u{301}" for the same string,
  /// but in JSON they name two members.
  private struct ExactKey: Hashable {
    let text: String

    static func == (left: ExactKey, right: ExactKey) -> Bool { JSONObject.isSame(left.text, right.text) }

    func hash(into hasher: inout Hasher) { hasher.combine(text) }
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    left == right && left.utf8.elementsEqual(right.utf8)
  }

  /// An object without members.
  public init() {}

  /// - Parameter members: in order; a repeated key keeps its first place and its last value.
  public init(_ members: some Sequence<(String, JSONValue)>) {
    for (key, value) in members { self[key] = value }
  }

  /// The keys, in order.
  public var keys: [String] { entries.map(\.key) }

  private func position(of key: String) -> Int? {
    index.isEmpty ? entries.firstIndex { Self.isSame($0.key, key) } : index[ExactKey(text: key)]
  }

  /// The value of `key`. Setting appends a new member at the end; setting nil removes it.
  public subscript(key: String) -> JSONValue? {
    get { position(of: key).map { entries[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let place?, let value?):
        entries[place].value = value
      case (let place?, nil):
        entries.remove(at: place)
        rebuildIndex()
      case (nil, let value?):
        entries.append((key, value))
        if !index.isEmpty {
          index[ExactKey(text: key)] = entries.count - 1
        } else if entries.count > Self.indexThreshold {
          rebuildIndex()
        }
      case (nil, nil):
        break
      }
    }
  }

  private mutating func rebuildIndex() {
    index.removeAll(keepingCapacity: true)
    guard entries.count > Self.indexThreshold else { return }
    for (place, entry) in entries.enumerated() { index[ExactKey(text: entry.key)] = place }
  }
}

extension JSONObject: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { entries.count }
  public subscript(position: Int) -> (key: String, value: JSONValue) { entries[position] }
}

extension JSONObject: Hashable {
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
  }

  public func hash(into hasher: inout Hasher) {
    // Order must not matter, so the members' hashes are combined with a commutative operation.
    var combined = 0
    for (key, value) in self {
      var member = Hasher()
      member.combine(key)
      member.combine(value)
      combined ^= member.finalize()
    }
    hasher.combine(count)
    hasher.combine(combined)
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}
