import CLinux
import Synchronization

/// Takes secrets out of text before it leaves the process.
///
/// It replaces the values that were registered, also where they are JSON-escaped, percent-encoded or
/// inside base64 text, and masks what looks like a credential (`SecretPatterns`).
public final class Redactor: Sendable {
  /// One spelling of a secret.
  private struct Form {
    let bytes: [UInt8]
    /// A secret of up to three bytes is part of many innocent words; it counts only on its own.
    let mustStandAlone: Bool
  }

  private let forms = Mutex<[Form]>([])

  /// Knows no value yet; patterns are masked from the beginning.
  public init() {}

  /// Makes every later `scrub` replace this secret. An empty one is ignored.
  public func register(_ secret: Secret) {
    let value = secret.reveal()
    guard !value.isEmpty else { return }
    let short = value.utf8.count < 4
    let spellings = SecretSpellings.all(of: value)
    forms.withLock { forms in
      for bytes in spellings where !forms.contains(where: { $0.bytes == bytes }) {
        forms.append(Form(bytes: bytes, mustStandAlone: short))
      }
      // Where one secret contains another, the longer one must go first.
      forms.sort { $0.bytes.count > $1.bytes.count }
    }
  }

  /// The text without secrets. Scrubbing it again changes nothing.
  public func scrub(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let clean = scrub(bytes)
    return clean == bytes ? text : String(decoding: clean, as: UTF8.self)
  }

  /// The UTF-8 bytes without secrets.
  public func scrub(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for form in forms.withLock({ $0 }) { Self.replace(form, in: &bytes) }
    return SecretPatterns.mask(bytes)
  }

  /// The value with every string in it scrubbed, names of members included, and with the values of
  /// members whose name says that they are secret replaced.
  public func scrub(_ value: JSONValue) -> JSONValue {
    switch value {
    case .null, .bool, .integer, .bigInteger, .number: value
    case .string(let text): .string(scrub(text))
    case .array(let elements): .array(elements.map(scrub))
    case .object(let object): .object(scrub(object))
    }
  }

  /// The object with all its members scrubbed.
  public func scrub(_ object: JSONObject) -> JSONObject {
    var clean = JSONObject()
    for (key, value) in object {
      let isSecret = SecretPatterns.isSecretName(key) && (value.stringValue ?? "x") != ""
      switch value {
      case .string where isSecret, .array where isSecret, .object where isSecret:
        clean[scrub(key)] = .string(Secret.placeholder)
      default: clean[scrub(key)] = scrub(value)
      }
    }
    return clean
  }

  private static func replace(_ form: Form, in bytes: inout [UInt8]) {
    guard bytes.count >= form.bytes.count else { return }
    var result: [UInt8] = []
    var copied = 0
    var searched = 0
    bytes.withUnsafeBytes { text in
      while searched + form.bytes.count <= text.count,
        let hit = clinux_find(
          text.baseAddress! + searched, text.count - searched, form.bytes, form.bytes.count)
      {
        let start = hit - text.baseAddress!
        let end = start + form.bytes.count
        if form.mustStandAlone,
          start > 0 && SecretPatterns.isWord(text[start - 1])
            || end < text.count && SecretPatterns.isWord(text[end])
        {
          searched = start + 1
          continue
        }
        result.append(contentsOf: text[copied..<start])
        result.append(contentsOf: Secret.placeholder.utf8)
        copied = end
        searched = end
      }
      if copied > 0 { result.append(contentsOf: text[copied...]) }
    }
    if copied > 0 { bytes = result }
  }
}

/// The ways in which one value is spelled in requests, logs and error messages.
enum SecretSpellings {
  /// All distinct spellings, as UTF-8 bytes.
  static func all(of value: String) -> [[UInt8]] {
    let raw = Array(value.utf8)
    var spellings = [raw, jsonEscaped(value)]
    // Some serialisers also escape the slash.
    spellings.append(
      jsonEscaped(value).flatMap { $0 == UInt8(ascii: "/") ? Array("\\/".utf8) : [$0] })
    for upper in [true, false] {
      spellings.append(percentEncoded(raw, upper: upper, spaceAsPlus: false))
      spellings.append(percentEncoded(raw, upper: upper, spaceAsPlus: true))
    }
    for skip in 0..<3 {
      let core = base64Core(raw, skip: skip)
      // Shorter pieces would also hit innocent text.
      guard core.count >= 6 else { continue }
      spellings.append(core)
      spellings.append(
        core.map {
          $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
        })
    }
    var distinct: [[UInt8]] = []
    for spelling in spellings where !spelling.isEmpty && !distinct.contains(spelling) {
      distinct.append(spelling)
    }
    return distinct
  }

  private static func jsonEscaped(_ value: String) -> [UInt8] {
    var quoted: [UInt8] = []
    JSONSerializer.appendQuoted(value, to: &quoted)
    return Array(quoted.dropFirst().dropLast())
  }

  private static func percentEncoded(_ raw: [UInt8], upper: Bool, spaceAsPlus: Bool) -> [UInt8] {
    let digits = Array((upper ? "0123456789ABCDEF" : "0123456789abcdef").utf8)
    return raw.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        [byte]
      case 0x20 where spaceAsPlus: [UInt8(ascii: "+")]
      default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
  }

  /// The base64 digits that depend on the value alone when `skip` bytes stand before it in its group
  /// of three, as the user name does in `user:password`.
  private static func base64Core(_ raw: [UInt8], skip: Int) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    // The first digit that has no bit of the skipped bytes, in bits from the value's beginning.
    var bit = [0, 4, 2][skip]
    var core: [UInt8] = []
    while bit + 6 <= raw.count * 8 {
      let place = bit / 8
      let pair = UInt16(raw[place]) << 8 | (place + 1 < raw.count ? UInt16(raw[place + 1]) : 0)
      core.append(alphabet[Int(pair >> UInt16(10 - bit % 8)) & 63])
      bit += 6
    }
    return core
  }
}
