import Testing

@testable import MemfunTools

@Suite("Line counts and decision points")
struct ScannerTests {
  @Test("tricky snippets count exactly", arguments: Self.snippets)
  func counts(_ snippet: Snippet) {
    let facts = facts(snippet.text, snippet.language)
    #expect(facts.codeLines == snippet.code, "code lines")
    #expect(facts.commentLines == snippet.comments, "comment lines")
    #expect(facts.blankLines == snippet.blank, "blank lines")
    #expect(facts.lines == snippet.code + snippet.comments + snippet.blank)
    #expect(facts.decisionLines == snippet.decisions)
  }

  static let snippets: [Snippet] = [
    // Swift
    Snippet("nested comments", .swift, code: 1, comments: 2, blank: 1, "/* a /* b */\nif x */\n\nlet y = 1"),
    Snippet(
      "raw string with quote and hash", .swift, code: 2, decisions: [2],
      "let a = #\"if \" // x \"#\nif b {}\n"),
    Snippet(
      "multi-line string with blank line", .swift, code: 5, decisions: [5],
      "let a = \"\"\"\n  if x // no\n\n  \"\"\"\nif y {}\n"),
    Snippet(
      "interpolation with nested string", .swift, code: 1, decisions: [1],
      "let a = \"x\\(b ? \"if )\" : \"\\(c)\")y if\"\n"),
    Snippet(
      "raw interpolation", .swift, code: 2, decisions: [2],
      "let a = #\"\\(x if y \\#(z) \"#\nwhile q {}\n"),
    Snippet(
      "enum cases are none, switch cases are", .swift, code: 8, decisions: [4, 5],
      "enum E {\n  case a, b\n  func f() { switch self {\n  case .a: break\n  case .b: break\n  default: break\n  } }\n}\n"
    ),
    Snippet("if case counts once", .swift, code: 1, decisions: [1], "if case .a = x, case .b = y {}\n"),
    Snippet(
      "labels are no keywords", .swift, code: 2, "func index(for key: K, if x: Int) {}\nindex(for: k)\n"),
    Snippet(
      "optionals are no ternaries", .swift, code: 3, decisions: [3],
      "let a: Int? = try? b?.c ?? d\nlet e = f as? G\nlet h = i ? j : k\n"),
    Snippet("regex literal with quote", .swift, code: 2, decisions: [2], "let r = /a\"b/\nif c {}\n"),
    Snippet(
      "compiler conditions", .swift, code: 3, decisions: [2], "#if os(Linux) && DEBUG\nif a {}\n#endif\n"),
    Snippet(
      "guard, repeat while, catch", .swift, code: 3, decisions: [1, 2, 3],
      "guard a else {}\nrepeat {} while b\ndo {} catch {}\n"),

    // Python
    Snippet(
      "docstrings are comments", .python, code: 2, comments: 4, blank: 1,
      "\"\"\"Module.\n\nif x\n\"\"\"\ndef f():\n  'doc'\n  return 1\n"),
    Snippet(
      "comprehension", .python, code: 1, decisions: [1, 1, 1], "x = [a for a in b if c and d]\n"),
    Snippet("string with hash", .python, code: 1, "x = '# no' + \"it's\"\n"),
    Snippet(
      "f-string nesting", .python, code: 2, decisions: [1, 2],
      "x = f\"{a if b else 'c'} if {d:{w}} {{if}}\"\nif e: pass\n"),
    Snippet(
      "format specification with hash", .python, code: 2, decisions: [2], "x = f'{a:#x}'\nif b: pass\n"),
    Snippet("raw prefix and quotes", .python, code: 2, decisions: [2], "x = rb'\\' # \"'\nif b: pass\n"),
    Snippet(
      "triple quotes over lines", .python, code: 4, decisions: [4], "x = '''\n# no if\n'''\nif a: pass\n"),
    Snippet(
      "try, except, finally", .python, code: 8, decisions: [3, 5],
      "try:\n  pass\nexcept A:\n  pass\nexcept B:\n  pass\nfinally:\n  pass\n"),
    Snippet(
      "match", .python, code: 5, decisions: [2], "match x:\n  case 1:\n    pass\n  case _:\n    pass\n"),
    Snippet("attribute names", .python, code: 1, "a.if_.or_(b.case)\n"),

    // JavaScript and TypeScript
    Snippet(
      "template literals nest", .javascript, code: 3, decisions: [1, 3],
      "a = `if ${b ? `c ${d}` : '}'} \n // no ${e}`\nif (f) {}\n"),
    Snippet(
      "regex with quote and slash", .javascript, code: 2, decisions: [2],
      "a = /['\"/]\\//.test(b)\nif (c) {}\n"),
    Snippet(
      "division is no regex", .javascript, code: 2, decisions: [2],
      "a = b / c / d; x = (e) / 2\nif (f / g) {}\n"),
    Snippet(
      "regex after a condition", .javascript, code: 2, decisions: [1, 2], "if (a) /'/.test(b)\nif (c) {}\n"),
    Snippet("optional chaining and nullish", .javascript, code: 1, decisions: [1], "a = b?.c ?? d ? e : f\n"),
    Snippet("number after question mark", .javascript, code: 1, decisions: [1], "a = b?.5:1\n"),
    Snippet("catch of a promise", .javascript, code: 1, "p.catch(e => {}).if(x)\n"),
    Snippet(
      "JSX text", .javascript, code: 4, decisions: [4],
      "x = <a href=\"b\">it's {c} // if\n  <br/> if `\n</a>\nif (d) {}\n"),
    Snippet(
      "JSX in a condition", .typescript, code: 1, decisions: [1], "const a = () => b && <C d={e}>don't</C>;\n"
    ),
    Snippet(
      "generic arrow function", .typescript, code: 2, decisions: [2], "const f = <T>(x: T) => x\nif (a) {}\n"),
    Snippet(
      "generic arrow with a bound", .typescript, code: 2, decisions: [2],
      "const f = <T extends U>(x: T) => x\nif (a) {}\n"),
    Snippet("type cast", .typescript, code: 2, decisions: [2], "const a = <Foo>bar;\nif (b) { c = 'it' }\n"),
    Snippet(
      "optional parameters", .typescript, code: 2, decisions: [2], "function f(a?: B, c?) {}\nx = a ? b : c\n"
    ),
    Snippet("conditional types", .typescript, code: 1, "type A<T> = T extends U ? X : Y\n"),

    // Go
    Snippet(
      "raw strings and runes", .go, code: 4, decisions: [4], "a := `if \\`\nb := '\\''\nc := '\"'\nif d {}\n"),
    Snippet(
      "switch and select", .go, code: 5, decisions: [2, 3], "switch a {\ncase 1, 2:\ncase 3:\ndefault:\n}\n"),
    Snippet("conditions", .go, code: 1, decisions: [1, 1, 1], "if a && b || c {}\n"),

    // Rust
    Snippet(
      "raw strings", .rust, code: 2, decisions: [2], "let a = r#\"if \" \\\"#; let b = br\"\\\";\nif c {}\n"),
    Snippet(
      "lifetimes and characters", .rust, code: 2, decisions: [2],
      "fn f<'a>(x: &'a str, c: char) { c == 'a' | c == '\\'' | c == '\"'; }\nif b {}\n"),
    Snippet(
      "character of three bytes", .rust, code: 2, decisions: [2], "let a = '→'; let b = \"\";\nif c {}\n"),
    Snippet("nested comments", .rust, code: 1, comments: 2, "/* /* */ if\n*/\nlet a = 1;\n"),
    Snippet(
      "match arms but the wildcard", .rust, code: 6, decisions: [2, 3, 3, 5],
      "match a {\n  1 => b?,\n  x if x > 2 => {}\n  B { .. } | C(_)\n    => {}\n  _ => c }\n"),
    Snippet(
      "impl for and higher ranks", .rust, code: 1, "impl<T> A for B<T> where F: for<'a> Fn(&'a T) {}\n"),
    Snippet("closures and double references", .rust, code: 1, decisions: [1], "f(|| &&x, |&&a| a && b)\n"),
    Snippet("question mark operator", .rust, code: 1, "let a = b()?.c()?;\n"),

    // Java
    Snippet(
      "text blocks", .java, code: 5, decisions: [5],
      "String a = \"\"\"\n  if \" // x\n\n  \\\"\"\"  \"\"\";\nif (b) {}\n"),
    Snippet(
      "wildcards are no ternaries", .java, code: 2, decisions: [2],
      "List<?> a; Map<? extends B, ? super C> d;\nx = e ? f : g;\n"),
    Snippet("characters", .java, code: 2, decisions: [2], "char a = '\"', b = '\\'';\nif (c) {}\n"),

    // C and C++
    Snippet("digit separators", .cpp, code: 2, decisions: [2], "int a = 1'000'000;\nif (b) {}\n"),
    Snippet("raw strings", .cpp, code: 3, decisions: [3], "auto a = R\"x(if )\" //\n )x\";\nif (b) {}\n"),
    Snippet("continued comment", .c, code: 1, comments: 2, decisions: [3], "// if \\\nif (a)\nif (b) {}\n"),
    Snippet(
      "inactive code", .c, code: 3, comments: 2, decisions: [5],
      "#if 0\nit's if (a) {\ndon't\n#endif\nif (b) {}\n"),
    Snippet("conditions of the preprocessor", .c, code: 2, "#if defined(A) && B\n#endif\n"),
    Snippet("macro with a branch", .c, code: 3, "#define A(x) \\\n  if (x) { \\\n  y; }\n"),
    Snippet(
      "references to temporaries", .cpp, code: 2, decisions: [2], "void f(T&& a, U &&b, V&&);\nx = a && b;\n"),
    Snippet("error text with apostrophe", .c, code: 2, decisions: [2], "#error don't\nif (a) {}\n"),
    Snippet("do while counts once", .c, code: 1, decisions: [1], "do { a(); } while (b);\n"),

    // Languages of which only the comments are known
    Snippet("shell", .shell, code: 2, comments: 2, blank: 1, "#!/bin/sh\n# a\n\necho \"# no\" $#\nx=a#b\n"),
    Snippet("yaml", .yaml, code: 2, comments: 1, "a: don't # b\n# c\nd: 'e # f'\n"),
    Snippet("html", .html, code: 2, comments: 2, "<p>\n<!-- a\nb -->\n</p>\n"),
    Snippet("ruby", .ruby, code: 1, comments: 3, "=begin\nx\n=end\na = 1 # b\n"),
    Snippet("lua", .lua, code: 1, comments: 3, "--[[ a\nb ]]\n-- c\nd = 1\n"),
    Snippet("css", .css, code: 1, comments: 1, "/* a */\nb { c: d }\n"),
    Snippet("sql", .sql, code: 1, comments: 1, "-- a\nSELECT '--' FROM b;\n"),
  ]

  @Test("an empty file has no lines, and a missing last line feed does not hide a line")
  func endOfFile() {
    for language in Language.allCases {
      #expect(facts("", language).lines == 0)
      #expect(facts("\n", language).lines == 1)
      #expect(facts("\n", language).blankLines == 1)
      #expect(facts("a\n\nb", language).lines == 3)
      #expect(facts("\u{FEFF}a\r\n\r\nb\r\n", language).blankLines == 1)
    }
  }

  @Test("a string without an end reaches to the last line, not beyond")
  func unterminated() {
    for text in ["def f(x=\"\"\"a\nb\n", "def f():\n  '''a\n", "def f():\n  x = '''a\n\n"] {
      let facts = facts(text, .python)
      #expect(facts.blocks.allSatisfy { $0.closeLine <= facts.lines })
    }
  }

  @Test("complexity of a range is one more than its decision points")
  func complexity() {
    let facts = facts("func a() {\n  if b && c {}\n}\nfunc d() {\n  for _ in e {}\n}\n", .swift)
    #expect(facts.complexity(ofLines: 1...3) == 3)
    #expect(facts.complexity(ofLines: 4...6) == 2)
    #expect(facts.complexity(ofLines: 1...6) == 4)
    #expect(facts.complexity(ofLines: 7...9) == 1)
  }

  @Test("what a macro decides is not decided where it is defined")
  func macros() {
    let text = "int f(int a) {\n#define M(x) if (x && \\\n    x > 1) return 1\n  M(a);\n  if (a) a++;\n}\n"
    #expect(facts(text, .c).decisionLines == [5])
  }

  @Test("a range that holds two declarations is told from one whose head stands in two branches")
  func severalDeclarations() {
    let two = facts("bool f(int a) BODY\nint g()\n{\n}\nint h() {\n}\n", .c)
    #expect(two.holdsSeveralDeclarations(1...6, isBranch: { _ in false }))
    #expect(!two.holdsSeveralDeclarations(2...4, isBranch: { _ in false }))
    let branches = facts("#ifdef A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n  return 1;\n}\n", .c)
    #expect(!branches.holdsSeveralDeclarations(2...7, isBranch: { $0 == 3 }))
  }

  @Test(
    "a declaration ends where its block does",
    arguments: [
      (
        Language.swift,
        "@A\nfunc f(\n  x: () -> Int = {\n    1\n  }\n) -> B\n  where C: D\n{\n  if x {\n  }\n}\nlet y = 1\n",
        2, 11
      ),
      (.swift, "protocol P {\n  func a()\n  func b()\n}\nfunc c() {\n}\n", 2, 2),
      (.swift, "protocol P {\n  func a()\n}\n", 1, 3),
      (.go, "type A struct {\n  b int\n}\n\nfunc (a A) c(\n  d int,\n) {\n}\n", 5, 8),
      (.rust, "#[a]\nfn f<T>()\nwhere\n  T: B,\n{\n  c();\n}\n", 2, 7),
      (.rust, "trait T {\n  fn a();\n  fn b() {\n  }\n}\n", 2, 2),
      (.java, "class A {\n  @B\n  int c()\n  {\n  }\n}\n", 3, 5),
      (.c, "int f(int);\nint g(int a)\n{\n  return a;\n}\n", 1, 1),
      (.c, "int f(int);\nint g(int a)\n{\n  return a;\n}\n", 2, 5),
      (.c, "#ifdef A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n  return 1;\n}\nint g() {\n}\n", 8, 9),
      (.javascript, "const f = async ({ a, b }) => {\n  g(() => {\n  })\n}\n", 1, 4),
      (.javascript, "a = {\n  q: 1,\n  b: function() {\n  },\n  c: () => {\n  },\n}\n", 1, 7),
      (.javascript, "a = {\n  q: 1,\n  b: function() {\n  },\n  c: () => {\n  },\n}\n", 2, 2),
      (.javascript, "a = {\n  q: 1,\n  b: function() {\n  },\n  c: () => {\n  },\n}\n", 3, 4),
      (.javascript, "a = {\n  q: 1,\n  b: function() {\n  },\n  c: () => {\n  },\n}\n", 5, 6),
      (.javascript, "var a = function() {\n},\n  b = function() {\n};\n", 1, 2),
      (.javascript, "var a = function() {\n},\n  b = function() {\n};\n", 3, 4),
      (.python, "@d(\n  1)\ndef f(\n  a,\n):\n  if b:\n    pass\n\n  return 1\n\n# c\nx = 1\n", 3, 9),
      (.python, "class A:\n  def b(self):\n    pass\n  def c(self):\n    pass\n", 2, 3),
      (.python, "class A:\n  def b(self):\n    pass\n  def c(self):\n    pass\n", 1, 5),
      (.cpp, "A::A()\n  : b{1}\n  , c(2)\n{\n}\n", 1, 5),
    ] as [(Language, String, Int32, Int32)])
  func ends(language: Language, text: String, line: Int32, end: Int32) {
    #expect(facts(text, language).endLine(ofDeclarationAt: line) == end)
  }
}
