import Glibc
import MemfunCore

/// From a plan to the files that carry it out.
struct SetupWriting {
  let plan: SetupPlan
  let current: SetupDialogue.Current
  let settings: Settings

  private static let projectHeader = """
    # Memfun's settings for this project. 'memfun config list' prints every key.
    # Keys are never written here: name an environment variable in model.api_key_env.

    """

  /// All files, those first that the others rely on.
  ///
  /// - Throws: `ConfigurationError` when the settings would not be valid.
  func files() throws -> [SetupFiles.File] {
    var files: [SetupFiles.File] = []
    if let key = plan.storedKey { files.append(try credentials(with: key)) }
    let project = try projectEdit()
    let problems = project.newProblems(settings)
    // Whoever names a server in the setup trusts it; a project's file alone could not say so.
    let hosts = problems.compactMap { problem -> String? in
      if case .untrustedHost(let host, _, _) = problem { host } else { nil }
    }
    if !hosts.isEmpty {
      let user = try userEdit(trusting: hosts)
      let left = project.newProblems(settings, with: [user.path: user.text])
      if !left.isEmpty { throw ConfigurationError(left) }
      files.append(file(user, folderMode: 0o700))
    } else if !problems.isEmpty {
      throw ConfigurationError(problems)
    }
    files.append(SetupFiles.File(path: settings.workingDirectory + "/.memfun/.gitignore", text: "*\n"))
    if plan.draftsAgents, !current.hasAgents { files.append(try agents()) }
    files.append(file(project, folderMode: 0o777))
    return files
  }

  private func file(_ edit: SettingsEdit, folderMode: UInt32) -> SetupFiles.File {
    SetupFiles.File(path: edit.path, text: String(decoding: edit.text, as: UTF8.self), folderMode: folderMode)
  }

  private func projectEdit() throws -> SettingsEdit {
    var edit = try SettingsEdit(path: settings.newProjectPath, initial: Self.projectHeader)
    try edit.set(ConfigurationKeys.modelProvider.entry.name, to: .string(plan.provider))
    let isNewProvider = current.provider != plan.provider
    for (key, value) in [
      (ConfigurationKeys.modelName, plan.model), (ConfigurationKeys.modelBaseURL, plan.baseURL),
      (ConfigurationKeys.modelAPIKeyEnv, plan.keyVariable),
    ] {
      if let value {
        try edit.set(key.entry.name, to: .string(value))
      } else if isNewProvider {
        // What was said about the old provider is not true of the new one.
        try edit.unset(key.entry.name)
      }
    }
    return edit
  }

  private func userEdit(trusting hosts: [String]) throws -> SettingsEdit {
    var edit = try SettingsEdit(path: settings.userPath)
    let key = ConfigurationKeys.modelTrustedHosts
    // Without the project's new text the configuration is the one that was loaded before.
    let trusted = try settings.load()[key]
    try edit.set(key.entry.name, to: .strings(trusted + hosts.filter { !trusted.contains($0) }))
    return edit
  }

  private func credentials(with key: String) throws -> SetupFiles.File {
    var edit = try SettingsEdit(path: settings.credentialsPath)
    try edit.set("\(plan.provider).api_key", to: .string(key))
    return SetupFiles.File(
      path: edit.path, text: String(decoding: edit.text, as: UTF8.self), mode: 0o600, folderMode: 0o700)
  }

  private func agents() throws -> SetupFiles.File {
    let folder = settings.workingDirectory
    let facts = ProjectFacts(
      name: folder.split(separator: "/").last.map(String.init) ?? "project",
      entries: try Self.entries(of: folder)
    ) { name in
      // A file that cannot be read as text proves nothing about the project.
      (try? WholeFile.read(folder + "/" + name, maximumBytes: 1 << 20)).flatMap {
        String(validating: $0, as: UTF8.self)
      }
    }
    return SetupFiles.File(path: folder + "/AGENTS.md", text: AgentsDraft.markdown(for: facts))
  }

  /// The names in a folder; those of folders end with `/`. Names that are not UTF-8 are left out.
  private static func entries(of folder: String) throws -> [String] {
    guard let directory = opendir(folder) else { throw SystemCallError("opendir", on: folder) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      guard let name, name != ".", name != ".." else { continue }
      var status = stat()
      let isFolder = stat(folder + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      names.append(isFolder ? name + "/" : name)
    }
    return names
  }
}
