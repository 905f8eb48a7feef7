import Glibc

/// A system call that failed: which one, on what, and the kernel's reason.
public struct SystemCallError: MemfunError, Equatable {
  /// The call, as in its manual page: `open`, `rename`, `posix_spawn`.
  public let call: String
  /// The path or other object it was given.
  public let object: String?
  /// The value of `errno`.
  public let code: Int32

  /// - Parameter code: defaults to the current `errno`; read it at once after the call.
  public init(_ call: String, on object: String? = nil, code: Int32 = errno) {
    self.call = call
    self.object = object
    self.code = code
  }

  /// The kernel's text for `code`, for example "No such file or directory".
  public var reason: String {
    // strerror_r's GNU form may return a static string instead of filling the buffer; strerror is
    // thread-safe in glibc >= 2.32 for known codes and always returns a valid string.
    String(cString: strerror(code))
  }

  public var kind: String { "system.\(call)" }
  public var what: String { "\(call) failed: \(reason)" }
  public var location: String? { object }
  public var remedy: String? {
    switch code {
    case EACCES, EPERM: "check the permissions of the file and of the folders above it"
    case ENOENT: "check the spelling of the path"
    case ENOSPC: "free some disk space, then run the command again"
    case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
    case EROFS: "choose a place that is writable"
    default: nil
    }
  }
}
