import MemfunCore
import Testing

@testable import MemfunRuntime

@Suite("All tasks of a store")
struct TaskQueueModelTests {
  let start = Timestamp(seconds: 1000)
  let ids = UUIDv7Generator(time: ManualTimeSource(), random: SeededRandomSource(seed: 1))

  func task(_ change: (inout NewTask) -> Void = { _ in }) -> NewTask {
    var task = NewTask(payload: [1], key: "once")
    change(&task)
    return task
  }

  @Test("a dead task is not put back while another one has its key")
  func requeueChecksKey() throws {
    var model = TaskQueueModel()
    let queue = try QueueName("q")
    let dead = try model.enqueue(queue, task(), id: ids.next(), now: start)
    let lease = try #require(model.claim(queue, maximum: 1, owner: "a", now: start).first)
    try model.settle(dead, now: start) {
      $0.fail(fence: lease.fence, error: "no", retryable: false, jitter: 0, now: start)
    }
    let live = try model.enqueue(queue, task(), id: ids.next(), now: start)
    #expect(live != dead)
    #expect(throws: RuntimeError.self) { try model.requeue(dead, now: start) }
    #expect(model.records[dead]?.phase == .dead)
    _ = try model.cancel(live, now: start)
    try model.requeue(dead, now: start)
    #expect(model.records[dead]?.phase == .waiting)
    #expect(try model.enqueue(queue, task(), id: ids.next(), now: start) == dead)
  }

  @Test("a task whose deadline passed holds neither its key nor a place in the queue")
  func enqueueSeesDeadlines() throws {
    var model = TaskQueueModel()
    let queue = try QueueName("q")
    let bounded = task {
      $0.deadline = start + .seconds(1)
      $0.policy.maximumDepth = 1
    }
    let first = try model.enqueue(queue, bounded, id: ids.next(), now: start)
    #expect(try model.enqueue(queue, bounded, id: ids.next(), now: start) == first)
    let later = start + .seconds(1)
    let second = try model.enqueue(queue, task { $0.policy.maximumDepth = 1 }, id: ids.next(), now: later)
    #expect(second != first)
    #expect(model.records[first]?.phase == .dead)
    #expect(model.takeEnded().map(\.id) == [first])
  }
}
