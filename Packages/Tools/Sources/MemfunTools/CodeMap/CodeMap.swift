import MemfunCore

/// What a folder of source code consists of, as computed without a model.
///
/// Files are referred to by their index in `files` and symbols by their index in `symbols`: a map of
/// a million lines stays within a few hundred megabytes. Paths are relative to `root`, with `/`.
public struct CodeMap: Sendable {
  /// The absolute path of the folder.
  public var root: String
  /// Every file that was looked at, sorted by path (bytewise).
  public var files: [SourceFile] = []
  /// Every symbol, grouped by file in the order of `files`, by start line within a file.
  public var symbols: [Symbol] = []
  /// Every import, grouped by file, by line within a file.
  public var imports: [Import] = []
  /// File-to-file dependencies that follow from resolved imports: unique, sorted, without self-edges.
  public var dependencies: [Dependency] = []
  /// Strongly connected groups of two or more files, each sorted, largest first.
  public var cycles: [[FileID]] = []
  /// Groups of equal blocks of code, most duplicated lines first.
  public var duplicates: [DuplicateGroup] = []
  /// TODO, FIXME, HACK and XXX comments, by file and line.
  public var markers: [Marker] = []
  /// Which test files exercise which code files.
  public var testLinks: [TestLink] = []
  /// What git tells; nil when the folder is in no repository or git is missing.
  public var history: History?
  /// What was left out, file by file, with the reason.
  public var skipped: [SkippedFile] = []
  /// How each language was read and what is missing on this machine.
  public var notes: [Note] = []
  /// How many files came from the cache and how many were read anew.
  public var cache = CacheUse()

  /// An empty map of a folder.
  public init(root: String) { self.root = root }
}

/// The index of a file in `CodeMap.files`.
public typealias FileID = Int32
/// The index of a symbol in `CodeMap.symbols`.
public typealias SymbolID = Int32

/// One file.
public struct SourceFile: Sendable, Equatable {
  /// Relative to the root.
  public var path: String
  /// The language, nil when it is none that is known.
  public var language: Language?
  /// What the file is for.
  public var role: Role
  /// Size in bytes.
  public var bytes: Int
  /// All lines, and how many of them hold code, comment only, or nothing.
  public var lines: Int32 = 0, codeLines: Int32 = 0, commentLines: Int32 = 0, blankLines: Int32 = 0
  /// The sum of the cyclomatic complexity of its functions; code outside functions counts 1.
  public var complexity: Int32 = 0
  /// Commits that touched it within the churn window; 0 without history.
  public var commits: Int32 = 0
  /// Lines added and removed in these commits.
  public var churnedLines: Int32 = 0
  /// complexity × commits, scaled so that the hottest file has 1; 0 without history.
  public var hotSpotScore: Double = 0

  /// What a file is for.
  public enum Role: String, Sendable, CaseIterable {
    case source, test, generated, vendored, documentation, configuration, data, binary, other
  }

  /// - Parameters:
  ///   - path: relative to the root.
  ///   - bytes: its size.
  public init(path: String, language: Language?, role: Role, bytes: Int) {
    self.path = path
    self.language = language
    self.role = role
    self.bytes = bytes
  }
}

/// A named thing in the code: type, function, constant.
public struct Symbol: Sendable, Equatable {
  /// Where it is defined.
  public var file: FileID
  /// Its own name.
  public var name: String
  /// The names around it, outermost first, joined with `.`; empty at top level.
  public var scope: String
  /// What kind of thing it is.
  public var kind: Kind
  /// The declaration as written, on one line, cut at 200 characters.
  public var signature: String
  /// First and last line, from 1, inclusive.
  public var startLine: Int32, endLine: Int32
  /// Cyclomatic complexity (McCabe 1976) of a function: 1 + decision points. 0 for what is no function.
  public var complexity: Int32

  /// The kinds that all languages are mapped to.
  public enum Kind: String, Sendable, CaseIterable {
    case module, type, `class`, `struct`, `enum`, `protocol`, interface, trait, `extension`, macro
    case function, method, initializer, property, constant, variable, field, enumCase = "case", typeAlias =
      "typealias"

    /// Whether it has a body that runs.
    public var isFunction: Bool { self == .function || self == .method || self == .initializer }
  }

  /// Made by symbol readers.
  public init(
    file: FileID, name: String, scope: String, kind: Kind, signature: String, startLine: Int32,
    endLine: Int32,
    complexity: Int32
  ) {
    self.file = file
    self.name = name
    self.scope = scope
    self.kind = kind
    self.signature = signature
    self.startLine = startLine
    self.endLine = endLine
    self.complexity = complexity
  }
}

/// One import, include or use.
public struct Import: Sendable, Equatable {
  /// Where it stands.
  public var file: FileID
  /// Line, from 1.
  public var line: Int32
  /// What is imported, as written.
  public var name: String
  /// Where it leads.
  public var target: Target

  /// Where an import leads.
  public enum Target: Sendable, Equatable {
    /// Files below the root.
    case files([FileID])
    /// A package or header from outside, by its name.
    case external(String)
    /// It looks like something below the root, but nothing is there.
    case unresolved
  }

  /// Made by import readers.
  public init(file: FileID, line: Int32, name: String, target: Target) {
    self.file = file
    self.line = line
    self.name = name
    self.target = target
  }
}

/// One file needs another.
public struct Dependency: Sendable, Hashable {
  /// The file that imports, and the one that is imported.
  public var from: FileID, to: FileID

  /// - Parameters:
  ///   - from: the file that imports.
  ///   - to: the file that is imported.
  public init(from: FileID, to: FileID) {
    self.from = from
    self.to = to
  }
}

/// The same code in two or more places.
public struct DuplicateGroup: Sendable, Equatable {
  /// The places, sorted by file and line.
  public var places: [Place]
  /// Lines of code in each place (blank lines and comments do not count).
  public var codeLines: Int32

  /// Where one copy stands.
  public struct Place: Sendable, Equatable {
    /// The file.
    public var file: FileID
    /// First and last line, from 1, inclusive.
    public var startLine: Int32, endLine: Int32

    /// Lines count from 1 and the range is inclusive.
    public init(file: FileID, startLine: Int32, endLine: Int32) {
      self.file = file
      self.startLine = startLine
      self.endLine = endLine
    }
  }

  /// Made by the duplicate finder.
  public init(places: [Place], codeLines: Int32) {
    self.places = places
    self.codeLines = codeLines
  }
}

/// A comment that asks for work.
public struct Marker: Sendable, Equatable {
  /// Where it stands; line from 1.
  public var file: FileID, line: Int32
  /// Which word.
  public var kind: Kind
  /// The rest of the comment's line, cut at 200 characters.
  public var text: String

  /// The words that count.
  public enum Kind: String, Sendable, CaseIterable {
    case todo = "TODO"
    case fixme = "FIXME"
    case hack = "HACK"
    case xxx = "XXX"
  }

  /// Made by the line scanner.
  public init(file: FileID, line: Int32, kind: Kind, text: String) {
    self.file = file
    self.line = line
    self.kind = kind
    self.text = text
  }
}

/// A test file and a code file it exercises.
public struct TestLink: Sendable, Hashable {
  /// The two files.
  public var test: FileID, code: FileID
  /// How this is known.
  public var evidence: Evidence

  /// How a link is known, strongest first.
  public enum Evidence: String, Sendable {
    case imports, name
  }

  /// Made by the test mapper.
  public init(test: FileID, code: FileID, evidence: Evidence) {
    self.test = test
    self.code = code
    self.evidence = evidence
  }
}

/// What git knows of the folder.
public struct History: Sendable, Equatable {
  /// The revision that is checked out, and whether tracked files differ from it.
  public var head: String, isDirty: Bool
  /// The window that was looked at, in days before now; nil means all of it.
  public var windowDays: Int?
  /// Commits in the window that touch the folder.
  public var commits: Int
  /// True when the clone is shallow, so that older commits could not be seen.
  public var isShallow: Bool
  /// Who made them, most commits first. Names after .mailmap; no addresses.
  public var authors: [Author]
  /// Per file: how many people changed it in the window, and the one with most commits.
  public var ownership: [FileID: Ownership]

  /// A person and how many commits they made.
  public struct Author: Sendable, Equatable {
    /// Name and number of commits in the window.
    public var name: String, commits: Int

    /// Made by the history reader.
    public init(name: String, commits: Int) {
      self.name = name
      self.commits = commits
    }
  }

  /// Who changes a file.
  public struct Ownership: Sendable, Equatable {
    /// Number of people, and the one with most commits with their share (0–1).
    public var authors: Int, mainAuthor: String, mainShare: Double

    /// Made by the history reader.
    public init(authors: Int, mainAuthor: String, mainShare: Double) {
      self.authors = authors
      self.mainAuthor = mainAuthor
      self.mainShare = mainShare
    }
  }

  /// Made by the history reader.
  public init(
    head: String, isDirty: Bool, windowDays: Int?, commits: Int, isShallow: Bool, authors: [Author],
    ownership: [FileID: Ownership]
  ) {
    self.head = head
    self.isDirty = isDirty
    self.windowDays = windowDays
    self.commits = commits
    self.isShallow = isShallow
    self.authors = authors
    self.ownership = ownership
  }
}

/// A file that was not analysed, or only in part.
public struct SkippedFile: Sendable, Equatable {
  /// Relative to the root; invalid UTF-8 is shown as U+FFFD.
  public var path: String
  /// Why.
  public var reason: Reason

  /// The reasons for which a file is left out.
  public enum Reason: Sendable, Equatable {
    case unreadable(String)
    case tooLarge(bytes: Int, limit: Int)
    case symlinkLoop
    case symlinkOutside
    case changedWhileRead
    case notUTF8
    case invalidName
    case specialFile
    case parserFailed(String)
  }

  /// Made by the walker and the readers.
  public init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }
}

/// Something a reader of the report should know about how it was made.
public struct Note: Sendable, Equatable {
  /// A stable name such as `ast-grep.missing`.
  public var kind: String
  /// What happened and what it means for the report.
  public var message: String
  /// How to mend it, if that is possible.
  public var remedy: String?

  /// Made by whoever degrades.
  public init(kind: String, message: String, remedy: String? = nil) {
    self.kind = kind
    self.message = message
    self.remedy = remedy
  }
}

/// How much of a map came from the cache.
public struct CacheUse: Sendable, Equatable {
  /// Files whose facts were reused and files that were read anew.
  public var hits: Int, misses: Int
  /// False when no cache was to be used or it could not be written.
  public var isEnabled: Bool

  /// Made by the cache.
  public init(hits: Int = 0, misses: Int = 0, isEnabled: Bool = false) {
    self.hits = hits
    self.misses = misses
    self.isEnabled = isEnabled
  }
}
