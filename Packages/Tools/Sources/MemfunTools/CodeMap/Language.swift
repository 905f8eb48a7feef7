/// A language that the code map knows at least by name.
public enum Language: String, Sendable, CaseIterable, Hashable {
  case swift, python, javascript, typescript, go, rust, java, c, cpp = "c++"
  case csharp = "c#"
  case kotlin, ruby, php, scala, shell, lua, perl
  case html, css, sql, markdown, json, yaml, toml, xml, make, cmake, docker

  /// Whether symbols, imports and complexity are computed for it.
  public var isAnalysed: Bool {
    switch self {
    case .swift, .python, .javascript, .typescript, .go, .rust, .java, .c, .cpp: true
    default: false
    }
  }

  /// The name for reports.
  public var displayName: String {
    switch self {
    case .swift: "Swift"
    case .python: "Python"
    case .javascript: "JavaScript"
    case .typescript: "TypeScript"
    case .go: "Go"
    case .rust: "Rust"
    case .java: "Java"
    case .c: "C"
    case .cpp: "C++"
    case .csharp: "C#"
    case .kotlin: "Kotlin"
    case .ruby: "Ruby"
    case .php: "PHP"
    case .scala: "Scala"
    case .shell: "Shell"
    case .lua: "Lua"
    case .perl: "Perl"
    case .html: "HTML"
    case .css: "CSS"
    case .sql: "SQL"
    case .markdown: "Markdown"
    case .json: "JSON"
    case .yaml: "YAML"
    case .toml: "TOML"
    case .xml: "XML"
    case .make: "Make"
    case .cmake: "CMake"
    case .docker: "Dockerfile"
    }
  }
}
