import MemfunTools

/// Who needs whom, by file and by folder.
public struct DependencyStructure: Sendable, Equatable {
  /// Files that others import, most direct dependents first.
  public var mostDependedOn: [Dependent] = []
  /// Folders and the imports between them.
  public var folders = FolderGraph()
  /// One for each of `CodeMap.cycles`, in the same order.
  public var cycles: [Cycle] = []
  /// Indices into `CodeMap.imports` of imports that should lead to a file of the tree but do not.
  public var unresolved: [Int] = []

  /// A file and how much hangs on it.
  public struct Dependent: Sendable, Equatable {
    /// The file.
    public var file: FileID
    /// How many files import it.
    public var direct: Int
    /// How many files reach it over any number of imports; counted for the first
    /// `DependencyStructure.transitiveLimit` files only, nil beyond.
    public var transitive: Int?
  }

  /// A strongly connected group with one shortest way around it.
  public struct Cycle: Sendable, Equatable {
    /// All files of the group.
    public var files: [FileID]
    /// The imports of a shortest cycle: each leads to the file in which the next one stands, the last
    /// one back to the first.
    public var path: [Step]

    /// One import of a cycle.
    public struct Step: Sendable, Equatable {
      /// The file that imports and the file that is imported.
      public var from: FileID, to: FileID
      /// Where the import stands; nil when the dependency follows from something else than an import.
      public var line: Int?
    }
  }

  /// How many files get a count of transitive dependents.
  public static let transitiveLimit = 30
}

/// Folders and how many imports lead from one to another.
public struct FolderGraph: Sendable, Equatable {
  /// Folders that hold files with dependencies, sorted; the root is `.`.
  public var folders: [String] = []
  /// Edges between different folders, heaviest first.
  public var edges: [Edge] = []
  /// Pairs of folders that need each other, both directions heaviest first.
  public var mutual: [Mutual] = []

  /// Imports from one folder to another.
  public struct Edge: Sendable, Hashable {
    /// Indices into `folders`.
    public var from: Int, to: Int
    /// How many file-to-file dependencies it stands for.
    public var count: Int
  }

  /// Two folders that need each other.
  public struct Mutual: Sendable, Hashable {
    /// Indices into `folders`; more dependencies lead from `first` to `second` than back (or as many).
    public var first: Int, second: Int
    /// Dependencies from `first` to `second`, and back.
    public var forward: Int, backward: Int
  }
}

extension DependencyStructure {
  /// Computes the structure. Time is linear in files, imports and dependencies, with a factor of at
  /// most `transitiveLimit` (breadth-first searches) and of 64 within a cycle.
  ///
  /// - Parameter map: ids within it must be valid.
  init(of map: CodeMap) {
    let graph = Adjacency(count: map.files.count, edges: map.dependencies)
    mostDependedOn = Self.rankDependents(map: map, graph: graph)
    folders = FolderGraph(of: map)
    cycles = Self.explain(map: map, graph: graph)
    unresolved = map.imports.indices.filter { index in
      map.imports[index].target == .unresolved && map.files[Int(map.imports[index].file)].isOwnCode
    }
  }

  private static func rankDependents(map: CodeMap, graph: Adjacency) -> [Dependent] {
    var ranked: [Dependent] = map.files.indices.compactMap { index in
      let direct = graph.incoming[index].count
      return direct == 0 ? nil : Dependent(file: FileID(index), direct: direct, transitive: nil)
    }
    ranked.sort { ($1.direct, $0.file) < ($0.direct, $1.file) }
    for place in ranked.indices.prefix(transitiveLimit) {
      ranked[place].transitive = graph.reaching(ranked[place].file)
    }
    return ranked
  }

  private static func explain(map: CodeMap, graph: Adjacency) -> [Cycle] {
    var cycles = map.cycles.map { files in
      let way = graph.shortestCycle(within: files)
      let steps = way.indices.map { place in
        Cycle.Step(from: way[place], to: way[(place + 1) % way.count], line: nil)
      }
      return Cycle(files: files, path: steps)
    }
    // One pass over the imports finds the lines of all steps.
    var lines: [Dependency: Int] = [:]
    for cycle in cycles { for step in cycle.path { lines[Dependency(from: step.from, to: step.to)] = 0 } }
    for item in map.imports {
      guard case .files(let targets) = item.target else { continue }
      for target in targets {
        if lines[Dependency(from: item.file, to: target)] == 0 {
          lines[Dependency(from: item.file, to: target)] = Int(item.line)
        }
      }
    }
    for index in cycles.indices {
      for place in cycles[index].path.indices {
        let step = cycles[index].path[place]
        let line = lines[Dependency(from: step.from, to: step.to)] ?? 0
        cycles[index].path[place].line = line == 0 ? nil : line
      }
    }
    return cycles
  }
}

extension FolderGraph {
  /// The folders of a map and the dependencies between them.
  init(of map: CodeMap) {
    var names: Set<String> = []
    var counts: [Pair: Int] = [:]
    for dependency in map.dependencies {
      let from = Self.folder(of: map.files[Int(dependency.from)].path)
      let to = Self.folder(of: map.files[Int(dependency.to)].path)
      names.insert(from)
      names.insert(to)
      if from != to { counts[Pair(from: from, to: to), default: 0] += 1 }
    }
    folders = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let index = Dictionary(uniqueKeysWithValues: folders.enumerated().map { ($1, $0) })
    edges = counts.compactMap { pair, count in
      guard let from = index[pair.from], let to = index[pair.to] else { return nil }
      return Edge(from: from, to: to, count: count)
    }
    edges.sort { ($1.count, $0.from, $0.to) < ($0.count, $1.from, $1.to) }
    mutual = edges.compactMap { edge in
      let back = counts[Pair(from: folders[edge.to], to: folders[edge.from])] ?? 0
      // Each pair is met twice; the heavier direction speaks for it.
      guard back > 0, edge.count > back || (edge.count == back && edge.from < edge.to) else { return nil }
      return Mutual(first: edge.from, second: edge.to, forward: edge.count, backward: back)
    }
  }

  private struct Pair: Hashable {
    var from: String
    var to: String
  }

  /// The folder of a relative path; `.` for the root.
  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return String(path[..<slash])
  }
}
