import CLinux

/// A thread of its own for calls that block, so that the cooperative pool never waits for the kernel.
public enum DedicatedThread {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts a detached thread with every signal blocked and runs `body` on it.
  ///
  /// - Parameters:
  ///   - name: shown by `ps -L` and debuggers; 15 bytes are kept.
  ///   - stackBytes: address space for its stack. Default 1 MiB; pages are used only when touched.
  /// - Throws: when the system has no room for another thread.
  public static func start(
    _ name: String, stackBytes: Int = 1 << 20, _ body: @escaping @Sendable () -> Void
  ) throws(SystemCallError) {
    let context = Unmanaged.passRetained(Body(body))
    let code = clinux_thread_start(
      name, stackBytes,
      { @Sendable context in
        // The pointer is the retained box passed below; C hands it over exactly once.
        Unmanaged<Body>.fromOpaque(context.unsafelyUnwrapped).takeRetainedValue().run()
      }, context.toOpaque())
    if code != 0 {
      context.release()
      throw SystemCallError("pthread_create", on: name, code: code)
    }
  }
}
