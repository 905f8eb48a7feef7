import Synchronization

/// The chunks of one reply, pulled one by one: nothing is sent before the first pull, and a slow
/// reader slows the sender. One iteration only.
public struct ModelStream: AsyncSequence, Sendable {
  public typealias Element = ModelChunk

  private let pull: @Sendable () async throws -> ModelChunk?

  /// - Parameter pull: gives the next chunk, nil after `finished`. It is called by one reader at a time.
  public init(pull: @escaping @Sendable () async throws -> ModelChunk?) { self.pull = pull }

  /// A stream whose chunks are there already.
  public init(chunks: [ModelChunk]) {
    let rest = ChunkQueue(chunks)
    self.init(pull: { rest.next() })
  }

  /// A stream that fails when it is read.
  public init(failure: any Error) {
    self.init(pull: { throw failure })
  }

  /// The next chunk, nil after the last one.
  public func next() async throws -> ModelChunk? { try await pull() }

  /// Pulls one chunk after the other.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let pull: @Sendable () async throws -> ModelChunk?
    public mutating func next() async throws -> ModelChunk? { try await pull() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }

  private final class ChunkQueue: Sendable {
    private let rest: Mutex<ArraySlice<ModelChunk>>
    init(_ chunks: [ModelChunk]) { rest = Mutex(chunks[...]) }
    func next() -> ModelChunk? { rest.withLock { $0.popFirst() } }
  }
}
