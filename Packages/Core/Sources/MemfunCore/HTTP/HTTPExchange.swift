import Synchronization

/// One request and its response, where the event thread (which fills it) and the reading task (which
/// empties it) meet.
///
/// The event thread stores first and wakes the reader later, once per round of libcurl (`deliver`), so
/// that a burst of small pieces costs one wake-up.
final class HTTPExchange: Sendable {
  let message: HTTPMessage
  /// When it was asked for, on the monotonic clock.
  let startTime: Duration

  private let loop: HTTPEventLoop
  private let bufferBytes: Int
  private let state = Mutex(State())

  private enum End {
    case complete
    case failed(any Error)
  }

  private struct State {
    var head: HTTPHead?
    var buffer: [UInt8] = []
    var end: End?
    /// libcurl has been told to wait, and waits until the buffer is empty.
    var isPaused = false
    var headWaiter: CheckedContinuation<HTTPHead, any Error>?
    var pieceWaiter: CheckedContinuation<[UInt8]?, any Error>?

    /// Empties the buffer. `wasPaused` tells that libcurl must now be told to go on.
    mutating func take() -> (piece: [UInt8], wasPaused: Bool) {
      defer {
        buffer = []
        isPaused = false
      }
      return (buffer, isPaused)
    }
  }

  init(_ message: HTTPMessage, on loop: HTTPEventLoop, bufferBytes: Int) {
    self.message = message
    self.loop = loop
    self.bufferBytes = bufferBytes
    startTime = SystemTimeSource().monotonic()
  }

  // MARK: The reading task

  /// Sends the request and waits for the head.
  func start() async throws -> HTTPHead {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let failure: (any Error)? = state.withLock { state in
          if case .failed(let error) = state.end { return error }
          state.headWaiter = continuation
          return nil
        }
        if let failure { continuation.resume(throwing: failure) } else { loop.start(self) }
      }
    } onCancel: {
      cancel()
    }
  }

  /// The next piece of the body; nil at its end.
  func nextPiece() async throws -> [UInt8]? {
    if Task.isCancelled {
      cancel()
      throw CancellationError()
    }
    switch takeReady() {
    case .waiting: break
    case .piece(let piece): return piece
    case .failed(let error): throw error
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        switch takeReady(orWait: continuation) {
        case .waiting: break
        case .piece(let piece): continuation.resume(returning: piece)
        case .failed(let error): continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      cancel()
    }
  }

  /// Nobody wants the rest: closes the connection, and lets waiting readers go with `CancellationError`.
  func cancel() {
    let (head, piece, wasRunning) = state.withLock { state in
      let wasRunning = state.end == nil
      if wasRunning || !state.buffer.isEmpty { state.end = .failed(CancellationError()) }
      state.buffer = []
      defer {
        state.headWaiter = nil
        state.pieceWaiter = nil
      }
      return (state.headWaiter, state.pieceWaiter, wasRunning)
    }
    head?.resume(throwing: CancellationError())
    piece?.resume(throwing: CancellationError())
    if wasRunning { loop.cancel(self) }
  }

  private enum Reading {
    case waiting
    case piece([UInt8]?)
    case failed(any Error)
  }

  /// What there is without waiting; when there is nothing, `continuation` is kept for `deliver`.
  private func takeReady(orWait continuation: CheckedContinuation<[UInt8]?, any Error>? = nil) -> Reading {
    let (reading, wasPaused): (Reading, Bool) = state.withLock { state in
      if !state.buffer.isEmpty {
        let (piece, wasPaused) = state.take()
        return (.piece(piece), wasPaused)
      }
      switch state.end {
      case .complete: return (.piece(nil), false)
      case .failed(let error): return (.failed(error), false)
      case nil: break
      }
      if state.pieceWaiter != nil {
        let error = HTTPError.invalidRequest(reason: "two tasks read one body", url: message.url.redacted)
        return (.failed(error), false)
      }
      state.pieceWaiter = continuation
      return (.waiting, false)
    }
    if wasPaused { loop.resume(self) }
    return reading
  }

  // MARK: The event thread

  /// Whether the exchange has ended, by cancellation for instance.
  var isOver: Bool { state.withLock { $0.end != nil } }

  /// Keeps the head for `deliver`.
  func setHead(_ head: HTTPHead) { state.withLock { $0.head = head } }

  /// Keeps a piece of the body for `deliver`. False when the buffer is full: the piece was not taken, and
  /// `HTTPEventLoop.resume` will be called once there is room.
  func offer(_ piece: UnsafeBufferPointer<UInt8>) -> Bool {
    state.withLock { state in
      if case .failed = state.end { return true }  // nobody reads; the transfer is about to be removed
      // Any single piece fits into an empty buffer, so the transfer cannot stall.
      if !state.buffer.isEmpty && state.buffer.count + piece.count > bufferBytes {
        state.isPaused = true
        return false
      }
      state.buffer.append(contentsOf: piece)
      return true
    }
  }

  /// No more will come. Pieces that are there can still be read.
  func finish(_ error: (any Error)?) {
    state.withLock { state in
      if state.end == nil { state.end = error.map { .failed($0) } ?? .complete }
    }
  }

  /// Wakes the reader if there is something for it.
  func deliver() {
    enum Delivery {
      case nothing
      case head(CheckedContinuation<HTTPHead, any Error>, HTTPHead)
      case noHead(CheckedContinuation<HTTPHead, any Error>, any Error)
      case piece(CheckedContinuation<[UInt8]?, any Error>, [UInt8]?, wasPaused: Bool)
      case noPiece(CheckedContinuation<[UInt8]?, any Error>, any Error)
    }
    let delivery: Delivery = state.withLock { state in
      if let waiter = state.headWaiter {
        if let head = state.head {
          state.headWaiter = nil
          return .head(waiter, head)
        }
        if case .failed(let error) = state.end {
          state.headWaiter = nil
          return .noHead(waiter, error)
        }
        return .nothing
      }
      guard let waiter = state.pieceWaiter else { return .nothing }
      if !state.buffer.isEmpty {
        state.pieceWaiter = nil
        let (piece, wasPaused) = state.take()
        return .piece(waiter, piece, wasPaused: wasPaused)
      }
      switch state.end {
      case nil: return .nothing
      case .complete:
        state.pieceWaiter = nil
        return .piece(waiter, nil, wasPaused: false)
      case .failed(let error):
        state.pieceWaiter = nil
        return .noPiece(waiter, error)
      }
    }
    switch delivery {
    case .nothing: break
    case .head(let waiter, let head): waiter.resume(returning: head)
    case .noHead(let waiter, let error): waiter.resume(throwing: error)
    case .piece(let waiter, let piece, let wasPaused):
      waiter.resume(returning: piece)
      if wasPaused { loop.resume(self) }
    case .noPiece(let waiter, let error): waiter.resume(throwing: error)
    }
  }
}
