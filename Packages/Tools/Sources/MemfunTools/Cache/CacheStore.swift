import CXXHash
import Glibc
import MemfunCore

/// The folder in which caches of code maps lie, one group of files for each root.
///
/// It is the user's cache folder and never the analysed tree: a tree from elsewhere could bring a cache
/// that lies about it, and not everybody wants files written into it. Every file carries a version and a
/// checksum; one that does not fit is as good as none. Files are replaced atomically, so that two
/// processes at once do no harm: the later one's result stays.
struct CacheStore: Sendable {
  /// The folder.
  let folder: String
  /// The hexadecimal key of the root.
  let key: String

  /// Changes when the meaning of cached bytes changes.
  static let formatVersion: UInt64 = 1

  /// Which build wrote a file: another one may see other things in the same bytes.
  private static let program: UInt64 = {
    var status = stat()
    guard stat("/proc/self/exe", &status) == 0 else { return 0 }
    let stamp = FileStamp(status)
    return UInt64(bitPattern: stamp.size) ^ UInt64(bitPattern: stamp.modified &* 31)
  }()

  private static let magic: UInt64 = 0x3150_414D_4E55_464D  // "MFUNMAP1", little-endian
  private static let maximumBytes = 1 << 30
  private static let maximumFiles = 96
  private static let maximumAgeSeconds = 60 * 86_400

  /// - Parameters:
  ///   - root: the analysed folder.
  ///   - options: may name the folder.
  /// - Throws: `FileError` when there is no place for caches or it cannot be made.
  init(root: String, options: CodeMapOptions) throws(FileError) {
    if let chosen = options.cacheFolder {
      folder = chosen
    } else {
      folder = try XDGDirectories(environment: options.environment).cache + "/memfun/codemap"
    }
    try Directory.create(folder, mode: 0o700)
    let hash = FileInspector.hash(Array(root.utf8))
    key = Self.hex(hash.high) + Self.hex(hash.low)
  }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The body of a file; nil when there is none or it does not fit.
  func load(_ name: String) -> [UInt8]? {
    guard let bytes = WholeRegularFile.read(path(name), limit: Self.maximumBytes) else { return nil }
    let headerSize = 32
    guard bytes.count >= headerSize else { return nil }
    return bytes.withUnsafeBytes { buffer in
      var reader = BinaryReader(buffer)
      guard reader.fixed() == Self.magic, reader.fixed() == Self.formatVersion, reader.fixed() == Self.program
      else { return nil }
      let checksum = reader.fixed()
      let body = UnsafeRawBufferPointer(rebasing: buffer[headerSize...])
      guard memfun_xxh3_64(body.baseAddress, body.count) == checksum else { return nil }
      return Array(body)
    }
  }

  /// Replaces a file.
  ///
  /// - Throws: `FileError`; the old file is then still there.
  func save(_ name: String, body: [UInt8]) throws(FileError) {
    guard body.count < Self.maximumBytes else { return }
    var header = BinaryWriter()
    header.fixed(Self.magic)
    header.fixed(Self.formatVersion)
    header.fixed(Self.program)
    header.fixed(body.withUnsafeBytes { memfun_xxh3_64($0.baseAddress, $0.count) })
    try AtomicFile.write(header.bytes + body, to: path(name), mode: 0o600, durable: false)
  }

  private func path(_ name: String) -> String { "\(folder)/\(key).\(name)" }

  /// Removes caches that nobody has written for two months, and the oldest ones of too many.
  func prune(now: Int64) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // A cache that is not tidied does no harm today; the next run tries again.
    guard let listing = try? DirectoryListing(of: descriptor) else { return }
    var files: [(modified: Int64, name: String)] = []
    for entry in listing.entries where entry.kind == .file {
      let name = String(decoding: listing.bytes(entry), as: UTF8.self)
      var status = stat()
      guard Self.isOwn(name), fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      files.append((Int64(status.st_mtim.tv_sec), name))
    }
    files.sort { $0.modified > $1.modified }
    for (place, file) in files.enumerated()
    where place >= Self.maximumFiles || file.modified < now - Int64(Self.maximumAgeSeconds) {
      if file.name.hasPrefix(key) { continue }
      unlinkat(descriptor, file.name, 0)
    }
  }

  /// Only names that this type makes are ever removed.
  private static func isOwn(_ name: String) -> Bool {
    let parts = name.split(separator: ".")
    return parts.count == 2 && parts[0].count == 32 && parts[0].allSatisfy(\.isHexDigit)
  }
}
