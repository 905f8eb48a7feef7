import Glibc
import MemfunCore
import Synchronization

/// Where the bytes of a standard stream go: a descriptor in production, memory in tests.
public protocol OutputSink: Sendable {
  /// Writes all bytes, or throws.
  func write(_ bytes: [UInt8]) throws(OutputError)
}

/// A stream that does not take what is written to it.
public enum OutputError: MemfunError, Equatable {
  /// The reader has gone (EPIPE), as in `memfun analyze | head -1`: nobody misses the rest.
  case readerGone
  /// The write failed: which stream, and `errno`.
  case writeFailed(stream: String, code: Int32)

  public var kind: String {
    switch self {
    case .readerGone: "output.reader_gone"
    case .writeFailed: "output.write_failed"
    }
  }

  public var what: String {
    switch self {
    case .readerGone: "the reader of the output has gone"
    case .writeFailed(let stream, let code):
      "\(stream) cannot be written: \(SystemCallError("write", code: code).reason)"
    }
  }

  public var location: String? {
    switch self {
    case .readerGone: nil
    case .writeFailed(let stream, _): stream
    }
  }

  public var remedy: String? {
    switch self {
    case .readerGone: nil
    case .writeFailed(_, ENOSPC): "free some disk space, or send the output somewhere else"
    case .writeFailed: "check where the output is sent"
    }
  }
}

/// A sink on an open descriptor.
public struct DescriptorSink: OutputSink {
  let descriptor: Int32
  let name: String

  /// - Parameters:
  ///   - descriptor: open for writing; it is not closed.
  ///   - name: for messages: "standard output".
  public init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  public func write(_ bytes: [UInt8]) throws(OutputError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // The other end of a pipe may have been made non-blocking by whoever shares it.
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&poller, 1, -1)
      case EPIPE: throw .readerGone
      case let code: throw .writeFailed(stream: name, code: code)
      }
    }
  }
}

/// A sink that keeps everything, for tests.
public final class OutputRecorder: OutputSink {
  private let stored = Mutex<[UInt8]>([])

  /// An empty one.
  public init() {}

  public func write(_ bytes: [UInt8]) throws(OutputError) { stored.withLock { $0 += bytes } }

  /// What has been written, as text.
  public var text: String { stored.withLock { String(decoding: $0, as: UTF8.self) } }
}
