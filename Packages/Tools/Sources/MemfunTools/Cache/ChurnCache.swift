/// Keeps a git log that was added up once, for as long as it still holds.
enum ChurnCache {
  /// For which question a log is the answer.
  struct Question: Sendable, Equatable {
    var head: String
    /// Start of the window in seconds since 1970; nil for all of the history.
    var since: Int64?
    /// Names depend on `.mailmap`.
    var mailmap: ContentHash
    var isShallow: Bool
  }

  /// Whether the answer to an earlier question answers a later one: no commit has left the window.
  static func holds(_ log: ChurnLog, asked earlier: Question, for later: Question) -> Bool {
    guard log.cutReason == nil, earlier.head == later.head, earlier.mailmap == later.mailmap,
      earlier.isShallow == later.isShallow
    else { return false }
    switch (earlier.since, later.since) {
    case (nil, nil): return true
    case (let old?, let new?): return new >= old && new <= log.oldest
    default: return false
    }
  }

  static func encode(_ log: ChurnLog, for question: Question) -> [UInt8] {
    var writer = BinaryWriter()
    writer.string(question.head)
    writer.flag(question.since != nil)
    writer.fixed(UInt64(bitPattern: question.since ?? 0))
    writer.fixed(question.mailmap.low)
    writer.fixed(question.mailmap.high)
    writer.flag(question.isShallow)
    writer.number(log.commits)
    writer.fixed(UInt64(bitPattern: log.oldest))
    writer.number(log.authors.count)
    for author in log.authors {
      writer.string(author.name)
      writer.number(author.commits)
    }
    writer.number(log.files.count)
    for (path, churn) in log.files {
      writer.string(path)
      writer.number(churn.commits)
      writer.number(churn.lines)
      writer.number(churn.authors.count)
      for entry in churn.authors {
        writer.number(entry.author)
        writer.number(entry.commits)
      }
    }
    return writer.bytes
  }

  /// Nil when the bytes are damaged in a way that shows.
  static func decode(_ bytes: [UInt8]) -> (Question, ChurnLog)? {
    bytes.withUnsafeBytes { buffer in
      var reader = BinaryReader(buffer)
      let head = reader.string()
      let hasSince = reader.flag()
      let since = Int64(bitPattern: reader.fixed())
      let mailmap = ContentHash(low: reader.fixed(), high: reader.fixed())
      let isShallow = reader.flag()
      var log = ChurnLog()
      log.commits = Int(reader.number32())
      log.oldest = Int64(bitPattern: reader.fixed())
      for _ in 0..<reader.count() {
        log.authors.append(History.Author(name: reader.string(), commits: Int(reader.number32())))
      }
      let files = reader.count()
      log.files.reserveCapacity(files)
      for _ in 0..<files {
        let path = reader.string()
        var churn = ChurnLog.FileChurn(commits: reader.number32(), lines: reader.number32())
        for _ in 0..<reader.count() {
          let author = reader.number32()
          let commits = reader.number32()
          guard reader.isIntact, Int(author) < log.authors.count else { return nil }
          churn.authors.append((author, commits))
        }
        log.files[path] = churn
      }
      guard reader.isIntact, reader.isAtEnd else { return nil }
      let question = Question(
        head: head, since: hasSince ? since : nil, mailmap: mailmap, isShallow: isShallow)
      return (question, log)
    }
  }
}
