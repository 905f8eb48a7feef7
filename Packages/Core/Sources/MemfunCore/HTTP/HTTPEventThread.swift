import CCurl
import Glibc

/// What runs on the event thread: libcurl's multi handle, the transfers in it, and their deadlines.
///
/// Nothing here is shared; other threads speak to it through `HTTPEventLoop`.
final class HTTPEventThread {
  private let loop: HTTPEventLoop
  private let clock = SystemTimeSource()
  private var transfers: [ObjectIdentifier: HTTPTransfer] = [:]
  private var transfersPerOrigin: [String: Int] = [:]
  /// Transfers to which something happened since readers were last woken.
  private var touched: [HTTPTransfer] = []
  /// Handles of finished transfers, for the next ones: each holds caches worth keeping.
  private var idleHandles: [CurlHandle] = []
  /// No deadline passes before this instant. A lower bound: it is only made exact when it is reached.
  private var earliestDeadline: Duration?
  private var isEnding = false

  var configuration: HTTPClient.Configuration { loop.configuration }

  init(_ loop: HTTPEventLoop) { self.loop = loop }

  /// Returns when the client was released or shut down and nothing is left to do.
  func run() {
    if let reason = ccurl_load() {
      loop.end(refusal: .libraryMissing(reason: String(cString: reason)))
      return
    }
    let wake = ccurl_wake_new()
    guard wake >= 0, let multi = ccurl_multi_new() else {
      let reason = wake < 0 ? SystemCallError("eventfd").what : "curl_multi_init found no memory"
      if wake >= 0 { close(wake) }
      loop.end(refusal: .libraryMissing(reason: reason))
      return
    }
    let configuration = loop.configuration
    ccurl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, max(1, configuration.maximumConnections))
    ccurl_multi_set_long(
      multi, CURLMOPT_MAX_HOST_CONNECTIONS, max(1, configuration.maximumConnectionsPerHost))
    ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, configuration.maximumIdleConnections))

    while true {
      for command in loop.takeCommands() { perform(command, on: multi) }
      var running: Int32 = 0
      ccurl_multi_perform(multi, &running)
      removeFinished(from: multi)
      let now = clock.monotonic()
      wakeReaders(at: now)
      expireDeadlines(at: now, on: multi)
      if isEnding && transfers.isEmpty { break }
      if loop.willSleep(wake) { ccurl_multi_poll(multi, wake, millisecondsToSleep(from: now)) }
    }
    idleHandles = []
    loop.end(refusal: nil) {
      ccurl_multi_free(multi)
      close(wake)
    }
  }

  // MARK: Commands

  private func perform(_ command: HTTPEventLoop.Command, on multi: UnsafeMutableRawPointer) {
    switch command {
    case .start(let exchange): start(exchange, on: multi)
    case .cancel(let exchange):
      if let transfer = transfers[ObjectIdentifier(exchange)] { abort(transfer, on: multi) }
    case .resume(let exchange):
      guard let transfer = transfers[ObjectIdentifier(exchange)] else { return }
      transfer.deadlines.resumed(at: clock.monotonic())
      touch(transfer)
      // May call the body callback at once, with what libcurl holds.
      let code = ccurl_easy_pause(transfer.handle.easy, CURLPAUSE_CONT)
      if code != CURLE_OK {
        fail(transfer, transfer.failure(for: code, configuration: loop.configuration), on: multi)
      }
    case .release: isEnding = true
    case .shutDown:
      isEnding = true
      for transfer in transfers.values {
        fail(transfer, .shutDown(url: transfer.exchange.message.url.redacted), on: multi)
      }
    }
  }

  private func start(_ exchange: HTTPExchange, on multi: UnsafeMutableRawPointer) {
    if exchange.isOver { return }  // cancelled while it lay in the mailbox
    let url = exchange.message.url
    guard let handle = idleHandles.popLast() ?? CurlHandle() else {
      exchange.finish(HTTPError.clientFailure(reason: "curl_easy_init found no memory", url: url.redacted))
      exchange.deliver()
      return
    }
    let transfer = HTTPTransfer(exchange, handle, on: self)
    if let failure = transfer.prepare(loop.configuration) {
      exchange.finish(failure)
      exchange.deliver()
      return
    }
    // libcurl does not tell whether a transfer connects or waits for a place in the pool. While there
    // are places it connects (or has a connection) at once; otherwise the callback for a new socket tells.
    let sameOrigin = transfersPerOrigin[url.origin, default: 0]
    if transfers.count < loop.configuration.maximumConnections
      && sameOrigin < loop.configuration.maximumConnectionsPerHost
    {
      transfer.deadlines.connecting(at: exchange.startTime)
    }
    let code = ccurl_multi_add(multi, handle.easy)
    guard code == CURLM_OK else {
      let reason = String(cString: ccurl_multi_strerror(code))
      exchange.finish(HTTPError.clientFailure(reason: reason, url: url.redacted))
      exchange.deliver()
      return
    }
    transfersPerOrigin[url.origin] = sameOrigin + 1
    transfers[ObjectIdentifier(exchange)] = transfer
    touch(transfer)
  }

  // MARK: Ends

  private func removeFinished(from multi: UnsafeMutableRawPointer) {
    var code = CURLE_OK
    while let easy = ccurl_multi_next_done(multi, &code) {
      guard let context = ccurl_easy_private(easy) else { continue }
      let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
      let error = transfer.failure(for: code, configuration: loop.configuration)
      // First the connection goes back to the pool, then the reader (and its next request) wakes.
      remove(transfer, from: multi)
      if code == CURLE_OK && idleHandles.count < 64 { idleHandles.append(transfer.handle) }
      transfer.exchange.finish(error)
      touch(transfer)
    }
  }

  /// Ends a running transfer with an error for its reader.
  private func fail(_ transfer: HTTPTransfer, _ error: HTTPError?, on multi: UnsafeMutableRawPointer) {
    abort(transfer, on: multi)
    transfer.exchange.finish(error)
    touch(transfer)
  }

  /// Takes a running transfer out of libcurl so that the peer learns of it now: its connection is closed,
  /// or its HTTP/2 stream reset if others use the connection.
  ///
  /// The handle is not used again: an aborted one keeps its buffer and refuses some options.
  private func abort(_ transfer: HTTPTransfer, on multi: UnsafeMutableRawPointer) {
    // Without this an HTTP/2 connection is kept, and libcurl 7.88 sends the reset of a stream only when
    // the connection has something else to do: never, if it is idle from now on.
    ccurl_easy_set_long(transfer.handle.easy, CURLOPT_FORBID_REUSE, 1)
    remove(transfer, from: multi)
    guard transfer.isMultiplexed || transfer.exchange.message.url.isSecure else { return }
    // With others on the connection it stays open. Telling one of them to pause and to go on makes
    // libcurl write what is due, the reset included.
    let origin = transfer.exchange.message.url.origin
    let neighbour = transfers.values.first { other in
      other.isMultiplexed && !other.deadlines.isPaused && !other.wasPaused
        && other.exchange.message.url.origin == origin
    }
    if let neighbour {
      ccurl_easy_pause(neighbour.handle.easy, CURLPAUSE_RECV)
      ccurl_easy_pause(neighbour.handle.easy, CURLPAUSE_CONT)
    }
  }

  private func remove(_ transfer: HTTPTransfer, from multi: UnsafeMutableRawPointer) {
    guard transfers.removeValue(forKey: ObjectIdentifier(transfer.exchange)) != nil else { return }
    let origin = transfer.exchange.message.url.origin
    let left = transfersPerOrigin[origin, default: 1] - 1
    transfersPerOrigin[origin] = left > 0 ? left : nil
    ccurl_multi_remove(multi, transfer.handle.easy)
    transfer.release()
  }

  // MARK: Readers and deadlines

  /// Notes that something happened to the transfer.
  func touch(_ transfer: HTTPTransfer) {
    if transfer.isTouched { return }
    transfer.isTouched = true
    touched.append(transfer)
  }

  private func wakeReaders(at now: Duration) {
    for transfer in touched {
      transfer.isTouched = false
      if transfer.madeProgress {
        transfer.madeProgress = false
        transfer.deadlines.progressed(at: now)
      }
      if transfer.wasPaused {
        transfer.wasPaused = false
        transfer.deadlines.paused()
      }
      if let next = transfer.deadlines.next {
        earliestDeadline = min(earliestDeadline ?? next.instant, next.instant)
      }
      transfer.exchange.deliver()
    }
    touched.removeAll(keepingCapacity: true)
  }

  private func expireDeadlines(at now: Duration, on multi: UnsafeMutableRawPointer) {
    guard let earliest = earliestDeadline, now >= earliest else { return }
    earliestDeadline = nil
    for transfer in transfers.values {
      guard let next = transfer.deadlines.next else { continue }
      if next.instant <= now {
        let url = transfer.exchange.message.url.redacted
        fail(transfer, .timedOut(phase: next.phase, after: next.limit, url: url), on: multi)
      } else {
        earliestDeadline = min(earliestDeadline ?? next.instant, next.instant)
      }
    }
    wakeReaders(at: now)
  }

  /// Until the next deadline, rounded up so that it has passed then. libcurl's own timers shorten it.
  private func millisecondsToSleep(from now: Duration) -> Int32 {
    let longest: Int64 = 3_600_000
    guard let earliest = earliestDeadline else { return Int32(longest) }
    let (seconds, attoseconds) = (earliest - now).components
    if seconds < 0 { return 0 }
    if seconds >= longest / 1000 { return Int32(longest) }
    return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
