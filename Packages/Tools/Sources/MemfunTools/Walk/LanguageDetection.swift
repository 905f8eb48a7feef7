extension Language {
  /// The language of a file by its name alone; nil when the name does not tell.
  ///
  /// `.h` counts as C here; `FileTreeWalker` calls it C++ where C++ sources stand around it.
  init?(fileName: some StringProtocol) {
    if let known = Self.byName[fileName.lowercased()] {
      self = known
      return
    }
    guard let dot = fileName.lastIndex(of: ".") else { return nil }
    let ending = String(fileName[fileName.index(after: dot)...])
    // C++ on systems with case-sensitive names.
    if ending == "C" || ending == "H" {
      self = .cpp
      return
    }
    guard let known = Self.byEnding[ending.lowercased()] else { return nil }
    self = known
  }

  /// The language of a script by its first line, such as `#!/usr/bin/env -S python3 -u`.
  init?(shebang bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 2, bytes[0] == UInt8(ascii: "#"), bytes[1] == UInt8(ascii: "!") else { return nil }
    let line = bytes[2..<min(bytes.count, 256)].prefix { $0 != UInt8(ascii: "\n") }
    var words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }[...]
    func base(_ word: Slice<UnsafeRawBufferPointer>.SubSequence) -> String {
      String(decoding: word.split(separator: UInt8(ascii: "/")).last ?? word, as: UTF8.self)
    }
    guard let program = words.popFirst() else { return nil }
    var name = base(program)
    if name == "env" {
      // Options and assignments stand between env and the program.
      guard
        let inner = words.first(where: {
          $0.first != UInt8(ascii: "-") && !$0.contains(UInt8(ascii: "="))
        })
      else { return nil }
      name = base(inner)
    }
    while let last = name.utf8.last, (0x30...0x39).contains(last) || last == UInt8(ascii: ".") {
      name.removeLast()
    }
    switch name {
    case "python", "pypy": self = .python
    case "node", "nodejs", "bun": self = .javascript
    case "deno", "ts-node", "tsx": self = .typescript
    case "sh", "bash", "dash", "ksh", "zsh", "ash": self = .shell
    case "ruby": self = .ruby
    case "perl": self = .perl
    case "php": self = .php
    case "lua", "luajit": self = .lua
    case "swift": self = .swift
    case "make": self = .make
    default: return nil
    }
  }

  private static let byName: [String: Language] = [
    "makefile": .make, "gnumakefile": .make, "cmakelists.txt": .cmake, "dockerfile": .docker,
    "containerfile": .docker, "rakefile": .ruby, "gemfile": .ruby, "podfile": .ruby,
    "sconstruct": .python, "sconscript": .python, "wscript": .python, ".bashrc": .shell,
    ".profile": .shell, ".zshrc": .shell, "cargo.lock": .toml, "poetry.lock": .toml, "pipfile": .toml,
    ".clang-format": .yaml, ".clang-tidy": .yaml, "composer.lock": .json,
  ]

  private static let byEnding: [String: Language] = [
    "swift": .swift, "py": .python, "pyi": .python, "pyw": .python,
    "js": .javascript, "mjs": .javascript, "cjs": .javascript, "jsx": .javascript,
    "ts": .typescript, "mts": .typescript, "cts": .typescript, "tsx": .typescript,
    "go": .go, "rs": .rust, "java": .java, "c": .c, "h": .c,
    "cc": .cpp, "cpp": .cpp, "cxx": .cpp, "c++": .cpp, "hpp": .cpp, "hh": .cpp, "hxx": .cpp,
    "h++": .cpp, "ipp": .cpp, "tpp": .cpp, "inl": .cpp, "cu": .cpp, "cuh": .cpp,
    "cs": .csharp, "kt": .kotlin, "kts": .kotlin, "rb": .ruby, "rake": .ruby, "gemspec": .ruby,
    "php": .php, "scala": .scala, "sc": .scala, "sh": .shell, "bash": .shell, "zsh": .shell,
    "ksh": .shell, "bats": .shell, "lua": .lua, "pl": .perl, "pm": .perl, "t": .perl,
    "html": .html, "htm": .html, "xhtml": .html, "css": .css, "scss": .css, "sass": .css, "less": .css,
    "sql": .sql, "md": .markdown, "markdown": .markdown, "mdx": .markdown,
    "json": .json, "jsonc": .json, "json5": .json, "geojson": .json, "webmanifest": .json,
    "yaml": .yaml, "yml": .yaml, "toml": .toml, "xml": .xml, "xsd": .xml, "xsl": .xml, "plist": .xml,
    "csproj": .xml, "pom": .xml, "mk": .make, "mak": .make, "cmake": .cmake, "dockerfile": .docker,
  ]
}
