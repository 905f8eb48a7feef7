import Glibc
import MemfunCore

/// The entries of one open folder, in the order in which the file system gives them.
///
/// Names are bytes: Linux promises no encoding.
struct DirectoryListing {
  /// What a name stands for, not following symbolic links.
  enum Kind {
    case file, folder, link, special, unknown
  }

  /// One entry: its kind, and where its name stands in `names`.
  struct Entry {
    let kind: Kind
    let name: Range<Int>
  }

  /// All names, each followed by a zero byte so that it can be given to the kernel.
  private(set) var names: [UInt8] = []
  private(set) var entries: [Entry] = []

  /// Reads a folder; its descriptor stays open and belongs to the caller.
  ///
  /// - Throws: when the folder cannot be read to its end.
  init(of folder: Int32) throws(SystemCallError) {
    // fdopendir takes its descriptor over, so it gets one of its own.
    let copy = fcntl(folder, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw SystemCallError("fcntl") }
    guard let stream = fdopendir(copy) else {
      let failure = SystemCallError("fdopendir")
      close(copy)
      throw failure
    }
    defer { closedir(stream) }
    let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name)!
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw SystemCallError("readdir") }
        return
      }
      let kind: Kind =
        switch Int(entry.pointee.d_type) {
        case Int(DT_REG): .file
        case Int(DT_DIR): .folder
        case Int(DT_LNK): .link
        case Int(DT_UNKNOWN): .unknown
        default: .special
        }
      let name = UnsafeRawPointer(entry) + nameOffset
      let length = strlen(name.assumingMemoryBound(to: CChar.self))
      let bytes = UnsafeRawBufferPointer(start: name, count: length)
      if bytes.elementsEqual([0x2E]) || bytes.elementsEqual([0x2E, 0x2E]) { continue }
      let start = names.count
      names.append(contentsOf: bytes)
      entries.append(Entry(kind: kind, name: start..<names.count))
      names.append(0)
    }
  }

  /// The bytes of a name.
  func bytes(_ entry: Entry) -> ArraySlice<UInt8> { names[entry.name] }

  /// The entry with a name, if there is one.
  func entry(named name: StaticString) -> Entry? {
    entries.first { entry in
      entry.name.count == name.utf8CodeUnitCount
        && name.withUTF8Buffer { $0.elementsEqual(names[entry.name]) }
    }
  }

  /// Calls `body` with the name of an entry as the kernel wants it.
  func withCName<Result>(_ entry: Entry, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    names.withUnsafeBytes {
      body(($0.baseAddress! + entry.name.lowerBound).assumingMemoryBound(to: CChar.self))
    }
  }
}
