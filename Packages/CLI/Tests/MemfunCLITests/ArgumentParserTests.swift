import MemfunCore
import Testing

@testable import MemfunCLI

/// A small tree that has every kind of declaration.
enum SampleTree {
  static let limit = Option("limit", short: "n", "N", .integer(in: -100...100), default: "5", "A number.")
  static let tag = Option("tag", "TAG", .text, isRepeatable: true, "A tag.")
  static let mode = Option("mode", "MODE", .choice(["fast", "slow"]), "A choice.")
  static let force = Flag("force", short: "f", "A flag.")
  static let key = Argument("KEY", .name, "A name.")
  static let value = Argument("VALUE", .text, isRequired: false, isRepeatable: true, "Texts.")

  static let root = Command(
    group: "memfun", summary: "A sample",
    subcommands: [
      Command(
        group: "config", summary: "A group",
        subcommands: [
          Command(
            "get", summary: "Get it", options: [limit, tag, mode, force], arguments: [key, value],
            resultSchema: ["type": "object"]
          ) { _ in CommandOutcome(["ok": true]) { _ in StyledText("ok\n") } },
          Command("list", summary: "List it", resultSchema: ["type": "object"]) { _ in
            CommandOutcome([:]) { _ in StyledText("listed\n") }
          },
        ])
    ])

  static func parse(_ words: String...) throws(UsageError) -> ParsedCommand {
    try ArgumentParser(root: root, globals: GlobalOptions.declarations).parse(words).parsed
  }
}

@Suite("Command lines")
struct ArgumentParserTests {
  @Test("name=value, the next word, an attached letter and a bundle all give the value")
  func valueForms() throws {
    for words in [
      ["--limit=7"], ["--limit", "7"], ["-n7"], ["-n", "7"], ["-fn7"], ["-fn", "7"], ["-qfn", "7"],
    ] {
      let request = try ArgumentParser(root: SampleTree.root, globals: GlobalOptions.declarations)
        .parse(["config", "get"] + words + ["key"])
      #expect(request.parsed.value(of: SampleTree.limit) == 7)
      #expect(request.parsed.value(of: SampleTree.key) == "key")
    }
  }

  @Test("the declared default stands for a missing option; repeated ones: last wins or all count")
  func repetition() throws {
    let parsed = try SampleTree.parse("config", "get", "k", "--tag", "a", "--tag=b", "-n1", "-n2")
    #expect(parsed.values(of: SampleTree.tag) == ["a", "b"])
    #expect(parsed.value(of: SampleTree.limit) == 2)
    #expect(try SampleTree.parse("config", "get", "k").value(of: SampleTree.limit) == 5)
    #expect(try SampleTree.parse("config", "get", "k").value(of: SampleTree.mode) == nil)
  }

  @Test("global options stand anywhere, own options anywhere after the command")
  func placement() throws {
    let parsed = try SampleTree.parse(
      "--json", "config", "-q", "get", "--force", "k", "--cwd", "/x", "v", "-c", "a.b=1")
    let global = GlobalOptions(parsed)
    #expect(global.output == .json && global.isQuiet && global.workingDirectory == "/x")
    #expect(global.assignments == ["a.b=1"])
    #expect(parsed.isSet(SampleTree.force))
    #expect(parsed.values(of: SampleTree.value) == ["v"])
  }

  @Test("-- ends the options; - and negative numbers are operands; empty words are operands")
  func operands() throws {
    let parsed = try SampleTree.parse("config", "get", "-", "-5", "", "-.5e3", "--", "--force", "-x")
    #expect(parsed.value(of: SampleTree.key) == "-")
    #expect(parsed.values(of: SampleTree.value) == ["-5", "", "-.5e3", "--force", "-x"])
    #expect(!parsed.isSet(SampleTree.force))
    #expect(try SampleTree.parse("config", "get", "k", "--limit", "-5").value(of: SampleTree.limit) == -5)
    #expect(try SampleTree.parse("config", "get", "k", "--tag=").values(of: SampleTree.tag) == [""])
    #expect(try SampleTree.parse("config", "get", "k", "--tag", "").values(of: SampleTree.tag) == [""])
    #expect(try SampleTree.parse("config", "get", "k", "--tag=-x=y").values(of: SampleTree.tag) == ["-x=y"])
  }

  @Test(
    "wrong command lines say what is wrong and where",
    arguments: [
      (["cofig"], "usage.unknown_command", "config"),
      ([""], "usage.unknown_command", "--help"),
      (["config", "gett"], "usage.unknown_command", "memfun config get"),
      (["config"], "usage.missing_command", "--help"),
      ([], "usage.missing_command", "--help"),
      (["config", "get", "--forse", "k"], "usage.unknown_option", "--force"),
      (["config", "get", "-z", "k"], "usage.unknown_option", "--help"),
      (["config", "get", "-fz", "k"], "usage.unknown_option", "--help"),
      (["config", "get", "-force", "k"], "usage.unknown_option", "--force"),
      (["--force", "config", "get", "k"], "usage.misplaced_option", "memfun config get"),
      (["config", "get", "k", "--limit"], "usage.missing_value", "--help"),
      (["config", "get", "k", "--limit", "--json"], "usage.missing_value", "--limit=--json"),
      (["config", "get", "k", "--limit", "101"], "usage.invalid_value", "--help"),
      (["config", "get", "k", "--limit", ""], "usage.invalid_value", "--help"),
      (["config", "get", "k", "--mode", "fasst"], "usage.invalid_value", "fast"),
      (["config", "get", "k", "--force=yes"], "usage.unexpected_value", "--help"),
      (["config", "get"], "usage.missing_argument", "--help"),
      (["config", "get", ""], "usage.invalid_value", "--help"),
      (["config", "list", "x"], "usage.unexpected_argument", "--help"),
      (["config", "list", "-c", "novalue"], "usage.invalid_value", "--help"),
      (["config", "list", "--output", "yaml"], "usage.invalid_value", "--help"),
      (["config", "list", "-", "--"], "usage.unexpected_argument", "--help"),
    ])
  func wrong(words: [String], kind: String, advice: String) throws {
    let error = try #require(throws: UsageError.self) {
      try ArgumentParser(root: SampleTree.root, globals: GlobalOptions.declarations).parse(words)
    }
    #expect(error.kind == kind)
    #expect(error.exitCode == .usage)
    #expect(error.remedy?.contains(advice) == true, "\(error)")
  }

  @Test("help is given also when the rest of the line is wrong, on the level that was named")
  func help() throws {
    for words in [
      ["config", "get", "-h"], ["config", "get", "--help", "--bogus"], ["-h", "config", "get"],
    ] {
      let request = try ArgumentParser(root: SampleTree.root, globals: GlobalOptions.declarations).parse(
        words)
      guard case .help(let parsed) = request else {
        Issue.record("\(words) is no request for help")
        continue
      }
      #expect(parsed.path == ["config", "get"])
    }
  }

  @Test("of contradicting global options the last wins")
  func contradictions() throws {
    let first = GlobalOptions(
      try SampleTree.parse("config", "list", "--json", "--output", "text", "-q", "-vv", "--no-color"))
    #expect(first.output == .text && first.verbosity == 2 && !first.isQuiet && first.color == .never)
    let second = GlobalOptions(
      try SampleTree.parse("config", "list", "--no-color", "--color=always", "-v", "-q"))
    #expect(second.color == .always && second.isQuiet && second.verbosity == 0)
  }

  @Test("random command lines give a request or a UsageError, never a trap")
  func randomLines() {
    let words = [
      "config", "get", "list", "-", "--", "---", "-=", "--=", "--limit", "--limit=", "-n", "-nf", "-n-1", "",
      "=",
      "é", "--é", "-é", "\u{0}", "--json", "-h", "--cwd", "-c", "-cx=y", "--set", "🙂", "-🙂", "--tag", "-1",
      "--1",
    ]
    let random = SeededRandomSource(seed: 42)
    var requests = 0
    for _ in 0..<20_000 {
      let line = (0..<Int(random.next() % 7)).map { _ in words[Int(random.next() % UInt64(words.count))] }
      do {
        _ = try ArgumentParser(root: SampleTree.root, globals: GlobalOptions.declarations).parse(line)
        requests += 1
      } catch {
        #expect(!error.what.isEmpty && error.exitCode == .usage)
      }
    }
    #expect(requests > 100)
  }

  @Test(
    "times add up their parts",
    arguments: [
      ("90", 90.0), ("90s", 90), ("1h30m", 5400), ("500ms", 0.5), ("1.5m", 90), ("2d", 172_800),
    ])
  func durations(text: String, seconds: Double) {
    #expect(ValueType<Duration>.duration.parse(text) == .milliseconds(Int64(seconds * 1000)))
  }

  @Test(
    "what is no time is refused",
    arguments: ["", "0", "-5", "s", "5x", "1h x", "1.2.3", "99999999999d", "5 m", "٣"])
  func badDurations(text: String) {
    #expect(ValueType<Duration>.duration.parse(text) == nil)
  }
}
