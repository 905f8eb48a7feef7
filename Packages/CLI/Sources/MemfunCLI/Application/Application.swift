import Glibc
import MemfunCore

/// From the words of a command line to an exit code.
///
/// Whatever happens, standard output gets either the result for people, or under `--json` exactly one
/// object; errors for people go to standard error.
struct Application {
  let root: Command
  let build: BuildInformation
  let environment: [String: String]
  let terminal: TerminalEnvironment
  let output: any OutputSink
  let error: any OutputSink
  let time: any TimeSource
  let random: any RandomSource

  /// A command line that has been understood as far as possible.
  struct Job: Sendable {
    fileprivate let work: Work
    fileprivate let format: OutputFormat
    fileprivate var console: Console
    fileprivate let redactor = Redactor()
    fileprivate let start: Duration

    /// What can be answered at once, without a thread; nil for a command that has to run.
    var answer: Answer? {
      if case .answer(let answer) = work { answer } else { nil }
    }
  }

  /// A reply that is there already.
  enum Answer: Sendable {
    case wrong(UsageError)
    case help(path: [String])
    case version(full: Bool)
  }

  fileprivate enum Work: Sendable {
    case answer(Answer)
    case command(ParsedCommand, Command.Body)
  }

  /// Understands the command line.
  ///
  /// - Parameter arguments: the bytes of each word, without the program's name.
  func prepare(_ arguments: [[UInt8]]) -> Job {
    let start = time.monotonic()
    let words = arguments.map { String(decoding: $0, as: UTF8.self) }
    do {
      try Self.checkEncoding(arguments)
      let request = try ArgumentParser(root: root, globals: GlobalOptions.declarations).parse(words)
      let global = GlobalOptions(request.parsed)
      return Job(
        work: Self.work(for: request), format: global.output,
        console: console(global.color ?? .auto, isQuiet: global.isQuiet), start: start)
    } catch {
      return Job(
        work: .answer(.wrong(error)), format: GlobalOptions.outputFormat(ofUnparsed: words),
        console: console(GlobalOptions.colorChoice(ofUnparsed: words), isQuiet: false), start: start)
    }
  }

  private func console(_ color: ColorChoice, isQuiet: Bool) -> Console {
    Console(output: output, error: error, terminal: terminal, color: color, isQuiet: isQuiet, time: time)
  }

  private static func work(for request: ParsedRequest) -> Work {
    switch request {
    case .help(let parsed): .answer(.help(path: parsed.path))
    case .version(let parsed): .answer(.version(full: parsed.isSet(GlobalOptions.verbose)))
    case .run(let parsed, let body): .command(parsed, body)
    }
  }

  private static func checkEncoding(_ arguments: [[UInt8]]) throws(UsageError) {
    for (place, bytes) in arguments.enumerated() where String(validating: bytes, as: UTF8.self) == nil {
      let shown = bytes.map { byte in
        byte < 0x80 ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16)
      }.joined()
      throw UsageError(.invalidUTF8(position: place + 1, shown: shown))
    }
  }

  // MARK: Running

  /// Carries the job out and prints what came of it.
  ///
  /// - Parameter interruption: asked when the command ends by an error, whether a signal was the cause.
  func run(_ job: Job, interruption: @Sendable () -> CommandFailure.Interruption? = { nil }) async -> ExitCode
  {
    var job = job
    let (parsed, body): (ParsedCommand, Command.Body)
    switch job.work {
    case .answer(let answer): return reply(answer, to: job)
    case .command(let command, let run): (parsed, body) = (command, run)
    }
    do {
      let global = GlobalOptions(parsed)
      try enter(global.workingDirectory)
      let loaded = CommandContext.Loaded(environment: environment, global: global)
      // Commands that need the configuration report what is wrong with it; the others must work.
      let configuration = (try? loaded.configuration.get()) ?? Configuration()
      if global.color == nil {
        let color = ColorChoice(rawValue: configuration[ConfigurationKeys.outputColor]) ?? .auto
        job.console = console(color, isQuiet: global.isQuiet)
      }
      let log = try Logger(global, configuration, console: job.console, redactor: job.redactor, time: time)
      let context = CommandContext(
        parsed: parsed, global: global, console: job.console, environment: environment, log: log,
        redactor: job.redactor, time: time, random: random, loaded: loaded, build: build, root: root)
      return await run(body, in: context, job, interruption: interruption)
    } catch {
      return report(Self.readable(error), of: parsed.name, job)
    }
  }

  private func run(
    _ body: Command.Body, in context: CommandContext, _ job: Job,
    interruption: @Sendable () -> CommandFailure.Interruption?
  ) async -> ExitCode {
    let name = context.parsed.name
    context.log.info("command started", ["command": .string(name)])
    let code: ExitCode
    do {
      code = report(try await body(context), of: name, job)
    } catch {
      let failure = interruption().map(CommandFailure.interrupted) ?? Self.readable(error)
      context.log.info("command failed", ["command": .string(name), "error": failure.json])
      code = report(failure, of: name, job)
    }
    context.log.info(
      "command ended", ["command": .string(name), "exit_code": .integer(Int64(code.rawValue))])
    return code
  }

  /// Prints help, the version, or what is wrong with the command line.
  func reply(_ answer: Answer, to job: Job) -> ExitCode {
    switch answer {
    case .wrong(let problem):
      if case .missingCommand = problem.problem, job.format == .text {
        let help = HelpFormatter(root: root, width: terminal.width).help(for: problem.path)
        job.console.printError(help + StyledText("\n"))
      }
      return report(problem, of: problem.path.joined(separator: " "), job)
    case .help(let path):
      return report(HelpCommand.outcome(root: root, path: path), of: "help", job)
    case .version(let full):
      return report(VersionCommand.outcome(build, full: full), of: "version", job)
    }
  }

  private func enter(_ folder: String?) throws(CommandFailure) {
    guard let folder else { return }
    if chdir(folder) != 0 {
      throw .workingDirectory(folder, reason: SystemCallError("chdir").reason)
    }
  }

  private static func readable(_ error: any Error) -> any MemfunError {
    switch error {
    case let error as any MemfunError: error
    // Without a signal only a limit inside the command cancels; it should have said so itself.
    case is CancellationError: CommandFailure.unexpected("the command was cancelled")
    default: CommandFailure.unexpected("\(error)")
    }
  }

  // MARK: Reporting

  private func report(_ outcome: CommandOutcome, of command: String, _ job: Job) -> ExitCode {
    let code = outcome.failure?.exitCode ?? .done
    switch job.format {
    case .json:
      let envelope = ResultEnvelope(
        command: command, exitCode: code, result: outcome.result,
        error: outcome.failure.map { job.redactor.scrub($0.json) } ?? .null,
        spending: outcome.spending, duration: time.monotonic() - job.start)
      return deliver(job, code) { () throws(OutputError) in
        guard let streamed = outcome.streamedResult else {
          return try job.console.print(json: envelope.json)
        }
        try job.console.print(streamingJSON: { try envelope.write(to: &$0, result: streamed) })
      }
    case .text:
      let text = outcome.text(job.console.layout)
      let delivered = deliver(job, code) { () throws(OutputError) in try job.console.print(text) }
      if delivered == code, let failure = outcome.failure { show(failure, job) }
      return delivered
    }
  }

  private func report(_ failure: any MemfunError, of command: String, _ job: Job) -> ExitCode {
    job.console.clearProgress()
    switch job.format {
    case .json:
      let envelope = ResultEnvelope(
        command: command, exitCode: failure.exitCode, error: job.redactor.scrub(failure.json),
        duration: time.monotonic() - job.start)
      return deliver(job, failure.exitCode) { () throws(OutputError) in
        try job.console.print(json: envelope.json)
      }
    case .text:
      show(failure, job)
      return failure.exitCode
    }
  }

  /// Prints a result. A reader that has gone does not change the exit code (the work was done, and its
  /// verdict stands); any other failure to write is a failure of the command.
  private func deliver(_ job: Job, _ code: ExitCode, _ print: () throws(OutputError) -> Void) -> ExitCode {
    do {
      try print()
      return code
    } catch .readerGone {
      return code
    } catch {
      show(error, job)
      return code == .done ? error.exitCode : code
    }
  }

  private func show(_ failure: any MemfunError, _ job: Job) {
    var text = StyledText("memfun: error:", .failure) + StyledText(" ")
    func safe(_ text: String) -> String { Self.indentingContinuation(job.redactor.scrub(text)) }
    text.line(safe(failure.what))
    if let location = failure.location {
      text.append("  at: ", .muted)
      text.line(safe(location))
    }
    if let remedy = failure.remedy {
      text.append("  try: ", .muted)
      text.line(safe(remedy))
    }
    job.console.printError(text)
  }

  private static func indentingContinuation(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n      ")
  }
}
