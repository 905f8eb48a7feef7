import Glibc
import MemfunCore
import Synchronization

/// The two output streams of the process, and the rules for what may go where: results on standard
/// output, everything else on standard error; nothing that a terminal would obey, but our own colours.
public final class Console: Sendable {
  /// What the streams are connected to.
  public let terminal: TerminalEnvironment
  /// Whether notes and progress are left out.
  public let isQuiet: Bool
  private let output: any OutputSink
  private let error: any OutputSink
  private let outputRenderer: TextRenderer
  private let errorRenderer: TextRenderer
  private let progressState: Mutex<ProgressLine>
  private let time: any TimeSource
  private let showsProgress: Bool

  /// - Parameters:
  ///   - output: standard output.
  ///   - error: standard error.
  ///   - terminal: what they are connected to.
  ///   - color: the user's choice.
  ///   - isQuiet: leaves out notes and progress.
  ///   - time: paces the progress line.
  public init(
    output: any OutputSink, error: any OutputSink, terminal: TerminalEnvironment, color: ColorChoice,
    isQuiet: Bool, time: any TimeSource
  ) {
    self.output = output
    self.error = error
    self.terminal = terminal
    self.isQuiet = isQuiet
    self.time = time
    outputRenderer = TextRenderer(
      usesColor: terminal.usesColor(color, isTerminal: terminal.outputIsTerminal),
      isASCIIOnly: !terminal.isUTF8, isTerminal: terminal.outputIsTerminal)
    errorRenderer = TextRenderer(
      usesColor: terminal.usesColor(color, isTerminal: terminal.errorIsTerminal),
      isASCIIOnly: !terminal.isUTF8, isTerminal: terminal.errorIsTerminal)
    progressState = Mutex(ProgressLine(width: terminal.width))
    showsProgress = terminal.canRewriteLines && !isQuiet
  }

  /// What text on standard output must fit into.
  public var layout: TextLayout {
    TextLayout(width: terminal.width, isTerminal: terminal.outputIsTerminal)
  }

  /// Prints a result.
  public func print(_ text: StyledText) throws(OutputError) {
    clearProgress()
    try output.write(outputRenderer.bytes(of: text))
  }

  /// Prints one JSON value on a line of its own: indented on a terminal, else compact.
  public func print(json value: JSONValue) throws(OutputError) {
    clearProgress()
    var bytes = JSONSerializer.bytes(of: value, layout: terminal.outputIsTerminal ? .pretty : .compact)
    if terminal.outputIsTerminal { bytes = JSONEscaping.escapeActive(bytes) }
    if !terminal.isUTF8 { bytes = JSONEscaping.escapeNonASCII(bytes) }
    bytes.append(0x0A)
    try output.write(bytes)
  }

  /// Prints one JSON value that `body` writes piece by piece, compact, on a line of its own.
  ///
  /// - Parameter body: throws only what the writer throws.
  public func print(
    streamingJSON body: (inout JSONStreamWriter) throws -> Void
  ) throws(OutputError) {
    clearProgress()
    // The writer hands over whole tokens, so that no character is cut in two.
    var writer = JSONStreamWriter { [output, terminal] block in
      var bytes = block
      if terminal.outputIsTerminal { bytes = JSONEscaping.escapeActive(bytes) }
      if !terminal.isUTF8 { bytes = JSONEscaping.escapeNonASCII(bytes) }
      try output.write(bytes)
    }
    do {
      try body(&writer)
      try writer.finish()
      try output.write([0x0A])
    } catch let error as OutputError {
      throw error
    } catch {
      // Only the sink above throws, and only an OutputError.
      throw .writeFailed(stream: "standard output", code: EIO)
    }
  }

  /// Writes to standard error, above the progress line. That stream is for the eye: when it cannot be
  /// written there is nobody to tell, and the result is not affected.
  public func printError(_ text: StyledText) {
    progressState.withLock { progress in
      let bytes = progress.erase() + errorRenderer.bytes(of: text)
      try? error.write(bytes + progress.redraw(renderer: errorRenderer))
    }
  }

  /// A remark that does not change the result; left out with `-q`.
  public func note(_ text: String) {
    if !isQuiet { printError(StyledText("memfun: note: ", .muted) + StyledText(text + "\n")) }
  }

  /// Something the user should mend, though the command goes on.
  public func warn(_ text: String) {
    printError(StyledText("memfun: warning: ", .warning) + StyledText(text + "\n"))
  }

  /// Shows how far the work is: one line, rewritten in place, only when standard error is a terminal,
  /// at most 30 times a second. Call it as often as something happens.
  public func progress(_ text: String) {
    guard showsProgress else { return }
    let now = time.monotonic()
    progressState.withLock { progress in
      // A frame that cannot be shown is not missed.
      if let frame = progress.update(text, at: now, renderer: errorRenderer) { try? error.write(frame) }
    }
  }

  /// Takes the progress line away.
  public func clearProgress() {
    progressState.withLock { progress in
      let bytes = progress.end()
      // As above: standard error is for the eye only.
      if !bytes.isEmpty { try? error.write(bytes) }
    }
  }
}

/// What text output must fit into.
public struct TextLayout: Sendable, Equatable {
  /// Columns.
  public var width: Int
  /// Whether a person reads it now; otherwise it may go into a file, and `width` is only a wish.
  public var isTerminal: Bool

  /// - Parameters:
  ///   - width: columns, at least 20.
  ///   - isTerminal: whether the text goes to a terminal.
  public init(width: Int, isTerminal: Bool) {
    self.width = width
    self.isTerminal = isTerminal
  }
}
