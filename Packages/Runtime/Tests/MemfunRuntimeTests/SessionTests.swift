import MemfunCore
import Testing

@testable import MemfunRuntime

@Suite("Session log")
struct SessionTests {
  let ids = UUIDv7Generator(time: ManualTimeSource(), random: SeededRandomSource(seed: 1))
  let session: UUIDv7

  init() { session = ids.next() }

  func record(_ seqs: ClosedRange<UInt64>, epoch: UInt64, _ kind: EventKind = .toolCalled) -> SessionRecord {
    SessionRecord(
      epoch: epoch,
      events: seqs.map {
        SessionEvent(id: ids.next(), session: session, seq: $0, time: Timestamp(seconds: 1), kind: kind)
      })
  }

  @Test("events survive a round trip, with unknown kinds, versions and members")
  func roundTrip() throws {
    for kind in EventKind.known + [EventKind(rawValue: "later.kind")] {
      let event = SessionEvent(
        id: ids.next(), session: session, seq: 7, time: Timestamp(nanoseconds: 1_700_000_000_123_456_789),
        kind: kind,
        payload: ["i": 9_007_199_254_740_993, "big": .bigInteger("123456789012345678901"), "s": "é\u{0}\n"])
      #expect(try SessionEvent(parsing: event.line) == event)
      #expect(kind.isLegal)
    }
    let text = """
      {"v":9,"id":"\(session)","session":"\(session)","seq":3,"time":-5,"kind":"x.y","payload":[1],"trace":{"a":1}}
      """
    let event = try SessionEvent(parsing: text.utf8)
    #expect(!event.kind.isKnown)
    #expect(event.additional == ["trace": ["a": 1]])
    #expect(String(decoding: event.line, as: UTF8.self) == text)
  }

  @Test("what is no event is refused with the member's name")
  func badEvents() throws {
    let good = SessionEvent(
      id: session, session: session, seq: 1, time: Timestamp(seconds: 1), kind: .answer
    ).json
    for member in ["v", "id", "session", "seq", "time", "kind"] {
      guard case .object(var object) = good else { return }
      object[member] = [1]
      #expect(throws: EventFormatError(member: member, found: "array")) {
        try SessionEvent(json: .object(object))
      }
      object[member] = nil
      #expect(throws: EventFormatError(member: member, found: "nothing")) {
        try SessionEvent(json: .object(object))
      }
    }
    #expect(throws: EventFormatError.self) { try SessionEvent(json: "x") }
  }

  @Test("numbers have no gaps, epochs do not go back, nothing follows the end")
  func replay() throws {
    var log = SessionLogStateMachine()
    try log.replay(record(1...3, epoch: 1))
    #expect(throws: SessionLogStateMachine.Damage.gap(expected: 4, found: 5)) {
      try log.replay(record(5...5, epoch: 1))
    }
    try log.replay(record(4...4, epoch: 3))
    #expect(throws: SessionLogStateMachine.Damage.epochWentBack(from: 3, to: 2)) {
      try log.replay(record(5...5, epoch: 2))
    }
    #expect(log.admit(expected: 4) == .store(first: 5))
    #expect(log.admit(expected: nil) == .store(first: 5))
    #expect(log.admit(expected: 3) == .sequenceConflict(actual: 4))
    try log.replay(record(5...5, epoch: 3, .sessionEnded))
    #expect(log.admit(expected: 5) == .ended)
    #expect(throws: SessionLogStateMachine.Damage.afterEnd) { try log.replay(record(6...6, epoch: 3)) }
  }

  @Test("a record in the place of ours is ours, a newer writer's, or an older one's")
  func collisions() {
    let ours = record(5...5, epoch: 2)
    #expect(SessionLogStateMachine.judge(ours, against: ours) == .ours)
    #expect(SessionLogStateMachine.judge(record(5...5, epoch: 3), against: ours) == .fenced(by: 3))
    #expect(SessionLogStateMachine.judge(record(5...5, epoch: 1), against: ours) == .older)
    #expect(SessionLogStateMachine.judge(record(5...5, epoch: 2), against: ours) == .fenced(by: 2))
  }

  @Test("a damaged record is reported with its key, not skipped")
  func damaged() async throws {
    let runtime = Runtime.inProcess()
    let sessions = SessionStore(runtime: runtime)
    let writer = try await sessions.create(owner: "one")
    for _ in 0..<3 { try await writer.append(.toolCalled) }
    let key = try SessionKey.record(writer.id, first: 3)
    try await runtime.store.put(key, Array("{}".utf8), timeToLive: nil)
    await #expect(throws: RuntimeError.self) { try await sessions.read(writer.id) }
    try await runtime.store.delete(key, revision: nil)
    await #expect(
      throws: RuntimeError.corrupted(
        path: "session-logs/\(writer.id)/00000000000000000004", detail: "event 3 is missing; 4 comes next")
    ) { try await sessions.read(writer.id) }
    await runtime.close()
  }

  @Test("events that do not fit one value are refused whole")
  func tooLarge() async throws {
    let runtime = Runtime.inProcess()
    let sessions = SessionStore(runtime: runtime)
    let writer = try await sessions.create(owner: "one")
    let big = JSONValue.string(String(repeating: "x", count: 1 << 20))
    await #expect(throws: RuntimeError.self) { try await writer.append([(.answer, 1), (.answer, big)]) }
    #expect(try await writer.append(.answer, 2).seq == 2)
    await #expect(throws: SessionError.self) { try await writer.append(EventKind(rawValue: "no spaces"), 1) }
    await #expect(throws: SessionError.self) { try await writer.append(.modelDelta, 1) }
    await runtime.close()
  }
}
