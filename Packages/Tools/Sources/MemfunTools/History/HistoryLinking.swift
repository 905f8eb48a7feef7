extension CodeMap {
  /// Enters what git told: commits and churn by file, ownership, and the hot spots that follow.
  ///
  /// A hot spot's score is complexity × commits, scaled to 1 for the hottest file (the idea is from
  /// A. Tornhill, "Your Code as a Crime Scene", 2015).
  mutating func apply(_ facts: HistoryReader.Facts, windowDays: Int?) {
    var ownership: [FileID: History.Ownership] = [:]
    for index in files.indices {
      guard let churn = facts.log.files[files[index].path] else { continue }
      files[index].commits = churn.commits
      files[index].churnedLines = churn.lines
      // The first to be met, who changed it last, comes first among equals.
      var main: (author: Int32, commits: Int32) = (0, 0)
      for entry in churn.authors where entry.commits > main.commits { main = entry }
      guard churn.commits > 0 else { continue }
      ownership[FileID(index)] = History.Ownership(
        authors: churn.authors.count, mainAuthor: facts.log.authors[Int(main.author)].name,
        mainShare: Double(main.commits) / Double(churn.commits))
    }
    let authors = facts.log.authors.filter { $0.commits > 0 }.sorted {
      $0.commits != $1.commits ? $0.commits > $1.commits : $0.name < $1.name
    }
    history = History(
      head: facts.head, isDirty: facts.isDirty, windowDays: windowDays, commits: facts.log.commits,
      isShallow: facts.isShallow, authors: authors, ownership: ownership)

    let hottest = files.reduce(0.0) { max($0, Double($1.complexity) * Double($1.commits)) }
    guard hottest > 0 else { return }
    for index in files.indices {
      files[index].hotSpotScore = Double(files[index].complexity) * Double(files[index].commits) / hottest
    }
  }
}
