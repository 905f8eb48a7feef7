import Glibc
import MemfunCore

/// Looks at the configuration: is it valid, and who may read and change its files.
struct ConfigurationChecks {
  let loaded: CommandContext.Loaded

  func findings() -> [DoctorFinding] {
    var findings = validity()
    // Without settings there is no path to look at, and `validity` has said why.
    guard let settings = try? loaded.settings.get() else { return findings }
    let project = (try? settings.projectPath()) ?? nil
    findings += [
      EnvironmentChecks.privacyFinding("files.user", path: settings.userPath, isSecret: false),
      project.flatMap { EnvironmentChecks.privacyFinding("files.project", path: $0, isSecret: false) },
      EnvironmentChecks.privacyFinding("files.credentials", path: settings.credentialsPath, isSecret: true),
      EnvironmentChecks.privacyFinding(
        "files.memfun", path: settings.workingDirectory + "/.memfun", isSecret: false),
    ].compactMap { $0 }
    return findings
  }

  private func validity() -> [DoctorFinding] {
    do {
      let configuration = try loaded.configuration.get()
      let origins = ConfigurationKeys.all.map { configuration.setting(of: $0).origin }.filter {
        $0 != .builtIn
      }
      let detail =
        origins.isEmpty ? "valid; everything has its default" : "valid; \(origins.count) settings are made"
      let warnings = configuration.warnings.map {
        DoctorFinding.warning("config.environment", $0, remedy: "correct or unset the variable")
      }
      return [.ok("config", detail, facts: ["settings": .int(origins.count)])] + warnings
    } catch let error as ConfigurationError {
      return error.problems.map(Self.finding)
    } catch {
      return [Self.finding(error as? any MemfunError ?? CommandFailure.unexpected("\(error)"))]
    }
  }

  private static func finding(_ problem: any MemfunError) -> DoctorFinding {
    .failed(
      "config", (problem.location.map { $0 + ": " } ?? "") + problem.what,
      remedy: problem.remedy ?? "correct it", facts: ["kind": .string(problem.kind)])
  }
}
