extension Subprocess {
  /// Runs the program and waits, without blocking a thread of the cooperative pool, until it is gone.
  ///
  /// The child leads a session and process group of its own. It has descriptors 0, 1 and 2 only, no
  /// signal blocked or ignored, and the given environment. When the time limit passes the whole group
  /// gets SIGTERM and, after `killGrace`, SIGKILL. Processes of the group that still hold the output
  /// half a second after the leader has ended are killed too; those that let go of it live on. A
  /// process that made a session of its own is out of reach, but cannot delay the return.
  ///
  /// - Returns: how it ended and what was captured. A non-zero status, a signal and a passed time limit
  ///   are results, not errors.
  /// - Throws: `SubprocessError` when the program could not be started. `CancellationError` when the
  ///   task was cancelled: the group then has had SIGTERM, 70 ms later SIGKILL, and the leader is gone.
  public func run() async throws -> SubprocessResult {
    try Task.checkCancellation()
    let cancellation: WakeSignal
    do { cancellation = try WakeSignal() } catch {
      throw SubprocessError.spawnFailed(program: executable, cause: error)
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        do throws(SystemCallError) {
          try DedicatedThread.start("subprocess") {
            continuation.resume(
              with: Result { try SubprocessDriver(self, cancellation: cancellation).run() })
          }
        } catch {
          continuation.resume(
            throwing: SubprocessError.spawnFailed(program: executable, cause: error))
        }
      }
    } onCancel: {
      cancellation.raise()
    }
  }
}
