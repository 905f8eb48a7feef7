/// Which deadline of an exchange is running, and when it passes.
///
/// A pure state machine over instants of a monotonic clock: events in, the next deadline out. The
/// phases of one exchange:
///
///     queued ─→ connecting ─→ awaiting head ─→ receiving ⇄ paused
///
/// `total` runs through all of them. `firstByte` runs from the start until the final head begins.
/// `connect` runs only while a connection is being made, not while the exchange waits in a queue for
/// one. `idle` restarts with every piece and stands still while the reader has paused the transfer.
struct HTTPDeadlineTracker {
  /// A deadline and the instant at which it passes.
  struct Deadline: Equatable {
    var phase: HTTPError.Phase
    var instant: Duration
    /// The length that was allowed.
    var limit: Duration
  }

  private enum State {
    case queued
    case connecting(since: Duration)
    case awaitingHead
    case receiving(lastProgress: Duration)
    case paused
  }

  private let limits: HTTPDeadlines
  private let start: Duration
  private var state = State.queued

  /// - Parameter start: when the exchange was asked for.
  init(_ limits: HTTPDeadlines, start: Duration) {
    self.limits = limits
    self.start = start
  }

  /// Whether no connection has been found or made yet.
  var isConnecting: Bool {
    switch state {
    case .queued, .connecting: true
    case .awaitingHead, .receiving, .paused: false
    }
  }

  /// Whether the reader holds the peer up.
  var isPaused: Bool {
    if case .paused = state { true } else { false }
  }

  /// A connection is being made. Repeated calls (a second address, say) do not restart the clock, but a
  /// new connection after a stale one does.
  mutating func connecting(at now: Duration) {
    switch state {
    case .queued, .awaitingHead: state = .connecting(since: now)
    case .connecting, .receiving, .paused: break
    }
  }

  /// There is a connection, a new or a kept one.
  mutating func connected() {
    if isConnecting { state = .awaitingHead }
  }

  /// The head or the body made progress.
  mutating func progressed(at now: Duration) {
    switch state {
    case .queued, .connecting, .awaitingHead, .receiving: state = .receiving(lastProgress: now)
    case .paused: break
    }
  }

  /// The reader is slower than the peer.
  mutating func paused() { state = .paused }

  /// The reader wants more.
  mutating func resumed(at now: Duration) {
    if case .paused = state { state = .receiving(lastProgress: now) }
  }

  /// The deadline that passes first; nil when none is set for this phase.
  var next: Deadline? {
    var first: Deadline?
    func consider(_ phase: HTTPError.Phase, _ limit: Duration?, since instant: Duration) {
      guard let limit else { return }
      let deadline = Deadline(phase: phase, instant: instant + limit, limit: limit)
      if let current = first, current.instant <= deadline.instant { return }
      first = deadline
    }
    switch state {
    case .queued: consider(.firstByte, limits.firstByte, since: start)
    case .connecting(let since):
      consider(.connect, limits.connect, since: since)
      consider(.firstByte, limits.firstByte, since: start)
    case .awaitingHead: consider(.firstByte, limits.firstByte, since: start)
    case .receiving(let lastProgress): consider(.idle, limits.idle, since: lastProgress)
    case .paused: break
    }
    consider(.total, limits.total, since: start)
    return first
  }
}
