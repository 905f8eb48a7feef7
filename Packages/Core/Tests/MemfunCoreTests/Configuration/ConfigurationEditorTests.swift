import MemfunCore
import Testing

@Suite("Editing configuration files")
struct ConfigurationEditorTests {
  func edited(_ text: String, _ key: String, _ value: ConfigurationScalar) throws -> String {
    var editor = try ConfigurationEditor(Array(text.utf8), path: "f")
    try editor.set(key, to: value)
    return String(decoding: editor.text, as: UTF8.self)
  }

  @Test(
    "only the value changes",
    arguments: [
      ("# top\n[model]\nname = \"a\"  # why\n\n[log]\n", "# top\n[model]\nname = \"b\"  # why\n\n[log]\n"),
      ("[model]\nname=\"ä\" # ö\n", "[model]\nname=\"b\" # ö\n"),
      ("model.name = 'a'\n", "model.name = \"b\"\n"),
      (
        "model = { name = \"a\", provider = \"ollama\" }\n",
        "model = { name = \"b\", provider = \"ollama\" }\n"
      ),
      ("[model]\r\nname = \"a\"\r\n# end", "[model]\r\nname = \"b\"\r\n# end"),
      ("[model]\nname = \"\"\"a\nb\"\"\" # c\n", "[model]\nname = \"b\" # c\n"),
      ("\u{FEFF}model.name = \"a\"", "\u{FEFF}model.name = \"b\""),
    ])
  func replace(before: String, after: String) throws {
    #expect(try edited(before, "model.name", .string("b")) == after)
  }

  @Test(
    "a new value goes to the end of its section",
    arguments: [
      ("", "[model]\nname = \"b\"\n"),
      ("[log]\nlevel = \"info\"", "[log]\nlevel = \"info\"\n\n[model]\nname = \"b\"\n"),
      (
        "[model]\nprovider = \"ollama\" # x\n\n# log\n[log]\n",
        "[model]\nprovider = \"ollama\" # x\nname = \"b\"\n\n# log\n[log]\n"
      ),
      ("[model]\n", "[model]\nname = \"b\"\n"),
      ("[model]", "[model]\nname = \"b\"\n"),
      ("[model]\r\nprovider = \"ollama\"\r\n", "[model]\r\nprovider = \"ollama\"\r\nname = \"b\"\r\n"),
      ("model.provider = \"ollama\"\n", "model.provider = \"ollama\"\nmodel.name = \"b\"\n"),
      ("model = { provider = \"ollama\" }\n", "model = { provider = \"ollama\", name = \"b\" }\n"),
      ("model = {}\n", "model = { name = \"b\" }\n"),
      ("[model.sub]\nx = 1\n", "[model.sub]\nx = 1\n\n[model]\nname = \"b\"\n"),
    ])
  func insert(before: String, after: String) throws {
    #expect(try edited(before, "model.name", .string("b")) == after)
  }

  @Test(
    "unsetting removes the line, or the member of an inline table",
    arguments: [
      ("[model]\nname = \"a\" # x\nprovider = \"ollama\"\n", "[model]\nprovider = \"ollama\"\n"),
      ("model = { name = \"a\", provider = \"ollama\" }\n", "model = { provider = \"ollama\" }\n"),
      ("model = { provider = \"ollama\", name = \"a\" }\n", "model = { provider = \"ollama\" }\n"),
      ("[model]\nprovider = \"ollama\"\n", "[model]\nprovider = \"ollama\"\n"),
    ])
  func unset(before: String, after: String) throws {
    var editor = try ConfigurationEditor(Array(before.utf8), path: "f")
    try editor.unset("model.name")
    #expect(String(decoding: editor.text, as: UTF8.self) == after)
  }

  @Test("a section that is no table is not overwritten")
  func refused() throws {
    var editor = try ConfigurationEditor(Array("model = 3\n".utf8), path: "f")
    #expect(throws: ConfigurationProblem.self) { try editor.set("model.name", to: .string("b")) }
    #expect(String(decoding: editor.text, as: UTF8.self) == "model = 3\n")
  }

  @Test(
    "strings of every kind survive",
    arguments: ["", "a\"b\\c", "line\nbreak", "\u{1}\u{7F}", "ä日本🙂", "#no comment", "'"])
  func strings(text: String) throws {
    let result = try edited("[model]\n", "model.name", .string(text))
    let table = try TOMLDocument(Array(result.utf8), source: "f").root["model"]?.node.table
    #expect(table?["name"]?.node.value == .string(text))
  }

  @Test("random edits of random files change one value and keep every other line", arguments: 0..<60)
  func property(seed: UInt64) throws {
    let random = SeededRandomSource(seed: seed)
    func pick<T>(_ items: [T]) -> T { items[Int(random.next() % UInt64(items.count))] }
    let newline = pick(["\n", "\r\n"])
    var lines: [String] = []
    for section in ["model", "analyze", "log"] where random.unit() < 0.8 {
      lines.append(pick(["[\(section)]", "[ \(section) ] # head"]))
      for entry in ConfigurationKeys.all where entry.section == section && random.unit() < 0.5 {
        lines.append(pick(["", "# note é", "  "]))
        lines.append("\(entry.shortName) = \(entry.defaultValue.toml)" + pick(["", " # why", "\t#ü"]))
      }
    }
    let before = lines.joined(separator: newline) + pick(["", newline])
    let entry = pick(ConfigurationKeys.all)
    var editor = try ConfigurationEditor(Array(before.utf8), path: "f")
    let value = entry.defaultValue
    try editor.set(entry.name, to: value)
    let after = String(decoding: editor.text, as: UTF8.self)
    let document = try TOMLDocument(editor.text, source: "f")
    let node = try #require(document.root[entry.section]?.node.table?[entry.shortName]?.node)
    #expect(try entry.check(node.value, place: "f") == value)
    // Every old line but that of the key is still there, in order.
    var rest = after.split(separator: newline, omittingEmptySubsequences: false)[...]
    for line in lines where !line.hasPrefix("\(entry.shortName) =") {
      let place = rest.firstIndex { $0 == line }
      #expect(place != nil, "lost: \(line)")
      rest = rest[((place ?? rest.startIndex) + 1)...]
    }
  }
}
