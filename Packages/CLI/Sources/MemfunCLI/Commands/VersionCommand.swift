import MemfunCore

/// `memfun version` and `memfun --version`.
enum VersionCommand {
  static let command = Command(
    "version", summary: "Show the version, the commit and the platform",
    examples: [
      Command.Example("memfun version", "Details for a bug report"),
      Command.Example("memfun --version", "One line"),
      Command.Example("memfun version --json", "The same for programs"),
    ],
    resultSchema: [
      "type": "object",
      "required": ["version", "commit", "platform", "architecture", "build"],
      "properties": [
        "version": ["type": "string", "description": "Semantic version."],
        "commit": ["type": "string", "description": "Git revision, or unknown."],
        "platform": ["type": "string"],
        "architecture": ["type": "string"],
        "build": ["type": "string", "enum": ["debug", "release"]],
      ],
    ]
  ) { context in outcome(context.build, full: true) }

  /// - Parameter full: false gives the one line of `--version`.
  static func outcome(_ build: BuildInformation, full: Bool) -> CommandOutcome {
    let details: [(String, String)] = [
      ("version", build.version), ("commit", build.commit), ("platform", platform),
      ("architecture", architecture), ("build", configuration),
    ]
    return CommandOutcome(.object(details.map { ($0.0, .string($0.1)) })) { _ in
      var text = StyledText(build.line + "\n")
      if full {
        for (name, value) in details.dropFirst() {
          text.append(TextWrapping.pad("  " + name, to: 16), .muted)
          text.line(value)
        }
      }
      return text
    }
  }

  #if os(Linux)
  private static let platform = "linux"
  #elseif os(macOS)
  private static let platform = "macos"
  #else
  private static let platform = "unknown"
  #endif

  #if arch(x86_64)
  private static let architecture = "x86_64"
  #elseif arch(arm64)
  private static let architecture = "arm64"
  #else
  private static let architecture = "unknown"
  #endif

  #if DEBUG
  private static let configuration = "debug"
  #else
  private static let configuration = "release"
  #endif
}
