import Testing

@testable import MemfunCore

@Suite("Laws of layers")
struct ConfigurationLayeringTests {
  private static let user = "/u.toml"

  /// A value of the entry's type, other than the default where the type has others.
  private func value(of entry: ConfigurationEntry, _ random: SeededRandomSource) -> ConfigurationScalar {
    let number = Int(random.next() % 97)
    return switch entry.type {
    case .string:
      .string(["", "plain", "with \"quotes\" and \\", "ä 日本 🙂", "4.5", "true", "a#b=c"][number % 7])
    case .variable: .string(["", "MY_KEY", "OTHER_API_KEY"][number % 3])
    case .integer(let range): .integer(min(range.upperBound, range.lowerBound + number))
    case .float(let range): .float(min(range.upperBound, range.lowerBound + Double(number) / 64))
    case .bool: .bool(number % 2 == 0)
    case .choice(let words): .string(words[number % words.count])
    case .duration: .string(["1s", "250ms", "1h30m", "90s"][number % 4])
    case .byteCount: [.string("64KiB"), .integer(number), .string("1MiB")][number % 3]
    case .strings: .strings([[], ["a"], ["a b", "c,d", "\"", "é"]][number % 3])
    }
  }

  @Test("the last layer that sets a key decides its value and origin", arguments: 0..<100 as Range<UInt64>)
  func precedence(seed: UInt64) throws {
    let random = SeededRandomSource(seed: seed)
    var files: [String: String] = [:]
    var environment = ["HOME": "/home/u"]
    var overrides: [String] = []
    var expected: [String: (ConfigurationScalar, String)] = [:]
    // The address and the variable of a project are subject to trust, which has tests of its own.
    let entries = ConfigurationKeys.all.filter {
      !["model.base_url", "model.api_key_env"].contains($0.name) && $0.section != "budget"
    }
    for entry in entries {
      for (layer, path) in [
        ("system", ConfigurationLoader.systemPath), ("user", Self.user), ("project", "/p/memfun.toml"),
      ] where random.unit() < 0.4 {
        if layer == "project", entry.isUserOnly { continue }
        let value = value(of: entry, random)
        files[path, default: ""] += "\(entry.name) = \(value.toml)\n"
        expected[entry.name] = (value, layer)
      }
      if random.unit() < 0.3 {
        let value = value(of: entry, random)
        environment[entry.environmentName] = value.toml
        expected[entry.name] = (value, "environment")
      }
      if random.unit() < 0.3 {
        let value = value(of: entry, random)
        overrides.append("\(entry.name)=\(value.toml)")
        expected[entry.name] = (value, "command_line")
      }
    }
    let content = files
    let loaded = try ConfigurationLoader(
      environment: environment, workingDirectory: "/p", userPath: Self.user,
      read: { content[$0].map { Array($0.utf8) } }
    ).load(overrides: overrides)
    for entry in entries {
      let setting = loaded.setting(of: entry)
      #expect(setting.value == expected[entry.name]?.0 ?? entry.defaultValue, "\(entry.name)")
      #expect(setting.origin.layer == expected[entry.name]?.1 ?? "default", "\(entry.name)")
    }
  }

  @Test(
    "what is set by an edit is what is loaded, and every other line stays",
    arguments: 0..<100 as Range<UInt64>)
  func setThenGet(seed: UInt64) throws {
    let random = SeededRandomSource(seed: seed)
    func pick<T>(_ items: [T]) -> T { items[Int(random.next() % UInt64(items.count))] }
    let newline = pick(["\n", "\r\n"])
    var lines = [pick(["# top", "", "\u{FEFF}# é"])]
    var hasHeader = false
    for section in ["model", "analyze", "log", "budget"] where random.unit() < 0.8 {
      let members = ConfigurationKeys.all.filter { $0.section == section && random.unit() < 0.4 }
      // Behind a header, dotted keys and inline tables would belong to its table.
      switch hasHeader ? 0 : random.next() % 3 {
      case 0:
        hasHeader = true
        lines.append(pick(["[\(section)]", "[ \(section) ]  # head", "  [\"\(section)\"]"]))
        for entry in members {
          lines.append(pick(["", "  # [fake]", "\t"]))
          lines.append(
            pick(["", "  "]) + "\(entry.shortName)=\(value(of: entry, random).toml)" + pick(["", " # ü"]))
        }
      case 1:
        for entry in members {
          lines.append("\(entry.section) . \(entry.shortName) = \(value(of: entry, random).toml)")
        }
      default:
        let inline = members.map { "\($0.shortName) = \(value(of: $0, random).toml)" }
        lines.append("\(section) = { \(inline.joined(separator: ", ")) }" + pick(["", " # inline"]))
      }
    }
    let before = lines.joined(separator: newline) + pick(["", newline])
    let entry = pick(ConfigurationKeys.all)
    let wanted = value(of: entry, random)
    var editor = try ConfigurationEditor(Array(before.utf8), path: "f")
    try editor.set(entry.name, to: wanted)
    let text = editor.text
    let table = try TOMLDocument(text, source: "f").root[entry.section]?.node.table
    let node = try #require(table?[entry.shortName]?.node)
    #expect(try entry.check(node.value, place: "f") == wanted)

    // Lines that do not hold the key are all still there, in order.
    let after = String(decoding: text, as: UTF8.self).split(
      separator: newline, omittingEmptySubsequences: false)
    var rest = after[...]
    for line in before.split(separator: newline, omittingEmptySubsequences: false)
    where !line.contains(entry.shortName) && !line.contains("{") {
      let place = rest.firstIndex { $0 == line }
      #expect(place != nil, "lost: \(line)")
      rest = rest[((place ?? rest.startIndex) + 1)...]
    }

    try editor.unset(entry.name)
    #expect(
      try TOMLDocument(editor.text, source: "f").root[entry.section]?.node.table?[entry.shortName] == nil)
  }

  @Test("an empty variable is not set, unless empty is a value")
  func emptyVariables() throws {
    let loaded = try ConfigurationLoader(
      environment: ["MEMFUN_ANALYZE_CHURN_DAYS": "", "MEMFUN_MODEL_NAME": "", "MEMFUN_BUDGET_MAX_TIME": ""],
      workingDirectory: "/p", userPath: Self.user,
      read: { $0 == Self.user ? Array("model.name = \"m\"\n".utf8) : nil }
    ).load()
    #expect(loaded[ConfigurationKeys.analyzeChurnDays] == 365)
    #expect(loaded[ConfigurationKeys.modelName] == "")
    #expect(loaded.origin(of: ConfigurationKeys.budgetMaxTime) == .builtIn)
  }

  @Test("a time of zero is refused where it would make every request fail")
  func zeroTimes() {
    for (text, isAccepted) in [
      ("model.connect_timeout=0s", false), ("model.idle_timeout=0ms", false), ("budget.max_time=0s", true),
    ] {
      let loader = ConfigurationLoader(
        environment: [:], workingDirectory: "/", userPath: Self.user, read: { _ in nil })
      #expect(((try? loader.load(overrides: [text])) != nil) == isAccepted, "\(text)")
    }
  }

  @Test("a file of nonsense is refused soon, with a short message")
  func floodOfProblems() {
    let text =
      (0..<60_000).map { "k\($0)=1\n" }.joined() + "\"" + String(repeating: "x", count: 300_000) + "\"=1"
    let bytes = Array(text.utf8)
    let loader = ConfigurationLoader(
      environment: [:], workingDirectory: "/", userPath: Self.user,
      read: { $0 == Self.user ? bytes : nil })
    let error = #expect(throws: ConfigurationError.self) { try loader.load() }
    #expect((error?.description.utf8.count ?? 0) < 10_000)
  }

  @Test("names in messages cannot control the terminal, and are short")
  func hostileNames() {
    let problem = ConfigurationProblem.unknownKey(
      "\u{1B}]0;x\u{7}" + String(repeating: "y", count: 1000), place: "f:1:1", suggestion: nil)
    #expect(!problem.what.unicodeScalars.contains { $0.value < 0x20 })
    #expect(problem.what.count < 200)
  }
}
