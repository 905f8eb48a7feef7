import MemfunCore

/// Bytes by the name of their content, of any size. The same bytes are stored once.
///
/// Messages, values and tasks hold at most 900 KiB; what is larger goes here and is named by its
/// `BlobReference`. A blob never changes and lives until a collection finds that nothing names it.
public protocol BlobStore: Sendable {
  /// Begins a new blob, whose bytes come in pieces.
  ///
  /// - Throws: `RuntimeError.storageFull`, `.unavailable`, `.closed`.
  func makeWriter() async throws -> any BlobWriter
  /// Opens a blob for reading.
  ///
  /// - Parameter verifying: read and hash all of it first. Off by default: a blob of a gigabyte would be
  ///   read twice.
  /// - Throws: `RuntimeError.notFound`; `.corrupted` when what is stored is not what the name says.
  func open(_ id: BlobID, verifying: Bool) async throws -> any BlobReader
  /// The size of a blob in bytes; nil when there is none.
  func size(of id: BlobID) async throws -> Int?
  /// The names of all blobs, sorted.
  func list() async throws -> [BlobID]
  /// Removes every blob that is not in `reachable` and was neither stored nor stored again within
  /// `grace`, which must be longer than it takes from storing a blob to storing the reference to it.
  ///
  /// - Returns: what was removed.
  func collectGarbage(reachable: Set<BlobID>, grace: Duration) async throws -> BlobCollection
}

/// A blob that is being written. Nobody sees it before `finish`.
public protocol BlobWriter: Sendable {
  /// Appends bytes.
  ///
  /// - Throws: `RuntimeError.storageFull`; the blob is then abandoned.
  func write(_ bytes: [UInt8]) async throws
  /// Names the blob and makes it visible. When it was stored before, that one stays and counts as stored
  /// again.
  func finish() async throws -> BlobReference
  /// Gives up; nothing is left behind. Without effect after `finish`.
  func cancel() async
}

/// A blob that is being read; it stays readable when a collection removes it meanwhile.
public protocol BlobReader: Sendable {
  /// Which blob, and its size.
  var reference: BlobReference { get }
  /// The bytes of a range; cut at the end of the blob, so that less or nothing may come.
  ///
  /// - Throws: `RuntimeError.illegalArgument` for a negative beginning.
  func read(_ range: Range<Int>) async throws -> [UInt8]
  /// Calls `body` with all bytes in memory without copying them: mapped, where the store has files.
  /// The pages are read when they are touched, by the calling thread.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result
}

/// What a garbage collection did.
public struct BlobCollection: Sendable, Equatable {
  /// The blobs that were removed, and how many bytes they had together.
  public var removed: [BlobID] = [], removedBytes = 0
  /// How many unreachable blobs were kept because they are too young.
  public var young = 0
  /// How many blobs are reachable.
  public var kept = 0

  /// Nothing yet.
  public init() {}
}

extension BlobStore {
  /// Opens a blob without reading all of it first.
  public func open(_ id: BlobID) async throws -> any BlobReader { try await open(id, verifying: false) }

  /// Whether there is such a blob.
  public func contains(_ id: BlobID) async throws -> Bool { try await size(of: id) != nil }

  /// Stores bytes that are in memory.
  public func put(_ bytes: [UInt8]) async throws -> BlobReference {
    try await put(pieces: CollectionOfOne(bytes).asyncPieces)
  }

  /// Stores bytes that come in pieces.
  public func put<Pieces: AsyncSequence>(pieces: Pieces) async throws -> BlobReference
  where Pieces.Element == [UInt8] {
    let writer = try await makeWriter()
    do {
      for try await piece in pieces { try await writer.write(piece) }
      return try await writer.finish()
    } catch {
      await writer.cancel()
      throw error
    }
  }

  /// All bytes of a blob, checked against its name.
  ///
  /// - Throws: `RuntimeError.payloadTooLarge` over `maximumBytes`, `.notFound`, `.corrupted`.
  public func get(_ id: BlobID, maximumBytes: Int = 64 << 20) async throws -> [UInt8] {
    let reader = try await open(id)
    guard reader.reference.size <= maximumBytes else {
      throw RuntimeError.payloadTooLarge(bytes: reader.reference.size, limit: maximumBytes)
    }
    let bytes = try await reader.read(0..<reader.reference.size)
    guard try SHA256.digest(of: bytes) == id else {
      throw RuntimeError.corrupted(path: id.description, detail: "its bytes have another digest")
    }
    return bytes
  }
}

extension BlobReader {
  /// The blob in pieces of `bytes` (the last one may be shorter).
  public func pieces(of bytes: Int = 1 << 20) -> BlobPieces { BlobPieces(reader: self, step: max(bytes, 1)) }
}

/// The bytes of a blob in pieces, read one at a time.
public struct BlobPieces: AsyncSequence, Sendable {
  public typealias Element = [UInt8]

  fileprivate let reader: any BlobReader
  fileprivate let step: Int

  /// Reads the next piece when it is asked for.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let pieces: BlobPieces
    fileprivate var offset = 0

    public mutating func next() async throws -> [UInt8]? {
      try Task.checkCancellation()
      let size = pieces.reader.reference.size
      if offset >= size { return nil }
      let piece = try await pieces.reader.read(offset..<Swift.min(offset + pieces.step, size))
      if piece.isEmpty { return nil }
      offset += piece.count
      return piece
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pieces: self) }
}

/// Pieces that are in memory already.
public struct PiecesInMemory<Base: Collection & Sendable>: AsyncSequence, Sendable
where Base.Element == [UInt8] {
  public typealias Element = [UInt8]

  fileprivate let base: Base

  /// Walks the collection.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var base: Base.Iterator
    public mutating func next() async -> [UInt8]? { base.next() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeIterator()) }
}

extension Collection where Self: Sendable, Element == [UInt8] {
  /// The elements as an asynchronous sequence.
  public var asyncPieces: PiecesInMemory<Self> { PiecesInMemory(base: self) }
}
