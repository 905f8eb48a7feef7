import Glibc
import MemfunCore

/// Runs `body` with a new empty folder, which is removed afterwards with all that is in it.
func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let folder = try makeTemporaryDirectory()
  defer { removeTree(folder) }
  return try await body(folder)
}

private func makeTemporaryDirectory() throws -> String {
  let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  var template = Array("\(base)/memfun-test-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp", on: base) }
  return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Removes a file or a folder; symbolic links are not followed. Failures leave a folder in /tmp.
func removeTree(_ path: String) {
  var status = stat()
  guard lstat(path, &status) == 0 else { return }
  if status.st_mode & S_IFMT == S_IFDIR {
    chmod(path, 0o700)
    for name in namesInDirectory(path) { removeTree(path + "/" + name) }
    rmdir(path)
  } else {
    unlink(path)
  }
}

/// The names in a folder, sorted.
func namesInDirectory(_ path: String) -> [String] {
  guard let stream = opendir(path) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

func readText(_ path: String) throws -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw SystemCallError("open", on: path) }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var space = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = read(descriptor, &space, space.count)
    guard count >= 0 else { throw SystemCallError("read", on: path) }
    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
    bytes += space[..<count]
  }
}

func writeText(_ text: String, to path: String, mode: mode_t = 0o644) throws {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
  guard descriptor >= 0 else { throw SystemCallError("open", on: path) }
  defer { close(descriptor) }
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { throw SystemCallError("write", on: path) }
    bytes = bytes.dropFirst(count)
  }
}

func writeExecutable(_ text: String, to path: String) throws { try writeText(text, to: path, mode: 0o755) }
