import Glibc
import MemfunCore

/// One blob that is open. The descriptor keeps the bytes, also when the name is removed meanwhile.
final class FileBlobReader: BlobReader {
  let reference: BlobReference
  private let path: String
  private let descriptor: Int32
  private let threads: BlockingThreads

  /// Blocks.
  ///
  /// - Throws: `RuntimeError.notFound`, `.corrupted`, `.unavailable`.
  init(id: BlobID, path: String, threads: BlockingThreads) throws(RuntimeError) {
    guard try BlobFile.status(path) != nil else { throw .notFound("blob \(id)") }
    // Without waiting and without following: the name may have become a pipe or a link meanwhile.
    let descriptor = try BlobFile.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .corrupted(path: path, detail: "a blob's name belongs to something that is no regular file")
    }
    self.path = path
    self.descriptor = descriptor
    self.threads = threads
    reference = BlobReference(id: id, size: Int(status.st_size))
  }

  deinit { close(descriptor) }

  func read(_ range: Range<Int>) async throws -> [UInt8] {
    let range = try BlobRange.clamp(range, to: reference.size)
    if range.isEmpty { return [] }
    return try await threads.run { [self] in
      try BlobFile.readAll(range, of: descriptor, path: path)
    }
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    if reference.size == 0 { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    var status = stat()
    // Pages behind the end of a file cannot be touched: better an error than a signal.
    guard fstat(descriptor, &status) == 0, Int(status.st_size) >= reference.size else {
      throw RuntimeError.corrupted(path: path, detail: "the file became shorter while it was open")
    }
    guard let start = mmap(nil, reference.size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
    else {
      throw BlobFile.error(SystemCallError("mmap", on: path))
    }
    defer { munmap(start, reference.size) }
    return try body(UnsafeRawBufferPointer(start: start, count: reference.size))
  }
}
