import Glibc
import Synchronization
import Testing

@testable import MemfunCore

@Suite("A logger")
struct LoggerTests {
  private let time = ManualTimeSource(start: Timestamp(rfc3339: "2026-11-21T09:30:00.25Z")!)

  private func logger(
    _ sinks: [any LogSink], filter: LogFilter = LogFilter(minimum: .trace), redactor: Redactor = Redactor()
  ) -> Logger {
    Logger(subsystem: "http", filter: filter, sinks: sinks, redactor: redactor, time: time)
  }

  @Test("writes records with time, level, subsystem, message and fields")
  func records() {
    let sink = MemorySink()
    let logger = logger([sink]).with(["host": "h", "n": 1])
    logger.warning("slow", ["n": 2])
    logger.subsystem("models").info("ok")
    #expect(
      sink.records == [
        LogRecord(
          time: time.now(), level: .warning, subsystem: "http", message: "slow",
          fields: ["host": "h", "n": 2]),
        LogRecord(
          time: time.now(), level: .info, subsystem: "models", message: "ok", fields: ["host": "h", "n": 1]),
      ])
  }

  @Test("drops what is below the level, without evaluating it")
  func levels() {
    let sink = MemorySink()
    let logger = logger([sink], filter: LogFilter(minimum: .warning, overrides: ["models": .debug]))
    let evaluated = Mutex(0)
    func message() -> String {
      evaluated.withLock { $0 += 1 }
      return "m"
    }
    logger.info(message())
    logger.error(message())
    logger.subsystem("models.anthropic").debug(message())
    logger.subsystem("models").trace(message())
    logger.subsystem("modelsx").debug(message())
    Logger.disabled.error(message())
    #expect(sink.records.map(\.level) == [.error, .debug])
    #expect(evaluated.withLock { $0 } == 2)
    #expect(!logger.isEnabled(.info) && logger.isEnabled(.warning) && !Logger.disabled.isEnabled(.error))
  }

  @Test("lets no secret pass to any sink")
  func redaction() {
    let sink = MemorySink()
    let redactor = Redactor()
    redactor.register(Secret("topsecret"))
    let logger = logger([sink], redactor: redactor).with(["api_key": "whatever"])
    logger.info("uses topsecret", ["url": "https://h/?key=topsecret", "list": ["topsecret"]])
    let text = "\(sink.records)"
    #expect(!text.contains("topsecret") && !text.contains("whatever"))
  }

  @Test("shows control and direction characters in text lines instead of sending them")
  func visible() {
    let record = LogRecord(
      time: time.now(), level: .info, subsystem: "a\u{1b}[31m", message: "x\ny\u{7}\u{202e}\u{9b}z é日",
      fields: ["k\n": "v\u{1b}", "plain": "word", "q": "two words", "n": 1.5, "e": ""])
    let line = LogFormat.text.line(for: record)
    #expect(
      line
        == #"2026-11-21T09:30:00.250Z info a\u{1b}[31m: x\ny\u{7}\u{202e}\u{9b}z é日 k\n="v\u001b" plain=word q="two words" n=1.5 e="""#
    )
    #expect(!line.unicodeScalars.contains(where: VisibleText.isHidden))
  }

  @Test("writes one JSON object a line in the JSON format")
  func json() throws {
    let record = LogRecord(
      time: time.now(), level: .error, subsystem: "s", message: "a\nb", fields: ["n": 9_007_199_254_740_993])
    let line = LogFormat.json.line(for: record)
    #expect(!line.contains("\n"))
    #expect(
      try JSONParser.parse(line) == [
        "time": "2026-11-21T09:30:00.250Z", "level": "error", "subsystem": "s", "message": "a\nb",
        "fields": ["n": 9_007_199_254_740_993],
      ])
  }

  @Test("sends a terminal nothing to obey in the JSON format either, and loses no character")
  func visibleJSON() throws {
    let text = "\u{1b}[31m\u{9b}31m\u{202e}\u{E0041}\u{2028} é 日 \n"
    let record = LogRecord(
      time: time.now(), level: .info, subsystem: "s", message: text, fields: ["k\u{85}": .string(text)])
    let line = LogFormat.json.line(for: record)
    #expect(!line.unicodeScalars.contains(where: VisibleText.isHidden))
    let value = try JSONParser.parse(line)
    #expect(value["message"] == .string(text))
    #expect(value["fields"] == ["k\u{85}": .string(text)])
  }

  @Test("appends whole lines to a private file, also when several writers share it")
  func file() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder + "/log"
      let long = String(repeating: "x", count: 10_000)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<4 {
          // A sink of its own: another open file, as another process would have.
          let sink = try LineSink.file(path, format: .json, redactor: Redactor())
          let logger = logger([sink])
          group.addTask {
            for number in 0..<50 {
              logger.info("m", ["w": .int(writer), "i": .int(number), "x": .string(long)])
            }
            #expect(sink.lostLines == 0)
          }
        }
        try await group.waitForAll()
      }
      let lines = try readText(path).split(separator: "\n")
      #expect(lines.count == 200)
      for line in lines { #expect(try JSONParser.parse(String(line))["fields"]?["x"] == .string(long)) }
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }
  }

  @Test("counts lines that cannot be written, and refuses a file that cannot be opened")
  func failures() throws {
    let full = try LineSink.file("/dev/full", format: .text, redactor: Redactor())
    logger([full]).info("lost")
    #expect(full.lostLines == 1)
    #expect(throws: FileError.self) {
      try LineSink.file("/no/such/folder/log", format: .text, redactor: Redactor())
    }
  }

  @Test("scrubs the finished line once more, when a secret comes together from its parts")
  func assembled() throws {
    var ends: (Int32, Int32) = (0, 0)
    withUnsafeMutablePointer(to: &ends) { $0.withMemoryRebound(to: Int32.self, capacity: 2) { _ = pipe($0) } }
    defer { close(ends.0) }
    let redactor = Redactor()
    redactor.register(Secret("left=right"))
    let sink = LineSink.descriptor(ends.1, format: .text, redactor: redactor)
    logger([sink], redactor: redactor).info("m", ["left": "right"])
    close(ends.1)
    var space = [UInt8](repeating: 0, count: 1000)
    let count = read(ends.0, &space, 1000)
    #expect(String(decoding: space[..<count], as: UTF8.self).hasSuffix("m «redacted»\n"))
  }

  @Test(
    "knows levels by name",
    arguments: [
      ("trace", LogLevel.trace), ("WARN", .warning), ("Warning", .warning), ("error", .error), ("loud", nil),
    ])
  func names(name: String, level: LogLevel?) { #expect(LogLevel(name) == level) }

  @Test("keeps only the latest records in memory")
  func memory() {
    let sink = MemorySink(limit: 3)
    let logger = logger([sink])
    for number in 1...5 { logger.info("\(number)") }
    #expect(sink.records.map(\.message) == ["3", "4", "5"])
  }
}
