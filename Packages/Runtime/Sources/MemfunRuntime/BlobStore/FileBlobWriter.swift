import Glibc
import MemfunCore
import Synchronization

/// Writes one blob to a temporary file and hashes what goes by.
final class FileBlobWriter: BlobWriter {
  private struct Open {
    let descriptor: Int32
    let hash: SHA256
    var size = 0
  }

  private let store: FileBlobStore
  private let temporary: String
  private let state: Mutex<Open?>

  /// - Parameter descriptor: of the new file; the writer closes it.
  init(store: FileBlobStore, temporary: String, descriptor: Int32) throws {
    self.store = store
    self.temporary = temporary
    do {
      state = Mutex(Open(descriptor: descriptor, hash: try SHA256()))
    } catch {
      Self.discard(descriptor, temporary)
      throw error
    }
  }

  deinit {
    state.withLock { if let open = $0 { Self.discard(open.descriptor, temporary) } }
  }

  func write(_ bytes: [UInt8]) async throws {
    try await store.threads.run { [self] in
      try state.withLock { state in
        guard let open = state else { throw BlobWriterEnded.error }
        do throws(RuntimeError) {
          try BlobFile.writeAll(bytes, to: open.descriptor, path: temporary)
        } catch {
          // A file with a hole in it is of no use; its space may be what others wait for.
          Self.discard(open.descriptor, temporary)
          state = nil
          throw error
        }
        open.hash.update(bytes)
        state?.size += bytes.count
      }
    }
  }

  func finish() async throws -> BlobReference {
    try await store.threads.run { [self] in
      try state.withLock { state in
        guard let open = state else { throw BlobWriterEnded.error }
        state = nil
        do {
          let reference = BlobReference(id: open.hash.finish(), size: open.size)
          try publish(open.descriptor, as: reference)
          close(open.descriptor)
          return reference
        } catch {
          Self.discard(open.descriptor, temporary)
          throw error
        }
      }
    }
  }

  func cancel() async {
    let open = state.withLock { state in
      defer { state = nil }
      return state.map(\.descriptor)
    }
    if let open { Self.discard(open, temporary) }
  }

  private func publish(_ descriptor: Int32, as reference: BlobReference) throws {
    let path = store.path(of: reference.id)
    if store.isDurable { try BlobFile.sync(descriptor, path: temporary) }
    if fchmod(descriptor, 0o400) != 0 { throw BlobFile.error(SystemCallError("fchmod", on: temporary)) }
    let folder = store.folder(of: reference.id)
    try BlobFile.makeFolder(folder)
    try BlobFile.locked(store.root, exclusively: false) {
      if touchExisting(path, size: reference.size) {
        try BlobFile.remove(temporary)
      } else {
        // New, or in place of something that cannot be the blob.
        try BlobFile.rename(temporary, to: path)
      }
    }
    if store.isDurable {
      try BlobFile.syncFolder(folder)
      try BlobFile.syncFolder(store.root)
    }
  }

  /// Makes a blob that is there young again. False when there is none of this size that is ours to touch.
  private func touchExisting(_ path: String, size: Int) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == size else {
      return false
    }
    return utimensat(AT_FDCWD, path, nil, AT_SYMLINK_NOFOLLOW) == 0
  }

  /// The error that led here matters more than a temporary file which a collection removes later.
  private static func discard(_ descriptor: Int32, _ path: String) {
    close(descriptor)
    unlink(path)
  }
}
