import Glibc
import MemfunCore

/// Blobs as files: `<root>/ab/cdef…`, named by the digest, written once and then read-only.
///
/// A blob is written to `<root>/tmp` and takes its name by rename(2), so a reader sees all of it or
/// nothing, whatever dies in between. Any number of processes may use one root. Storing and collecting
/// exclude each other for one blob by flock(2) on `<root>/lock`: a blob that is stored again while it is
/// collected is kept.
public final class FileBlobStore: BlobStore {
  let root: String
  let isDurable: Bool
  let threads = BlockingThreads(name: "blobs", maximum: 4)
  private let time: any TimeSource
  private let random: any RandomSource

  /// Opens the store and makes its folders.
  ///
  /// - Parameters:
  ///   - root: an absolute path; made with mode 0700 when it is missing.
  ///   - isDurable: whether a stored blob survives loss of power (fsync of file and folder).
  ///   - time: the wall clock that the age of files is measured against.
  ///   - random: names of temporary files.
  /// - Throws: `RuntimeError.storageFull`, `.unavailable`.
  public init(
    root: String, isDurable: Bool = true, time: any TimeSource = SystemTimeSource(),
    random: any RandomSource = SystemRandomSource()
  ) async throws {
    self.root = root
    self.isDurable = isDurable
    self.time = time
    self.random = random
    try await threads.run {
      do throws(FileError) {
        for folder in [root, root + "/tmp", root + "/corrupt"] { try Directory.create(folder, mode: 0o700) }
      } catch {
        if case .system(let failure) = error { throw BlobFile.error(failure) }
        throw RuntimeError.unavailable(reason: "\(error.what): \(root)")
      }
    }
  }

  public func makeWriter() async throws -> any BlobWriter {
    let path = "\(root)/tmp/\(String(random.next(), radix: 36)).\(getpid())"
    let descriptor = try await threads.run {
      try BlobFile.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
    }
    return try FileBlobWriter(store: self, temporary: path, descriptor: descriptor)
  }

  public func open(_ id: BlobID, verifying: Bool) async throws -> any BlobReader {
    let path = path(of: id)
    let threads = threads
    let reader = try await threads.run { try FileBlobReader(id: id, path: path, threads: threads) }
    if verifying { try await verify(reader, path: path) }
    return reader
  }

  public func size(of id: BlobID) async throws -> Int? {
    let path = path(of: id)
    return try await threads.run { try BlobFile.status(path).map { Int($0.st_size) } }
  }

  public func list() async throws -> [BlobID] {
    let root = root
    return try await threads.run {
      var ids: [BlobID] = []
      for shard in try BlobFile.names(in: root) where Self.isShard(shard) {
        ids += try BlobFile.names(in: "\(root)/\(shard)").compactMap { BlobID(shard + $0) }
      }
      return ids.sorted()
    }
  }

  public func collectGarbage(reachable: Set<BlobID>, grace: Duration) async throws -> BlobCollection {
    var result = BlobCollection()
    let ids = try await list()
    for id in ids {
      try Task.checkCancellation()
      if reachable.contains(id) {
        result.kept += 1
        continue
      }
      let (path, root, time) = (path(of: id), root, time)
      let fate: Fate = try await threads.run {
        guard let status = try BlobFile.status(path) else { return .gone }
        if time.now() - status.modified < grace { return .young }
        return try BlobFile.locked(root, exclusively: true) {
          // Looked at again under the lock: it may have been stored again just now.
          guard let status = try BlobFile.status(path) else { return .gone }
          if time.now() - status.modified < grace { return .young }
          try BlobFile.remove(path)
          return .removed(bytes: Int(status.st_size))
        }
      }
      switch fate {
      case .gone: break
      case .young: result.young += 1
      case .removed(let bytes):
        result.removed.append(id)
        result.removedBytes += bytes
      }
    }
    try await removeAbandoned(olderThan: max(grace, .seconds(3600)))
    return result
  }

  private enum Fate {
    case gone, young
    case removed(bytes: Int)
  }

  // MARK: Paths

  func path(of id: BlobID) -> String { "\(folder(of: id))/\(id.hex.dropFirst(2))" }
  func folder(of id: BlobID) -> String { "\(root)/\(id.hex.prefix(2))" }

  private static func isShard(_ name: String) -> Bool {
    name.utf8.count == 2
      && name.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }

  // MARK: Damage

  /// Reads all of a blob; what does not match its name is moved aside, so that it can be stored anew.
  private func verify(_ reader: FileBlobReader, path: String) async throws {
    let hash = try SHA256()
    for try await piece in reader.pieces() { hash.update(piece) }
    if hash.finish() == reader.reference.id { return }
    let aside = "\(root)/corrupt/\(reader.reference.id.hex).\(String(random.next(), radix: 36))"
    try await threads.run { try BlobFile.rename(path, to: aside) }
    throw RuntimeError.corrupted(
      path: aside, detail: "the bytes of \(reader.reference.id) have another digest")
  }

  /// Removes what writers that died left behind. A living writer's file is young.
  private func removeAbandoned(olderThan age: Duration) async throws {
    let (folder, now) = ("\(root)/tmp", time.now())
    try await threads.run {
      for name in try BlobFile.names(in: folder) {
        guard let status = try BlobFile.status("\(folder)/\(name)"), now - status.modified > age else {
          continue
        }
        try BlobFile.remove("\(folder)/\(name)")
      }
    }
  }
}
