/// An error that a person will read, in three parts: what happened, where, and what to do next.
///
/// Every error type of the project conforms. Cases carry data; the sentences are made here, so that
/// the terminal, the log and the JSON output say the same thing.
public protocol MemfunError: Error, CustomStringConvertible {
  /// A stable, machine-readable name such as `config.unknown_key`: lower case, dots between parts.
  var kind: String { get }
  /// What happened, as one sentence without a final full stop.
  var what: String { get }
  /// Where: `file:line:column`, a configuration key, a URL or an id. Nil when there is no place.
  var location: String? { get }
  /// What the reader can do about it. Nil only when nothing can be done.
  var remedy: String? { get }
  /// The exit code of a command that ends with this error.
  var exitCode: ExitCode { get }
  /// Whether the same action may succeed when it is tried again unchanged.
  var isRetryable: Bool { get }
}

extension MemfunError {
  /// No place, unless the error type knows one.
  public var location: String? { nil }
  /// No advice, unless the error type has some.
  public var remedy: String? { nil }
  /// The general failure code.
  public var exitCode: ExitCode { .taskFailed }
  /// Most errors do not mend themselves.
  public var isRetryable: Bool { false }

  /// The three parts on up to three lines.
  public var description: String {
    var lines = [what]
    if let location { lines.append("  at: \(location)") }
    if let remedy { lines.append("  try: \(remedy)") }
    return lines.joined(separator: "\n")
  }

  /// The `error` object of `--json` output: `{kind, message, location, remedy, retryable}`.
  public var json: JSONValue {
    [
      "kind": .string(kind),
      "message": .string(what),
      "location": location.map(JSONValue.string) ?? .null,
      "remedy": remedy.map(JSONValue.string) ?? .null,
      "retryable": .bool(isRetryable),
    ]
  }
}
