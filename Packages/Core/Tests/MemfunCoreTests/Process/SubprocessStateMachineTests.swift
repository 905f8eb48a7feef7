import Glibc
import Testing

@testable import MemfunCore

@Suite("The life of a child, without a child")
struct SubprocessStateMachineTests {
  private func machine(
    timeout: Duration? = .seconds(10), killGrace: Duration = .seconds(2), outputsOpen: Bool = true
  ) -> SubprocessStateMachine {
    SubprocessStateMachine(
      start: .seconds(100), timeout: timeout, killGrace: killGrace, outputsOpen: outputsOpen)
  }

  @Test("ends with the leader and the outputs, in either order, without a signal")
  func plainEnd() {
    var first = machine()
    #expect(first.handle(.leaderExited, at: .seconds(101)) == [])
    #expect(first.handle(.outputsClosed, at: .seconds(101)) == [.finish])
    var second = machine()
    #expect(second.handle(.outputsClosed, at: .seconds(101)) == [])
    #expect(second.handle(.leaderExited, at: .seconds(105)) == [.finish])
    #expect(second.cause == nil)
    #expect(second.lastSignal == 0)
  }

  @Test("without a limit has no deadline")
  func noDeadline() {
    #expect(machine(timeout: nil).deadline == nil)
    #expect(machine().deadline == .seconds(110))
  }

  @Test("sends SIGTERM at the limit and SIGKILL after the grace")
  func escalation() {
    var machine = machine()
    #expect(machine.handle(.tick, at: .milliseconds(109_999)) == [])
    #expect(machine.handle(.tick, at: .seconds(110)) == [.signalGroup(SIGTERM), .signalGroup(SIGCONT)])
    #expect(machine.deadline == .seconds(112))
    #expect(machine.handle(.tick, at: .seconds(111)) == [])
    #expect(machine.handle(.tick, at: .seconds(112)) == [.signalGroup(SIGKILL)])
    #expect(machine.deadline == nil)
    #expect(machine.handle(.outputsClosed, at: .seconds(112)) == [])
    #expect(machine.handle(.leaderExited, at: .seconds(112)) == [.signalGroup(SIGKILL), .finish])
    #expect(machine.cause == .timeout)
    #expect(machine.lastSignal == SIGKILL)
    #expect(machine.handle(.tick, at: .seconds(999)) == [])
  }

  @Test("sweeps the group after a timeout even when the leader obeyed, and reports SIGTERM")
  func sweep() {
    var machine = machine(outputsOpen: false)
    _ = machine.handle(.tick, at: .seconds(110))
    #expect(machine.handle(.leaderExited, at: .seconds(111)) == [.signalGroup(SIGKILL), .finish])
    #expect(machine.lastSignal == SIGTERM)
  }

  @Test("gives the rest of the group its grace after the leader obeyed SIGTERM")
  func graceForTheGroup() {
    var machine = machine()
    _ = machine.handle(.tick, at: .seconds(110))
    #expect(machine.handle(.leaderExited, at: .milliseconds(110_100)) == [])
    #expect(machine.deadline == .seconds(112))
    #expect(machine.handle(.tick, at: .seconds(112)) == [.signalGroup(SIGKILL)])
    #expect(machine.handle(.tick, at: .milliseconds(112_100)) == [.finish])
    #expect(machine.lastSignal == SIGTERM)
  }

  @Test("waits a bounded time for outputs that outlive the leader")
  func boundedDrain() {
    var machine = machine()
    #expect(machine.handle(.leaderExited, at: .seconds(101)) == [])
    #expect(machine.deadline == .seconds(101) + SubprocessStateMachine.drainTime)
    #expect(machine.handle(.tick, at: machine.deadline!) == [.signalGroup(SIGKILL)])
    #expect(machine.handle(.tick, at: machine.deadline!) == [.finish])
    #expect(machine.cause == nil)
  }

  @Test("shortens the grace when the task is cancelled, also during a timeout")
  func cancellation() {
    var machine = machine()
    #expect(
      machine.handle(.cancelled, at: .seconds(101)) == [.signalGroup(SIGTERM), .signalGroup(SIGCONT)])
    #expect(machine.deadline == .seconds(101) + SubprocessStateMachine.cancellationGrace)
    #expect(machine.cause == .cancellation)

    var late = self.machine()
    _ = late.handle(.tick, at: .seconds(110))
    #expect(late.handle(.cancelled, at: .seconds(111)) == [])
    #expect(late.deadline == .seconds(111) + SubprocessStateMachine.cancellationGrace)

    var draining = self.machine()
    _ = draining.handle(.leaderExited, at: .seconds(101))
    #expect(draining.handle(.cancelled, at: .seconds(101)) == [.signalGroup(SIGKILL)])
  }
}

@Suite("Captured output")
struct CapturedOutputTests {
  @Test(
    "keeps the right bytes for every way of cutting the stream",
    arguments: [
      (0, 0), (0, 5), (5, 0), (3, 4), (100, 100), (7, 1),
    ])
  func allCuts(head: Int, tail: Int) {
    for length in 0...40 {
      let bytes = (0..<length).map { UInt8($0) }
      for step in 1...max(1, length) {
        var buffer = HeadTailBuffer(head: head, tail: tail)
        for start in stride(from: 0, to: length, by: step) {
          bytes[start..<min(length, start + step)].withUnsafeBytes { buffer.append($0) }
        }
        let captured = buffer.captured
        #expect(captured.head == Array(bytes.prefix(head)))
        #expect(captured.tail == Array(bytes.dropFirst(head).suffix(tail)))
        #expect(captured.droppedBytes == max(0, length - head - tail))
      }
    }
  }

  @Test("joins a character that lies across the border, and names what was dropped")
  func text() {
    var output = CapturedOutput()
    output.head = Array("caf\u{E9}".utf8.dropLast())
    output.tail = Array("caf\u{E9}!".utf8.dropFirst(4))
    #expect(output.text == "café!")
    output = CapturedOutput()
    (output.head, output.tail, output.droppedBytes) = (Array("a".utf8), Array("b".utf8), 12)
    #expect(output.text == "a\n[… 12 bytes left out …]\nb")
  }
}
