import Glibc
import MemfunCore
import Testing

@testable import MemfunTools

/// Whether universal-ctags is on this machine.
let hasCtags = (try? Subprocess.locate("ctags")) != nil

/// Where ast-grep is, if the environment says so or PATH has it.
let astGrepPath: String? =
  getenv("MEMFUN_TEST_AST_GREP").map { String(cString: $0) }
  ?? (try? Subprocess.locate("ast-grep"))

@Suite("Reading ctags' output")
struct TagStreamParserTests {
  @Test("lines are read wherever the output is cut", arguments: [1, 3, 10_000])
  func chunks(size: Int) {
    let output = """
      f\t./a.py\t3;"\tm\tclass:A.B\tend:9
      x\\ty\t./a.py\t4;"\tv
      g\t./odd.py\t1;"\tf\tend:2
      import\t./odd.py\t1;"\ti

      """
    var parser = TagStreamParser(
      language: .python,
      files: [
        ToolFile(index: 7, argument: "./a.py", size: 1), ToolFile(index: 8, argument: "./odd.py", size: 1),
      ])
    let bytes = Array(output.utf8)
    for start in stride(from: 0, to: bytes.count, by: size) {
      bytes[start..<min(bytes.count, start + size)].withUnsafeBytes { parser.consume($0) }
    }
    parser.finish()
    #expect(
      parser.tags[7] == [
        RawTag(name: "f", scope: "A.B", kind: .method, line: 3, endLine: 9, isInType: true),
        RawTag(name: "x\ty", scope: "", kind: .variable, line: 4, endLine: 0, isInType: false),
      ])
    #expect(parser.tags[8]?.map(\.name) == ["g"])
  }

  @Test("what is no tag does no harm")
  func garbage() {
    var random = SeededRandom(seed: 11)
    let pieces = ["\t", "\n", "a", "./a.py", "3;\"", "f", "end:", "\\", "\\x4", ":", "99999999999999"]
    for _ in 0..<500 {
      var parser = TagStreamParser(
        language: .c, files: [ToolFile(index: 0, argument: "./a.py", size: 1)])
      let text = Array((0..<50).map { _ in pieces.randomElement(using: &random)! }.joined().utf8)
      text.withUnsafeBytes { parser.consume($0) }
      parser.finish()
    }
  }
}

@Suite("Reading ast-grep's output")
struct AnnotationStreamParserTests {
  @Test("lines are read wherever the output is cut", arguments: [1, 4, 10_000])
  func chunks(size: Int) {
    let output = """
      ::notice file=a.swift,line=3,endLine=17,title=struct::A
      ::notice file=./a.swift,line=4,endLine=4,title=property::x%0Ay
      nonsense
      ::notice file=other.swift,line=4,endLine=4,title=property::x

      """
    var parser = AnnotationStreamParser(
      language: .swift, files: [ToolFile(index: 1, argument: "./a.swift", size: 1)])
    let bytes = Array(output.utf8)
    for start in stride(from: 0, to: bytes.count, by: size) {
      bytes[start..<min(bytes.count, start + size)].withUnsafeBytes { parser.consume($0) }
    }
    #expect(
      parser.tags == [
        1: [
          RawTag(name: "A", scope: "", kind: .struct, line: 3, endLine: 17, isInType: false),
          RawTag(name: "x\ny", scope: "", kind: .property, line: 4, endLine: 4, isInType: false),
        ]
      ])
  }
}

@Suite("Cutting signatures out of the text")
struct SignatureReaderTests {
  @Test(
    "a signature is the declaration on one line, without its body",
    arguments: [
      (Language.c, "foo", "static int\nfoo(int a, /* x */ char *b)\n{", 2, "static int foo(int a, char *b)"),
      (.c, "f", "struct { int q; } ; int f(void) { return 0; }", 1, "int f(void)"),
      (.c, "M", "#define M(x) \\\n  ((x) + 1)\nint y;", 1, "#define M(x) ((x) + 1)"),
      (.cpp, "K", "  K(int a) : a_(a), b_{2} {}", 1, "K(int a)"),
      (
        .cpp, "get", "template <class T> T get() const { return T(); }", 1, "template <class T> T get() const"
      ),
      (
        .python, "f", "def f(a: int,\n      b=\"x:{\") -> int:\n  return 1", 1,
        "def f(a: int, b=\"x:{\") -> int"
      ),
      (
        .go, "F", "func (s *S) F(a interface{}) (x interface{}, err error) {", 1,
        "func (s *S) F(a interface{}) (x interface{}, err error)"
      ),
      (
        .rust, "f", "pub fn f<'a>(x: &'a str) -> Vec<u8>\nwhere\n    T: Copy,\n{", 1,
        "pub fn f<'a>(x: &'a str) -> Vec<u8> where T: Copy"
      ),
      (
        .swift, "f", "func f(\n  a: Int = 1\n) async throws -> [Int] {", 1,
        "func f( a: Int = 1 ) async throws -> [Int]"
      ),
      (.javascript, "g", "export const g = async ({ a, b }) => {", 1, "export const g = async ({ a, b }) =>"),
      (
        .java, "m", "  public <T> int m(List<T> a)\n      throws IOException {", 1,
        "public <T> int m(List<T> a) throws IOException"
      ),
      (.typescript, "I", "export interface I extends J {", 1, "export interface I extends J"),
    ] as [(Language, String, String, Int32, String)])
  func signatures(language: Language, name: String, text: String, line: Int32, signature: String) {
    let kind: Symbol.Kind = name == "M" ? .macro : name == "I" ? .interface : .function
    Array(text.utf8).withUnsafeBytes {
      #expect(
        SignatureReader(text: $0, language: language).signature(of: name, kind: kind, line: line) == signature
      )
    }
  }

  @Test("a signature has at most 200 characters and is whole text, also when cut")
  func length() {
    let text = "int f(" + String(repeating: "é", count: 500) + ") {"
    let signature = Array(text.utf8).withUnsafeBytes {
      SignatureReader(text: $0, language: .c).signature(of: "f", kind: .function, line: 1)
    }
    #expect(signature.count == 200)
    #expect(signature.hasSuffix("é…"))
  }

  @Test("any text and any line give some signature")
  func garbage() {
    var random = SeededRandom(seed: 5)
    let pieces: [UInt8] = Array("ab({[]});:,\"'`/*\n\\ =<>#\t".utf8) + [0xFF, 0xC3, 0]
    for _ in 0..<2000 {
      let text = (0..<40).map { _ in pieces.randomElement(using: &random)! }
      text.withUnsafeBytes { buffer in
        for language in Language.allCases where language.isAnalysed {
          let reader = SignatureReader(text: buffer, language: language)
          for line in Int32(0)...3 {
            #expect(reader.signature(of: "a", kind: .function, line: line).unicodeScalars.count <= 201)
          }
        }
      }
    }
  }
}

@Suite("Symbols of a tree")
struct SymbolTests {
  /// `kind scope.name start-end complexity`, one a line.
  private func symbols(
    _ files: [String: String], _ change: (inout CodeMapOptions) -> Void = { _ in }
  ) async throws -> [String] {
    let folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(name, text) }
    var options = isolatedOptions()
    change(&options)
    let map = try await CodeMapBuilder(options: options).build(folder.path)
    return map.symbols.map { symbol in
      let name = symbol.scope.isEmpty ? symbol.name : symbol.scope + "." + symbol.name
      return "\(symbol.kind.rawValue) \(name) \(symbol.startLine)-\(symbol.endLine) \(symbol.complexity)"
    }
  }

  static let samples: [(String, String, [String])] = [
    (
      "a.py",
      "class A:\n    def __init__(self): pass\n    def f(self, x):\n        def g():\n            if x: return 1\n"
        + "        return g if x else 2\nMAX = 3\n",
      [
        "class A 1-6 0", "initializer A.__init__ 2-2 1", "method A.f 3-6 2", "function A.f.g 4-5 2",
        "constant MAX 7-7 0",
      ]
    ),
    (
      "a.c",
      "typedef struct {\n  int a;\n} T;\nstatic int f(int x)\n{\n  if (x && x > 1) return 1;\n  return 0;\n}\n",
      ["struct T 1-3 0", "field T.a 2-2 0", "function f 4-8 3"]
    ),
    (
      "a.cc",
      "namespace n {\nclass K {\n public:\n  K() {}\n  int f() { return 1; }\n};\nint K::f() {\n  return 2;\n}\n}\n",
      [
        "module n 1-10 0", "class n.K 2-6 0", "initializer n.K.K 4-4 1", "method n.K.f 5-5 1",
        "method n.K.f 7-9 1",
      ]
    ),
    (
      "a.go", "package p\ntype S struct {\n\tA int\n}\nfunc (s *S) M() {\n\tfor {\n\t}\n}\nfunc F() {}\n",
      ["struct S 2-4 0", "field S.A 3-3 0", "method S.M 5-8 2", "function F 9-9 1"]
    ),
    (
      "A.java", "class A {\n  int x;\n  A() {}\n  int m(int a) {\n    return a > 0 ? 1 : 2;\n  }\n}\n",
      ["class A 1-7 0", "field A.x 2-2 0", "initializer A.A 3-3 1", "method A.m 4-6 2"]
    ),
    (
      "a.ts",
      "export class A {\n  constructor() {\n  }\n  m(): void {\n    if (1) {}\n  }\n}\nexport const f = (a: number) => {\n"
        + "  return a;\n};\ninterface I {\n  x: string;\n}\n",
      [
        "class A 1-7 0", "initializer A.constructor 2-3 1", "method A.m 4-6 2", "function f 8-10 1",
        "interface I 11-13 0", "property I.x 12-12 0",
      ]
    ),
    (
      "a.js",
      "class A {\n  m() {\n    return 1;\n  }\n}\nfunction f(a) {\n  while (a) {}\n}\nconst x = require('y');\n",
      ["class A 1-5 0", "method A.m 2-4 1", "function f 6-8 2"]
    ),
    (
      "a.rs",
      "pub struct S {\n    a: u8,\n}\nimpl<T> Foo<T> for S {\n    fn b(&self) {\n        if true {}\n    }\n}\n"
        + "mod m {\n    pub fn f() {}\n}\n",
      [
        "struct S 1-3 0", "field S.a 2-2 0", "extension S 4-8 0", "method S.b 5-7 2", "module m 9-11 0",
        "function m.f 10-10 1",
      ]
    ),
  ]

  @Test(
    "ctags and the text together give kinds, scopes, ranges and complexity", .enabled(if: hasCtags),
    arguments: samples)
  func withCtags(name: String, text: String, expected: [String]) async throws {
    #expect(try await symbols([name: text]) == expected)
  }

  @Test("a C function whose body is a macro does not swallow those that follow", .enabled(if: hasCtags))
  func bodyInMacro() async throws {
    let text = """
      #ifndef A
      bool f(int a) NOT_REACHED
      bool g(int a) NOT_REACHED
      #else
      static bool on = true;
      int h(int a) {
        if (a) return 1;
        return 2;
      }
      #endif
      int i(void) {
        while (1) {
        }
      }

      """
    let found = try await symbols(["a.c": text]).filter { $0.hasPrefix("function") }
    #expect(found.first == "function f 2-2 1")
  }

  @Test("functions in an object literal and functions without a name", .enabled(if: hasCtags))
  func objectLiteral() async throws {
    let text =
      "const A = {\n  one: function(n) {\n    if (n) {\n    }\n  },\n  two: function(n) {\n  },\n};\n"
      + "later(function() {\n  if (A) {\n  }\n});\n"
    #expect(
      try await symbols(["a.js": text]) == [
        "class A 1-8 0", "method A.one 2-5 2", "method A.two 6-7 1", "function (anonymous) 9-12 2",
      ])
  }

  @Test("Swift is read by ast-grep", .enabled(if: astGrepPath != nil))
  func swift() async throws {
    let text = """
      public struct A: Sendable {
        let x: Int
        enum E { case one, two }
        init?() { return nil }
        @discardableResult
        func f(_ a: Int) -> Int {
          func g() {}
          return a > 1 && a < 3 ? 1 : 2
        }
        static func + (a: A, b: A) -> A { a }
      }
      extension A.E {
        var d: String { "d" }
      }
      actor B {}
      let top = 1

      """
    let found = try await symbols(["a.swift": text]) { $0.astGrep = astGrepPath }
    #expect(
      found == [
        "struct A 1-11 0", "property A.x 2-2 0", "enum A.E 3-3 0", "case A.E.one 3-3 0", "case A.E.two 3-3 0",
        "initializer A.init 4-4 1", "method A.f 5-9 3", "function A.f.g 7-7 1", "method A.+ 10-10 1",
        "extension A.E 12-14 0", "property A.E.d 13-13 0", "class B 15-15 0", "constant top 16-16 0",
      ])
  }

  @Test(
    "without ctags ast-grep reads the other languages", .enabled(if: astGrepPath != nil), arguments: samples)
  func withAstGrepOnly(name: String, text: String, expected: [String]) async throws {
    let found = try await symbols([name: text]) {
      $0.ctags = "/nonexistent/ctags"
      $0.astGrep = astGrepPath
    }
    let functions = { (all: [String]) in
      all.filter { ["function", "method", "initializer"].contains($0.prefix { $0 != " " }) }.map { line in
        // A C++ definition outside its class is only known by its qualified name here.
        line.split(separator: " ").dropFirst(2).joined(separator: " ")
      }
    }
    #expect(functions(found) == functions(expected))
  }

  @Test("without any tool files still have lines and complexity, and a note says what is missing")
  func withoutTools() async throws {
    let folder = try TemporaryFolder()
    try folder.write("a.py", "def f(x):\n    if x:\n        return 1\n")
    try folder.write("b.swift", "func f() {}\n")
    var options = isolatedOptions()
    options.ctags = "/nonexistent/ctags"
    options.astGrep = "/nonexistent/ast-grep"
    let map = try await CodeMapBuilder(options: options).build(folder.path)
    #expect(map.symbols.isEmpty)
    #expect(map.files.map(\.lines) == [3, 1])
    #expect(map.files[0].complexity == 2)
    #expect(map.notes.map(\.kind) == ["ast-grep.missing", "ctags.missing"])
  }

  @Test("another program called ctags is recognised as such")
  func impostor() async throws {
    let folder = try TemporaryFolder()
    try folder.write("tool/ctags", "#!/bin/sh\necho 'Exuberant Ctags 5.8'\n")
    chmod(folder.path + "/tool/ctags", 0o755)
    try folder.write("src/a.py", "def f(): pass\n")
    var options = isolatedOptions()
    options.ctags = folder.path + "/tool/ctags"
    options.astGrep = "/nonexistent/ast-grep"
    let map = try await CodeMapBuilder(options: options).build(folder.path + "/src")
    let note = try #require(map.notes.first { $0.kind == "ctags.missing" })
    #expect(note.message.contains("not universal-ctags (Exuberant Ctags 5.8)"))
  }

  @Test("a file that crashes ctags is named, and all others keep their symbols", .enabled(if: hasCtags))
  func crash() async throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "tool/ctags",
      """
      #!/bin/bash
      [ "$1" = --version ] && exec ctags --version
      list=$(cat)
      case "$list" in *bad.py*) kill -SEGV $$;; esac
      echo "$list" | exec ctags "$@"

      """)
    chmod(folder.path + "/tool/ctags", 0o755)
    for index in 0..<20 { try folder.write("src/m\(index).py", "def f\(index)(): pass\n") }
    try folder.write("src/bad.py", "def bad(): pass\n")
    var options = isolatedOptions()
    options.ctags = folder.path + "/tool/ctags"
    let map = try await CodeMapBuilder(options: options).build(folder.path + "/src")
    #expect(map.symbols.count == 20)
    #expect(map.skipped == [SkippedFile(path: "bad.py", reason: .parserFailed("ctags crashed (signal 11)"))])
  }

  @Test("a file that is written to while a tool reads it is left out", .enabled(if: hasCtags))
  func changedUnderTheTool() async throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "tool/ctags",
      """
      #!/bin/bash
      [ "$1" = --version ] && exec ctags --version
      list=$(cat)
      echo 'def late(): pass' >> '\(folder.path)/src/hot.py'
      echo "$list" | exec ctags "$@"

      """)
    chmod(folder.path + "/tool/ctags", 0o755)
    try folder.write("src/calm.py", "def calm(): pass\n")
    try folder.write("src/hot.py", "def early(): pass\n")
    var options = isolatedOptions()
    options.ctags = folder.path + "/tool/ctags"
    let map = try await CodeMapBuilder(options: options).build(folder.path + "/src")
    #expect(map.symbols.map(\.name) == ["calm"])
    #expect(map.skipped == [SkippedFile(path: "hot.py", reason: .changedWhileRead)])
  }

  @Test("an endless line with thousands of symbols takes no time by their square", .enabled(if: hasCtags))
  func endlessLine() async throws {
    let text = (0..<20_000).map { "struct s\($0) { int f\($0); };" }.joined(separator: " ") + "\n"
    let folder = try TemporaryFolder()
    try folder.write("a.c", text)
    let start = ContinuousClock.now
    let map = try await CodeMapBuilder(options: isolatedOptions()).build(folder.path)
    #expect(map.symbols.count > 20_000)
    // By their square it would be many minutes, also on a machine that has other work.
    #expect(ContinuousClock.now - start < .seconds(150))
  }

  @Test("options in the analysed tree and in the home folder are not read by ctags", .enabled(if: hasCtags))
  func hostileOptions() async throws {
    let folder = try TemporaryFolder()
    try folder.write(".ctags.d/x.ctags", "--exclude=*\n--languages=-Python\n")
    try folder.write("a.py", "def f(): pass\n")
    var options = isolatedOptions()
    options.environment["HOME"] = folder.path
    let map = try await CodeMapBuilder(options: options).build(folder.path)
    #expect(map.symbols.map(\.name) == ["f"])
  }
}
