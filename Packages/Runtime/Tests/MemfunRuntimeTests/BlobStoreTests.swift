import Glibc
import MemfunCore
import Synchronization
import Testing

@testable import MemfunRuntime

@Suite("Blob stores")
struct BlobStoreTests {
  enum Kind: CaseIterable { case memory, files }

  /// A store below a fresh folder, which is removed afterwards.
  func withStore(_ kind: Kind, _ body: (any BlobStore, String) async throws -> Void) async throws {
    let root = "/tmp/memfun-blobs-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let store: any BlobStore =
      switch kind {
      case .memory: InMemoryBlobStore()
      case .files: try await FileBlobStore(root: root, isDurable: false)
      }
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(store, root)) } catch { outcome = .failure(error) }
    if kind == .files { try removeTree(root) }
    try outcome.get()
  }

  func removeTree(_ path: String) throws {
    for name in try BlobFile.names(in: path) {
      var status = stat()
      lstat("\(path)/\(name)", &status)
      if status.st_mode & S_IFMT == S_IFDIR {
        try removeTree("\(path)/\(name)")
      } else {
        unlink("\(path)/\(name)")
      }
    }
    rmdir(path)
  }

  @Test("digests are those of FIPS 180-4's examples")
  func digests() throws {
    #expect(
      try SHA256.digest(of: "abc".utf8).hex
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      try SHA256.digest(of: []).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    let hash = try SHA256()
    for _ in 0..<1000 { hash.update(Array(repeating: UInt8(ascii: "a"), count: 1000)) }
    #expect(hash.finish().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test("names are read back exactly, and nothing else is a name")
  func names() throws {
    let id = try SHA256.digest(of: "abc".utf8)
    #expect(BlobID(id.hex) == id)
    #expect(BlobID(id.description) == id)
    #expect(id.digest.count == 32)
    #expect(BlobReference(json: BlobReference(id: id, size: 3).json) == BlobReference(id: id, size: 3))
    for bad in [
      "", "sha256:", String(id.hex.dropLast()), id.hex + "0", id.hex.uppercased(),
      "../" + id.hex.dropFirst(3),
    ] {
      #expect(BlobID(bad) == nil)
    }
  }

  @Test("what is stored is read back: whole, in ranges, in pieces, mapped", arguments: Kind.allCases)
  func roundTrip(kind: Kind) async throws {
    try await withStore(kind) { store, _ in
      for size in [0, 1, 4095, 4096, 1 << 20, (3 << 20) + 17] {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let reference = try await store.put(bytes)
        #expect(reference == BlobReference(id: try SHA256.digest(of: bytes), size: size))
        #expect(try await store.size(of: reference.id) == size)
        #expect(try await store.get(reference.id) == bytes)
        let reader = try await store.open(reference.id, verifying: true)
        #expect(try await reader.read(10..<20) == Array(bytes[min(10, size)..<min(20, size)]))
        #expect(try await reader.read(size..<size + 5) == [])
        var joined: [UInt8] = []
        for try await piece in reader.pieces(of: 70_000) { joined += piece }
        #expect(joined == bytes)
        #expect(try reader.withBytes { Array($0) } == bytes)
        await #expect(throws: RuntimeError.self) { try await reader.read(-1..<5) }
      }
      #expect(try await store.list().count == 6)
      let absent = try SHA256.digest(of: "absent".utf8)
      #expect(try await store.contains(absent) == false)
      await #expect(throws: RuntimeError.notFound("blob \(absent)")) { try await store.open(absent) }
    }
  }

  @Test("many writers of the same bytes leave one blob", arguments: Kind.allCases)
  func concurrentWriters(kind: Kind) async throws {
    try await withStore(kind) { store, root in
      let pieces = (0..<20).map { [UInt8](repeating: UInt8($0), count: 10_000) }
      let references = try await withThrowingTaskGroup(of: BlobReference.self) { group in
        for _ in 0..<8 { group.addTask { try await store.put(pieces: pieces.asyncPieces) } }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(references.count == 1)
      #expect(try await store.list() == references.map(\.id))
      #expect(try await store.get(references.first!.id) == pieces.flatMap(\.self))
      if kind == .files { #expect(try BlobFile.names(in: root + "/tmp").isEmpty) }
    }
  }

  @Test("a writer that gives up leaves nothing, and cannot go on", arguments: Kind.allCases)
  func cancelled(kind: Kind) async throws {
    try await withStore(kind) { store, root in
      let writer = try await store.makeWriter()
      try await writer.write([1, 2, 3])
      await writer.cancel()
      await #expect(throws: RuntimeError.self) { try await writer.write([4]) }
      await #expect(throws: RuntimeError.self) { try await writer.finish() }
      struct Broken: Error {}
      let broken = AsyncThrowingStream<[UInt8], any Error> { continuation in
        continuation.yield([1])
        continuation.finish(throwing: Broken())
      }
      await #expect(throws: Broken.self) { try await store.put(pieces: broken) }
      #expect(try await store.list().isEmpty)
      if kind == .files { #expect(try BlobFile.names(in: root + "/tmp").isEmpty) }
    }
  }

  @Test("a collection removes what is unreachable and old enough", arguments: Kind.allCases)
  func collect(kind: Kind) async throws {
    try await withStore(kind) { store, _ in
      let kept = try await store.put([1])
      let lost = try await store.put([2, 2])
      let open = try await store.open(lost.id)
      let young = try await store.collectGarbage(reachable: [kept.id], grace: .seconds(3600))
      #expect(young.young == 1)
      #expect(young.kept == 1)
      let done = try await store.collectGarbage(reachable: [kept.id], grace: .zero)
      #expect(done.removed == [lost.id])
      #expect(done.removedBytes == 2)
      #expect(try await store.list() == [kept.id])
      // A reader that was faster keeps its bytes.
      #expect(try await open.read(0..<2) == [2, 2])
      #expect(try await store.put([2, 2]) == lost)
      #expect(try await store.get(lost.id) == [2, 2])
    }
  }

  @Test("storing a blob again makes it young")
  func storedAgain() async throws {
    try await withStore(.files) { store, root in
      let reference = try await store.put([5])
      let path = "\(root)/\(reference.id.hex.prefix(2))/\(reference.id.hex.dropFirst(2))"
      var old = [timespec(tv_sec: 1_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000, tv_nsec: 0)]
      #expect(utimensat(AT_FDCWD, path, &old, 0) == 0)
      _ = try await store.put([5])
      #expect(try await store.collectGarbage(reachable: [], grace: .seconds(60)).young == 1)
      #expect(utimensat(AT_FDCWD, path, &old, 0) == 0)
      #expect(try await store.collectGarbage(reachable: [], grace: .seconds(60)).removed == [reference.id])
    }
  }

  @Test("damage is found, moved aside, and mended by storing again")
  func corrupted() async throws {
    try await withStore(.files) { store, root in
      let bytes = [UInt8](repeating: 7, count: 100_000)
      let reference = try await store.put(bytes)
      let path = "\(root)/\(reference.id.hex.prefix(2))/\(reference.id.hex.dropFirst(2))"
      chmod(path, 0o600)
      let file = Glibc.open(path, O_WRONLY)
      var wrong: UInt8 = 8
      pwrite(file, &wrong, 1, 50_000)
      close(file)
      do {
        _ = try await store.open(reference.id, verifying: true)
        Issue.record("the damage was not found")
      } catch RuntimeError.corrupted(let path, _) {
        #expect(path.hasPrefix(root + "/corrupt/"))
      }
      #expect(try await store.contains(reference.id) == false)
      #expect(try await store.put(bytes) == reference)
      #expect(try await store.get(reference.id) == bytes)

      // Cut short: storing again replaces it.
      truncate(path, 10)
      chmod(path, 0o600)
      truncate(path, 10)
      await #expect(throws: RuntimeError.self) { try await store.get(reference.id) }
      #expect(try await store.put(bytes) == reference)
      #expect(try await store.get(reference.id) == bytes)

      // A link or a folder in a blob's place is neither followed nor read.
      unlink(path)
      symlink("/etc/passwd", path)
      await #expect(throws: RuntimeError.self) { try await store.open(reference.id) }
      #expect(try await store.put(bytes) == reference)
      #expect(try await store.get(reference.id) == bytes)
      unlink(path)
      mkfifo(path, 0o600)
      await #expect(throws: RuntimeError.self) { try await store.open(reference.id) }
    }
  }

  @Test("a full disk is said to be full, and the blob leaves nothing behind")
  func full() async throws {
    try await withStore(.files) { store, root in
      // /dev/full takes the place of the temporary file: every write fails as on a full disk.
      let descriptor = Glibc.open("/dev/full", O_WRONLY)
      let files = try #require(store as? FileBlobStore)
      let writer = try FileBlobWriter(store: files, temporary: root + "/tmp/x", descriptor: descriptor)
      await #expect(throws: RuntimeError.storageFull(path: root + "/tmp/x")) { try await writer.write([1]) }
      await #expect(throws: RuntimeError.self) { try await writer.finish() }
      #expect(try await store.list().isEmpty)
    }
  }

  @Test("a hundred megabytes pass through in pieces, and a slice is read without the rest")
  func large() async throws {
    try await withStore(.files) { store, _ in
      let writer = try await store.makeWriter()
      for n in 0..<100 { try await writer.write([UInt8](repeating: UInt8(n), count: 1 << 20)) }
      let reference = try await writer.finish()
      #expect(reference.size == 100 << 20)
      let reader = try await store.open(reference.id, verifying: true)
      #expect(try await reader.read((57 << 20) - 1..<(57 << 20) + 1) == [56, 57])
      #expect(try reader.withBytes { [$0[0], $0[$0.count / 2], $0[$0.count - 1]] } == [0, 50, 99])
    }
  }
}
