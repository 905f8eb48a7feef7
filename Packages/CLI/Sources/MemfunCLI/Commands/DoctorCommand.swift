import Glibc
import MemfunCore

/// `memfun doctor`: looks at everything memfun needs, and says how to mend what is not well.
enum DoctorCommand {
  private static let noModel = Flag("no-model", "Send no request to the configured model.")

  static let command = Command(
    "doctor", summary: "Check what memfun needs, and say how to mend it",
    discussion: [
      "Warnings mean that memfun works with less; the exit code is then 0. A failed check means that "
        + "something which was configured cannot work; the exit code is then 1. A configured model is asked "
        + "for one word, which a hosted provider charges for."
    ],
    examples: [
      Command.Example("memfun doctor", "Look at everything"),
      Command.Example("memfun doctor --json", "The same for programs"),
      Command.Example("memfun doctor --no-model", "Without a request to the model"),
    ],
    options: [noModel],
    resultSchema: [
      "type": "object",
      "required": ["checks", "summary"],
      "properties": [
        "checks": [
          "type": "array",
          "items": [
            "type": "object",
            "required": ["name", "status", "detail", "remedy", "facts"],
            "properties": [
              "name": ["type": "string", "description": "Stable name, such as program.git."],
              "status": ["type": "string", "enum": ["ok", "warning", "failed"]],
              "detail": ["type": "string", "description": "What was found."],
              "remedy": ["type": ["string", "null"], "description": "How to mend it."],
              "facts": ["type": "object", "description": "Versions, paths and numbers."],
            ],
          ],
        ],
        "summary": [
          "type": "object",
          "required": ["ok", "warning", "failed"],
          "properties": [
            "ok": ["type": "integer"], "warning": ["type": "integer"], "failed": ["type": "integer"],
          ],
        ],
      ],
    ]
  ) { context in
    context.console.progress("looking at programs and settings")
    let environment = EnvironmentChecks(terminal: context.console.terminal, environment: context.environment)
    let configuration = (try? context.loaded.configuration.get()) ?? Configuration()
    let configured = [
      "git": configuration[ConfigurationKeys.toolsGit], "ctags": configuration[ConfigurationKeys.toolsCtags],
      "ast-grep": configuration[ConfigurationKeys.toolsAstGrep],
    ].filter { !$0.value.isEmpty }
    async let programs = ProgramChecks(
      configured: configured, programFolder: programFolder, environment: context.environment
    ).findings()
    async let model = ModelCheck(context: context, isAsked: !context.parsed.isSet(noModel)).finding()
    var findings = [versionFinding(context.build)]
    findings += ConfigurationChecks(loaded: context.loaded).findings()
    findings += await programs
    findings.append(await model)
    findings.append(environment.terminalFinding())
    try Task.checkCancellation()
    return outcome(findings)
  }

  /// The folder of the running binary; nil where /proc does not tell.
  private static var programFolder: String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &buffer, buffer.count)
    guard length > 0 else { return nil }
    return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self).parentFolder
  }

  private static func versionFinding(_ build: BuildInformation) -> DoctorFinding {
    .ok("memfun", build.line, facts: ["version": .string(build.version), "commit": .string(build.commit)])
  }

  /// The report, and a failure when any check failed.
  static func outcome(_ findings: [DoctorFinding]) -> CommandOutcome {
    func count(_ status: DoctorFinding.Status) -> Int { findings.count { $0.status == status } }
    let failed = findings.filter { $0.status == .failed }.map(\.name)
    return CommandOutcome(
      [
        "checks": .array(findings.map(\.json)),
        "summary": [
          "ok": .int(count(.ok)), "warning": .int(count(.warning)), "failed": .int(count(.failed)),
        ],
      ],
      failure: failed.isEmpty ? nil : DoctorFailure(names: failed)
    ) { layout in text(findings, width: layout.width) }
  }

  private static func text(_ findings: [DoctorFinding], width: Int) -> StyledText {
    let nameWidth = min(28, findings.map { DisplayWidth.columns(of: $0.name) }.max() ?? 0)
    var text = StyledText()
    for finding in findings {
      switch finding.status {
      case .ok: text.append("✓ ", .success)
      case .warning: text.append("! ", .warning)
      case .failed: text.append("✗ ", .failure)
      }
      text.append(TextWrapping.pad(finding.name, to: nameWidth) + "  ")
      let column = 4 + nameWidth
      let lines = TextWrapping.wrap(finding.detail, width: max(20, width - column))
      for (place, line) in lines.enumerated() {
        text.line((place == 0 ? "" : String(repeating: " ", count: column)) + line)
      }
      if let remedy = finding.remedy {
        for (place, line) in TextWrapping.wrap(remedy, width: max(20, width - 9)).enumerated() {
          text.append(place == 0 ? "    try: " : "         ", .muted)
          text.line(line)
        }
      }
    }
    return text
  }
}
