import Glibc
import Synchronization

/// Runs a task while the calling thread waits for signals.
///
/// SIGINT, SIGTERM and SIGHUP are blocked in every thread and fetched here with sigwait(3), so no code
/// ever runs inside a signal handler. The first one cancels the task, which may clean up; a second one
/// ends the process at once. Signals that were ignored when the process started (`nohup`, `&` in
/// scripts) stay ignored.
enum SignalWait {
  private struct Progress {
    var interruption: CommandFailure.Interruption?
    var exitCode: Int32?
  }

  private final class Shared: Sendable {
    let progress = Mutex(Progress())
  }

  /// Blocks the signals. To be called once, before the process has a second thread.
  private static func blockSignals() -> sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, finished)
    for signal in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(signal) { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    return signals
  }

  /// Whether the process was started with the signal ignored. Such a one must not be blocked: the kernel
  /// keeps blocked signals even when they are ignored, and sigwait would fetch them.
  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// The signal by which the task says that it is done: a real-time one, which nothing else uses.
  private static var finished: Int32 { __libc_current_sigrtmin() + 3 }

  /// - Parameter body: gets a function that tells which signal, if any, has cancelled it.
  /// - Returns: what `body` returned, or 128 + the number of the signal that came twice.
  static func run(
    _ body: @escaping @Sendable (@escaping @Sendable () -> CommandFailure.Interruption?) async -> Int32
  ) -> Int32 {
    var signals = blockSignals()
    let shared = Shared()
    let task = Task.detached {
      let code = await body({ shared.progress.withLock { $0.interruption } })
      shared.progress.withLock { $0.exitCode = code }
      kill(getpid(), finished)
    }
    while true {
      var signal: Int32 = 0
      sigwait(&signals, &signal)
      if let code = shared.progress.withLock({ $0.exitCode }) { return code }
      guard signal != finished else { continue }
      let isFirst = shared.progress.withLock { progress in
        defer {
          progress.interruption = progress.interruption ?? (signal == SIGINT ? .interrupt : .termination)
        }
        return progress.interruption == nil
      }
      if isFirst { task.cancel() } else { return signal == SIGINT ? 130 : 143 }
    }
  }
}
