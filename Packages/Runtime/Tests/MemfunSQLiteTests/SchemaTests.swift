import Glibc
import MemfunCore
import MemfunRuntime
import Testing

@testable import MemfunSQLite

@Suite("Opening a file")
struct SchemaTests {
  private func inFolder(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/memfun-sqlite-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try await body(folder + "/runtime.db")
    for name in ["", "-wal", "-shm", ".shared", ".ballast"] { unlink(folder + "/runtime.db" + name) }
    rmdir(folder + "/runtime.db.bells")
    rmdir(folder)
  }

  @Test("a schema of a newer program is refused and left as it is")
  func newer() async throws {
    try await inFolder { path in
      await (try Runtime.sqlite(path: path)).close()
      let database = try Connection(path: path, mode: .writer)
      try database.run("INSERT INTO migration(ordinal, name, applied) VALUES (99, 'from the future', 0)")
      let expected = RuntimeError.schemaNewer(
        path: path, found: Schema.migrations.count + 1, supported: Schema.migrations.count)
      await #expect(throws: expected) { try await Runtime.sqlite(path: path) }
    }
  }

  @Test("a folder that does not exist is an error with the path")
  func noFolder() async throws {
    await #expect(throws: RuntimeError.self) { try await Runtime.sqlite(path: "/nonexistent/folder/x.db") }
  }

  @Test("a volatile file is refused")
  func volatile() async throws {
    await #expect(throws: RuntimeError.self) {
      try await Runtime.sqlite(path: "/tmp/x.db", durability: .process)
    }
  }
}
