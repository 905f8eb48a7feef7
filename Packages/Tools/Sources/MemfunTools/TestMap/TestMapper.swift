/// Tells which test files exercise which code files.
///
/// A test exercises what it imports. Besides, a test and a code file belong together by name: `foo_test.go`,
/// `test_foo.py`, `FooTests.swift`, `foo.spec.ts`, `FooTest.java`, and Rust's `tests/foo.rs` stand for `foo`
/// of the same language; among several files of that name the one whose folders agree best is taken, and
/// none if two agree equally well. A C or C++ test that includes a header exercises the file of the same name
/// that implements it, chosen in the same way. A Rust file with tests inside is linked to itself.
public enum TestMapper {
  /// The links, sorted by test, then code; each pair once, with its strongest evidence.
  ///
  /// - Parameters:
  ///   - files: with roles; tests are those of role `test`, code those of role `source`.
  ///   - facts: of the same files.
  ///   - dependencies: between the same files.
  public static func links(
    files: [SourceFile], facts: [FileFacts], dependencies: [Dependency]
  ) -> [TestLink] {
    var evidence: [Dependency: TestLink.Evidence] = [:]
    for edge in dependencies
    where files[Int(edge.from)].role == .test && files[Int(edge.to)].role == .source {
      evidence[edge] = .imports
    }
    var byName: [String: [FileID]] = [:]
    for (index, file) in files.enumerated() where file.role == .source {
      guard let language = file.language, language.isAnalysed else { continue }
      byName[key(stem(of: file.path)[...], language), default: []].append(FileID(index))
    }
    for header in evidence.keys where isHeader(files[Int(header.to)].path) {
      let path = files[Int(header.to)].path
      let implementations = (byName[key(stem(of: path)[...], .c)] ?? []).filter {
        !isHeader(files[Int($0)].path)
      }
      if let code = nearest(to: path, among: implementations, files: files) {
        evidence[Dependency(from: header.from, to: code)] = .imports
      }
    }
    for (index, file) in files.enumerated() {
      guard let language = file.language, language.isAnalysed else { continue }
      let id = FileID(index)
      if index < facts.count, facts[index].traits.contains(.inlineTests), file.role == .source {
        evidence[Dependency(from: id, to: id)] = .imports
      }
      guard file.role == .test, let subject = subject(of: file.path, language: language) else { continue }
      guard let candidates = byName[key(subject[...], language)] else { continue }
      guard let code = nearest(to: file.path, among: candidates, files: files) else { continue }
      let pair = Dependency(from: id, to: code)
      if evidence[pair] == nil { evidence[pair] = .name }
    }
    return evidence.map { TestLink(test: $0.key.from, code: $0.key.to, evidence: $0.value) }
      .sorted { ($0.test, $0.code) < ($1.test, $1.code) }
  }

  /// The name of the code that a test file is named after, nil when its name tells nothing.
  static func subject(of path: String, language: Language) -> String? {
    let stem = stem(of: path)
    for suffix in ["_test", "_tests", "_spec", "_unittest", ".test", ".tests", ".spec", "-test", "-spec"]
    where stem.hasSuffix(suffix) && stem.utf8.count > suffix.utf8.count {
      return String(stem.dropLast(suffix.count))
    }
    for prefix in ["test_", "tests_", "test-"]
    where stem.hasPrefix(prefix) && stem.utf8.count > prefix.utf8.count {
      return String(stem.dropFirst(prefix.count))
    }
    // FooTests, FooTest, FooSpec, FooIT, TestFoo: a capital letter begins each word.
    for suffix in ["Tests", "Test", "TestCase", "Spec", "Specs", "IT"]
    where stem.hasSuffix(suffix) && stem.utf8.count > suffix.utf8.count {
      return String(stem.dropLast(suffix.count))
    }
    if stem.hasPrefix("Test"), let next = stem.utf8.dropFirst(4).first, next >= 0x41, next <= 0x5A {
      return String(stem.dropFirst(4))
    }
    // tests/foo.rs, __tests__/foo.js: the folder says that it is a test.
    return stem.isEmpty ? nil : stem
  }

  /// The file's name without folders and its last extension; `foo.d` of `foo.d.ts`.
  private static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return String(name) }
    return String(name[..<dot])
  }

  private static func isHeader(_ path: String) -> Bool {
    [".h", ".hh", ".hpp", ".hxx"].contains { path.hasSuffix($0) }
  }

  /// Files of languages that call each other share names: C with C++, JavaScript with TypeScript.
  private static func key(_ stem: Substring, _ language: Language) -> String {
    let family =
      switch language {
      case .cpp: Language.c
      case .typescript: Language.javascript
      default: language
      }
    return family.rawValue + ":" + stem.lowercased()
  }

  /// Folders that only tell code from tests.
  private static let neutralFolders: Set<Substring> = [
    "test", "tests", "Tests", "__tests__", "spec", "src", "Sources", "lib", "main", "java", "unit",
    "integration", "python", "source", "include",
  ]

  private static func folders(of path: String) -> Set<Substring> {
    var names = Set<Substring>()
    for name in path.split(separator: "/").dropLast() where !neutralFolders.contains(name) {
      // Swift: the folder of the tests of Foo is FooTests.
      names.insert(name.hasSuffix("Tests") ? name.dropLast(5) : name)
    }
    return names
  }

  /// The candidate that shares most folders and has fewest others; nil when two do equally.
  private static func nearest(to path: String, among candidates: [FileID], files: [SourceFile]) -> FileID? {
    guard candidates.count > 1 else { return candidates.first }
    // Hundreds of files of one name (`index`, `mod`): the name tells nothing.
    guard candidates.count <= 200 else { return nil }
    let own = folders(of: path)
    var best: FileID?
    var bestScore = Int.min
    var isTied = false
    for candidate in candidates {
      let theirs = folders(of: files[Int(candidate)].path)
      let common = own.intersection(theirs).count
      let score = common * 1_000 - (theirs.count - common)
      if score > bestScore {
        best = candidate
        bestScore = score
        isTied = false
      } else if score == bestScore {
        isTied = true
      }
    }
    return isTied ? nil : best
  }
}
