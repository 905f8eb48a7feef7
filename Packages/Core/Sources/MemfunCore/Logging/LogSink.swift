import CLinux
import Glibc
import Synchronization

/// Where records go. What arrives here is free of secrets already.
public protocol LogSink: Sendable {
  /// Takes one record. It must not fail towards the caller and should be quick.
  func write(_ record: LogRecord)
}

/// Writes lines to a descriptor, each with one write(2), so that the lines of several threads, and with
/// a file opened for appending also of several processes, do not mix.
///
/// The write happens on the caller's thread: a line that is logged right before a crash must be there
/// afterwards, and a local file or terminal takes it in microseconds.
public final class LineSink: LogSink {
  private let file: OwnedDescriptor?
  private let number: Int32
  private let format: LogFormat
  private let redactor: Redactor
  private let lost = Atomic<Int>(0)

  private init(file: consuming OwnedDescriptor?, number: Int32, format: LogFormat, redactor: Redactor) {
    self.file = file
    self.number = number
    self.format = format
    self.redactor = redactor
  }

  /// Writes to standard error.
  public static func standardError(format: LogFormat, redactor: Redactor) -> LineSink {
    LineSink(file: nil, number: 2, format: format, redactor: redactor)
  }

  /// Appends to a file, which is made with permissions 0600 if it does not exist.
  ///
  /// - Throws: when the file cannot be opened for appending.
  public static func file(
    _ path: String, format: LogFormat, redactor: Redactor
  ) throws(FileError) -> LineSink {
    try PathRules.check(path)
    // Non-blocking only while opening: a FIFO without a reader is an error, not a wait for ever.
    let number = clinux_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, 0o600)
    if number < 0 { throw .last("open", on: path) }
    let file = OwnedDescriptor(number)
    let code = clinux_set_blocking(number)
    if code != 0 { throw .system(SystemCallError("fcntl", on: path, code: code)) }
    return LineSink(file: file, number: number, format: format, redactor: redactor)
  }

  /// Writes to a descriptor that the caller keeps open.
  package static func descriptor(_ number: Int32, format: LogFormat, redactor: Redactor) -> LineSink {
    LineSink(file: nil, number: number, format: format, redactor: redactor)
  }

  /// How many lines could not be written completely (disk full, closed terminal).
  public var lostLines: Int { lost.load(ordering: .relaxed) }

  public func write(_ record: LogRecord) {
    // Scrubbed again as a whole: a secret may have come together from the parts of the line.
    var line = redactor.scrub(Array(format.line(for: record).utf8))
    line.append(0x0A)
    let isComplete = line.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Glibc.write(number, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if errno == EAGAIN {
          // Somebody made this terminal or pipe non-blocking; wait until it takes more.
          var poller = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
          if poll(&poller, 1, 1000) <= 0 { return false }
        } else if errno != EINTR {
          return false
        }
      }
      return true
    }
    if !isComplete { lost.wrappingAdd(1, ordering: .relaxed) }
  }
}

/// Keeps records in memory, for tests and for showing the latest ones.
public final class MemorySink: LogSink {
  private let limit: Int
  private let kept = Mutex<[LogRecord]>([])

  /// - Parameter limit: how many of the latest records are kept.
  public init(limit: Int = 1000) { self.limit = max(1, limit) }

  /// The records, oldest first.
  public var records: [LogRecord] { kept.withLock { $0 } }

  public func write(_ record: LogRecord) {
    kept.withLock { kept in
      if kept.count >= limit { kept.removeFirst(kept.count - limit + 1) }
      kept.append(record)
    }
  }
}
