/// How a file's bytes are to be understood.
enum TextEncoding: UInt8, Sendable {
  case utf8, utf8WithMark, utf16LittleEndian, utf16BigEndian
  /// Not valid UTF-8: read as ISO 8859-1, in which every byte is a character.
  case latin1
  case binary

  /// The encoding of a whole file, by its byte-order mark, its zero bytes and its validity as UTF-8.
  ///
  /// A zero byte within the first 8,000 means binary, as in git, unless a mark says UTF-16.
  init(of bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      self = Self.isValidUTF8(bytes) ? .utf8WithMark : .latin1
      return
    }
    if bytes.count >= 4, bytes[0] == 0xFF, bytes[1] == 0xFE, bytes[2] != 0 || bytes[3] != 0 {
      self = .utf16LittleEndian
    } else if bytes.count >= 2, bytes[0] == 0xFE, bytes[1] == 0xFF {
      self = .utf16BigEndian
    } else if bytes.prefix(8000).contains(0) || Self.hasBinaryMagic(bytes) {
      self = .binary
    } else {
      self = Self.isValidUTF8(bytes) ? .utf8 : .latin1
    }
  }

  /// The bytes as UTF-8 without a byte-order mark; nil when they are that already.
  ///
  /// Line feeds stay where they are, so that line numbers hold for the file as it is on disk.
  func transcoded(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    switch self {
    case .utf8, .binary: return nil
    case .utf8WithMark: return Array(bytes.dropFirst(3))
    case .latin1:
      var text: [UInt8] = []
      text.reserveCapacity(bytes.count + bytes.count / 8)
      for byte in bytes {
        if byte < 0x80 {
          text.append(byte)
        } else {
          text.append(0xC0 | byte >> 6)
          text.append(0x80 | byte & 0x3F)
        }
      }
      return text
    case .utf16LittleEndian, .utf16BigEndian:
      // Where the high and the low byte of a unit stand.
      let (high, low) = self == .utf16LittleEndian ? (1, 0) : (0, 1)
      var units: [UInt16] = []
      units.reserveCapacity(bytes.count / 2)
      for at in stride(from: 2, to: bytes.count - 1, by: 2) {
        units.append(UInt16(bytes[at + high]) << 8 | UInt16(bytes[at + low]))
      }
      var text: [UInt8] = []
      text.reserveCapacity(bytes.count)
      _ = transcode(
        units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: false
      ) { text.append($0) }
      return text
    }
  }

  /// Whether the bytes are UTF-8 throughout (RFC 3629: no overlong forms, no surrogates).
  private static func isValidUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var at = 0
    let end = bytes.count
    while at < end {
      // Source code is ASCII for long stretches: eight bytes at a time.
      while at + 8 <= end {
        let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        if word & 0x8080_8080_8080_8080 != 0 { break }
        at += 8
      }
      guard at < end else { break }
      let first = bytes[at]
      if first < 0x80 {
        at += 1
        continue
      }
      let length: Int
      var lowest: UInt8 = 0x80
      var highest: UInt8 = 0xBF
      switch first {
      case 0xC2...0xDF: length = 2
      case 0xE0:
        length = 3
        lowest = 0xA0
      case 0xED:
        length = 3
        highest = 0x9F
      case 0xE1...0xEF: length = 3
      case 0xF0:
        length = 4
        lowest = 0x90
      case 0xF4:
        length = 4
        highest = 0x8F
      case 0xF1...0xF3: length = 4
      default: return false
      }
      guard at + length <= end, (lowest...highest).contains(bytes[at + 1]) else { return false }
      for next in 2..<max(2, length) where bytes[at + next] & 0xC0 != 0x80 { return false }
      at += length
    }
    return true
  }

  /// Formats that may show no zero byte early on.
  private static func hasBinaryMagic(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let magics: [[UInt8]] = [
      Array("%PDF-".utf8), [0x1F, 0x8B, 0x08], [0x42, 0x5A, 0x68, 0x39], [0x89, 0x50, 0x4E, 0x47],
      [0xFF, 0xD8, 0xFF], Array("GIF8".utf8), [0x50, 0x4B, 0x03, 0x04], [0x7F, 0x45, 0x4C, 0x46],
    ]
    return magics.contains { bytes.starts(with: $0) }
  }
}
