import Testing

@testable import MemfunCore

@Suite("HTTP deadlines: which one runs")
struct HTTPDeadlineTrackerTests {
  private let limits = HTTPDeadlines(
    connect: .seconds(1), firstByte: .seconds(5), idle: .seconds(2), total: .seconds(60))
  private func started() -> HTTPDeadlineTracker { HTTPDeadlineTracker(limits, start: .seconds(100)) }
  private func deadline(_ phase: HTTPError.Phase, at: Int, limit: Int) -> HTTPDeadlineTracker.Deadline {
    .init(phase: phase, instant: .seconds(at), limit: .seconds(limit))
  }

  @Test("an exchange that waits for a place in the pool is not connecting")
  func queued() {
    #expect(started().next == deadline(.firstByte, at: 105, limit: 5))
  }

  @Test("connecting is limited from its own start, once")
  func connecting() {
    var tracker = started()
    tracker.connecting(at: .seconds(102))
    tracker.connecting(at: .milliseconds(102_500))
    #expect(tracker.next == deadline(.connect, at: 103, limit: 1))
    #expect(tracker.isConnecting)
    tracker.connected()
    #expect(tracker.next == deadline(.firstByte, at: 105, limit: 5))
    #expect(!tracker.isConnecting)
  }

  @Test("a stale connection that is replaced starts connecting again")
  func reconnecting() {
    var tracker = started()
    tracker.connecting(at: .seconds(100))
    tracker.connected()
    tracker.connecting(at: .seconds(103))
    #expect(tracker.next == deadline(.connect, at: 104, limit: 1))
  }

  @Test("every piece restarts the idle time")
  func idle() {
    var tracker = started()
    tracker.connected()
    tracker.progressed(at: .seconds(104))
    #expect(tracker.next == deadline(.idle, at: 106, limit: 2))
    tracker.progressed(at: .seconds(105))
    #expect(tracker.next == deadline(.idle, at: 107, limit: 2))
  }

  @Test("while the reader pauses only the total time runs")
  func paused() {
    var tracker = started()
    tracker.connected()
    tracker.progressed(at: .seconds(104))
    tracker.paused()
    #expect(tracker.next == deadline(.total, at: 160, limit: 60))
    tracker.progressed(at: .seconds(105))
    #expect(tracker.next == deadline(.total, at: 160, limit: 60))
    tracker.resumed(at: .seconds(130))
    #expect(tracker.next == deadline(.idle, at: 132, limit: 2))
  }

  @Test("the total time wins when it passes first")
  func total() {
    var tracker = started()
    tracker.connected()
    tracker.progressed(at: .seconds(159))
    #expect(tracker.next == deadline(.total, at: 160, limit: 60))
  }

  @Test("without limits there is no deadline")
  func unlimited() {
    var tracker = HTTPDeadlineTracker(
      HTTPDeadlines(connect: nil, firstByte: nil, idle: nil, total: nil), start: .zero)
    #expect(tracker.next == nil)
    tracker.connecting(at: .zero)
    #expect(tracker.next == nil)
    tracker.progressed(at: .zero)
    #expect(tracker.next == nil)
  }
}
