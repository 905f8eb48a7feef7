/// Decides whether a history of calls on registers could have come from one that does one call at a
/// time, each between its beginning and its answer.
///
/// The search is that of Wing and Gong ("Testing and verifying concurrent objects", 1993) with the
/// memory of Lowe ("Testing for linearizability", 2017): a set of linearised calls that led to a state
/// once is not tried again. Keys are checked one by one, which is sound because linearisability is a
/// local property (Herlihy and Wing, 1990).
public struct LinearizabilityChecker: Sendable {
  /// What was found.
  public enum Verdict: Sendable {
    case linearizable
    /// No order of the calls explains the answers.
    case violated(NonLinearizable)
    /// The search was given up after `steps` steps at this key. Nothing is known.
    case undecided(key: String, steps: Int)
  }

  /// How many steps the search may take for one key before it gives up.
  public let maximumSteps: Int

  /// - Parameter maximumSteps: the bound of the work for one key; a step is about a microsecond.
  public init(maximumSteps: Int = 2_000_000) { self.maximumSteps = maximumSteps }

  /// Checks a history. Calls need not be sorted.
  public func check(_ history: [RegisterOperation]) -> Verdict {
    var byKey: [String: [RegisterOperation]] = [:]
    for operation in history {
      if case .failed = operation.outcome { continue }
      byKey[operation.key, default: []].append(operation)
    }
    var undecided: Verdict?
    for key in byKey.keys.sorted() {
      let operations = byKey[key, default: []].sorted { $0.invoked < $1.invoked }
      var search = LinearizationSearch(operations, maximumSteps: maximumSteps)
      switch search.run() {
      case .found: continue
      case .exhausted: return .violated(explain(key, operations))
      case .gaveUp: undecided = undecided ?? .undecided(key: key, steps: maximumSteps)
      }
    }
    return undecided ?? .linearizable
  }

  /// Finds the earliest answer with which the history is no longer explainable. What holds for a prefix
  /// holds for every longer one, so bisection finds it.
  private func explain(_ key: String, _ operations: [RegisterOperation]) -> NonLinearizable {
    let answers = operations.compactMap(\.answer?.at).sorted()
    var low = 0
    var high = answers.count - 1
    var steps: [RegisterOperation] = []
    var state = RegisterState()
    while low < high {
      let middle = (low + high) / 2
      var search = LinearizationSearch(prefix(operations, until: answers[middle]), maximumSteps: maximumSteps)
      if case .exhausted = search.run() { high = middle } else { low = middle + 1 }
    }
    let shortest = prefix(operations, until: answers[low])
    var search = LinearizationSearch(shortest, maximumSteps: maximumSteps)
    _ = search.run()
    (steps, state) = search.best
    let last = operations.first { $0.answer?.at == answers[low] } ?? operations[0]
    return NonLinearizable(
      key: key, prefix: shortest, last: last, longestOrder: steps, stateAfterIt: state.description)
  }

  private func prefix(_ operations: [RegisterOperation], until end: Int) -> [RegisterOperation] {
    operations.filter { $0.invoked < end }.map { operation in
      if let at = operation.answer?.at, at > end { operation.pending } else { operation }
    }
  }
}

/// Why a history is not linearisable.
public struct NonLinearizable: Sendable, CustomStringConvertible {
  /// The key whose calls cannot be ordered.
  public let key: String
  /// The shortest beginning of its history that cannot be ordered.
  public let prefix: [RegisterOperation]
  /// The call whose answer made it impossible.
  public let last: RegisterOperation
  /// The longest order that the search could make of `prefix`.
  public let longestOrder: [RegisterOperation]
  /// What the key holds after that order.
  public let stateAfterIt: String

  /// For people: what happened last, and what the nearest explanation is.
  public var description: String {
    let tail = longestOrder.suffix(6).map { "    \($0)" }.joined(separator: "\n")
    return """
      the history of key \(key) is not linearisable after \(prefix.count) calls: no order explains
        \(last)
      the longest order of the calls before it ends with
      \(tail)
      and leaves \(stateAfterIt)
      """
  }
}

/// The search for an order of one key's calls.
struct LinearizationSearch {
  enum Result { case found, exhausted, gaveUp }

  private struct Visited: Hashable {
    let done: [UInt64]
    let state: RegisterState
  }

  private struct Choice {
    let call: Int
    let before: RegisterState
  }

  private let operations: [RegisterOperation]
  private let maximumSteps: Int
  /// Events in order as a doubly linked list: node 0 is the head; a call's node has `isCall`.
  private var next: [Int] = [0]
  private var previous: [Int] = [0]
  private var owner: [Int] = [-1]
  private var isCall: [Bool] = [false]
  private var callNode: [Int]
  private var returnNode: [Int?]
  private(set) var best: (order: [RegisterOperation], state: RegisterState) = ([], RegisterState())

  /// - Parameter operations: those of one key, without failed ones.
  init(_ operations: [RegisterOperation], maximumSteps: Int) {
    self.operations = operations
    self.maximumSteps = maximumSteps
    callNode = Array(repeating: 0, count: operations.count)
    returnNode = Array(repeating: nil, count: operations.count)
    var events: [(at: Int, kind: Int, operation: Int)] = []
    for (place, operation) in operations.enumerated() {
      events.append((operation.invoked, 0, place))
      // A call of unknown outcome never returns: it may be placed anywhere after its beginning.
      if let at = operation.answer?.at { events.append((at, 1, place)) }
    }
    events.sort { ($0.at, $0.kind, $0.operation) < ($1.at, $1.kind, $1.operation) }
    for event in events {
      let node = next.count
      next.append(0)
      previous.append(node - 1)
      next[node - 1] = node
      owner.append(event.operation)
      isCall.append(event.kind == 0)
      if event.kind == 0 { callNode[event.operation] = node } else { returnNode[event.operation] = node }
    }
  }

  /// Node 0 is the head and, as a successor, the end.
  mutating func run() -> Result {
    var open = returnNode.count { $0 != nil }
    var state = RegisterState()
    var done = [UInt64](repeating: 0, count: (operations.count + 63) / 64)
    var visited: Set<Visited> = []
    var choices: [Choice] = []
    var node = next[0]
    var steps = 0
    while open > 0 {
      steps += 1
      if steps > maximumSteps { return .gaveUp }
      if node != 0, isCall[node] {
        let operation = owner[node]
        if let after = state.after(operations[operation].call, operations[operation].answer?.answer) {
          done[operation / 64] |= 1 << UInt64(operation % 64)
          if visited.insert(Visited(done: done, state: after)).inserted {
            choices.append(Choice(call: operation, before: state))
            state = after
            unlink(operation)
            if returnNode[operation] != nil { open -= 1 }
            if choices.count > best.order.count { best = (choices.map { operations[$0.call] }, state) }
            node = next[0]
            continue
          }
          done[operation / 64] &= ~(1 << UInt64(operation % 64))
        }
        node = next[node]
        continue
      }
      // An answer whose call has no place yet (or the end): the last choice was wrong.
      guard let choice = choices.popLast() else { return .exhausted }
      state = choice.before
      done[choice.call / 64] &= ~(1 << UInt64(choice.call % 64))
      relink(choice.call)
      if returnNode[choice.call] != nil { open += 1 }
      node = next[callNode[choice.call]]
    }
    return .found
  }

  private mutating func unlink(_ operation: Int) {
    for node in [callNode[operation], returnNode[operation]].compactMap(\.self) {
      next[previous[node]] = next[node]
      if next[node] != 0 { previous[next[node]] = previous[node] }
    }
  }

  private mutating func relink(_ operation: Int) {
    for node in [returnNode[operation], callNode[operation]].compactMap(\.self) {
      next[previous[node]] = node
      if next[node] != 0 { previous[next[node]] = node }
    }
  }
}
