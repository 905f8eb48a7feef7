import Glibc
import MemfunCore
import Synchronization

/// A TLS server with a certificate of its own, HTTP/1.1 or HTTP/2 by ALPN; played by a Python script, as
/// the project has no TLS server. It echoes request bodies; to the body `hold` it answers with half a
/// response and then nothing.
final class TLSServer: Sendable {
  /// Whether this machine has what the server needs.
  static let isAvailable =
    access("/usr/bin/openssl", X_OK) == 0 && access("/usr/bin/python3", X_OK) == 0

  let port: Int
  /// The certificate, which signs itself: what a client must trust.
  let certificate: String
  private let log: LineLog

  /// Runs `body` with a server whose certificate is for `127.0.0.1` and `localhost`.
  ///
  /// - Parameter protocols: what ALPN offers, `h2` or `http/1.1`.
  static func run(
    protocols: [String], _ body: @escaping @Sendable (TLSServer) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { folder in
      let (certificate, key) = (folder + "/certificate.pem", folder + "/key.pem")
      let made = try await Subprocess(
        "/usr/bin/openssl",
        [
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
          "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ]
      ).run()
      guard made.succeeded else { throw LoopbackFailure(what: made.error.text) }
      let log = LineLog()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          _ = try await Subprocess(
            "/usr/bin/python3", ["-I", "-u", "-c", script, certificate, key] + protocols,
            output: .stream { log.append($0) }, timeout: .seconds(50)
          ).run()
        }
        let port = Int(await log.wait(for: "port ").dropFirst(5)) ?? 0
        try await body(TLSServer(port: port, certificate: certificate, log: log))
        group.cancelAll()
      }
    }
  }

  private init(port: Int, certificate: String, log: LineLog) {
    self.port = port
    self.certificate = certificate
    self.log = log
  }

  /// Waits until the server has said a line that begins so, and returns it.
  @discardableResult
  func wait(for start: String) async -> String { await log.wait(for: start) }

  /// How many lines it has said that begin so.
  func count(_ start: String) -> Int { log.count(start) }
}

/// Lines that a child prints, and tasks that wait for them.
private final class LineLog: Sendable {
  private struct State {
    var lines: [String] = []
    var partial: [UInt8] = []
    var waiters: [(start: String, continuation: CheckedContinuation<String, Never>)] = []
  }
  private let state = Mutex(State())

  func append(_ bytes: UnsafeRawBufferPointer) {
    let ready = state.withLock { state in
      state.partial += bytes
      while let end = state.partial.firstIndex(of: 10) {
        state.lines.append(String(decoding: state.partial[..<end], as: UTF8.self))
        state.partial.removeSubrange(...end)
      }
      var ready: [(CheckedContinuation<String, Never>, String)] = []
      state.waiters.removeAll { waiter in
        guard let line = state.lines.first(where: { $0.hasPrefix(waiter.start) }) else { return false }
        ready.append((waiter.continuation, line))
        return true
      }
      return ready
    }
    for (continuation, line) in ready { continuation.resume(returning: line) }
  }

  func wait(for start: String) async -> String {
    await withCheckedContinuation { continuation in
      let line = state.withLock { state in
        let line = state.lines.first { $0.hasPrefix(start) }
        if line == nil { state.waiters.append((start, continuation)) }
        return line
      }
      if let line { continuation.resume(returning: line) }
    }
  }

  func count(_ start: String) -> Int { state.withLock { $0.lines.count { $0.hasPrefix(start) } } }
}

/// HTTP/2 needs no decompression of fields here: what the server does is decided by the body alone, and
/// its own answer is one entry of the static table (RFC 7541 appendix A: 8 is `:status 200`).
private let script = #"""
  import socket, ssl, struct, sys, threading

  def say(*words):
      print(*words, flush=True)

  def exactly(stream, count):
      data = b""
      while len(data) < count:
          piece = stream.recv(count - len(data))
          if not piece:
              raise EOFError
          data += piece
      return data

  def frame(kind, flags, stream, payload=b""):
      return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload

  def serve2(stream):
      exactly(stream, 24)
      stream.sendall(frame(4, 0, 0))
      bodies = {}
      while True:
          head = exactly(stream, 9)
          length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
          number = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
          payload = exactly(stream, length)
          if kind == 4 and not flags & 1:
              stream.sendall(frame(4, 1, 0))
          elif kind == 6 and not flags & 1:
              stream.sendall(frame(6, 1, 0, payload))
          elif kind == 3:
              say("reset", number)
          elif kind == 0:
              bodies[number] = bodies.get(number, b"") + payload
          if kind in (0, 1) and flags & 1:
              body = bodies.pop(number, b"")
              say("request", number)
              if body == b"hold":
                  stream.sendall(frame(1, 4, number, b"\x88") + frame(0, 0, number, b"half"))
              else:
                  stream.sendall(frame(1, 4, number, b"\x88") + frame(0, 1, number, body))

  def serve1(stream):
      data = b""
      while True:
          while b"\r\n\r\n" not in data:
              data += exactly(stream, 1)
          length = 0
          for line in data.split(b"\r\n"):
              if line.lower().startswith(b"content-length:"):
                  length = int(line.split(b":")[1])
          body = exactly(stream, length)
          data = b""
          say("request")
          half = body == b"hold"
          stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (99 if half else length) + body)

  def serve(plain):
      try:
          with context.wrap_socket(plain, server_side=True) as stream:
              say("connection", stream.selected_alpn_protocol())
              (serve2 if stream.selected_alpn_protocol() == "h2" else serve1)(stream)
      except (EOFError, OSError):
          say("closed")

  context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
  context.load_cert_chain(sys.argv[1], sys.argv[2])
  context.set_alpn_protocols(sys.argv[3:])
  listener = socket.create_server(("127.0.0.1", 0))
  say("port", listener.getsockname()[1])
  while True:
      threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
  """#
