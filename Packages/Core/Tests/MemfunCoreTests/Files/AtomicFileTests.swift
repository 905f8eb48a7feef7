import Glibc
import Testing

@testable import MemfunCore

/// Whether this process has CAP_SYS_ADMIN (bit 21).
private let mayMount: Bool = {
  guard
    let line = try? readText("/proc/self/status").split(separator: "\n")
      .first(where: { $0.hasPrefix("CapEff:") })
  else { return false }
  return (UInt64(line.dropFirst(7).drop(while: \.isWhitespace), radix: 16) ?? 0) >> 21 & 1 == 1
}()

@Suite("An atomic write")
struct AtomicFileTests {
  private func status(_ path: String) throws -> stat {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw SystemCallError("lstat", on: path) }
    return status
  }

  @Test("creates and replaces a file and leaves nothing else behind", arguments: [true, false])
  func replacing(durable: Bool) async throws {
    try await withTemporaryDirectory { folder in
      let path = folder + "/file"
      try AtomicFile.write("one", to: path, durable: durable)
      #expect(try readText(path) == "one")
      let big = [UInt8](repeating: 7, count: 3_000_000)
      try AtomicFile.write(big, to: path, durable: durable)
      #expect(try WholeFile.read(path) == big)
      try AtomicFile.write([], to: path, durable: durable)
      #expect(try WholeFile.read(path) == [])
      #expect(namesInDirectory(folder) == ["file"])
    }
  }

  @Test("keeps the permissions of an existing file, and sets others only when they are given")
  func permissions() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder + "/file"
      try writeText("old", to: path)
      chmod(path, 0o751)
      try AtomicFile.write("new", to: path)
      #expect(try status(path).st_mode & 0o7777 == 0o751)
      try AtomicFile.write("new", to: path, mode: 0o600)
      #expect(try status(path).st_mode & 0o7777 == 0o600)
      try AtomicFile.write("key", to: folder + "/secret", mode: 0o600)
      #expect(try status(folder + "/secret").st_mode & 0o7777 == 0o600)
      try writeText("", to: folder + "/plain", mode: 0o666)
      try AtomicFile.write("", to: folder + "/fresh")
      #expect(try status(folder + "/fresh").st_mode == status(folder + "/plain").st_mode)
    }
  }

  @Test("keeps owner and group of an existing file", .enabled(if: getuid() == 0))
  func ownership() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder + "/file"
      try writeText("old", to: path)
      #expect(chown(path, 1234, 2345) == 0)
      try AtomicFile.write("new", to: path)
      #expect(try status(path).st_uid == 1234)
      #expect(try status(path).st_gid == 2345)
    }
  }

  @Test("writes through a symbolic link, also one that is relative, chained or dangling")
  func links() async throws {
    try await withTemporaryDirectory { folder in
      mkdir(folder + "/d", 0o755)
      try writeText("old", to: folder + "/d/target")
      symlink("d/second", folder + "/first")
      symlink("target", folder + "/d/second")
      symlink(folder + "/d/fresh", folder + "/dangling")
      symlink("loop", folder + "/loop")
      try AtomicFile.write("new", to: folder + "/first")
      #expect(try readText(folder + "/d/target") == "new")
      #expect(try status(folder + "/first").st_mode & S_IFMT == S_IFLNK)
      #expect(try status(folder + "/d/second").st_mode & S_IFMT == S_IFLNK)
      try AtomicFile.write("made", to: folder + "/dangling")
      #expect(try readText(folder + "/d/fresh") == "made")
      let error = #expect(throws: FileError.self) { try AtomicFile.write("x", to: folder + "/loop") }
      #expect(error?.kind == "file.open")
      #expect(namesInDirectory(folder) == ["d", "dangling", "first", "loop"])
    }
  }

  @Test("fails without a trace on folders, FIFOs, missing folders and bad names")
  func failures() async throws {
    try await withTemporaryDirectory { folder in
      mkdir(folder + "/d", 0o755)
      mkfifo(folder + "/fifo", 0o644)
      for path in ["d", "d/", "fifo", "missing/x", "new/", "a\0b", "", String(repeating: "n", count: 300)] {
        #expect(throws: FileError.self, "\(path)") {
          try AtomicFile.write("x", to: path.isEmpty ? "" : "\(folder)/\(path)")
        }
      }
      #expect(namesInDirectory(folder) == ["d", "fifo"])
      #expect(namesInDirectory(folder + "/d") == [])
    }
  }

  @Test("leaves the old file and no temporary file when the disk is full", .enabled(if: mayMount))
  func diskFull() async throws {
    try await withTemporaryDirectory { folder in
      // A file system of 64 KiB is soon full.
      try #require(
        await Subprocess("mount", ["-t", "tmpfs", "-o", "size=64k", "none", folder]).run().succeeded)
      defer { umount(folder) }
      try AtomicFile.write("old", to: folder + "/file")
      let error = #expect(throws: FileError.self) {
        try AtomicFile.write([UInt8](repeating: 1, count: 200_000), to: folder + "/file")
      }
      #expect(error?.remedy?.contains("disk space") == true)
      #expect(try readText(folder + "/file") == "old")
      #expect(namesInDirectory(folder) == ["file"])
    }
  }

  @Test("never shows a reader a mixture")
  func atomicity() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder + "/file"
      let versions = (0..<2).map { [UInt8](repeating: UInt8($0), count: 100_000) }
      try AtomicFile.write(versions[0], to: path, durable: false)
      let writer = Task.detached {
        for turn in 0..<200 { try AtomicFile.write(versions[turn % 2], to: path, durable: false) }
      }
      for _ in 0..<200 { #expect(versions.contains(try WholeFile.read(path))) }
      try await writer.value
    }
  }
}

@Suite("Reading a whole file")
struct WholeFileTests {
  @Test("refuses a file above the limit and takes one at the limit")
  func limit() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder + "/file"
      try writeText("12345", to: path)
      #expect(try WholeFile.read(path, maximumBytes: 5).count == 5)
      #expect(throws: FileError.tooLarge(path: path, limit: 4)) { try WholeFile.read(path, maximumBytes: 4) }
      #expect(throws: FileError.tooLarge(path: "/proc/self/status", limit: 10)) {
        try WholeFile.read("/proc/self/status", maximumBytes: 10)
      }
    }
  }

  @Test("works for files of /proc, which say that they are empty")
  func proc() throws {
    #expect(String(decoding: try WholeFile.read("/proc/self/status"), as: UTF8.self).contains("Pid:"))
  }

  @Test("does not wait for the writer of a FIFO, and refuses folders and devices", .timeLimit(.minutes(1)))
  func notRegular() async throws {
    try await withTemporaryDirectory { folder in
      mkfifo(folder + "/fifo", 0o644)
      for path in [folder + "/fifo", folder, "/dev/zero"] {
        #expect(throws: FileError.notRegularFile(path: path)) { try WholeFile.read(path) }
      }
    }
  }

  @Test("notices that the file grows while it is read", .timeLimit(.minutes(1)))
  func changing() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder + "/file"
      try writeText(String(repeating: "x", count: 5_000_000), to: path)
      let writer = Task.detached {
        let descriptor = open(path, O_WRONLY | O_APPEND)
        defer { close(descriptor) }
        while !Task.isCancelled { write(descriptor, "y", 1) }
      }
      defer { writer.cancel() }
      var noticed = false
      while !noticed {
        do throws(FileError) { _ = try WholeFile.read(path) } catch {
          #expect(error == .changedWhileRead(path: path))
          noticed = true
        }
      }
      writer.cancel()
      _ = await writer.result
    }
  }
}

@Suite("Folders")
struct DirectoryTests {
  @Test("are made with those above them, and existing ones are left alone")
  func creating() async throws {
    try await withTemporaryDirectory { folder in
      try Directory.create(folder + "/a/b//c/", mode: 0o700)
      var status = stat()
      for path in ["/a", "/a/b", "/a/b/c"] {
        #expect(stat(folder + path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
      }
      try Directory.create(folder + "/a/b/c")
      try Directory.create("/")
      #expect(stat(folder + "/a/b/c", &status) == 0 && status.st_mode & 0o777 == 0o700)
      try writeText("", to: folder + "/file")
      #expect(throws: FileError.notDirectory(path: folder + "/file")) {
        try Directory.create(folder + "/file")
      }
      #expect(throws: FileError.self) { try Directory.create(folder + "/file/x") }
      symlink("nowhere", folder + "/dangling")
      #expect(throws: FileError.self) { try Directory.create(folder + "/dangling/x") }
    }
  }

  @Test("of a user follow the XDG specification")
  func xdg() throws {
    let plain = try XDGDirectories(environment: ["HOME": "/home/u/"])
    #expect(plain.config == "/home/u/.config")
    #expect(plain.cache == "/home/u/.cache")
    #expect(plain.state == "/home/u/.local/state")
    #expect(plain.data == "/home/u/.local/share")
    #expect(plain.runtime == nil)
    let chosen = try XDGDirectories(environment: [
      "HOME": "/home/u", "XDG_CONFIG_HOME": "/c/", "XDG_CACHE_HOME": "relative", "XDG_STATE_HOME": "",
      "XDG_RUNTIME_DIR": "/run/user/1",
    ])
    #expect(chosen.config == "/c")
    #expect(chosen.cache == "/home/u/.cache")
    #expect(chosen.state == "/home/u/.local/state")
    #expect(chosen.runtime == "/run/user/1")
    #expect(throws: FileError.noHomeDirectory(variable: "XDG_CONFIG_HOME")) {
      try XDGDirectories(environment: [:])
    }
    _ = try XDGDirectories(environment: [
      "XDG_CONFIG_HOME": "/a", "XDG_CACHE_HOME": "/b", "XDG_STATE_HOME": "/c", "XDG_DATA_HOME": "/d",
    ])
  }
}
