/// Credentials that nobody registered but whose shape gives them away.
///
/// One pass over the bytes, no regular expression: every line of every log goes through here.
enum SecretPatterns {
  /// Beginnings of keys that their issuers made recognisable, and the least number of bytes after them.
  private static let prefixes: [(prefix: [UInt8], minimum: Int)] = [
    ("sk-", 8), ("sk_live_", 8), ("sk_test_", 8), ("rk_live_", 8), ("gsk_", 16), ("fw_", 16), ("hf_", 16),
    ("ghp_", 16), ("gho_", 16), ("ghs_", 16), ("ghu_", 16), ("ghr_", 16), ("github_pat_", 16),
    ("glpat-", 16), ("xoxb-", 10), ("xoxp-", 10), ("xoxa-", 10), ("xoxs-", 10), ("AKIA", 16), ("ASIA", 16),
    ("AIza", 30), ("npm_", 20), ("pypi-", 20),
  ].map { (Array($0.0.utf8), $0.1) }

  /// Names after which a value is secret, in lower case with `_` for `-`; the longest come first. The
  /// values of headers may hold blanks.
  private static let names: [(name: [UInt8], isHeader: Bool)] = [
    ("proxy_authorization", true), ("authorization", true), ("secret_access_key", false),
    ("refresh_token", false), ("client_secret", false), ("access_token", false), ("session_token", false),
    ("private_key", false), ("auth_token", false), ("secret_key", false), ("x_api_key", false),
    ("set_cookie", true), ("id_token", false), ("password", false), ("api_key", false), ("passwd", false),
    ("apikey", false), ("cookie", true),
  ].map { (Array($0.0.utf8), $0.1) }

  /// The same by their first byte: most places in a text begin none of them.
  private static let namesByFirstByte: [[(name: [UInt8], isHeader: Bool)]] = (0..<128).map { byte in
    names.filter { $0.name[0] == UInt8(byte) }
  }

  private static let prefixesByFirstByte: [[(prefix: [UInt8], minimum: Int)]] = (0..<128).map { byte in
    prefixes.filter { $0.prefix[0] == UInt8(byte) }
  }

  /// Names that are secret as the whole name of a member or of a query parameter, but not as a part of
  /// a sentence.
  private static let exactNames: Set<String> = ["token", "secret", "key", "sig", "signature", "credential"]

  /// Whether the value of a member of this name is to be hidden. Counts of tokens are not.
  static func isSecretName(_ name: String) -> Bool {
    let folded = name.utf8.map(fold)
    if exactNames.contains(String(decoding: folded, as: UTF8.self)), name != "key" { return true }
    return names.contains { name, _ in
      folded == name || folded.count > name.count && folded.suffix(name.count).elementsEqual(name)
    }
  }

  /// The text with everything that looks like a credential replaced.
  static func mask(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var copied = 0
    var place = 0
    text.withUnsafeBufferPointer { text in
      while place < text.count {
        guard let secret = match(text, at: place) else {
          place += 1
          continue
        }
        result.append(contentsOf: text[copied..<secret.lowerBound])
        result.append(contentsOf: Secret.placeholder.utf8)
        copied = secret.upperBound
        place = secret.upperBound
      }
      if copied > 0 { result.append(contentsOf: text[copied...]) }
    }
    return copied > 0 ? result : text
  }

  // MARK: Rules

  private typealias Text = UnsafeBufferPointer<UInt8>

  /// The range of the secret that a pattern beginning at `place` reveals.
  private static func match(_ text: Text, at place: Int) -> Range<Int>? {
    switch text[place] {
    case UInt8(ascii: ":"): return userInfo(text, at: place)
    case UInt8(ascii: "-"): return privateKey(text, at: place)
    case UInt8(ascii: "?"), UInt8(ascii: "&"): return parameter(text, at: place)
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
      if place == 0 || !isWord(text[place - 1]) {
        if let key = issuedKey(text, at: place) { return key }
        if let token = schemeToken(text, at: place) { return token }
      }
      return namedValue(text, at: place)
    default: return nil
    }
  }

  private static func issuedKey(_ text: Text, at place: Int) -> Range<Int>? {
    for (prefix, minimum) in prefixesByFirstByte[Int(text[place])] where begins(text, at: place, with: prefix)
    {
      let start = place + prefix.count
      let end = self.end(text, from: start, while: isTokenByte)
      if end - start >= minimum { return start..<end }
    }
    return nil
  }

  /// `Bearer TOKEN` and `Basic TOKEN`.
  private static func schemeToken(_ text: Text, at place: Int) -> Range<Int>? {
    guard fold(text[place]) == UInt8(ascii: "b") else { return nil }
    let isBearer = beginsFolded(text, at: place, with: Array("bearer".utf8))
    guard isBearer || beginsFolded(text, at: place, with: Array("basic".utf8)) else { return nil }
    let blank = place + (isBearer ? 6 : 5)
    let start = end(text, from: blank) { $0 == 0x20 }
    guard start > blank else { return nil }
    let end = end(text, from: start, while: isTokenByte)
    // "Basic authentication" is a word and not a credential; base64 of anything has other letters too.
    let isWord = text[start..<end].allSatisfy { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }
    guard end - start >= 6, isBearer || !isWord else { return nil }
    return start..<end
  }

  /// `api_key=VALUE`, `"password": "VALUE"`, `OPENAI_API_KEY: VALUE`, also with escaped quotes.
  private static func namedValue(_ text: Text, at place: Int) -> Range<Int>? {
    for (name, isHeader) in namesByFirstByte[Int(fold(text[place]))]
    where beginsFolded(text, at: place, with: name) {
      return value(text, from: place + name.count, wholeLine: isHeader)
    }
    return nil
  }

  /// `?key=VALUE` and `&token=VALUE`.
  private static func parameter(_ text: Text, at place: Int) -> Range<Int>? {
    let end = end(text, from: place + 1, while: isWord)
    guard end > place + 1, end < text.count, text[end] == UInt8(ascii: "="),
      exactNames.contains(String(decoding: text[(place + 1)..<end].map(fold), as: UTF8.self))
    else { return nil }
    return value(text, from: end, wholeLine: false)
  }

  /// The value after a name: optional quote, `=` or `:`, blanks, optional quote, value.
  ///
  /// - Parameter wholeLine: whether blanks belong to the value (`Authorization: Scheme TOKEN`).
  private static func value(_ text: Text, from place: Int, wholeLine: Bool) -> Range<Int>? {
    func isQuote(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\")
    }
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    var start = end(text, from: place, while: isQuote)
    start = end(text, from: start, while: isBlank)
    guard start < text.count, text[start] == UInt8(ascii: "=") || text[start] == UInt8(ascii: ":") else {
      return nil
    }
    start = end(text, from: start + 1, while: isBlank)
    let quote = start
    start = end(text, from: start, while: isQuote)
    let isQuoted = start > quote
    let end = end(text, from: start) { byte in
      switch byte {
      case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): false
      case 0x20: isQuoted || wholeLine
      case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: "}"), UInt8(ascii: "]"),
        UInt8(ascii: ")"):
        isQuoted
      default: true
      }
    }
    guard end > start, !begins(text, at: start, with: Array(Secret.placeholder.utf8)) else { return nil }
    return start..<end
  }

  /// The password of `scheme://user:password@host`, or a token in the place of the user's name; shorter
  /// names, as in `ssh://git@host`, are none.
  private static func userInfo(_ text: Text, at place: Int) -> Range<Int>? {
    guard begins(text, at: place, with: Array("://".utf8)) else { return nil }
    let start = place + 3
    var colon: Int?
    var index = start
    while index < text.count, text[index] > 0x20, text[index] != UInt8(ascii: "/"),
      text[index] != UInt8(ascii: "\"")
    {
      if text[index] == UInt8(ascii: ":"), colon == nil { colon = index }
      if text[index] == UInt8(ascii: "@") {
        let secret = (colon.map { $0 + 1 } ?? start)..<index
        let isDone = begins(text, at: secret.lowerBound, with: Array(Secret.placeholder.utf8))
        return secret.isEmpty || isDone || colon == nil && secret.count < 16 ? nil : secret
      }
      index += 1
    }
    return nil
  }

  /// What stands between the `BEGIN` and `END` lines of a private key.
  private static func privateKey(_ text: Text, at place: Int) -> Range<Int>? {
    guard begins(text, at: place, with: Array("-----BEGIN ".utf8)) else { return nil }
    let name = end(text, from: place + 11) { $0 != UInt8(ascii: "-") && $0 >= 0x20 }
    let marker = Array("PRIVATE KEY".utf8)
    guard name - place - 11 >= marker.count, begins(text, at: name - marker.count, with: marker) else {
      return nil
    }
    let start = end(text, from: name) { $0 == UInt8(ascii: "-") }
    var end = start
    while end < text.count, !begins(text, at: end, with: Array("-----END".utf8)) { end += 1 }
    guard end > start, !begins(text, at: start, with: Array(Secret.placeholder.utf8)) else { return nil }
    return start..<end
  }

  // MARK: Bytes

  static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    isWord(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~")
      || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=")
  }

  /// Lower case, and `_` for `-`.
  private static func fold(_ byte: UInt8) -> UInt8 {
    if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { return byte | 0x20 }
    return byte == UInt8(ascii: "-") ? UInt8(ascii: "_") : byte
  }

  private static func begins(_ text: Text, at place: Int, with prefix: [UInt8]) -> Bool {
    guard place + prefix.count <= text.count else { return false }
    for offset in 0..<prefix.count where text[place + offset] != prefix[offset] { return false }
    return true
  }

  private static func beginsFolded(_ text: Text, at place: Int, with prefix: [UInt8]) -> Bool {
    guard place + prefix.count <= text.count else { return false }
    for offset in 0..<prefix.count where fold(text[place + offset]) != prefix[offset] { return false }
    return true
  }

  private static func end(_ text: Text, from start: Int, while condition: (UInt8) -> Bool) -> Int {
    var end = start
    while end < text.count, condition(text[end]) { end += 1 }
    return end
  }
}
