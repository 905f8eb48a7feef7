import MemfunCore
import Testing

@testable import MemfunRuntime

@Suite("The life of one task")
struct TaskStateMachineTests {
  let start = Timestamp(seconds: 1000)

  func record(_ change: (inout NewTask) -> Void = { _ in }) throws -> TaskRecord {
    var task = NewTask(payload: [1])
    change(&task)
    let ids = UUIDv7Generator(time: ManualTimeSource(), random: SeededRandomSource(seed: 1))
    return TaskRecord(id: ids.next(), queue: try QueueName("q"), task: task, now: start)
  }

  @Test("an old fence settles nothing")
  func oldFence() throws {
    var task = try record()
    let first = task.claim(owner: "a", now: start)
    let late = start + .seconds(31)
    let step1 = task.sweep(now: late)
    #expect(step1)
    let second = task.claim(owner: "b", now: late)
    #expect(second.fence > first.fence)
    let before = task
    let step2 = task.complete(fence: first.fence, result: [9], now: late)
    #expect(step2 == .leaseLost)
    let step3 = task.fail(fence: first.fence, error: "x", retryable: true, jitter: 0, now: late)
    #expect(step3 == .leaseLost)
    let step4 = task.release(fence: first.fence, delay: .zero, now: late)
    #expect(step4 == .leaseLost)
    let answer = task.heartbeat(fence: first.fence, progress: nil, now: late)
    #expect(answer == .lost)
    #expect(task == before)
    let step5 = task.complete(fence: second.fence, result: [7], now: late)
    #expect(step5 == .applied)
    #expect(task.result == [7])
  }

  @Test("a late completion counts while nobody else claimed the task")
  func lateCompletion() throws {
    var task = try record()
    let lease = task.claim(owner: "a", now: start)
    let late = start + .seconds(60)
    _ = task.sweep(now: late)
    #expect(task.state(at: late) == .ready)
    let step6 = task.complete(fence: lease.fence, result: [], now: late)
    #expect(step6 == .applied)
    #expect(task.state(at: late) == .succeeded)
    let step7 = task.complete(fence: lease.fence, result: [], now: late)
    #expect(step7 == .repeated)
  }

  @Test("whoever gave a task up cannot complete it afterwards")
  func settledFence() throws {
    var task = try record()
    let lease = task.claim(owner: "a", now: start)
    let step8 = task.fail(fence: lease.fence, error: "no", retryable: true, jitter: 0, now: start)
    #expect(step8 == .applied)
    let step9 = task.complete(fence: lease.fence, result: [], now: start)
    #expect(step9 == .leaseLost)
  }

  @Test("the wait doubles, is capped and carries the jitter")
  func backoff() {
    var policy = TaskPolicy()
    policy.backoffMaximum = .seconds(10)
    #expect(policy.backoff(afterAttempt: 1, jitter: 0) == .seconds(1))
    #expect(policy.backoff(afterAttempt: 3, jitter: 0) == .seconds(4))
    #expect(policy.backoff(afterAttempt: 3, jitter: 1) == .milliseconds(4800))
    #expect(policy.backoff(afterAttempt: 3, jitter: -1) == .milliseconds(3200))
    #expect(policy.backoff(afterAttempt: 5, jitter: 0) == .seconds(10))
    #expect(policy.backoff(afterAttempt: 5000, jitter: 0) == .seconds(10))
  }

  @Test("a crash counts as an attempt, and the last one kills the task")
  func crashLoop() throws {
    var task = try record { $0.policy.maximumAttempts = 2 }
    var now = start
    for _ in 0..<2 {
      _ = task.claim(owner: "a", now: now)
      now = now + .seconds(31)
      _ = task.sweep(now: now)
    }
    #expect(task.state(at: now) == .dead)
    let step10 = task.requeue(now: now)
    #expect(step10)
    #expect(task.attempts == 0)
    #expect(task.state(at: now) == .ready)
  }

  @Test("releasing gives the attempt back")
  func release() throws {
    var task = try record()
    let lease = task.claim(owner: "a", now: start)
    let step11 = task.release(fence: lease.fence, delay: .seconds(5), now: start)
    #expect(step11 == .applied)
    #expect(task.attempts == 0)
    #expect(task.state(at: start) == .scheduled)
    #expect(task.state(at: start + .seconds(5)) == .ready)
    #expect(task.fence == lease.fence)
  }

  @Test("cancelling a leased task tells its holder, then takes the lease away")
  func cancel() throws {
    var task = try record()
    let lease = task.claim(owner: "a", now: start)
    task.cancel(now: start)
    #expect(task.state(at: start) == .leased)
    #expect(
      task.heartbeat(fence: lease.fence, progress: nil, now: start)
        == .cancelRequested(until: start + .seconds(10)))
    let step12 = task.sweep(now: start + .seconds(10))
    #expect(step12)
    #expect(task.state(at: start) == .cancelled)
    #expect(task.fence == lease.fence + 1)
    let step13 = task.complete(fence: lease.fence, result: [], now: start + .seconds(10))
    #expect(step13 == .leaseLost)
  }

  @Test("a deadline ends a task wherever it stands")
  func deadline() throws {
    var waiting = try record { $0.deadline = Timestamp(seconds: 1005) }
    let step14 = waiting.sweep(now: Timestamp(seconds: 1005))
    #expect(step14)
    #expect(waiting.state(at: start) == .dead)
    var leased = try record { $0.deadline = Timestamp(seconds: 1005) }
    let lease = leased.claim(owner: "a", now: start)
    let step15 = leased.sweep(now: Timestamp(seconds: 1006))
    #expect(step15)
    let step16 = leased.complete(fence: lease.fence, result: [], now: Timestamp(seconds: 1006))
    #expect(step16 == .leaseLost)
  }
}
