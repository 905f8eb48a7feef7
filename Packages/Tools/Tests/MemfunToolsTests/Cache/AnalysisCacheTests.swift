import Glibc
import MemfunCore
import Testing

@testable import MemfunTools

@Suite("The cache of analyses")
struct AnalysisCacheTests {
  private func build(_ folder: TemporaryFolder, _ cache: TemporaryFolder) async throws -> CodeMap {
    try await CodeMapBuilder(options: isolatedOptions(cache: cache.path)).build(folder.path)
  }

  private func cacheFile(_ cache: TemporaryFolder, _ ending: String) throws -> String {
    let descriptor = open(cache.path, O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    let listing = try DirectoryListing(of: descriptor)
    let names = listing.entries.map { String(decoding: listing.bytes($0), as: UTF8.self) }
    return cache.path + "/" + (try #require(names.first { $0.hasSuffix(ending) }))
  }

  @Test("a changed file is analysed anew, an unchanged, touched, moved or copied one is not")
  func incremental() async throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    for name in ["a.py", "b.py", "c.py"] {
      try folder.write(name, "def \(name.prefix(1))(): pass\n")
      folder.settle(name)
    }
    #expect(try await build(folder, cache).cache.misses == 3)
    #expect(try await build(folder, cache).cache.hits == 3)

    try folder.write("a.py", "def changed(): pass\n")
    folder.settle("b.py", secondsAgo: 50)
    rename(folder.path + "/c.py", folder.path + "/d.py")
    try folder.write("e.py", "def b(): pass\n")
    let map = try await build(folder, cache)
    #expect(map.cache == CacheUse(hits: 3, misses: 1, isEnabled: true))
    #expect(map.symbols.map(\.name) == ["changed", "b", "c", "b"])
  }

  @Test("a change that leaves size and time of modification alone is noticed")
  func sameSizeSameTime() async throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try folder.write("a.py", "def one(): pass\n")
    folder.settle("a.py")
    var before = stat()
    stat(folder.path + "/a.py", &before)
    _ = try await build(folder, cache)
    try folder.write("a.py", "def two(): pass\n")
    let times = [before.st_atim, before.st_mtim]
    utimensat(AT_FDCWD, folder.path + "/a.py", times, 0)
    #expect(try await build(folder, cache).symbols.map(\.name) == ["two"])
  }

  @Test("a stamp from the moment of reading is not trusted")
  func racy() {
    let read: Int64 = 1_000_000_000_000
    func stamp(_ time: Int64) -> FileStamp { FileStamp(size: 1, modified: time, changed: time, inode: 1) }
    #expect(stamp(read - 60_000_001).isSettled(whenReadAt: read))
    #expect(!stamp(read - 1_000_001).isSettled(whenReadAt: read))
    #expect(!stamp(read - 1_000_000_000).isSettled(whenReadAt: read))
    #expect(!stamp(read + 5).isSettled(whenReadAt: read))
  }

  @Test("a damaged cache is as good as none, wherever the damage is")
  func corruption() async throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try folder.write("a.py", "def a(): pass\n")
    folder.settle("a.py")
    let good = try await build(folder, cache)
    let file = try cacheFile(cache, ".files")
    let bytes = try #require(WholeRegularFile.read(file, limit: 1 << 20))
    for place in stride(from: 0, to: bytes.count, by: 7) {
      var damaged = bytes
      damaged[place] ^= 0x55
      let handle = open(file, O_WRONLY | O_TRUNC)
      _ = damaged.withUnsafeBytes { Glibc.write(handle, $0.baseAddress, place % 2 == 0 ? $0.count : place) }
      close(handle)
      let map = try await build(folder, cache)
      #expect(map.symbols == good.symbols)
      #expect(map.files == good.files)
    }
  }

  @Test("bytes that were never written by us are read without a trap")
  func fuzz() {
    var random = SeededRandom(seed: 7)
    let tools = SymbolTools()
    let walked = WalkedFile(
      path: "a.py", language: .python, role: .source,
      stamp: FileStamp(size: 1, modified: 2, changed: 3, inode: 4), isSurelyHandwritten: false)
    var analysis = FileAnalysis(
      language: .python, role: .source, hash: ContentHash(low: 1, high: 2), facts: FileFacts())
    analysis.symbols = [
      Symbol(
        file: 0, name: "f", scope: "A", kind: .method, signature: "def f()", startLine: 3, endLine: 9,
        complexity: 2)
    ]
    let encoded = AnalysisCache.encode(analysis, tools: tools)!
    let body = AnalysisCache.body([
      AnalysisCache.Record(
        file: walked, stamp: walked.stamp, isSettled: true, hash: analysis.hash, analysis: encoded[...])
    ])
    let intact = AnalysisCache(body, tools: tools)
    #expect(intact.entry(of: walked).flatMap { intact.analysis($0) }?.symbols == analysis.symbols)
    for _ in 0..<3000 {
      var bytes = body
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      bytes.removeLast(Int.random(in: 0...3, using: &random))
      let cache = AnalysisCache(bytes, tools: tools)
      if let entry = cache.entry(of: walked) { _ = cache.analysis(entry) }
    }
  }

  @Test("without a place to write the map is made all the same, with a note")
  func readOnly() async throws {
    let folder = try TemporaryFolder()
    try folder.write("a.py", "def a(): pass\n")
    try folder.write("file", "")
    let map = try await CodeMapBuilder(options: isolatedOptions(cache: folder.path + "/file/x")).build(
      folder.path)
    #expect(map.symbols.count == 1)
    #expect(!map.cache.isEnabled)
    #expect(map.notes.map(\.kind) == ["cache.unavailable"])
  }

  @Test("links are kept for exactly the state of the tree they follow from")
  func links() async throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try folder.write("a.py", "import b\nimport nothing_here\n")
    try folder.write("b.py", "import a\n")
    try folder.write("test_b.py", "from b import x\n")
    let first = try await build(folder, cache)
    let second = try await build(folder, cache)
    #expect(first.cycles == [[0, 1]])
    #expect(first.imports == second.imports && first.dependencies == second.dependencies)
    #expect(first.cycles == second.cycles && first.testLinks == second.testLinks)
    try folder.write("b.py", "x = 1\n")
    let third = try await build(folder, cache)
    #expect(third.cycles.isEmpty)
    #expect(third.dependencies == [Dependency(from: 0, to: 1), Dependency(from: 2, to: 1)])
  }

  @Test("links survive being written and read, and damage is noticed")
  func linksCoding() {
    var links = TreeLinks()
    links.imports = [
      Import(file: 0, line: 3, name: "x", target: .files([1, 2])),
      Import(file: 1, line: 4, name: "y", target: .external("z")),
      Import(file: 2, line: 5, name: "w", target: .unresolved),
    ]
    links.dependencies = [Dependency(from: 0, to: 1)]
    links.cycles = [[0, 2]]
    links.duplicates = [
      DuplicateGroup(
        places: [.init(file: 0, startLine: 1, endLine: 9), .init(file: 2, startLine: 4, endLine: 12)],
        codeLines: 8)
    ]
    links.testLinks = [TestLink(test: 2, code: 0, evidence: .name)]
    links.notes = [Note(kind: "k", message: "m", remedy: nil), Note(kind: "k", message: "m", remedy: "r")]
    let key = ContentHash(low: 5, high: 6)
    let bytes = LinksCache.encode(links, key: key)
    let read = LinksCache.decode(bytes, key: key, fileCount: 3)
    #expect(read?.imports == links.imports && read?.dependencies == links.dependencies)
    #expect(read?.cycles == links.cycles && read?.duplicates == links.duplicates)
    #expect(read?.testLinks == links.testLinks && read?.notes == links.notes)
    #expect(LinksCache.decode(bytes, key: ContentHash(low: 5, high: 7), fileCount: 3) == nil)
    #expect(LinksCache.decode(bytes, key: key, fileCount: 2) == nil)
    for count in 0..<bytes.count {
      #expect(LinksCache.decode(Array(bytes[..<count]), key: key, fileCount: 3) == nil)
    }
  }

  @Test("several builds at once leave a cache that works")
  func concurrent() async throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    for index in 0..<20 {
      try folder.write("m\(index).py", "def f\(index)(): pass\n")
      folder.settle("m\(index).py")
    }
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<4 { group.addTask { try await self.build(folder, cache).symbols.count } }
      for try await count in group { #expect(count == 20) }
    }
    #expect(try await build(folder, cache).cache == CacheUse(hits: 20, misses: 0, isEnabled: true))
  }

  @Test("old and too many caches are removed, and nothing else")
  func pruning() throws {
    let cache = try TemporaryFolder()
    var options = isolatedOptions(cache: cache.path)
    options.cacheFolder = cache.path
    let store = try CacheStore(root: "/some/root", options: options)
    let old = String(repeating: "a", count: 32) + ".files"
    try cache.write(old)
    cache.settle(old, secondsAgo: 61 * 86_400)
    try cache.write("somebody-elses.txt")
    cache.settle("somebody-elses.txt", secondsAgo: 61 * 86_400)
    try store.save("files", body: [1, 2, 3])
    store.prune(now: SystemTimeSource().now().seconds)
    #expect(store.load("files") == [1, 2, 3])
    #expect(access(cache.path + "/" + old, F_OK) != 0)
    #expect(access(cache.path + "/somebody-elses.txt", F_OK) == 0)
  }
}
