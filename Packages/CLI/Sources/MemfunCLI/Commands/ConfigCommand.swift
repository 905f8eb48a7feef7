import Glibc
import MemfunCore

/// `memfun config`: what is configured, where that comes from, and changing it.
enum ConfigCommand {
  static let command = Command(
    group: "config", summary: "Show and change settings",
    discussion: [
      "Later layers win: built-in defaults, /etc/memfun/config.toml, the user's config.toml, the project's "
        + "memfun.toml (searched from the working directory upwards), MEMFUN_… variables, -c key=value."
    ],
    examples: [
      Command.Example("memfun config list --show-origin", "Every setting, and where it comes from"),
      Command.Example("memfun config set model.provider ollama", "Change one, keeping the file's comments"),
    ],
    subcommands: [get, list, set, unset, describe, path])

  private static let showOrigin = Flag("show-origin", "Show where each value was set.")
  private static let key = Argument(
    "KEY", .name, completion: .dynamic(.configurationKeys), "The setting, such as model.name.")

  private static let settingSchema: JSONValue = [
    "type": "object",
    "required": ["key", "value", "default", "layer", "origin"],
    "properties": [
      "key": ["type": "string"],
      "value": ["description": "The effective value."],
      "default": ["description": "The built-in value."],
      "layer": ["enum": ["default", "system", "user", "project", "environment", "command_line"]],
      "origin": ["type": "string", "description": "file:line:column, the variable, or the flag."],
      "type": ["type": "string", "description": "What it may hold."],
      "environment": ["type": "string", "description": "The variable that sets it."],
      "user_only": ["type": "boolean", "description": "Whether a project may not set it."],
      "description": ["type": "string"],
    ],
  ]

  private static func json(_ entry: ConfigurationEntry, _ setting: Configuration.Setting) -> JSONValue {
    [
      "key": .string(entry.name), "value": setting.value.json, "default": entry.defaultValue.json,
      "layer": .string(setting.origin.layer), "origin": .string(setting.origin.description),
      "type": .string(entry.type.description), "environment": .string(entry.environmentName),
      "user_only": .bool(entry.isUserOnly), "description": .string(entry.doc),
    ]
  }

  // MARK: Reading

  private static let get = Command(
    "get", summary: "Print one setting",
    examples: [
      Command.Example("memfun config get model.provider", "The value alone, for scripts"),
      Command.Example("memfun config get model.name --show-origin", "The value, and where it comes from"),
    ],
    options: [showOrigin], arguments: [key], resultSchema: settingSchema
  ) { context in
    let entry = try ConfigurationKeys.entry(named: try context.parsed.required(key), place: "config get")
    let setting = try context.configuration().setting(of: entry)
    let shows = context.parsed.isSet(showOrigin)
    return CommandOutcome(json(entry, setting)) { _ in
      var text = StyledText()
      if shows { text.append(setting.origin.description + "\t", .muted) }
      text.line(setting.value.plain)
      return text
    }
  }

  private static let changed = Flag("changed", "Only settings that are not at their default.")

  private static let list = Command(
    "list", summary: "Print all settings",
    examples: [
      Command.Example("memfun config list", "Every setting with its effective value"),
      Command.Example("memfun config list --changed --show-origin", "What was changed, and where"),
    ],
    options: [showOrigin, changed],
    resultSchema: [
      "type": "object",
      "required": ["settings"],
      "properties": ["settings": ["type": "array", "items": settingSchema]],
    ]
  ) { context in
    let configuration = try context.configuration()
    let onlyChanged = context.parsed.isSet(changed)
    let shown = ConfigurationKeys.all.map { ($0, configuration.setting(of: $0)) }
      .filter { !onlyChanged || $0.1.origin != .builtIn }
    let shows = context.parsed.isSet(showOrigin)
    return CommandOutcome(["settings": .array(shown.map { json($0.0, $0.1) })]) { _ in
      let lines = shown.map { ("\($0.name) = \($1.value.toml)", $1.origin) }
      let width = min(60, lines.map { DisplayWidth.columns(of: $0.0) }.max() ?? 0)
      var text = StyledText()
      for (line, origin) in lines {
        let isDefault = origin == .builtIn
        text.append(shows ? TextWrapping.pad(line, to: width) : line, isDefault ? .plain : .literal)
        text.line(shows ? "  # \(origin)" : "", .muted)
      }
      return text
    }
  }

  private static let someKey = Argument(
    "KEY", .name, isRequired: false, completion: .dynamic(.configurationKeys),
    "The setting, such as model.name; without it, all are described.")

  private static let describe = Command(
    "describe", summary: "Explain a setting: meaning, type, default",
    discussion: ["This needs no valid configuration, so it helps to mend one."],
    examples: [
      Command.Example("memfun config describe model.provider", "One setting"),
      Command.Example("memfun config describe", "Every setting there is"),
    ],
    arguments: [someKey],
    resultSchema: [
      "type": "object",
      "required": ["keys"],
      "properties": [
        "keys": [
          "type": "array",
          "items": [
            "type": "object",
            "required": ["key", "type", "default", "environment", "user_only", "description"],
            "properties": [
              "key": ["type": "string"], "type": ["type": "string"],
              "default": ["description": "The built-in value."],
              "environment": ["type": "string"], "user_only": ["type": "boolean"],
              "description": ["type": "string"],
            ],
          ],
        ]
      ],
    ]
  ) { context in
    let entries =
      try context.parsed.value(of: someKey).map {
        [try ConfigurationKeys.entry(named: $0, place: "config describe")]
      } ?? ConfigurationKeys.all
    return CommandOutcome([
      "keys": .array(
        entries.map { entry in
          [
            "key": .string(entry.name), "type": .string(entry.type.description),
            "default": entry.defaultValue.json, "environment": .string(entry.environmentName),
            "user_only": .bool(entry.isUserOnly), "description": .string(entry.doc),
          ]
        })
    ]) { layout in
      var text = StyledText()
      for (place, entry) in entries.enumerated() {
        if place > 0 { text.line() }
        text.line(entry.name, .heading)
        for line in TextWrapping.wrap(entry.doc, width: layout.width - 2) { text.line("  " + line) }
        text.line("  \(entry.type.description); default \(entry.defaultValue.toml)", .muted)
        text.line("  \(entry.environmentName)\(entry.isUserOnly ? "; not in a project's file" : "")", .muted)
      }
      return text
    }
  }

  // MARK: Changing

  private static let value = Argument(
    "VALUE", .text, "The value; a list is written a,b or as TOML: [\"a\", \"b\"].")
  private static let global = Flag("global", "Change the user's file.")
  private static let project = Flag("project", "Change the project's memfun.toml, or make one here.")

  private static let changeSchema: JSONValue = [
    "type": "object",
    "required": ["key", "path", "layer", "changed"],
    "properties": [
      "key": ["type": "string"],
      "value": ["description": "The value that was set; null after unset."],
      "path": ["type": "string", "description": "The file."],
      "layer": ["enum": ["user", "project"]],
      "changed": ["type": "boolean", "description": "Whether the file had to be changed."],
      "effective": ["type": "boolean", "description": "Whether no stronger layer hides the value."],
    ],
  ]

  private static let places =
    "Without --global or --project, the project's memfun.toml is changed when there is one and the "
    + "setting may stand in it; otherwise the user's file. Comments and order of the file are kept."

  private static let set = Command(
    "set", summary: "Set a value in a file", discussion: [places],
    examples: [
      Command.Example("memfun config set model.provider ollama", "For this project, or for you"),
      Command.Example("memfun config set --global http.proxy http://127.0.0.1:3128", "For you, everywhere"),
    ],
    options: [global, project], arguments: [key, value], resultSchema: changeSchema
  ) { context in
    let entry = try ConfigurationKeys.entry(named: try context.parsed.required(key), place: "config set")
    let scalar = try entry.check(text: try context.parsed.required(value), place: "config set")
    return try change(entry, in: context, value: scalar) { edit throws(ConfigurationProblem) in
      try edit.set(entry.name, to: scalar)
    }
  }

  private static let unset = Command(
    "unset", summary: "Remove a value from a file", discussion: [places],
    examples: [Command.Example("memfun config unset model.base_url", "Let the default be in force again")],
    options: [global, project], arguments: [key], resultSchema: changeSchema
  ) { context in
    let entry = try ConfigurationKeys.entry(named: try context.parsed.required(key), place: "config unset")
    return try change(entry, in: context, value: nil) { edit throws(ConfigurationProblem) in
      try edit.unset(entry.name)
    }
  }

  private static func change(
    _ entry: ConfigurationEntry, in context: CommandContext, value: ConfigurationScalar?,
    _ apply: (inout SettingsEdit) throws(ConfigurationProblem) -> Void
  ) throws -> CommandOutcome {
    let (layer, path) = try target(for: entry, in: context)
    let settings = try context.settings()
    var edit = try SettingsEdit(path: path)
    let before = edit.text
    try apply(&edit)
    let problems = edit.newProblems(settings)
    if !problems.isEmpty { throw ConfigurationError(problems) }
    let isChanged = edit.text != before
    if isChanged {
      if layer == "user" { try Directory.create(path.parentFolder, mode: 0o700) }
      try AtomicFile.write(edit.text, to: path)
    }
    // What hides the new value is worth telling; that the rest of the configuration is broken is not
    // this command's concern.
    let setting = (try? settings.load())?.setting(of: entry)
    let isEffective = setting.map { value == nil || $0.value == value } ?? true
    return CommandOutcome([
      "key": .string(entry.name), "value": value?.json ?? .null, "path": .string(path),
      "layer": .string(layer), "changed": .bool(isChanged), "effective": .bool(isEffective),
    ]) { _ in
      var text = StyledText(entry.name, .literal)
      text.append(value.map { " = \($0.toml)" } ?? " is not set")
      text.line(" in \(path)\(isChanged ? "" : " (as before)")")
      if !isEffective, let setting {
        text.line("but \(setting.origin) sets \(setting.value.toml), which is stronger", .warning)
      }
      return text
    }
  }

  /// The file to change, and its layer.
  private static func target(
    for entry: ConfigurationEntry, in context: CommandContext
  ) throws -> (layer: String, path: String) {
    let parsed = context.parsed
    if parsed.isSet(global), parsed.isSet(project) {
      throw UsageError(.conflict("--global", "--project"), in: parsed.path)
    }
    let settings = try context.settings()
    let projectPath = try settings.projectPath()
    if parsed.isSet(project) {
      // The file of --config belongs to the user, who may set every key in it.
      if entry.isUserOnly, context.global.configFile == nil {
        throw ConfigurationProblem.userOnly(
          key: entry.name, place: projectPath ?? settings.newProjectPath, userFile: settings.userPath)
      }
      return ("project", projectPath ?? settings.newProjectPath)
    }
    if !parsed.isSet(global), let projectPath, !entry.isUserOnly || context.global.configFile != nil {
      return ("project", projectPath)
    }
    return ("user", settings.userPath)
  }

  // MARK: Files

  private static let path = Command(
    "path", summary: "Print the paths of the configuration files",
    examples: [Command.Example("memfun config path", "Which files are read, weakest first")],
    resultSchema: [
      "type": "object",
      "required": ["files"],
      "properties": [
        "files": [
          "type": "array",
          "items": [
            "type": "object",
            "required": ["layer", "path", "exists"],
            "properties": [
              "layer": ["enum": ["system", "user", "project", "credentials"]],
              "path": ["type": "string"],
              "exists": ["type": "boolean"],
            ],
          ],
        ]
      ],
    ]
  ) { context in
    let settings = try context.settings()
    let files = [
      ("system", ConfigurationLoader.systemPath), ("user", settings.userPath),
      ("project", try settings.projectPath() ?? settings.newProjectPath),
      ("credentials", settings.credentialsPath),
    ].map { (layer: $0.0, path: $0.1, exists: access($0.1, F_OK) == 0) }
    return CommandOutcome([
      "files": .array(
        files.map { ["layer": .string($0.layer), "path": .string($0.path), "exists": .bool($0.exists)] })
    ]) { _ in
      var text = StyledText()
      for file in files {
        text.append(TextWrapping.pad(file.layer, to: 13), .muted)
        text.append(file.path)
        text.line(file.exists ? "" : "  (not there)", .muted)
      }
      return text
    }
  }
}
