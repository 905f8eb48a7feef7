import MemfunAgent
import MemfunCore

/// How `memfun analyze` fails, beyond what the code map and the model report.
enum AnalyzeFailure: MemfunError, Equatable {
  /// No page can be written to the file of `--html`.
  case htmlFile(path: String, reason: String, remedy: String)
  /// The time of `--max-time` was over before there was a report.
  case timeLimit(Duration)
  /// The report breaks conditions of `--fail-on`; how many, and each with its numbers.
  case violations([String])

  var kind: String {
    switch self {
    case .htmlFile: "analyze.html_file"
    case .timeLimit: "analyze.time_limit"
    case .violations: "analyze.fail_on"
    }
  }

  var what: String {
    switch self {
    case .htmlFile(_, let reason, _): "the page cannot be written: \(reason)"
    case .timeLimit(let limit): "the time limit of \(limit) was reached before the code map was complete"
    case .violations(let list):
      "\(list.count == 1 ? "a condition is" : "\(list.count) conditions are") broken:\n"
        + list.joined(separator: "\n")
    }
  }

  var location: String? {
    if case .htmlFile(let path, _, _) = self { path } else { nil }
  }

  var remedy: String? {
    switch self {
    case .htmlFile(_, _, let remedy): remedy
    case .timeLimit: "raise --max-time, or leave out folders with --exclude"
    case .violations: "mend the code at the places in the report, or raise the limit"
    }
  }

  var exitCode: ExitCode {
    switch self {
    case .htmlFile: .usage
    case .timeLimit: .wallClock
    case .violations: .verification
    }
  }

  var isRetryable: Bool { if case .timeLimit = self { true } else { false } }
}
