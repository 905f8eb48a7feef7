import MemfunCore
import MemfunRuntime
import MemfunSimulation
import Testing

@Suite("The check for linearisability")
struct LinearizabilityTests {
  /// Calls of key k: client, call, begin, answer, end.
  func operation(_ client: Int, _ call: RegisterCall, _ from: Int, _ answer: RegisterAnswer, _ to: Int)
    -> RegisterOperation
  {
    RegisterOperation(
      client: client, key: "k", call: call, invoked: from, outcome: .answered(answer, at: to))
  }

  func unknown(_ client: Int, _ call: RegisterCall, _ from: Int) -> RegisterOperation {
    RegisterOperation(client: client, key: "k", call: call, invoked: from, outcome: .unknown)
  }

  func isGood(_ history: [RegisterOperation]) -> Bool {
    if case .linearizable = LinearizabilityChecker().check(history) { true } else { false }
  }

  func violation(_ history: [RegisterOperation]) -> NonLinearizable? {
    if case .violated(let why) = LinearizabilityChecker().check(history) { why } else { nil }
  }

  let a: [UInt8] = [97]
  let b: [UInt8] = [98]

  @Test("an empty history is good") func empty() { #expect(isGood([])) }

  @Test("a read that overlaps a write may see the old or the new value")
  func overlap() {
    let writes = [
      operation(1, .put(a), 1, .written(revision: 1), 2), operation(1, .put(b), 3, .written(revision: 2), 10),
    ]
    #expect(isGood(writes + [operation(2, .get, 4, .found(a, revision: 1), 5)]))
    #expect(isGood(writes + [operation(2, .get, 4, .found(b, revision: 2), 5)]))
    #expect(
      isGood(
        writes + [
          operation(2, .get, 4, .found(a, revision: 1), 5), operation(2, .get, 6, .found(b, revision: 2), 7),
        ]))
  }

  @Test("a new value, once seen, does not become old again")
  func newOldInversion() throws {
    let history = [
      operation(1, .put(a), 1, .written(revision: 1), 2),
      operation(1, .put(b), 3, .written(revision: 2), 10),
      operation(2, .get, 4, .found(b, revision: 2), 5),
      operation(3, .get, 6, .found(a, revision: 1), 7),
      operation(3, .get, 20, .found(b, revision: 2), 21),
    ]
    let why = try #require(violation(history))
    // The later calls are no part of the shortest prefix; the put had not returned by then.
    #expect(why.last == history[3])
    #expect(why.prefix.count == 4)
    #expect(why.description.contains("key k"))
  }

  @Test("a stale read is bad")
  func staleRead() {
    #expect(
      violation([
        operation(1, .put(a), 1, .written(revision: 1), 2),
        operation(1, .put(b), 3, .written(revision: 2), 4),
        operation(2, .get, 5, .found(a, revision: 1), 6),
      ]) != nil)
  }

  @Test("a read of nothing after a write is bad, during it is good")
  func lostWrite() {
    let put = operation(1, .put(a), 1, .written(revision: 1), 4)
    #expect(violation([put, operation(2, .get, 5, .absent, 6)]) != nil)
    #expect(isGood([put, operation(2, .get, 2, .absent, 6)]))
  }

  @Test("a value that nobody wrote is bad")
  func unwritten() {
    #expect(violation([operation(1, .get, 1, .found(b, revision: 1), 2)]) != nil)
    #expect(
      violation([
        operation(1, .put(a), 1, .written(revision: 1), 2), operation(1, .get, 3, .found(b, revision: 1), 4),
      ]) != nil)
  }

  @Test("two compare-and-sets on one revision cannot both win")
  func lostUpdate() {
    let put = operation(1, .put(a), 1, .written(revision: 1), 2)
    let first = operation(1, .update(a, revision: 1), 3, .written(revision: 2), 6)
    #expect(
      violation([put, first, operation(2, .update(b, revision: 1), 4, .written(revision: 3), 5)]) != nil)
    #expect(isGood([put, first, operation(2, .update(b, revision: 1), 4, .conflict(current: 2), 5)]))
    #expect(
      violation([put, first, operation(2, .update(b, revision: 1), 7, .conflict(current: 1), 8)]) != nil)
  }

  @Test("only one of two creations wins until the key is deleted")
  func creation() {
    let first = operation(1, .create(a), 1, .written(revision: 1), 4)
    #expect(violation([first, operation(2, .create(b), 2, .written(revision: 2), 3)]) != nil)
    #expect(isGood([first, operation(2, .create(b), 2, .conflict(current: 1), 3)]))
    #expect(
      isGood([
        first, operation(2, .delete(revision: 1), 5, .written(revision: 2), 6),
        operation(2, .create(b), 7, .written(revision: 3), 8),
      ]))
  }

  @Test("a revision that was used before is bad")
  func revisions() {
    let history = [
      operation(1, .put(a), 1, .written(revision: 5), 2),
      operation(1, .delete(revision: nil), 3, .written(revision: 6), 4),
    ]
    #expect(violation(history + [operation(1, .create(b), 5, .written(revision: 1), 6)]) != nil)
    #expect(isGood(history + [operation(1, .create(b), 5, .written(revision: 7), 6)]))
    #expect(isGood(history + [operation(1, .delete(revision: nil), 5, .absent, 6)]))
  }

  @Test("a write of unknown outcome may count late, or never, but not twice and not before it began")
  func unknownOutcome() {
    let put = operation(1, .put(a), 1, .written(revision: 1), 2)
    let lost = unknown(2, .put(b), 3)
    let old = operation(1, .get, 4, .found(a, revision: 1), 5)
    let new = operation(1, .get, 6, .found(b, revision: 4), 7)
    #expect(isGood([put, lost, old]))
    #expect(isGood([put, lost, old, new]))
    #expect(violation([put, lost, new, operation(1, .get, 8, .found(a, revision: 1), 9)]) != nil)
    #expect(
      violation([
        put, lost, new, operation(1, .put(a), 8, .written(revision: 5), 9),
        operation(1, .get, 10, .found(b, revision: 6), 11),
      ]) != nil)
    #expect(
      violation([put, operation(1, .get, 3, .found(b, revision: 2), 4), unknown(2, .put(b), 5)]) != nil)
  }

  @Test("the revision of an unknown write is larger than the one before and fixed by who sees it")
  func unknownRevision() {
    let put = operation(1, .put(a), 1, .written(revision: 5), 2)
    let lost = unknown(2, .update(b, revision: 5), 3)
    #expect(violation([put, lost, operation(1, .get, 4, .found(b, revision: 5), 5)]) != nil)
    #expect(isGood([put, lost, operation(1, .update(a, revision: 6), 4, .written(revision: 7), 5)]))
    #expect(
      violation([
        put, lost, operation(1, .get, 4, .found(b, revision: 6), 5),
        operation(1, .update(a, revision: 7), 6, .written(revision: 8), 7),
      ]) != nil)
    #expect(
      violation([
        put, unknown(2, .update(b, revision: 4), 3), operation(1, .get, 4, .found(b, revision: 6), 5),
      ]) != nil)
  }

  @Test("a call that was refused has no effect")
  func failed() {
    let refused = RegisterOperation(
      client: 1, key: "k", call: .put(a), invoked: 1, outcome: .failed(at: 2))
    #expect(isGood([refused, operation(1, .get, 3, .absent, 4)]))
    #expect(violation([refused, operation(1, .get, 3, .found(a, revision: 1), 4)]) != nil)
  }

  @Test("keys are independent, and the one that is wrong is named")
  func partition() throws {
    let other = RegisterOperation(
      client: 1, key: "other", call: .get, invoked: 3, outcome: .answered(.absent, at: 4))
    let put = operation(1, .put(a), 1, .written(revision: 1), 2)
    #expect(isGood([put, other]))
    let why = try #require(violation([put, other, operation(1, .get, 5, .absent, 6)]))
    #expect(why.key == "k")
  }

  @Test("the search ends when its bound is reached and says that it knows nothing")
  func bounded() {
    // Writes that all overlap and a read that none of them explains: every order must be tried.
    var history = (0..<40).map {
      operation($0, .put([UInt8($0)]), 1, .written(revision: UInt64($0 + 1)), 100)
    }
    history.append(contentsOf: (0..<30).map { unknown(50 + $0, .put([UInt8(100 + $0)]), 2) })
    history.append(operation(90, .get, 50, .found([200], revision: 20), 60))
    guard case .undecided = LinearizabilityChecker(maximumSteps: 2000).check(history) else {
      Issue.record("2000 steps cannot decide this")
      return
    }
  }

  @Test("S23: 4 clients × 500 calls on the in-process store are linearisable", arguments: [1, 2] as [UInt64])
  func inProcess(seed: UInt64) async throws {
    let runtime = Runtime.inProcess()
    let history = try await RegisterWorkload(seed: seed).record(on: runtime.store)
    await runtime.close()
    #expect(history.count == 2000)
    #expect(isGood(history))
    // The same history with one stale read is refused: the check looks at every call.
    guard
      let place = history.lastIndex(where: {
        if case .answered(.found, _) = $0.outcome { true } else { false }
      }), case .answered(.found(let value, let revision), let at) = history[place].outcome
    else {
      Issue.record("no read found a value")
      return
    }
    var damaged = history
    damaged[place] = RegisterOperation(
      client: history[place].client, key: history[place].key, call: .get, invoked: history[place].invoked,
      outcome: .answered(.found(value, revision: revision - 1), at: at))
    #expect(violation(damaged) != nil)
  }
}
