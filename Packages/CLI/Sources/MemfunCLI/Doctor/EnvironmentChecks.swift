import Glibc
import MemfunCore

/// Looks at what surrounds the process: terminal, locale, and who may read private files.
struct EnvironmentChecks {
  let terminal: TerminalEnvironment
  let environment: [String: String]

  /// What the output will look like, and why.
  func terminalFinding() -> DoctorFinding {
    let facts: JSONObject = [
      "stdin_is_terminal": .bool(terminal.inputIsTerminal),
      "stdout_is_terminal": .bool(terminal.outputIsTerminal),
      "stderr_is_terminal": .bool(terminal.errorIsTerminal), "width": .int(terminal.width),
      "utf8": .bool(terminal.isUTF8), "term": environment["TERM"].map(JSONValue.string) ?? .null,
      "colors": .bool(terminal.usesColor(.auto, isTerminal: terminal.outputIsTerminal)),
    ]
    let place =
      terminal.outputIsTerminal
      ? "\(environment["TERM"] ?? "a terminal"), \(terminal.width) columns" : "output is no terminal"
    if !terminal.isUTF8 {
      return .warning(
        "terminal", "\(place); the locale is not UTF-8, so output keeps to ASCII",
        remedy: "set LANG=C.UTF-8 or another UTF-8 locale", facts: facts)
    }
    return .ok("terminal", "\(place), UTF-8", facts: facts)
  }

  /// Whether a private file or folder is private. Nil when it does not exist.
  ///
  /// - Parameters:
  ///   - isSecret: a file of keys: others who can read it are a failure, not a remark.
  static func privacyFinding(_ name: String, path: String, isSecret: Bool) -> DoctorFinding? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let mode = String(status.st_mode & 0o7777, radix: 8)
    let facts: JSONObject = [
      "path": .string(path), "mode": .string(mode), "owner": .integer(Int64(status.st_uid)),
    ]
    if status.st_uid != geteuid() {
      return .failed(
        name, "\(path) belongs to user \(status.st_uid)", remedy: "chown $(id -u) '\(path)'", facts: facts)
    }
    let others = status.st_mode & (isSecret ? 0o077 : 0o022)
    if others == 0 { return .ok(name, "\(path) has mode \(mode)", facts: facts) }
    let wanted = status.st_mode & S_IFMT == S_IFDIR ? "700" : isSecret ? "600" : "go-w"
    let remedy = "chmod \(wanted) '\(path)'"
    return isSecret
      ? .failed(name, "others may read \(path) (mode \(mode))", remedy: remedy, facts: facts)
      : .warning(name, "others may write \(path) (mode \(mode))", remedy: remedy, facts: facts)
  }
}
