import MemfunCore
import Synchronization

/// The blobs of tier T0: in this process' memory, lost with it.
public final class InMemoryBlobStore: BlobStore {
  private struct Entry {
    let bytes: [UInt8]
    var stored: Duration
  }

  private let entries = Mutex<[BlobID: Entry]>([:])
  private let time: any TimeSource

  /// - Parameter time: the age of blobs, for the grace time of collections.
  public init(time: any TimeSource = SystemTimeSource()) { self.time = time }

  public func makeWriter() async throws -> any BlobWriter { InMemoryBlobWriter(store: self) }

  public func open(_ id: BlobID, verifying: Bool) async throws -> any BlobReader {
    guard let bytes = entries.withLock({ $0[id]?.bytes }) else {
      throw RuntimeError.notFound("blob \(id)")
    }
    return InMemoryBlobReader(reference: BlobReference(id: id, size: bytes.count), bytes: bytes)
  }

  public func size(of id: BlobID) async throws -> Int? { entries.withLock { $0[id]?.bytes.count } }

  public func list() async throws -> [BlobID] { entries.withLock { $0.keys.sorted() } }

  public func collectGarbage(reachable: Set<BlobID>, grace: Duration) async throws -> BlobCollection {
    let now = time.monotonic()
    return entries.withLock { entries in
      var result = BlobCollection()
      for (id, entry) in entries.sorted(by: { $0.key < $1.key }) {
        if reachable.contains(id) {
          result.kept += 1
        } else if now - entry.stored < grace {
          result.young += 1
        } else {
          entries[id] = nil
          result.removed.append(id)
          result.removedBytes += entry.bytes.count
        }
      }
      return result
    }
  }

  fileprivate func store(_ bytes: [UInt8]) throws(RuntimeError) -> BlobReference {
    let id = try SHA256.digest(of: bytes)
    let now = time.monotonic()
    entries.withLock { entries in
      if entries[id] == nil { entries[id] = Entry(bytes: bytes, stored: now) }
      entries[id]?.stored = now
    }
    return BlobReference(id: id, size: bytes.count)
  }
}

private final class InMemoryBlobWriter: BlobWriter {
  private let store: InMemoryBlobStore
  private let bytes = Mutex<[UInt8]?>([])

  init(store: InMemoryBlobStore) { self.store = store }

  func write(_ more: [UInt8]) async throws {
    try bytes.withLock { bytes in
      if bytes == nil { throw BlobWriterEnded.error }
      bytes?.append(contentsOf: more)
    }
  }

  func finish() async throws -> BlobReference {
    let all = bytes.withLock { bytes in
      defer { bytes = nil }
      return bytes
    }
    guard let all else { throw BlobWriterEnded.error }
    return try store.store(all)
  }

  func cancel() async { bytes.withLock { $0 = nil } }
}

private struct InMemoryBlobReader: BlobReader {
  let reference: BlobReference
  let bytes: [UInt8]

  func read(_ range: Range<Int>) async throws -> [UInt8] {
    let range = try BlobRange.clamp(range, to: bytes.count)
    return Array(bytes[range])
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try bytes.withUnsafeBytes(body)
  }
}

/// The rule of ranges, in one place.
enum BlobRange {
  static func clamp(_ range: Range<Int>, to size: Int) throws(RuntimeError) -> Range<Int> {
    guard range.lowerBound >= 0 else {
      throw .illegalArgument(name: "range", reason: "it begins at \(range.lowerBound)")
    }
    return range.clamped(to: 0..<size)
  }
}

/// Using a writer after its end is a mistake of the caller, not of the store.
enum BlobWriterEnded {
  static let error = RuntimeError.illegalArgument(
    name: "writer", reason: "the blob was finished, cancelled or abandoned before")
}
