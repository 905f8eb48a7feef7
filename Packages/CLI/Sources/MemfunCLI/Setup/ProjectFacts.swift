import MemfunCore

/// What the files at the top of a project say about working on it. Only what a file proves is said.
struct ProjectFacts: Sendable, Equatable {
  /// What a command is for.
  enum Purpose: String, Sendable, CaseIterable {
    case build = "Build"
    case test = "Test"
    case lint = "Lint"
    case format = "Format"
    case run = "Run"
  }

  /// A command line, and the file that proves it.
  struct Command: Sendable, Equatable {
    let purpose: Purpose
    let line: String
    let source: String
  }

  /// The name of the folder.
  var name: String
  /// Kinds of projects: "Swift package".
  var kinds: [String] = []
  /// Commands, by purpose; the project's own wrapper (make, package scripts) before the tool's.
  var commands: [Command] = []
  /// Folders at the top, sorted, without hidden and generated ones.
  var folders: [String] = []
  /// Documents at the top: README, CONTRIBUTING and the like.
  var documents: [String] = []
  /// Files that decide how code is laid out or checked.
  var conventions: [String] = []

  /// - Parameters:
  ///   - name: the name of the project's folder.
  ///   - entries: names at the top; folders end with `/`.
  ///   - read: gives the text of a file at the top, or nil when it cannot be read.
  init(name: String, entries: [String], read: (String) -> String?) {
    self.name = name
    let files = Set(entries.filter { !$0.hasSuffix("/") })
    folders = entries.filter {
      $0.hasSuffix("/") && !$0.hasPrefix(".") && !Self.generated.contains(String($0.dropLast()))
    }
    .sorted()
    documents = entries.filter { entry in
      Self.documentStems.contains { entry.uppercased().hasPrefix($0) } && !entry.hasSuffix("/")
    }.sorted()
    conventions = Self.conventionFiles.filter(files.contains)
    if files.contains("Makefile"), let text = read("Makefile") { addMake(text) }
    if files.contains("justfile"), let text = read("justfile") { addJust(text) }
    if files.contains("package.json"), let text = read("package.json") { addNode(text, files) }
    for (file, kind, commands) in Self.tools where files.contains(file) {
      add(kind: kind, commands, source: file)
    }
    if files.contains("pyproject.toml") || files.contains("setup.py") || files.contains("setup.cfg") {
      addPython(files, folders: Set(folders), text: read("pyproject.toml") ?? "")
    }
    let order = Dictionary(uniqueKeysWithValues: Purpose.allCases.enumerated().map { ($1, $0) })
    commands = commands.enumerated().sorted {
      (order[$0.element.purpose] ?? 0, $0.offset) < (order[$1.element.purpose] ?? 0, $1.offset)
    }.map(\.element)
  }

  private static let generated: Set<String> = [
    "node_modules", "target", "build", "dist", "out", "venv", "__pycache__", "vendor", "DerivedData", "site",
  ]
  private static let documentStems = [
    "README", "CONTRIBUTING", "ARCHITECTURE", "CHANGELOG", "SECURITY", "HACKING",
  ]
  private static let conventionFiles = [
    ".editorconfig", ".swift-format", ".swiftlint.yml", ".clang-format", ".clang-tidy", ".prettierrc",
    ".prettierrc.json", ".eslintrc.json", ".eslintrc.js", "eslint.config.js", "eslint.config.mjs",
    "tsconfig.json", "rustfmt.toml", "clippy.toml", ".golangci.yml", "ruff.toml", ".flake8", "mypy.ini",
    ".rubocop.yml", ".pre-commit-config.yaml",
  ]

  private static let tools: [(file: String, kind: String, commands: [(Purpose, String)])] = [
    ("Package.swift", "Swift package", [(.build, "swift build"), (.test, "swift test")]),
    ("Cargo.toml", "Rust crate", [(.build, "cargo build"), (.test, "cargo test"), (.lint, "cargo clippy")]),
    ("go.mod", "Go module", [(.build, "go build ./..."), (.test, "go test ./..."), (.lint, "go vet ./...")]),
    ("pom.xml", "Maven project", [(.build, "mvn package"), (.test, "mvn test")]),
    ("gradlew", "Gradle project", [(.build, "./gradlew build"), (.test, "./gradlew test")]),
    (
      "CMakeLists.txt", "CMake project",
      [(.build, "cmake -B build && cmake --build build"), (.test, "ctest --test-dir build")]
    ),
    (
      "meson.build", "Meson project",
      [(.build, "meson setup build && ninja -C build"), (.test, "meson test -C build")]
    ),
    ("mix.exs", "Elixir project", [(.build, "mix compile"), (.test, "mix test")]),
    ("Gemfile", "Ruby project", [(.build, "bundle install")]),
    ("composer.json", "PHP project", [(.build, "composer install")]),
  ]

  private static let taskPurposes: [String: Purpose] = [
    "build": .build, "all": .build, "compile": .build, "test": .test, "tests": .test, "check": .test,
    "lint": .lint, "typecheck": .lint, "format": .format, "fmt": .format, "run": .run, "start": .run,
    "dev": .run,
  ]

  private mutating func add(kind: String, _ commands: [(Purpose, String)], source: String) {
    kinds.append(kind)
    for (purpose, line) in commands {
      self.commands.append(Command(purpose: purpose, line: line, source: source))
    }
  }

  /// Targets are lines `name: …` that do not begin with white space; `name := …` assigns.
  private mutating func addMake(_ text: String) {
    var seen: Set<Substring> = []
    for line in text.split(whereSeparator: \.isNewline) {
      guard let colon = line.firstIndex(of: ":"), let first = line.first, first.isLetter else { continue }
      let rest = line[line.index(after: colon)...]
      guard !rest.hasPrefix("="), !rest.hasPrefix(":=") else { continue }
      for name in line[..<colon].split(separator: " ") {
        guard let purpose = Self.taskPurposes[String(name)], seen.insert(name).inserted else { continue }
        commands.append(Command(purpose: purpose, line: "make \(name)", source: "Makefile"))
      }
    }
  }

  private mutating func addJust(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      let name = line.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
      guard let purpose = Self.taskPurposes[String(name)], line.contains(":"), !line.contains(":=") else {
        continue
      }
      commands.append(Command(purpose: purpose, line: "just \(name)", source: "justfile"))
    }
  }

  private mutating func addNode(_ text: String, _ files: Set<String>) {
    // A file that is not JSON proves nothing; the person will see that in their own tools.
    guard let package = try? JSONParser.parse(text) else { return }
    kinds.append(files.contains("tsconfig.json") ? "TypeScript package" : "JavaScript package")
    let tool =
      files.contains("pnpm-lock.yaml")
      ? "pnpm"
      : files.contains("yarn.lock")
        ? "yarn" : files.contains("bun.lockb") || files.contains("bun.lock") ? "bun" : "npm"
    for (name, script) in package["scripts"]?.objectValue ?? JSONObject() {
      guard let purpose = Self.taskPurposes[name], script.stringValue != nil else { continue }
      commands.append(Command(purpose: purpose, line: "\(tool) run \(name)", source: "package.json"))
    }
  }

  private mutating func addPython(_ files: Set<String>, folders: Set<String>, text: String) {
    kinds.append("Python project")
    let source =
      files.contains("pyproject.toml")
      ? "pyproject.toml" : files.contains("setup.py") ? "setup.py" : "setup.cfg"
    let runner = files.contains("uv.lock") ? "uv run " : files.contains("poetry.lock") ? "poetry run " : ""
    let usesPytest =
      text.contains("pytest") || files.contains("pytest.ini") || files.contains("conftest.py")
      || folders.contains("tests/")
    if usesPytest { commands.append(Command(purpose: .test, line: runner + "pytest", source: source)) }
    if text.contains("[tool.ruff") || files.contains("ruff.toml") {
      commands.append(Command(purpose: .lint, line: runner + "ruff check", source: source))
    }
    if text.contains("[tool.mypy") || files.contains("mypy.ini") {
      commands.append(Command(purpose: .lint, line: runner + "mypy .", source: source))
    }
  }
}
