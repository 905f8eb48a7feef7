import Synchronization

/// A response body: pieces of any size, in order, with back-pressure. One iteration only.
///
/// Dropping the iterator before the end, or dropping the body without reading it, ends the exchange.
public struct HTTPBody: AsyncSequence, Sendable {
  public typealias Element = [UInt8]

  private let source: Source

  /// - Parameters:
  ///   - pull: gives the next non-empty piece, nil at the end; throws `HTTPError` or
  ///     `CancellationError`.
  ///   - cancel: called when nobody will ask for another piece: the iterator or the unread body was
  ///     dropped. Also called after the end; it may be called more than once.
  public init(
    pull: @escaping @Sendable () async throws -> [UInt8]?, cancel: @escaping @Sendable () -> Void = {}
  ) {
    source = Source(pull: pull, cancel: cancel)
  }

  /// A body that is there already, for tests: the given pieces in order.
  public init(pieces: [[UInt8]]) {
    let rest = PieceQueue(pieces)
    self.init(pull: { rest.next() })
  }

  /// Reads the body to its end.
  public func collect() async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await piece in self {
      // The usual small body is one piece: no copy.
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
    }
    return bytes
  }

  /// Asks the transport for one piece after the other.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private let reading: Reading

    fileprivate init(_ source: Source) { reading = Reading(source) }

    public mutating func next() async throws -> [UInt8]? { try await reading.source.pull() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source) }

  /// Shared by the copies of a body; cancels when the last of them (and of the iterators) is gone.
  fileprivate final class Source: Sendable {
    let pull: @Sendable () async throws -> [UInt8]?
    let cancel: @Sendable () -> Void

    init(pull: @escaping @Sendable () async throws -> [UInt8]?, cancel: @escaping @Sendable () -> Void) {
      self.pull = pull
      self.cancel = cancel
    }

    deinit { cancel() }
  }

  /// Shared by the copies of an iterator; cancels when the last of them is gone, even though somebody
  /// still holds the response.
  fileprivate final class Reading: Sendable {
    let source: Source
    init(_ source: Source) { self.source = source }
    deinit { source.cancel() }
  }

  private final class PieceQueue: Sendable {
    private let rest: Mutex<ArraySlice<[UInt8]>>
    init(_ pieces: [[UInt8]]) { rest = Mutex(pieces[...]) }
    func next() -> [UInt8]? { rest.withLock { $0.popFirst() } }
  }
}
