import Glibc
import MemfunCore

/// What a person types at the terminal.
enum TerminalInput {
  /// One line without its line feed; nil at the end of the input (Ctrl-D on an empty line).
  ///
  /// The terminal's own line editing is at work. The wait ends at once when the task is cancelled.
  ///
  /// - Parameters:
  ///   - hidden: turns the echo off while the line is typed, for keys.
  ///   - prompt: asks the question. It is called when the echo is off already: a key that is pasted the
  ///     moment the question appears must not be shown.
  static func readLine(hidden: Bool, prompt: @escaping @Sendable () -> Void) async throws -> String? {
    let wake = try WakeSignal()
    return try await withTaskCancellationHandler {
      try Task.checkCancellation()
      return try await withCheckedThrowingContinuation { continuation in
        do {
          try DedicatedThread.start("terminal input") {
            continuation.resume(with: Result { try read(hidden: hidden, prompt: prompt, wake: wake) })
          }
        } catch {
          continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      wake.raise()
    }
  }

  /// All bytes of standard input up to its end.
  ///
  /// - Parameter limit: more bytes than these are an error.
  static func readAll(limit: Int) async throws -> [UInt8] {
    let wake = try WakeSignal()
    return try await withTaskCancellationHandler {
      try Task.checkCancellation()
      return try await withCheckedThrowingContinuation { continuation in
        do {
          try DedicatedThread.start("standard input") {
            continuation.resume(
              with: Result {
                var bytes: [UInt8] = []
                while let piece = try nextPiece(wake: wake) {
                  bytes += piece
                  if bytes.count > limit { throw TerminalInputError.tooLong(limit: limit) }
                }
                return bytes
              })
          }
        } catch {
          continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      wake.raise()
    }
  }

  private static func read(hidden: Bool, prompt: () -> Void, wake: WakeSignal) throws -> String? {
    var saved = termios()
    if hidden {
      // Without this the key would be shown; better to fail than to show it.
      if tcgetattr(STDIN_FILENO, &saved) != 0 { throw SystemCallError("tcgetattr", on: "standard input") }
      var silent = saved
      silent.c_lflag &= ~tcflag_t(ECHO)
      if tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) != 0 {
        throw SystemCallError("tcsetattr", on: "standard input")
      }
    }
    defer { if hidden { tcsetattr(STDIN_FILENO, TCSADRAIN, &saved) } }
    prompt()
    var line: [UInt8] = []
    while let piece = try nextPiece(wake: wake) {
      line += piece
      if line.last == UInt8(ascii: "\n") { return String(decoding: line.dropLast(), as: UTF8.self) }
      if line.count > 65536 { throw TerminalInputError.tooLong(limit: 65536) }
    }
    return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
  }

  /// What read(2) gives next; nil at the end. In the terminal's line mode that is at most one line.
  private static func nextPiece(wake: WakeSignal) throws -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      var polled = [
        pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
      ]
      if poll(&polled, 2, -1) < 0 {
        if errno == EINTR { continue }
        throw SystemCallError("poll", on: "standard input")
      }
      if polled[1].revents != 0 { throw CancellationError() }
      let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
      if count > 0 { return Array(buffer[..<count]) }
      if count == 0 { return nil }
      // EIO: the terminal has gone, or this is a background job that may not read.
      if errno != EINTR, errno != EAGAIN { throw SystemCallError("read", on: "standard input") }
    }
  }
}

/// Input that cannot be used.
enum TerminalInputError: MemfunError, Equatable {
  /// More bytes than any sensible answer has.
  case tooLong(limit: Int)

  var kind: String { "input.too_long" }
  var what: String {
    switch self {
    case .tooLong(let limit): "the input is longer than \(limit) bytes"
    }
  }
  var location: String? { "standard input" }
  var remedy: String? { "check what is sent to standard input" }
  var exitCode: ExitCode { .usage }
}
