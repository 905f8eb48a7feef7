import CLinux
import Glibc

/// A flag that wakes a thread out of `poll`: raised once from any thread, never lowered.
public final class WakeSignal: Sendable {
  /// Readable from the moment the signal is raised.
  public let descriptor: Int32

  /// - Throws: when no descriptor is left.
  public init() throws(SystemCallError) {
    descriptor = clinux_eventfd()
    if descriptor < 0 { throw SystemCallError("eventfd") }
  }

  deinit { _ = close(descriptor) }

  /// Raises the signal. Any further call has no effect.
  public func raise() {
    var one: UInt64 = 1
    // The only possible failure is a full counter (EAGAIN), and then the signal is raised already.
    _ = write(descriptor, &one, 8)
  }
}
