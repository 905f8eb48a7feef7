import Glibc
import MemfunCore
import Testing

@Suite("Files that follow from the table of keys")
struct ConfigurationFilesTests {
  /// A file of the repository, whose root follows from the place of this file.
  private func repositoryPath(_ name: String) -> String {
    "/" + #filePath.split(separator: "/").dropLast(6).joined(separator: "/") + "/" + name
  }

  private func repositoryFile(_ name: String) throws -> String {
    String(decoding: try WholeFile.read(repositoryPath(name)), as: UTF8.self)
  }

  /// With MEMFUN_REGENERATE set the files are written anew instead of compared.
  private var regenerates: Bool { getenv("MEMFUN_REGENERATE") != nil }

  @Test("memfun.toml.example is what the table renders")
  func example() throws {
    if regenerates {
      try AtomicFile.write(ConfigurationKeys.exampleFile, to: repositoryPath("memfun.toml.example"))
    }
    #expect(try repositoryFile("memfun.toml.example") == ConfigurationKeys.exampleFile)
  }

  @Test("the example with its settings uncommented gives exactly the defaults")
  func exampleIsDefault() throws {
    let lines = ConfigurationKeys.exampleFile.split(separator: "\n", omittingEmptySubsequences: false)
    let uncommented = lines.map { line in
      let bare = line.hasPrefix("# ") ? line.dropFirst(2) : line
      return ConfigurationKeys.all.contains { bare.hasPrefix($0.shortName + " = ") }
        ? String(bare) : String(line)
    }.joined(separator: "\n")
    let loaded = try ConfigurationLoader(
      environment: [:], workingDirectory: "/", userPath: "/u",
      read: { $0 == "/u" ? Array(uncommented.utf8) : nil }
    ).load()
    for entry in ConfigurationKeys.all {
      #expect(loaded.setting(of: entry).value == entry.defaultValue)
      #expect(loaded.setting(of: entry).origin.layer == "user", "\(entry.name) is not in the example")
    }
  }

  @Test("docs/configuration.md holds the table of keys")
  func documentation() throws {
    if regenerates {
      let old = try repositoryFile("docs/configuration.md")
      let lines = old.split(separator: "\n", omittingEmptySubsequences: false)
      let first = lines.firstIndex { $0.hasPrefix("| key |") } ?? lines.endIndex
      let end = lines[first...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
      let new =
        lines[..<first].joined(separator: "\n") + "\n" + ConfigurationKeys.markdownTable
        + lines[end...].joined(separator: "\n")
      try AtomicFile.write(new, to: repositoryPath("docs/configuration.md"))
    }
    #expect(try repositoryFile("docs/configuration.md").contains(ConfigurationKeys.markdownTable))
  }

  @Test("credentials that others can read are refused with the command that mends it")
  func credentials() throws {
    var template = Array("/tmp/memfun-credentials-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer { unlink(folder + "/c.toml"); rmdir(folder) }
    let path = folder + "/c.toml"
    try AtomicFile.write("[anthropic]\napi_key = \"sk-secret\"\n", to: path, mode: 0o600)
    #expect(try Credentials(path: path)["anthropic"] == Secret("sk-secret"))
    #expect(try Credentials(path: path)["openai"] == nil)
    #expect(try Credentials(path: folder + "/none.toml")["anthropic"] == nil)
    chmod(path, 0o640)
    let error = #expect(throws: ConfigurationError.self) { try Credentials(path: path) }
    #expect(error?.remedy == "chmod 600 \(path)")
  }
}
