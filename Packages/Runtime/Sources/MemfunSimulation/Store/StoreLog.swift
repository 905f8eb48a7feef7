import MemfunCore

/// The form of the write-ahead log: records with a length and a checksum over number and content.
enum StoreLog {
  /// One command with the store's time at which it was done.
  struct Record: Equatable {
    let now: Timestamp
    let command: StoreCommand
  }

  /// Length and checksum.
  private static let headerBytes = 16

  static func frame(_ record: Record, index: Int) -> [UInt8] {
    var body = LogEncoder()
    body.time(record.now)
    record.command.encode(into: &body)
    var frame = LogEncoder()
    frame.number(body.bytes.count)
    frame.number(checksum(body.bytes[...], index: index))
    return frame.bytes + body.bytes
  }

  /// The records of the log, each from whichever copy of it is intact, up to the first of which none is.
  static func recover(
    _ copies: (first: [UInt8], second: [UInt8]), ignoringChecksums: Bool
  ) -> (records: [Record], bytes: [UInt8]) {
    var records: [Record] = []
    var bytes: [UInt8] = []
    while true {
      let found = [copies.first, copies.second].lazy.compactMap {
        read($0, at: bytes.count, index: records.count, ignoringChecksums: ignoringChecksums)
      }.first
      guard let found else { return (records, bytes) }
      records.append(found.record)
      bytes += found.frame
    }
  }

  private static func read(_ bytes: [UInt8], at start: Int, index: Int, ignoringChecksums: Bool)
    -> (record: Record, frame: ArraySlice<UInt8>)?
  {
    guard start + headerBytes <= bytes.count else { return nil }
    var header = LogDecoder(bytes[start..<start + headerBytes])
    // The header is there in full, and a body that is no command is a damaged one like any other.
    guard let length = try? header.integer(), let expected = try? header.unsigned(), length >= 0,
      length <= bytes.count - start - headerBytes
    else { return nil }
    let body = bytes[start + headerBytes..<start + headerBytes + length]
    guard ignoringChecksums || checksum(body, index: index) == expected else { return nil }
    var decoder = LogDecoder(body)
    guard let now = try? decoder.time(), let command = try? StoreCommand(from: &decoder) else { return nil }
    return (Record(now: now, command: command), bytes[start..<start + headerBytes + length])
  }

  private static func checksum(_ body: ArraySlice<UInt8>, index: Int) -> UInt64 {
    FNV1a.hash(body, from: 0xCBF2_9CE4_8422_2325 ^ UInt64(index))
  }
}
