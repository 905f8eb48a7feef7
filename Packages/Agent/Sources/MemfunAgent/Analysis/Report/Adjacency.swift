import MemfunTools

/// A directed graph over file ids, for breadth-first searches.
struct Adjacency {
  /// For each file, what it imports and who imports it; sorted.
  private(set) var outgoing: [[FileID]]
  private(set) var incoming: [[FileID]]

  init(count: Int, edges: [Dependency]) {
    outgoing = Array(repeating: [], count: count)
    incoming = Array(repeating: [], count: count)
    for edge in edges {
      outgoing[Int(edge.from)].append(edge.to)
      incoming[Int(edge.to)].append(edge.from)
    }
  }

  /// How many other files lead to `file` over any number of edges.
  func reaching(_ file: FileID) -> Int {
    var seen: Set<FileID> = [file]
    var queue = [file]
    var next = 0
    while next < queue.count {
      for source in incoming[Int(queue[next])] where seen.insert(source).inserted { queue.append(source) }
      next += 1
    }
    return queue.count - 1
  }

  /// A shortest cycle among `files`, which must be strongly connected: each file leads to the next one
  /// and the last to the first. It starts at its smallest id.
  ///
  /// Only the first 64 files are tried as a start, so that a cycle of thousands of files stays cheap;
  /// the result is then a short cycle, not always the shortest.
  func shortestCycle(within files: [FileID]) -> [FileID] {
    let members = Set(files)
    var best: [FileID] = []
    for start in files.prefix(64) {
      if let cycle = cycle(from: start, within: members, shorterThan: best.isEmpty ? .max : best.count) {
        best = cycle
        if best.count == 2 { break }
      }
    }
    guard let smallest = best.min(), let place = best.firstIndex(of: smallest) else { return best }
    return Array(best[place...] + best[..<place])
  }

  private func cycle(from start: FileID, within members: Set<FileID>, shorterThan limit: Int) -> [FileID]? {
    var before: [FileID: FileID] = [:]
    var depth: [FileID: Int] = [start: 1]
    var queue = [start]
    var next = 0
    while next < queue.count {
      let file = queue[next]
      next += 1
      guard let length = depth[file], length < limit else { return nil }
      for target in outgoing[Int(file)] where members.contains(target) {
        if target == start {
          var way = [file]
          while let previous = before[way[way.count - 1]] { way.append(previous) }
          return way.reversed()
        }
        if depth[target] == nil {
          depth[target] = length + 1
          before[target] = file
          queue.append(target)
        }
      }
    }
    return nil
  }
}
