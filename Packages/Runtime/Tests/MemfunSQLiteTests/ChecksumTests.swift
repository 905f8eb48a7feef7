import CLinux
import Testing

@testable import MemfunSQLite

@Suite("CRC-32C")
struct ChecksumTests {
  @Test("gives the check value of the standard, whole and in parts")
  func checkValue() {
    // RFC 3720 B.4 names the polynomial; 0xE3069283 is its check value for the nine digits.
    let digits = Array("123456789".utf8)
    #expect(clinux_crc32c(0, digits, 9) == 0xE306_9283)
    let head = clinux_crc32c(0, digits, 4)
    #expect(clinux_crc32c(head, Array(digits[4...]), 5) == 0xE306_9283)
  }

  @Test("finds every single flipped bit")
  func flippedBits() {
    let bytes = (0..<100).map { UInt8($0) }
    let whole = clinux_crc32c(0, bytes, bytes.count)
    for bit in 0..<800 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << (bit % 8)
      #expect(clinux_crc32c(0, damaged, damaged.count) != whole)
    }
  }
}
