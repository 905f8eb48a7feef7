import Glibc
import Synchronization

/// A server on 127.0.0.1 whose every connection is played by a function on a thread of its own. What it
/// sends is bytes, not HTTP: tests decide what a peer may get wrong.
final class LoopbackServer: Sendable {
  let port: UInt16
  private let listener: Int32
  private let count = Mutex(0)

  /// - Parameter serve: called with each accepted connection, which is closed when it returns.
  init(_ serve: @escaping @Sendable (LoopbackConnection) -> Void) throws {
    let (listener, port) = try LoopbackServer.listen(backlog: 64)
    self.listener = listener
    self.port = port
    startThread { [self] in acceptConnections(serve) }
  }

  /// An HTTP server that keeps connections and answers each request with what `respond` returns.
  static func answering(
    _ respond: @escaping @Sendable (LoopbackRequest) -> String
  ) throws -> LoopbackServer {
    try LoopbackServer { connection in
      while let request = connection.readRequest() { connection.write(respond(request)) }
    }
  }

  /// How many connections were accepted.
  var connections: Int { count.withLock { $0 } }

  func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Stops accepting; open connections end when their peers do.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  /// A socket that listens and nobody who accepts.
  static func listen(backlog: Int32) throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && Glibc.listen(descriptor, backlog) == 0
          && getsockname(descriptor, address, &length) == 0
      }
    }
    guard bound else { throw LoopbackFailure(what: "cannot listen on 127.0.0.1: errno \(errno)") }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  private func acceptConnections(_ serve: @escaping @Sendable (LoopbackConnection) -> Void) {
    while true {
      let descriptor = accept(listener, nil, nil)
      if descriptor < 0 { break }
      var on: Int32 = 1
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
      let number = count.withLock { count in
        count += 1
        return count
      }
      startThread {
        let connection = LoopbackConnection(descriptor, number: number)
        serve(connection)
        connection.close()
      }
    }
    close(listener)
  }
}

struct LoopbackFailure: Error { let what: String }

/// A request as it came over the wire.
struct LoopbackRequest: Sendable {
  let line: String
  let fields: [String]
  let body: [UInt8]

  var method: String { String(line.prefix { $0 != " " }) }
  var path: String { String(line.split(separator: " ")[1]) }
  func field(_ name: String) -> String? {
    let prefix = name.lowercased() + ":"
    return fields.first { $0.lowercased().hasPrefix(prefix) }
      .map { String($0.dropFirst(prefix.count).drop { $0 == " " }) }
  }
}

/// One accepted connection; used by one thread.
final class LoopbackConnection {
  /// 1 for the first connection of the server.
  let number: Int
  private let descriptor: Int32
  private var pending: [UInt8] = []
  private var isClosed = false

  init(_ descriptor: Int32, number: Int) {
    self.descriptor = descriptor
    self.number = number
  }

  /// The next request, or nil when the peer closed the connection.
  func readRequest() -> LoopbackRequest? {
    while true {
      if let end = endOfHead() {
        let lines = String(decoding: pending[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
        let length =
          lines.first { $0.lowercased().hasPrefix("content-length:") }
          .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        while pending.count < end + length { if !readMore() { return nil } }
        let body = Array(pending[end..<(end + length)])
        pending.removeFirst(end + length)
        return LoopbackRequest(line: lines.first ?? "", fields: Array(lines.dropFirst()), body: body)
      }
      if !readMore() { return nil }
    }
  }

  /// False when the peer is gone.
  @discardableResult
  func write(_ text: String) -> Bool { write(Array(text.utf8)) }

  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  /// Blocks until the peer closes the connection.
  func waitForClose() { while readMore() {} }

  func close() {
    if !isClosed { Glibc.close(descriptor) }
    isClosed = true
  }

  /// Closes with a TCP reset.
  func reset() {
    var hard = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  private func endOfHead() -> Int? {
    guard pending.count >= 4 else { return nil }
    for end in 4...pending.count where pending[(end - 4)..<end].elementsEqual([13, 10, 13, 10]) { return end }
    return nil
  }

  private func readMore() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    if count <= 0 { return false }
    pending += chunk[..<count]
    return true
  }
}

/// Runs `body` on a new thread.
func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { @Sendable context in
      Unmanaged<Box>.fromOpaque(context!).takeRetainedValue().body()
      return nil
    }, Unmanaged.passRetained(Box(body)).toOpaque())
  pthread_detach(thread)
}

/// Something that happens once, on any thread, and that tasks and threads can wait for.
final class Happening: Sendable {
  private struct State {
    var happened: ContinuousClock.Instant?
    var waiters: [CheckedContinuation<ContinuousClock.Instant, Never>] = []
  }
  private let state = Mutex(State())

  func happen() {
    let now = ContinuousClock.now
    let waiters = state.withLock { state in
      if state.happened == nil { state.happened = now }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume(returning: now) }
  }

  var hasHappened: Bool { state.withLock { $0.happened != nil } }

  /// Suspends until it happened; returns when that was.
  @discardableResult
  func wait() async -> ContinuousClock.Instant {
    await withCheckedContinuation { continuation in
      let happened: ContinuousClock.Instant? = state.withLock { state in
        if state.happened == nil { state.waiters.append(continuation) }
        return state.happened
      }
      if let happened { continuation.resume(returning: happened) }
    }
  }

  /// Blocks the calling thread until it happened.
  func waitOnThread() { while !hasHappened { usleep(1000) } }
}
