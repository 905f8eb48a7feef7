import MemfunCore
import MemfunRuntime
import Synchronization

/// The subscribers of this process, and how far the log has been handed to them.
///
/// A subscriber that asked for history reads the log at its own pace; when it reaches the number that
/// was last handed out, it becomes live in the same critical section, so that no message falls between.
final class Readers: Sendable {
  private struct Reader {
    let subscription: InProcessSubscription
    /// The number of the last message that it has read or must not be given.
    var cursor: UInt64
    /// Messages that were removed before the first page are no gap to who wants "all".
    var reportsGaps: Bool
  }

  private struct State {
    var readers: [ObjectIdentifier: Reader] = [:]
    var byTopic: [String: [ObjectIdentifier]] = [:]
    var spanning: [ObjectIdentifier] = []
    /// The number up to which messages were offered to live subscribers.
    var tailed: UInt64 = 0
    var lastDeletion: Int64 = 0
    var isClosed = false
  }

  /// How much history is read at once.
  private static let pageMessages = 256, pageBytes = 4 << 20

  private let state = Mutex(State())
  private let pool: ReaderPool
  private let arrived: Mutex<(@Sendable () -> Void)?> = Mutex(nil)

  init(pool: ReaderPool) { self.pool = pool }

  /// - Parameter action: called when the first subscriber comes.
  func onFirst(_ action: @escaping @Sendable () -> Void) { arrived.withLock { $0 = action } }

  var isEmpty: Bool { state.withLock { $0.readers.isEmpty } }

  /// Adds a subscriber.
  func subscribe(_ pattern: SubjectPattern, from start: StartPosition) async throws -> InProcessSubscription {
    let path = pattern.topic
    let (last, cursor, deletion) = try await pool.read { database in
      try database.reading {
        let last = try MessageRow.lastSeq(database)
        let deletion =
          try database.first("SELECT seq FROM sqlite_sequence WHERE name = 'topic_deletion'") {
            $0.integer(0)
          } ?? 0
        let cursor: UInt64 =
          switch start {
          case .now: last
          case .all: 0
          case .seq(let seq): seq == 0 ? 0 : seq - 1
          case .time(let time): try Self.before(time, topic: path, last: last, database)
          }
        return (last, cursor, deletion)
      }
    }
    let subscription = InProcessSubscription(
      pattern: pattern, isLive: start == .now,
      read: { [weak self] in try await self?.readHistory($0) ?? .closed },
      leave: { [weak self] in self?.remove($0) })
    let isFirst = try state.withLock { state in
      if state.isClosed { throw RuntimeError.closed }
      let id = ObjectIdentifier(subscription)
      let isFirst = state.readers.isEmpty
      if isFirst {
        state.tailed = max(state.tailed, last)
        state.lastDeletion = max(state.lastDeletion, deletion)
      }
      var reportsGaps = false
      if case .seq = start { reportsGaps = true }
      state.readers[id] = Reader(subscription: subscription, cursor: cursor, reportsGaps: reportsGaps)
      if let topic = pattern.topic {
        state.byTopic[topic, default: []].append(id)
      } else {
        state.spanning.append(id)
      }
      return isFirst
    }
    if isFirst { arrived.withLock { $0 }?() }
    return subscription
  }

  private static func before(
    _ time: Timestamp, topic: String?, last: UInt64, _ database: Connection
  ) throws -> UInt64 {
    let first =
      if let topic {
        try database.first(
          "SELECT seq FROM message WHERE topic = ?1 AND time >= ?2 ORDER BY seq LIMIT 1", .text(topic),
          SQLValue(time)
        ) { $0.unsigned(0) }
      } else {
        try database.first("SELECT seq FROM message WHERE time >= ?1 ORDER BY seq LIMIT 1", SQLValue(time)) {
          $0.unsigned(0)
        }
      }
    return first.map { $0 - 1 } ?? last
  }

  /// Offers a message that is not stored.
  func offerEphemeral(_ message: Message) {
    wake(state.withLock { state in Self.offer(message, state) })
  }

  private static func offer(_ message: Message, _ state: State) -> [Waiter<Void>] {
    var woken: [Waiter<Void>] = []
    for id in (state.byTopic[message.subject.topic] ?? []) + state.spanning {
      guard let reader = state.readers[id], message.seq == 0 || message.seq > reader.cursor,
        reader.subscription.pattern.matches(message.subject)
      else { continue }
      if let waiter = reader.subscription.offer(message) { woken.append(waiter) }
    }
    return woken
  }

  private func wake(_ waiters: [Waiter<Void>]) {
    for waiter in waiters { waiter.resume(with: .success(())) }
  }

  /// Hands on what is new. Called on the tail's thread only.
  ///
  /// - Parameters:
  ///   - local: what this process appended, in order; it needs no reading.
  ///   - isRemote: another process may have appended something too.
  func tail(_ database: Connection, local: [Message], isRemote: Bool, topics: Bool) throws {
    var news = local
    let from = state.withLock { $0.tailed }
    news.removeAll { $0.seq <= from }
    if !isRemote, !news.isEmpty, news[0].seq == from + 1,
      news[news.count - 1].seq == from + UInt64(news.count)
    {
      hand(news, gaps: [])
    } else if isRemote || !news.isEmpty {
      try catchUp(database, local: news)
    }
    if topics { try endDeleted(database) }
  }

  private func catchUp(_ database: Connection, local: [Message]) throws {
    var local = local[...]
    while true {
      let from = state.withLock { $0.tailed }
      let (page, gaps, isLast) = try database.reading {
        let page = try Self.page(database, topic: nil, after: from, through: .max)
        let gaps = try database.all(
          "SELECT name, removed_through FROM topic WHERE removed_through > ?1", SQLValue(from)
        ) { (topic: $0.text(0), from: from + 1, to: $0.unsigned(1)) }
        return (page.messages, gaps, page.isLast)
      }
      // What this process appended may have been removed by retention since; it is still at hand.
      let stored = Set(page.map(\.seq))
      let end = page.last?.seq ?? .max
      let mine = local.prefix { isLast || $0.seq <= end }
      local = local.dropFirst(mine.count)
      let all = (page + mine.filter { !stored.contains($0.seq) }).sorted { $0.seq < $1.seq }
      hand(
        all,
        gaps: gaps.compactMap { gap in
          let first = all.first { $0.subject.topic == gap.topic }?.seq ?? .max
          let to = min(gap.to, first - 1)
          return to >= gap.from ? (gap.topic, gap.from, to) : nil
        })
      if isLast { return }
    }
  }

  private func hand(_ messages: [Message], gaps: [(topic: String, from: UInt64, to: UInt64)]) {
    let woken = state.withLock { state in
      var woken: [Waiter<Void>] = []
      for gap in gaps {
        for id in state.byTopic[gap.topic] ?? [] {
          guard let reader = state.readers[id], gap.to > reader.cursor else { continue }
          let from = max(gap.from, reader.cursor + 1)
          if let waiter = reader.subscription.offerGap(topic: gap.topic, from: from, to: gap.to) {
            woken.append(waiter)
          }
        }
      }
      for message in messages where message.seq > state.tailed {
        woken += Self.offer(message, state)
        state.tailed = message.seq
      }
      return woken
    }
    wake(woken)
  }

  private func endDeleted(_ database: Connection) throws {
    let from = state.withLock { $0.lastDeletion }
    let deleted = try database.all(
      "SELECT id, name FROM topic_deletion WHERE id > ?1 ORDER BY id", .integer(from)
    ) { ($0.integer(0), $0.text(1)) }
    for (id, topic) in deleted {
      let ended = state.withLock { state in
        state.lastDeletion = id
        let ids = state.byTopic.removeValue(forKey: topic) ?? []
        return ids.compactMap { state.readers.removeValue(forKey: $0)?.subscription }
      }
      for subscription in ended { subscription.end(with: .topicDeleted(topic)) }
    }
  }

  private func readHistory(_ subscription: InProcessSubscription) async throws -> InProcessSubscription.Page {
    let id = ObjectIdentifier(subscription)
    let known = state.withLock { state in (state.readers[id], state.tailed) }
    guard let reader = known.0 else { return .closed }
    let through = known.1
    if reader.cursor >= through {
      return state.withLock { state in
        guard state.readers[id] != nil else { return .closed }
        // More came meanwhile: another page, not an event.
        guard reader.cursor >= state.tailed else { return .events([]) }
        subscription.becomeLive()
        return .live
      }
    }
    let topic = subscription.pattern.topic
    let (page, gaps) = try await pool.read { database in
      try database.reading {
        let page = try Self.page(database, topic: topic, after: reader.cursor, through: through)
        guard reader.reportsGaps else { return (page, [] as [SubscriptionEvent]) }
        let gaps = try database.all(
          "SELECT name, removed_through FROM topic WHERE removed_through > ?1", SQLValue(reader.cursor)
        ) { SubscriptionEvent.gap(topic: $0.text(0), from: reader.cursor + 1, to: $0.unsigned(1)) }
        return (
          page,
          gaps.filter {
            guard let topic, case .gap(let name, _, _) = $0 else { return true }
            return name == topic
          }
        )
      }
    }
    state.withLock { state in
      state.readers[id]?.cursor = page.isLast ? through : page.messages.last?.seq ?? through
      state.readers[id]?.reportsGaps = true
    }
    return .events(
      gaps
        + page.messages.filter { subscription.pattern.matches($0.subject) }.map(SubscriptionEvent.message))
  }

  /// - Returns: messages in order, and whether these are all.
  private static func page(
    _ database: Connection, topic: String?, after: UInt64, through: UInt64
  ) throws -> (messages: [Message], isLast: Bool) {
    var messages: [Message] = []
    var bytes = 0
    var isLast = true
    func take(_ row: Row) throws -> Bool {
      if messages.count >= pageMessages || bytes >= pageBytes {
        isLast = false
        return false
      }
      let message = try MessageRow.read(row, path: database.path)
      bytes += message.payload.count
      messages.append(message)
      return true
    }
    if let topic {
      try database.each(
        """
        SELECT seq, subject, time, headers, checksum, payload FROM message
        WHERE topic = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq
        """, .text(topic), SQLValue(after), SQLValue(through), row: take)
    } else {
      try database.each(
        """
        SELECT seq, subject, time, headers, checksum, payload FROM message
        WHERE seq > ?1 AND seq <= ?2 ORDER BY seq
        """, SQLValue(after), SQLValue(through), row: take)
    }
    return (messages, isLast)
  }

  private func remove(_ subscription: InProcessSubscription) {
    let id = ObjectIdentifier(subscription)
    state.withLock { state in
      guard state.readers.removeValue(forKey: id) != nil else { return }
      if let topic = subscription.pattern.topic {
        state.byTopic[topic]?.removeAll { $0 == id }
        if state.byTopic[topic]?.isEmpty == true { state.byTopic[topic] = nil }
      } else {
        state.spanning.removeAll { $0 == id }
      }
    }
  }

  /// The log cannot be read: live subscribers would miss something, so their streams end where they
  /// can be taken up again.
  func fail(_ error: RuntimeError) {
    let (all, next) = state.withLock { state in
      (state.readers.values.map(\.subscription), state.tailed + 1)
    }
    for subscription in all {
      subscription.end(with: .lagged(topic: subscription.pattern.topic ?? "", next: next))
      remove(subscription)
    }
  }

  /// Ends every subscription.
  func close() {
    let all = state.withLock { state in
      state.isClosed = true
      return state.readers.values.map(\.subscription)
    }
    for subscription in all { subscription.end(with: nil) }
  }
}
