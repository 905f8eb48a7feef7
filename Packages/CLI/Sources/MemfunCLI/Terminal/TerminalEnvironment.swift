import Glibc

/// What the process is connected to, and what the environment asks for.
public struct TerminalEnvironment: Sendable, Equatable {
  /// Which of the standard streams are terminals.
  public var inputIsTerminal, outputIsTerminal, errorIsTerminal: Bool
  /// Columns for text on standard output; 80 when nothing tells.
  public var width: Int
  /// Whether the locale's encoding is UTF-8.
  public var isUTF8: Bool
  /// The values of NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM.
  var noColor, cliColor, cliColorForce, term: String?

  /// - Parameters:
  ///   - environment: the process environment.
  ///   - terminals: which of standard input, output and error are terminals.
  ///   - windowColumns: the width which the terminal reports, if there is one.
  public init(
    environment: [String: String], terminals: (input: Bool, output: Bool, error: Bool), windowColumns: Int?
  ) {
    inputIsTerminal = terminals.input
    outputIsTerminal = terminals.output
    errorIsTerminal = terminals.error
    let declared = environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    width = max(20, windowColumns ?? declared ?? 80)
    // The order in which setlocale(3) looks; without any of them the locale is "C".
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? "C"
    let encoding = locale.uppercased()
    isUTF8 = encoding.contains("UTF-8") || encoding.contains("UTF8")
    noColor = environment["NO_COLOR"]
    cliColor = environment["CLICOLOR"]
    cliColorForce = environment["CLICOLOR_FORCE"]
    term = environment["TERM"]
  }

  /// Asks the kernel about the standard streams.
  public static func current(environment: [String: String]) -> TerminalEnvironment {
    var size = winsize()
    let output = isatty(STDOUT_FILENO) == 1
    let error = isatty(STDERR_FILENO) == 1
    var columns: Int?
    for (isTerminal, descriptor) in [(output, STDOUT_FILENO), (error, STDERR_FILENO)] where isTerminal {
      if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
        columns = Int(size.ws_col)
        break
      }
    }
    return TerminalEnvironment(
      environment: environment, terminals: (isatty(STDIN_FILENO) == 1, output, error), windowColumns: columns)
  }

  /// Whether a stream gets colours. `--color` decides; then NO_COLOR (no-color.org), CLICOLOR_FORCE,
  /// TERM=dumb and CLICOLOR=0 (bixense.com/clicolors); then whether the stream is a terminal.
  public func usesColor(_ choice: ColorChoice, isTerminal: Bool) -> Bool {
    switch choice {
    case .always: return true
    case .never: return false
    case .auto: break
    }
    if let noColor, !noColor.isEmpty { return false }
    if let cliColorForce, !cliColorForce.isEmpty, cliColorForce != "0" { return true }
    if term == "dumb" || cliColor == "0" { return false }
    return isTerminal
  }

  /// Whether a line of standard error may be rewritten in place.
  public var canRewriteLines: Bool { errorIsTerminal && term != "dumb" }
}
