import Glibc
import MemfunCore
import Testing

@testable import MemfunTools

@Suite("Making a code map")
struct CodeMapBuilderTests {
  private func build(_ path: String, cache: String? = nil) async throws -> CodeMap {
    try await CodeMapBuilder(options: isolatedOptions(cache: cache)).build(path)
  }

  @Test("what is not there, no folder, or not readable is an error that says so")
  func errors() async throws {
    let folder = try TemporaryFolder()
    await #expect(throws: CodeMapError.notFound(path: folder.path + "/no")) {
      try await build(folder.path + "/no")
    }
    mkfifo(folder.path + "/pipe", 0o600)
    await #expect(throws: CodeMapError.notAFolder(path: folder.path + "/pipe")) {
      try await build(folder.path + "/pipe")
    }
    #expect(CodeMapError.notFound(path: "x").exitCode == .usage)
  }

  @Test("an empty folder gives an empty map")
  func empty() async throws {
    let folder = try TemporaryFolder()
    let map = try await build(folder.path)
    #expect(map.files.isEmpty && map.symbols.isEmpty && map.skipped.isEmpty && map.notes.isEmpty)
    #expect(map.root == folder.path)
  }

  @Test("a single file gives a map of its folder with that file")
  func singleFile() async throws {
    let folder = try TemporaryFolder()
    try folder.write("a.py", "def f():\n    return 1\n")
    try folder.write("b.py", "x = 1\n")
    let map = try await build(folder.path + "/a.py")
    #expect(map.root == folder.path)
    #expect(map.files.map(\.path) == ["a.py"])
    #expect(map.symbols.map(\.name) == ["f"])
  }

  @Test("files that cannot be analysed are skipped with a reason, and the others are not")
  func badFiles() async throws {
    let folder = try TemporaryFolder()
    try folder.write("ok.py", "def ok(): pass\n")
    try folder.write("latin.py", bytes: Array("# caf".utf8) + [0xE9] + Array("\ndef latin(): pass\n".utf8))
    try folder.write(
      "wide.py",
      bytes: [0xFF, 0xFE] + "def wide(): pass\n".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    try folder.write("marked.py", bytes: [0xEF, 0xBB, 0xBF] + Array("def marked(): pass\n".utf8))
    try folder.write("binary.py", bytes: [1, 0, 2])
    try folder.write("odd\nname.py", "def odd(): pass\n")
    try folder.write("-dash.py", "def dash(): pass\n")
    try folder.write("trail.py ", "#!/usr/bin/python3\ndef trail(): pass\n")
    try folder.write("script", "#!/usr/bin/env python3\ndef script(): pass\n")
    let big = open(folder.path + "/big.py", O_CREAT | O_WRONLY, 0o600)
    ftruncate(big, 100 << 20)
    close(big)
    let map = try await build(folder.path)
    #expect(
      map.skipped == [
        SkippedFile(path: "big.py", reason: .tooLarge(bytes: 100 << 20, limit: 2 << 20)),
        SkippedFile(path: "latin.py", reason: .notUTF8),
      ])
    #expect(map.files.first { $0.path == "binary.py" }?.role == .binary)
    #expect(
      Set(map.symbols.map(\.name)) == ["ok", "latin", "wide", "marked", "odd", "dash", "trail", "script"])
  }

  @Test("the same tree gives the same map, whatever the cache and the number of workers")
  func deterministic() async throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    for index in 0..<40 {
      try folder.write(
        "d\(index % 4)/m\(index).py",
        "class C\(index):\n    def f(self, x):\n        if x: return 1\n# TODO: \(index)\n")
    }
    let first = try await build(folder.path, cache: cache.path)
    let second = try await build(folder.path, cache: cache.path)
    var options = isolatedOptions()
    options.parallelism = 1
    let third = try await CodeMapBuilder(options: options).build(folder.path)
    for other in [second, third] {
      #expect(other.files == first.files)
      #expect(other.symbols == first.symbols)
      #expect(other.markers == first.markers)
    }
    #expect(first.symbols.count == 80)
    #expect(first.cache == CacheUse(hits: 0, misses: 40, isEnabled: true))
    #expect(second.cache == CacheUse(hits: 40, misses: 0, isEnabled: true))
    #expect(third.cache == CacheUse(hits: 0, misses: 40, isEnabled: false))
  }

  @Test("cancellation ends the work with CancellationError")
  func cancellation() async throws {
    let folder = try TemporaryFolder()
    for index in 0..<300 {
      try folder.write("f\(index).py", String(repeating: "def f():\n  return 1\n", count: 200))
    }
    let task = Task { try await build(folder.path) }
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }

  @Test("a file that git tracks against its ignore rules belongs to the project")
  func trackedButIgnored() async throws {
    let folder = try TemporaryFolder()
    try await folder.git("init", "-q")
    try folder.write(".gitignore", "out/\n")
    try folder.write("out/kept.py", "def kept(): pass\n")
    try folder.write("out/other.py", "def other(): pass\n")
    try await folder.git("add", "-f", "out/kept.py", ".gitignore")
    try await folder.git("commit", "-qm", "x")
    let map = try await build(folder.path)
    #expect(map.files.map(\.path) == [".gitignore", "out/kept.py"])
    #expect(map.symbols.map(\.name) == ["kept"])
  }
}
