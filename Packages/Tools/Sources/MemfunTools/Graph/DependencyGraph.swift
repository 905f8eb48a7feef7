/// Which file needs which, in compressed rows: a few bytes a file and four an edge.
///
/// Every operation takes time linear in files and edges unless it says otherwise, and none recurses.
public struct DependencyGraph: Sendable {
  /// Number of files.
  public let fileCount: Int
  /// The edges: unique, sorted, without self-edges.
  public let edges: [Dependency]
  /// Where the edges of each file begin in `edges`; one more at the end.
  private let rows: [Int]

  /// - Parameters:
  ///   - fileCount: files are 0 ..< fileCount; edges that lead elsewhere are left out.
  ///   - dependencies: in any order, with repetitions and self-edges, which are left out too.
  public init(fileCount: Int, dependencies: some Sequence<Dependency>) {
    self.fileCount = fileCount
    let keys = dependencies.compactMap { edge -> UInt64? in
      guard edge.from != edge.to, edge.from >= 0, edge.to >= 0, edge.from < fileCount, edge.to < fileCount
      else { return nil }
      return UInt64(UInt32(bitPattern: edge.from)) << 32 | UInt64(UInt32(bitPattern: edge.to))
    }.sorted()
    var edges: [Dependency] = []
    edges.reserveCapacity(keys.count)
    var rows = [Int](repeating: 0, count: fileCount + 1)
    var last: UInt64?
    for key in keys where key != last {
      last = key
      let from = FileID(truncatingIfNeeded: key >> 32)
      edges.append(Dependency(from: from, to: FileID(truncatingIfNeeded: key)))
      rows[Int(from) + 1] += 1
    }
    for file in 0..<fileCount { rows[file + 1] += rows[file] }
    self.edges = edges
    self.rows = rows
  }

  /// The edges that leave a file.
  public func dependencies(of file: FileID) -> ArraySlice<Dependency> {
    edges[rows[Int(file)]..<rows[Int(file) + 1]]
  }

  /// How many files each file needs.
  public var fanOut: [Int32] { (0..<fileCount).map { Int32(rows[$0 + 1] - rows[$0]) } }

  /// How many files need each file.
  public var fanIn: [Int32] {
    var counts = [Int32](repeating: 0, count: fileCount)
    for edge in edges { counts[Int(edge.to)] += 1 }
    return counts
  }

  /// The strongly connected groups of two or more files, each sorted, largest first, then by first file.
  public func cycles() -> [[FileID]] {
    let components = stronglyConnectedComponents()
    var members = [[FileID]](repeating: [], count: components.count)
    for (file, component) in components.of.enumerated() { members[Int(component)].append(FileID(file)) }
    return members.filter { $0.count > 1 }.sorted {
      $0.count != $1.count ? $0.count > $1.count : $0[0] < $1[0]
    }
  }

  /// The component of each file. A component has a higher number than all that it needs.
  ///
  /// Tarjan, Depth-first search and linear graph algorithms (1972), with an explicit stack.
  public func stronglyConnectedComponents() -> (of: [Int32], count: Int) {
    let unseen: Int32 = -1
    var order = [Int32](repeating: unseen, count: fileCount)
    var low = [Int32](repeating: 0, count: fileCount)
    var component = [Int32](repeating: unseen, count: fileCount)
    var open: [Int32] = []
    var path: [(file: Int32, edge: Int)] = []
    var next: Int32 = 0
    var count: Int32 = 0
    for root in 0..<fileCount where order[root] == unseen {
      path.append((Int32(root), rows[root]))
      order[root] = next
      low[root] = next
      next += 1
      open.append(Int32(root))
      while let (file, edge) = path.last {
        let here = Int(file)
        if edge < rows[here + 1] {
          path[path.count - 1].edge += 1
          let to = Int(edges[edge].to)
          if order[to] == unseen {
            order[to] = next
            low[to] = next
            next += 1
            open.append(Int32(to))
            path.append((Int32(to), rows[to]))
          } else if component[to] == unseen {
            low[here] = min(low[here], order[to])
          }
          continue
        }
        path.removeLast()
        if let parent = path.last?.file { low[Int(parent)] = min(low[Int(parent)], low[here]) }
        if low[here] == order[here] {
          while let member = open.popLast() {
            component[Int(member)] = count
            if member == file { break }
          }
          count += 1
        }
      }
    }
    return (component, Int(count))
  }

  /// The layer of each file: 0 needs nothing, every other is one above the highest layer it needs. Files of
  /// a cycle share a layer.
  public func layers() -> [Int32] {
    let components = stronglyConnectedComponents()
    var byComponent = [[Int32]](repeating: [], count: components.count)
    for (file, component) in components.of.enumerated() { byComponent[Int(component)].append(Int32(file)) }
    var layer = [Int32](repeating: 0, count: components.count)
    // Components are numbered in the order in which they are complete: what is needed comes first.
    for component in 0..<components.count {
      for file in byComponent[component] {
        for edge in dependencies(of: file) {
          let other = Int(components.of[Int(edge.to)])
          if other != component { layer[component] = max(layer[component], layer[other] + 1) }
        }
      }
    }
    return components.of.map { layer[Int($0)] }
  }

  /// A short cycle inside a strongly connected group, in the order of its edges, beginning with its
  /// smallest file.
  ///
  /// Searched breadth first from at most 64 files of the group, so in a larger one a shorter cycle may
  /// exist. Empty when the group has no cycle.
  public func exampleCycle(in group: [FileID]) -> [FileID] {
    var isMember = [Bool](repeating: false, count: fileCount)
    for file in group where file >= 0 && file < fileCount { isMember[Int(file)] = true }
    var best: [FileID] = []
    var parent = [FileID](repeating: -1, count: fileCount)
    for start in group.prefix(64) where isMember[Int(start)] {
      var visited: [FileID] = [start]
      var index = 0
      search: while index < visited.count {
        let file = visited[index]
        index += 1
        for edge in dependencies(of: file) where isMember[Int(edge.to)] {
          if edge.to == start {
            var cycle: [FileID] = []
            var at = file
            while at != start {
              cycle.append(at)
              at = parent[Int(at)]
            }
            cycle.append(start)
            if best.isEmpty || cycle.count < best.count { best = cycle.reversed() }
            break search
          }
          if parent[Int(edge.to)] < 0 {
            parent[Int(edge.to)] = file
            visited.append(edge.to)
          }
        }
      }
      for file in visited { parent[Int(file)] = -1 }
      if best.count == 2 { break }
    }
    guard let smallest = best.indices.min(by: { best[$0] < best[$1] }) else { return [] }
    return Array(best[smallest...] + best[..<smallest])
  }

  /// Dependencies between folders: how many file edges lead from one to the other.
  ///
  /// - Parameters:
  ///   - paths: of all files.
  ///   - depth: how many leading path components make a folder; files above it keep their own folder.
  /// - Returns: sorted by folder names; edges within a folder are left out.
  public func folderDependencies(
    paths: [String], depth: Int
  ) -> [(from: String, to: String, count: Int)] {
    var number: [String: Int32] = [:]
    var names: [String] = []
    let folders = paths.map { path -> Int32 in
      let name = path.split(separator: "/").dropLast().prefix(depth).joined(separator: "/")
      if let known = number[name] { return known }
      let new = Int32(names.count)
      number[name] = new
      names.append(name)
      return new
    }
    var counts: [Dependency: Int] = [:]
    for edge in edges {
      let pair = Dependency(from: folders[Int(edge.from)], to: folders[Int(edge.to)])
      if pair.from != pair.to { counts[pair, default: 0] += 1 }
    }
    return counts.map { (names[Int($0.key.from)], names[Int($0.key.to)], $0.value) }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
  }
}
