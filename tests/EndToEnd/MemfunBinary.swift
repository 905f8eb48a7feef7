import Glibc
import MemfunCore
import Testing

/// The program under test: the binary that stands next to this test bundle.
enum MemfunBinary {
  /// What one run left behind.
  struct Run {
    let code: Int32
    let output: String
    let error: String

    /// The one JSON object on standard output.
    func json(_ location: SourceLocation = #_sourceLocation) throws -> JSONValue {
      let value = try JSONParser.parse(output)
      #expect(value.objectValue != nil, "one object", sourceLocation: location)
      #expect(value["exit_code"]?.intValue == Int(code), sourceLocation: location)
      #expect((value["status"] == "ok") == (code == 0), sourceLocation: location)
      return value
    }
  }

  /// Its absolute path.
  static let path: String = {
    if let given = getenv("MEMFUN_BINARY") { return String(cString: given) }
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
    let own = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      + "/memfun"
  }()

  /// The folder of this file.
  static let folder = String(#filePath.dropLast("MemfunBinary.swift".count))

  /// Runs it in `folder` with nothing of the caller's environment but the search path.
  ///
  /// - Parameters:
  ///   - folder: the working directory; also `HOME`.
  ///   - environment: added to the minimal one.
  static func run(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:],
    input: String? = nil
  ) async throws -> Run {
    try await run(path, arguments, in: folder, environment: environment, input: input)
  }

  /// Runs a shell command in which `$MEMFUN` is the binary.
  static func shell(
    _ command: String, in folder: TemporaryFolder, environment: [String: String] = [:],
    shell: String = "/bin/bash"
  ) async throws -> Run {
    try await run(shell, ["-c", command], in: folder, environment: environment, input: nil)
  }

  /// Runs it on a terminal; see Support/terminal.py for the steps.
  static func onTerminal(
    _ arguments: [String], steps: JSONValue = [], columns: Int = 80, in folder: TemporaryFolder,
    environment: [String: String] = [:]
  ) async throws -> Run {
    try await run(
      "/usr/bin/python3",
      [Self.folder + "Support/terminal.py", "\(columns)", steps.description, path] + arguments,
      in: folder, environment: environment.merging(["TERM": "xterm-256color"]) { given, _ in given },
      input: nil)
  }

  private static func run(
    _ program: String, _ arguments: [String], in folder: TemporaryFolder, environment: [String: String],
    input: String?
  ) async throws -> Run {
    var variables = Subprocess.minimalEnvironment
    variables["HOME"] = folder.path
    variables["MEMFUN"] = path
    variables.merge(environment) { $1 }
    let child = Subprocess(
      program, arguments, environment: variables, workingDirectory: folder.path,
      input: input.map { .bytes(Array($0.utf8)) } ?? .none, timeout: .seconds(60))
    let result = try await child.run()
    let code: Int32 =
      switch result.termination {
      case .exited(let code): code
      case .signalled(let signal), .timedOut(let signal): 128 + signal
      }
    return Run(code: code, output: result.output.text, error: result.error.text)
  }
}

/// A folder that is there as long as the value.
final class TemporaryFolder: Sendable {
  /// Absolute, without a slash at the end.
  let path: String

  init() throws {
    var template = Array("/tmp/memfun-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(path) }

  /// Writes a file and the folders above it.
  func write(_ name: String, _ text: String) throws {
    var folder = path
    for part in name.split(separator: "/").dropLast() {
      folder += "/" + part
      mkdir(folder, 0o755)
    }
    guard let file = fopen(path + "/" + name, "w") else { throw SystemCallError("fopen", on: name) }
    fputs(text, file)
    fclose(file)
  }

  /// The text of a file, or nil when there is none.
  func read(_ name: String) -> String? {
    guard let file = fopen(path + "/" + name, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The permission bits of a file, or nil when there is none.
  func mode(_ name: String) -> UInt32? {
    var status = stat()
    return stat(path + "/" + name, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  /// The names in a folder, sorted.
  func names(in name: String = ".") -> [String] { Self.names(at: path + "/" + name) }

  private static func names(at path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func remove(_ path: String) {
    // Nothing depends on the cleaning up; what cannot be removed stays in /tmp.
    if unlink(path) == 0 { return }
    for name in names(at: path) { remove(path + "/" + name) }
    rmdir(path)
  }
}
