/// What the folders above a file say about it.
struct FolderTraits: OptionSet, Sendable {
  let rawValue: UInt8
  /// Code of others that was copied in.
  static let vendored = FolderTraits(rawValue: 1)
  /// Tests and what belongs to them.
  static let tests = FolderTraits(rawValue: 2)
  /// Text for people.
  static let documentation = FolderTraits(rawValue: 4)

  /// The traits of a folder inside one with these traits.
  func entering(_ name: String) -> FolderTraits {
    var traits = self
    let lowered = name.lowercased()
    if Self.vendorFolders.contains(lowered) { traits.insert(.vendored) }
    if Self.testFolders.contains(lowered) || name.hasSuffix("Tests") { traits.insert(.tests) }
    if lowered == "doc" || lowered == "docs" || lowered == "documentation" {
      traits.insert(.documentation)
    }
    return traits
  }

  private static let vendorFolders: Set<String> = [
    "vendor", "vendors", "third_party", "third-party", "thirdparty", "3rdparty", "3rd_party",
    "node_modules", "bower_components", "jspm_packages", "pods", "carthage", ".venv",
    "site-packages", "dist-packages", "__pypackages__", "godeps", ".yarn", ".tox", ".nox", ".eggs",
    ".build", ".gradle", ".cargo", "deps", "venv", "virtualenv", ".direnv", ".bundle",
    // Quilt keeps every patched file a second time.
    ".pc",
  ]

  private static let testFolders: Set<String> = [
    "test", "tests", "__tests__", "spec", "specs", "testdata", "__mocks__", "e2e",
  ]
}

/// Says what a file is for, from its name, its folders and `.gitattributes`.
enum RoleClassifier {
  /// The role by name. The content may still show that a file is binary or generated.
  static func role(
    fileName: String, language: Language?, folder: FolderTraits, attributes: LinguistAttributes
  ) -> SourceFile.Role {
    if attributes.isGenerated == true { return .generated }
    if attributes.isVendored == true { return .vendored }
    if attributes.isDocumentation == true { return .documentation }
    if folder.contains(.vendored), attributes.isVendored != false { return .vendored }
    let lowered = fileName.lowercased()
    let ending = lowered.split(separator: ".", omittingEmptySubsequences: false).last.map(String.init) ?? ""
    if binaryEndings.contains(ending) { return .binary }
    if attributes.isGenerated != false, isGenerated(name: lowered) { return .generated }
    guard let language else { return roleWithoutLanguage(lowered, ending: ending, folder: folder) }
    switch language {
    case .markdown: return .documentation
    case .yaml, .toml, .make, .cmake, .docker: return .configuration
    case .json, .xml:
      return folder.contains(.tests) || lowered.hasSuffix(".geojson") ? .data : .configuration
    case .html, .css:
      return folder.contains(.documentation) ? .documentation : .source
    default:
      return folder.contains(.tests) || isTest(fileName, lowered, language) ? .test : .source
    }
  }

  private static func roleWithoutLanguage(
    _ name: String, ending: String, folder: FolderTraits
  ) -> SourceFile.Role {
    let stem = name.split(separator: ".").first.map(String.init) ?? name
    if ["rst", "txt", "adoc", "asciidoc", "tex", "org", "pod", "man"].contains(ending) {
      return folder.contains(.tests) ? .data : .documentation
    }
    if [
      "readme", "license", "licence", "copying", "changelog", "authors", "contributing", "notice", "news",
      "todo", "install", "maintainers",
    ].contains(stem) {
      return .documentation
    }
    if [
      "ini", "cfg", "conf", "properties", "env", "editorconfig", "service", "lock", "desktop", "rc", "bzl",
      "bazel", "gradle", "nix",
    ].contains(ending) || name.hasPrefix(".") {
      return .configuration
    }
    if [
      "csv", "tsv", "svg", "ndjson", "jsonl", "dat", "log", "po", "pot", "patch", "diff", "golden", "snap",
      "proto", "pem",
    ].contains(ending) {
      return .data
    }
    return .other
  }

  private static func isGenerated(name: String) -> Bool {
    if generatedNames.contains(name) { return true }
    return generatedSuffixes.contains { name.hasSuffix($0) }
  }

  /// The naming conventions of each language's test runners.
  private static func isTest(_ name: String, _ lowered: String, _ language: Language) -> Bool {
    let stem = lowered.prefix { $0 != "." }
    switch language {
    case .go: return lowered.hasSuffix("_test.go")
    case .python:
      return lowered.hasPrefix("test_") || stem.hasSuffix("_test") || lowered == "conftest.py"
    case .javascript, .typescript:
      return lowered.contains(".test.") || lowered.contains(".spec.") || lowered.contains(".cy.")
    case .java, .kotlin, .scala, .csharp:
      let stem = name.prefix { $0 != "." }
      return stem.hasSuffix("Test") || stem.hasSuffix("Tests") || stem.hasSuffix("TestCase")
        || stem.hasSuffix("IT") || stem.hasSuffix("Spec")
        || (stem.hasPrefix("Test") && stem.dropFirst(4).first?.isUppercase == true)
    case .swift: return name.hasSuffix("Tests.swift") || name.hasSuffix("Test.swift")
    case .c, .cpp:
      return stem.hasPrefix("test_") || stem.hasSuffix("_test") || stem.hasSuffix("_tests")
        || stem.hasSuffix("_unittest") || stem.hasSuffix("-test")
        || name.prefix { $0 != "." }.hasSuffix("Test")
    case .ruby: return stem.hasSuffix("_spec") || stem.hasSuffix("_test")
    case .php: return name.hasSuffix("Test.php")
    case .rust: return stem == "tests" || stem.hasSuffix("_test") || stem.hasSuffix("_tests")
    case .shell: return lowered.hasSuffix(".bats") || stem.hasPrefix("test_") || stem.hasSuffix("_test")
    default: return false
    }
  }

  private static let generatedNames: Set<String> = [
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "cargo.lock", "go.sum",
    "poetry.lock", "pipfile.lock", "composer.lock", "gemfile.lock", "package.resolved", "flake.lock",
    "podfile.lock", "uv.lock", "bun.lock",
  ]

  private static let generatedSuffixes = [
    ".min.js", ".min.css", ".pb.go", ".pb.cc", ".pb.h", ".pb.swift", "_pb2.py", "_pb2_grpc.py",
    ".g.dart", ".designer.cs", ".generated.swift", ".gen.go", "_generated.go", ".js.map", ".css.map",
    ".bundle.js", ".grpc.swift",
  ]

  private static let binaryEndings: Set<String> = [
    "png", "jpg", "jpeg", "gif", "bmp", "ico", "icns", "webp", "tif", "tiff", "psd", "heic", "avif",
    "pdf", "zip", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "tar", "jar", "war", "whl", "egg",
    "so", "a", "o", "obj", "dll", "exe", "dylib", "lib", "class", "pyc", "pyo", "wasm", "bin",
    "mp3", "mp4", "wav", "ogg", "flac", "avi", "mov", "mkv", "webm", "ttf", "otf", "woff", "woff2", "eot",
    "sqlite", "sqlite3", "db", "parquet", "npy", "npz", "pkl", "onnx", "pt", "safetensors", "gguf",
    "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "deb", "rpm", "dmg", "iso", "keystore", "jks",
    "swiftmodule", "swiftdoc", "gch", "pch", "mo",
  ]
}
