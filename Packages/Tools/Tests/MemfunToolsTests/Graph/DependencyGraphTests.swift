import MemfunTools
import Testing

@Suite("Dependency graph")
struct DependencyGraphTests {
  private func graph(_ count: Int, _ edges: [(Int32, Int32)]) -> DependencyGraph {
    DependencyGraph(fileCount: count, dependencies: edges.map { Dependency(from: $0.0, to: $0.1) })
  }

  @Test("edges are unique, sorted, without self-edges and edges that lead nowhere")
  func edges() {
    let graph = graph(3, [(2, 1), (0, 1), (0, 0), (2, 1), (0, 9), (-1, 0), (0, 2)])
    #expect(
      graph.edges == [Dependency(from: 0, to: 1), Dependency(from: 0, to: 2), Dependency(from: 2, to: 1)])
    #expect(graph.fanOut == [2, 0, 1])
    #expect(graph.fanIn == [0, 2, 1])
  }

  @Test("cycles are strongly connected groups, largest first")
  func cycles() {
    let graph = graph(
      8, [(0, 1), (1, 0), (2, 3), (3, 4), (4, 2), (1, 2), (5, 6), (6, 7)])
    #expect(graph.cycles() == [[2, 3, 4], [0, 1]])
    #expect(graph.exampleCycle(in: [2, 3, 4]) == [2, 3, 4])
    #expect(graph.exampleCycle(in: [5, 6]) == [])
  }

  @Test("the example is a short cycle of a large group")
  func example() {
    var edges = (0..<100).map { (Int32($0), Int32(($0 + 1) % 100)) }
    edges.append((42, 40))
    let cycle = graph(100, edges).exampleCycle(in: Array(0..<100))
    #expect(cycle == [40, 41, 42])
  }

  @Test("a chain of two hundred thousand files is walked without recursion")
  func deep() {
    let count = 200_000
    let edges = (0..<count).map { (Int32($0), Int32(($0 + 1) % count)) }
    #expect(graph(count, edges).cycles().map(\.count) == [count])
    let layers = graph(count, Array(edges.dropLast())).layers()
    #expect(layers[0] == Int32(count - 1))
    #expect(layers[count - 1] == 0)
  }

  @Test("files of a cycle share a layer")
  func layers() {
    #expect(graph(4, [(0, 1), (1, 2), (2, 1), (2, 3)]).layers() == [2, 1, 1, 0])
  }

  @Test("folders depend on folders")
  func folders() {
    let found = graph(4, [(0, 1), (0, 2), (1, 2), (3, 0)]).folderDependencies(
      paths: ["a/x/1", "a/y/2", "b/3", "4"], depth: 1)
    #expect(found.map { "\($0.from)>\($0.to):\($0.count)" } == [">a:1", "a>b:2"])
  }
}
