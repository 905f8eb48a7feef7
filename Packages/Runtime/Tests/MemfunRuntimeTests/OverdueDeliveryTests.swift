import MemfunCore
import MemfunRuntime
import Testing

@Suite("Deliveries that nobody waits for")
struct OverdueDeliveryTests {
  @Test("an overdue delivery does not ring the timer while no member waits, and comes when one does")
  func noSpinning() async throws {
    let time = ManualTimeSource()
    let runtime = Runtime.inProcess(time: time)
    let member = try await runtime.bus.group(
      "g", SubjectPattern("log.>"), configuration: GroupConfiguration())
    try await runtime.bus.publish(Subject("log.x"), [1], dedupeKey: nil, headers: [:])
    guard case .delivery(let first)? = try await member.next() else {
      Issue.record("no delivery")
      return
    }
    // A timer that was armed needs a moment to sleep on the clock.
    for _ in 0..<10_000 where time.sleeperCount == 0 { await Task.yield() }
    time.advance(by: .seconds(31))
    try await runtime.bus.publish(Subject("log.x"), [2], dedupeKey: nil, headers: [:])
    for _ in 0..<10_000 { await Task.yield() }
    #expect(time.sleeps.count { $0 <= .zero } <= 1)
    guard case .delivery(let again)? = try await member.next() else {
      Issue.record("no second delivery")
      return
    }
    #expect(again.token.seq == first.token.seq)
    #expect(again.token.delivery == 2)
    await runtime.close()
  }
}
