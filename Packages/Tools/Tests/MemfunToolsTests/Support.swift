import Glibc
import MemfunCore

@testable import MemfunTools

/// A folder for one test that goes away with it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/memfun-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp") }
    let made = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    guard let real = realpath(made, nil) else { throw SystemCallError("realpath") }
    defer { free(real) }
    path = String(cString: real)
  }

  deinit {
    Self.empty(AT_FDCWD, path)
    rmdir(path)
  }

  /// Removes whatever a test left, read-only folders included.
  private static func empty(_ parent: Int32, _ name: String) {
    fchmodat(parent, name, 0o700, 0)
    let folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard folder >= 0, let listing = try? DirectoryListing(of: folder) else { return }
    defer { close(folder) }
    for entry in listing.entries {
      if listing.withCName(entry, { unlinkat(folder, $0, 0) }) == 0 { continue }
      empty(folder, String(decoding: listing.bytes(entry), as: UTF8.self))
      _ = listing.withCName(entry, { unlinkat(folder, $0, Int32(AT_REMOVEDIR)) })
    }
  }

  /// Writes a file, and the folders it needs.
  func write(_ name: String, _ text: String = "") throws { try write(name, bytes: Array(text.utf8)) }

  func write(_ name: String, bytes: [UInt8]) throws {
    let full = path + "/" + name
    if let slash = full.lastIndex(of: "/") { try Directory.create(String(full[..<slash])) }
    let file = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw SystemCallError("open", on: full) }
    defer { close(file) }
    guard bytes.withUnsafeBytes({ Glibc.write(file, $0.baseAddress, $0.count) }) == bytes.count else {
      throw SystemCallError("write", on: full)
    }
  }

  /// Sets a file's times to the past, so that its stamp is settled.
  func settle(_ name: String, secondsAgo: Int = 100) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    now.tv_sec -= secondsAgo
    let times = [now, now]
    utimensat(AT_FDCWD, path + "/" + name, times, 0)
  }

  /// Runs git in the folder, with an identity and without anybody's settings.
  @discardableResult
  func git(_ arguments: String..., at date: Int = 1_750_000_000, input: [UInt8] = []) async throws
    -> SubprocessResult
  {
    var environment = Subprocess.minimalEnvironment
    environment["HOME"] = path
    environment["GIT_CONFIG_NOSYSTEM"] = "1"
    for who in ["AUTHOR", "COMMITTER"] {
      environment["GIT_\(who)_NAME"] = "Ada"
      environment["GIT_\(who)_EMAIL"] = "ada@example.org"
      environment["GIT_\(who)_DATE"] = "@\(date) +0000"
    }
    return try await Subprocess(
      "git", arguments, environment: environment, workingDirectory: path,
      input: input.isEmpty ? .none : .bytes(input)
    ).run()
  }
}

/// Options that look at nothing outside the test's folders.
func isolatedOptions(cache: String? = nil) -> CodeMapOptions {
  var options = CodeMapOptions(environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent"])
  options.usesCache = cache != nil
  options.cacheFolder = cache
  options.parallelism = 2
  // A checkout may have ast-grep beside the test program; tests say themselves when they want it.
  options.programFolder = nil
  if let astGrep = getenv("MEMFUN_TEST_AST_GREP") { options.astGrep = String(cString: astGrep) }
  return options
}
