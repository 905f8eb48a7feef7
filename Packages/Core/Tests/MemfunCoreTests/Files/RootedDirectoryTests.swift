import Glibc
import Testing

@testable import MemfunCore

@Suite("A folder that no path leaves")
struct RootedDirectoryTests {
  static let resolutions: [RootedDirectory.Resolution] = [.kernel, .walk]

  /// A root with friendly and hostile entries, beside a folder with a secret.
  private func withRoot(
    _ resolution: RootedDirectory.Resolution, _ body: (RootedDirectory, String) throws -> Void
  ) async throws {
    try await withTemporaryDirectory { base in
      let root = base + "/root"
      for folder in ["", "/a", "/a/b", "/a/b/c"] { #expect(mkdir(root + folder, 0o755) == 0) }
      mkdir(base + "/outside", 0o755)
      mkdir(base + "/root-twin", 0o755)
      try writeText("secret", to: base + "/outside/secret")
      try writeText("secret", to: base + "/root-twin/secret")
      try writeText("top", to: root + "/top")
      try writeText("deep", to: root + "/a/b/c/deep")
      let links = [
        "in": "a/b", "in-dots": "a/b/../b/c/deep", "a/up": "../top", "chain": "in/c/deep",
        "out": "../outside", "out-file": "../outside/secret", "out-absolute": base + "/outside",
        "in-absolute": root + "/top", "a/b/out-deep": "../../../outside/secret", "loop": "loop",
        "loop-a": "loop-b", "loop-b": "loop-a", "dangling": "nowhere", "dangling-out": "../outside/new",
        "twin": "../root-twin/secret", "proc": "/proc/self/root/etc/passwd", "self": ".",
        "slash": "a/b/", "file-slash": "top/",
      ]
      for (name, target) in links { #expect(symlink(target, "\(root)/\(name)") == 0) }
      try body(try RootedDirectory(root, resolution: resolution), base)
      #expect(namesInDirectory(base + "/outside") == ["secret"])
      #expect(try readText(base + "/outside/secret") == "secret")
    }
  }

  @Test(
    "opens what is inside, through dots, doubled slashes and links that stay inside",
    arguments: resolutions,
    [
      ("top", "top"), ("./top", "top"), ("a/b/c/deep", "deep"), ("a//b/./c/deep", "deep"),
      ("a/../top", "top"), ("a/b/c/../../../top", "top"), ("in/c/deep", "deep"), ("in-dots", "deep"),
      ("a/up", "top"), ("chain", "deep"), ("self/self/top", "top"), ("in/../../top", "top"),
      ("slash/c/deep", "deep"),
    ])
  func inside(resolution: RootedDirectory.Resolution, item: (path: String, content: String)) async throws {
    try await withRoot(resolution) { root, _ in
      let bytes = try root.read(item.path)
      #expect(String(decoding: bytes, as: UTF8.self) == item.content)
    }
  }

  @Test(
    "refuses what leads out", arguments: resolutions,
    [
      "..", "../outside/secret", "a/../../outside/secret", "a/b/c/../../../../outside/secret",
      "/etc/passwd", "/", "out/secret", "out-file", "out-absolute/secret", "out-absolute", "in-absolute",
      "a/b/out-deep", "in/out-deep", "dangling-out", "twin", "proc", "../root-twin/secret",
      "../root/top", "self/../top/../../outside/secret", "in/../../../root/top",
    ])
  func outside(resolution: RootedDirectory.Resolution, path: String) async throws {
    try await withRoot(resolution) { root, _ in
      let reading = #expect(throws: FileError.self) { try root.read(path) }
      // A file in the middle of a path is an error of its own, and may be found first.
      #expect(reading?.kind == "file.escapes_root" || path.hasPrefix("self/"), "\(path): \(reading!)")
      let writing = #expect(throws: FileError.self) { try root.write([1], to: path, durable: false) }
      #expect(writing?.kind == "file.escapes_root" || path.hasPrefix("self/"), "\(path): \(writing!)")
      #expect(throws: FileError.self) { try root.createDirectory(path + "/x") }
      #expect(throws: FileError.self) { try root.canonicalPath(of: path) }
    }
  }

  @Test(
    "gives the system's reason for loops, long names, files used as folders and missing files",
    arguments: resolutions,
    [
      ("loop", ELOOP), ("loop/x", ELOOP), ("loop-a", ELOOP),
      (String(repeating: "n", count: 300), ENAMETOOLONG),
      (String(repeating: "a/../", count: 2000) + "top", ENAMETOOLONG), ("top/x", ENOTDIR),
      ("top/", ENOTDIR), ("top/.", ENOTDIR), ("top/..", ENOTDIR), ("file-slash", ENOTDIR),
      ("missing", ENOENT), ("missing/x", ENOENT), ("dangling", ENOENT),
    ])
  func failures(resolution: RootedDirectory.Resolution, item: (path: String, code: Int32)) async throws {
    try await withRoot(resolution) { root, _ in
      let error = #expect(throws: FileError.self) { try root.read(item.path) }
      guard case .system(let cause) = error else {
        Issue.record("\(item.path.prefix(40)): \(String(describing: error))")
        return
      }
      #expect(cause.code == item.code, "\(item.path.prefix(40)): \(cause)")
    }
  }

  @Test("refuses an empty path and one with a NUL byte", arguments: resolutions, ["", "top\0/../../x"])
  func invalid(resolution: RootedDirectory.Resolution, path: String) async throws {
    try await withRoot(resolution) { root, _ in
      for action in [
        { _ = try root.read(path) }, { try root.write([1], to: path) }, { try root.createDirectory(path) },
        { try root.removeFile(path) },
      ] {
        let error = #expect(throws: FileError.self) { try action() }
        #expect(error?.kind == "file.invalid_path")
      }
    }
  }

  @Test("is no regular file to read, nor are its folders", arguments: resolutions, [".", "a", "in", "a/"])
  func folders(resolution: RootedDirectory.Resolution, path: String) async throws {
    try await withRoot(resolution) { root, _ in
      #expect(throws: FileError.notRegularFile(path: path)) { try root.read(path) }
      let error = #expect(throws: FileError.self) { try root.write([1], to: path) }
      #expect(error?.kind == "file.not_regular")
    }
  }

  @Test(
    "is written to, through links that stay inside and leave the link in place",
    arguments: resolutions,
    [
      ("new", "new"), ("a/new", "a/new"), ("in/new", "a/b/new"), ("a/up", "top"), ("dangling", "nowhere"),
      ("chain", "a/b/c/deep"),
    ])
  func writing(resolution: RootedDirectory.Resolution, item: (path: String, lands: String)) async throws {
    try await withRoot(resolution) { root, base in
      try root.write(Array("fresh".utf8), to: item.path, durable: false)
      #expect(try readText("\(base)/root/\(item.lands)") == "fresh")
      var status = stat()
      #expect(lstat("\(base)/root/\(item.path)", &status) == 0)
      if item.path == "dangling" || item.path == "a/up" || item.path == "chain" {
        #expect(status.st_mode & S_IFMT == S_IFLNK)
      }
    }
  }

  @Test(
    "makes folders inside, and removes files and links but not what they point to", arguments: resolutions)
  func makingAndRemoving(resolution: RootedDirectory.Resolution) async throws {
    try await withRoot(resolution) { root, base in
      try root.createDirectory("x/y/../z/")
      #expect(namesInDirectory(base + "/root/x") == ["y", "z"])
      try root.createDirectory("in/new")
      #expect(namesInDirectory(base + "/root/a/b").contains("new"))
      #expect(throws: FileError.self) { try root.createDirectory("out/new") }
      #expect(throws: FileError.self) { try root.createDirectory("top/new") }

      try root.removeFile("out-file")
      try root.removeFile("top")
      #expect(!namesInDirectory(base + "/root").contains("top"))
      #expect(throws: FileError.self) { try root.removeFile("out/secret") }
      #expect(throws: FileError.self) { try root.removeFile("..") }
    }
  }

  @Test(
    "knows the path of what a path leads to", arguments: resolutions,
    [
      (".", "."), ("a/..", "."), ("top", "top"), ("in/c/../c/deep", "a/b/c/deep"), ("self/a/up", "top"),
    ])
  func canonical(resolution: RootedDirectory.Resolution, item: (path: String, canonical: String)) async throws
  {
    try await withRoot(resolution) { root, _ in
      let canonical = try root.canonicalPath(of: item.path)
      #expect(canonical == item.canonical)
    }
  }

  @Test("both ways of resolving agree with each other on generated paths")
  func agreement() async throws {
    try await withRoot(.kernel) { kernel, base in
      let walk = try RootedDirectory(base + "/root", resolution: .walk)
      let names = namesInDirectory(base + "/root") + ["a", "b", "c", "deep", "..", ".", "", "up", "out-deep"]
      let random = SeededRandomSource(seed: 11)
      func outcome(_ root: RootedDirectory, _ path: String) -> String {
        do { return "canonical " + (try root.canonicalPath(of: path)) } catch {
          // Where a path both leads out and fails, the two may find a different reason first.
          return "no"
        }
      }
      for _ in 0..<3000 {
        let count = 1 + Int(random.next() % 6)
        let path = (0..<count).map { _ in names[Int(random.next() % UInt64(names.count))] }
          .joined(separator: "/")
        #expect(outcome(kernel, path) == outcome(walk, path), "\(path)")
      }
    }
  }

  @Test("stays the same folder when it is renamed", arguments: resolutions)
  func renamed(resolution: RootedDirectory.Resolution) async throws {
    try await withRoot(resolution) { root, base in
      #expect(rename(base + "/root", base + "/moved") == 0)
      symlink("outside", base + "/root")
      #expect(throws: FileError.self) { try root.read("secret") }
      let bytes = try root.read("top")
      #expect(bytes == Array("top".utf8))
    }
  }

  @Test("must exist and be a folder")
  func badRoot() {
    #expect(throws: FileError.notDirectory(path: "/etc/passwd")) { try RootedDirectory("/etc/passwd") }
    #expect(throws: FileError.self) { try RootedDirectory("/no/such") }
  }
}
