import CLinux
import Glibc
import MemfunCore
import MemfunRuntime

/// Tells the other processes of the store that something was committed.
///
/// Each process has a datagram socket in the folder `<db>.bells`; after a commit one byte goes to
/// every other one. A full socket loses the byte, which does no harm: it rings already. A socket whose
/// process is gone is removed by whoever finds it. Nothing depends on a bell being heard: the listener
/// also looks by itself once a second.
final class Bells: Sendable {
  /// Readable when somebody rang.
  let socket: Int32
  private let folder: Int32
  private let path: String
  private let name: String

  /// - Throws: `RuntimeError.unavailable`.
  init(path: String, random: any RandomSource) throws {
    self.path = path
    if mkdir(path, 0o700) != 0, errno != EEXIST {
      throw RuntimeError.unavailable(reason: SystemCallError("mkdir", on: path).description(of: path))
    }
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder < 0 {
      throw RuntimeError.unavailable(reason: SystemCallError("open", on: path).description(of: path))
    }
    name = "\(getpid())-\(String(random.next(), radix: 16))"
    socket = clinux_bell_open(folder, name)
    if socket < 0 {
      let error = SystemCallError("bind", on: path)
      close(folder)
      throw RuntimeError.unavailable(reason: error.description(of: path))
    }
  }

  deinit {
    _ = unlinkat(folder, name, 0)
    close(socket)
    close(folder)
  }

  /// What was rung since the last call.
  func answer() -> Change { Change(rawValue: clinux_bell_answer(socket)) }

  /// Rings every other process.
  func ring(_ change: Change, _ others: inout KnownBells) {
    for other in others.names(folder: folder, path: path, except: name) {
      let code = clinux_bell_ring(socket, folder, other, change.rawValue)
      if code == ECONNREFUSED || code == ENOENT {
        // Gone: its process died. Somebody else may have removed it already.
        _ = unlinkat(folder, other, 0)
        others.forget()
      }
    }
  }
}

/// The names in the folder of bells, read again only when the folder changed.
struct KnownBells {
  private var names: [String] = []
  private var seen: timespec?

  init() {}

  mutating func forget() { seen = nil }

  mutating func names(folder: Int32, path: String, except own: String) -> [String] {
    var about = stat()
    guard fstat(folder, &about) == 0 else { return names }
    let changed = about.st_mtim
    if let seen, seen.tv_sec == changed.tv_sec, seen.tv_nsec == changed.tv_nsec { return names }
    names = []
    guard let listing = opendir(path) else { return names }
    defer { closedir(listing) }
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != own, name != ".", name != ".." { names.append(name) }
    }
    // A folder's time moves in ticks of some milliseconds: one that is just now cannot be told from a
    // change that comes after this reading.
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let age = (now.tv_sec - changed.tv_sec) * 1000 + (now.tv_nsec - changed.tv_nsec) / 1_000_000
    seen = age > 50 ? changed : nil
    return names
  }
}
