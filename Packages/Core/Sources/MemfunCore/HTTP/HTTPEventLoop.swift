import CCurl
import Glibc
import Synchronization

/// The way into the event thread: a mailbox with a lock, and the life of the thread.
///
/// The thread is started by the first request. It sleeps in `curl_multi_poll` and is woken only when it
/// sleeps, so a burst of commands costs one system call.
final class HTTPEventLoop: Sendable {
  /// What the thread is asked to do.
  enum Command {
    case start(HTTPExchange)
    /// Remove the transfer and close its connection.
    case cancel(HTTPExchange)
    /// The reader has room again.
    case resume(HTTPExchange)
    /// Finish what runs, then end.
    case release
    /// Fail what runs, then end.
    case shutDown
  }

  private enum Phase { case notStarted, running, ended }

  private struct State {
    var phase = Phase.notStarted
    var commands: [Command] = []
    /// What wakes the thread while it sleeps, or is about to; nil while it will look into the mailbox
    /// anyway. Used under the lock only, so that the thread can close it in the end.
    var sleeping: Int32?
    /// Why requests are refused after the end: libcurl is missing. Nil means that it was shut down.
    var refusal: HTTPError?
    var isShuttingDown = false
    var endWaiters: [CheckedContinuation<Void, Never>] = []
  }

  let configuration: HTTPClient.Configuration
  private let state = Mutex(State())

  init(_ configuration: HTTPClient.Configuration) { self.configuration = configuration }

  // MARK: Any thread

  /// Runs the exchange. Failure is told through the exchange.
  func start(_ exchange: HTTPExchange) {
    let failure: HTTPError? = state.withLock { state in
      if state.isShuttingDown || state.phase == .ended {
        return state.refusal ?? .shutDown(url: exchange.message.url.redacted)
      }
      if state.phase == .notStarted {
        if let reason = startThread() {
          return .clientFailure(reason: reason, url: exchange.message.url.redacted)
        }
        state.phase = .running
      }
      append(.start(exchange), &state)
      return nil
    }
    if let failure {
      exchange.finish(failure)
      exchange.deliver()
    }
  }

  func cancel(_ exchange: HTTPExchange) { post(.cancel(exchange)) }

  func resume(_ exchange: HTTPExchange) { post(.resume(exchange)) }

  /// The client is gone: no more requests will come.
  func release() { post(.release) }

  /// Returns when the thread has ended.
  func shutDown() async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        state.isShuttingDown = true
        if state.phase != .running { return true }
        state.endWaiters.append(continuation)
        append(.shutDown, &state)
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  private func post(_ command: Command) {
    state.withLock { state in
      if state.phase == .running { append(command, &state) }
    }
  }

  private func append(_ command: Command, _ state: inout State) {
    state.commands.append(command)
    if let descriptor = state.sleeping {
      state.sleeping = nil
      ccurl_wake(descriptor)
    }
  }

  /// Returns the reason when it failed.
  private func startThread() -> String? {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { @Sendable context in
        // The loop lives as long as its thread.
        let loop = Unmanaged<HTTPEventLoop>.fromOpaque(context!).takeRetainedValue()
        // Signals belong to the program's other threads, and a broken TLS connection must not raise
        // SIGPIPE. Threads that libcurl starts to resolve names inherit this.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
        HTTPEventThread(loop).run()
        return nil
      }, context)
    guard code == 0 else {
      Unmanaged<HTTPEventLoop>.fromOpaque(context).release()
      return SystemCallError("pthread_create", code: code).what
    }
    pthread_detach(thread)
    return nil
  }

  // MARK: The event thread

  /// Empties the mailbox.
  func takeCommands() -> [Command] {
    state.withLock { state in
      state.sleeping = nil
      if state.commands.isEmpty { return [] }
      defer { state.commands = [] }
      return state.commands
    }
  }

  /// Whether the thread may sleep: nothing has come since `takeCommands`. From now on, commands wake it
  /// through `descriptor`.
  func willSleep(_ descriptor: Int32) -> Bool {
    state.withLock { state in
      if !state.commands.isEmpty { return false }
      state.sleeping = descriptor
      return true
    }
  }

  /// The thread ends; `refusal` is what later requests are told, nil after a shut-down. Nobody wakes the thread
  /// from now on.
  ///
  /// - Parameter cleanUp: run before those who wait for the end are told.
  func end(refusal: HTTPError?, cleanUp: () -> Void = {}) {
    let (commands, waiters) = state.withLock { state in
      defer {
        state.commands = []
        state.endWaiters = []
      }
      state.sleeping = nil
      state.phase = .ended
      state.refusal = refusal
      return (state.commands, state.endWaiters)
    }
    cleanUp()
    for case .start(let exchange) in commands {
      exchange.finish(refusal ?? .shutDown(url: exchange.message.url.redacted))
      exchange.deliver()
    }
    for waiter in waiters { waiter.resume() }
  }
}
