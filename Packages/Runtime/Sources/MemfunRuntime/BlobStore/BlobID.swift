import MemfunCore

/// The name of a blob: the SHA-256 digest of its bytes.
public struct BlobID: Sendable, Hashable, Comparable, CustomStringConvertible {
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// - Parameter digest: exactly 32 bytes.
  init(digest: [UInt8]) {
    precondition(digest.count == 32, "a SHA-256 digest has 32 bytes")
    func word(_ place: Int) -> UInt64 {
      digest[place * 8..<place * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    words = (word(0), word(1), word(2), word(3))
  }

  /// Reads 64 hexadecimal digits in lower case, with or without `sha256:` before them. Nil for anything
  /// else.
  public init?(_ text: String) {
    var digits = Array(text.utf8)[...]
    if digits.starts(with: "sha256:".utf8) { digits = digits.dropFirst(7) }
    guard digits.count == 64 else { return nil }
    var digest: [UInt8] = []
    var rest = digits
    while let high = rest.popFirst(), let low = rest.popFirst() {
      guard let high = Self.value(of: high), let low = Self.value(of: low) else { return nil }
      digest.append(high << 4 | low)
    }
    self.init(digest: digest)
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  /// The 32 bytes.
  public var digest: [UInt8] {
    [words.0, words.1, words.2, words.3].flatMap { word in
      stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
    }
  }

  /// 64 hexadecimal digits in lower case.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// `sha256:` and the digits.
  public var description: String { "sha256:\(hex)" }

  public static func == (left: BlobID, right: BlobID) -> Bool { left.words == right.words }
  public static func < (left: BlobID, right: BlobID) -> Bool { left.words < right.words }
  public func hash(into hasher: inout Hasher) {
    // A digest is already spread evenly.
    hasher.combine(words.0)
  }
}

/// What is sent instead of the bytes: their name and their number.
public struct BlobReference: Sendable, Hashable {
  /// The digest of the bytes.
  public let id: BlobID
  /// How many bytes there are.
  public let size: Int

  /// Made by blob stores.
  public init(id: BlobID, size: Int) {
    self.id = id
    self.size = size
  }

  /// Reads `{"sha256": "…", "size": n}`. Nil for anything else.
  public init?(json: JSONValue) {
    guard let text = json["sha256"]?.stringValue, let id = BlobID(text), let size = json["size"]?.intValue,
      size >= 0
    else { return nil }
    self.init(id: id, size: size)
  }

  /// `{"sha256": "…", "size": n}`
  public var json: JSONValue { ["sha256": .string(id.hex), "size": .int(size)] }
}
