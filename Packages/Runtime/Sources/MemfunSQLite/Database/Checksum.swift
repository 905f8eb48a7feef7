import CLinux
import MemfunRuntime

/// CRC-32C over what is stored: SQLite's own checks miss damage inside of values.
struct Checksum {
  private(set) var value: UInt32 = 0

  mutating func add(_ bytes: [UInt8]) {
    value = bytes.withUnsafeBytes { clinux_crc32c(value, $0.baseAddress, $0.count) }
  }

  mutating func add(_ text: String) {
    var text = text
    value = text.withUTF8 { clinux_crc32c(value, $0.baseAddress, $0.count) }
  }

  static func of(_ bytes: [UInt8]) -> SQLValue {
    var sum = Checksum()
    sum.add(bytes)
    return sum.sql
  }

  static func of(_ name: String, _ bytes: [UInt8]) -> SQLValue {
    var sum = Checksum()
    sum.add(name)
    sum.add(bytes)
    return sum.sql
  }

  var sql: SQLValue { .integer(Int64(value)) }

  /// - Throws: `RuntimeError.corrupted` when what was stored is another one.
  static func check(_ computed: SQLValue, _ stored: Int64, path: String, what: @autoclosure () -> String)
    throws
  {
    guard case .integer(let value) = computed, value == stored else {
      throw RuntimeError.corrupted(path: path, detail: "\(what()) does not match its checksum")
    }
  }
}
