import MemfunTools

/// What a person wants to know about a code base, ranked, as computed from a `CodeMap` without a model.
///
/// Lists are complete and ordered, most important first; what is shown of them is the renderer's
/// choice. Equal maps give equal reports.
public struct AnalysisReport: Sendable {
  /// What the report was computed from.
  public var map: CodeMap
  /// The last component of the map's root: a name for headings.
  public var project: String
  /// How much there is of what.
  public var overview: Overview
  /// Three to seven sentences that a reader most likely did not know; fewer for tiny trees.
  public var standouts: [Sentence]
  /// Files that are complex and change often, hottest first; empty without history.
  public var hotSpots: [HotSpot]
  /// Functions of own code, most complex first.
  public var complexFunctions: [SymbolID]
  /// Functions of own code, most lines first.
  public var longFunctions: [SymbolID]
  /// Who needs whom.
  public var structure: DependencyStructure
  /// The same code in several places.
  public var duplicates: DuplicateSummary
  /// Comments that ask for work.
  public var markers: MarkerSummary
  /// Which code has tests.
  public var tests: TestSummary
  /// Who writes it; nil without history.
  public var authorship: Authorship?
  /// What breaks a rule, most severe first.
  public var findings: [Finding]
  /// The thresholds from which `findings` follow.
  public var thresholds: FindingThresholds
}

/// How much there is of what.
public struct Overview: Sendable, Equatable {
  /// Totals over all files of the map.
  public var files = 0, lines = 0, codeLines = 0, bytes = 0
  /// Totals over own code: files that are source or test of a language with code.
  public var ownFiles = 0, ownLines = 0, ownCodeLines = 0
  /// Functions in own code, and the sum of their complexity.
  public var functions = 0, complexity = 0
  /// By language, most code lines first; generated and vendored files do not count.
  public var languages: [LanguageCount] = []
  /// By role, in the order of `SourceFile.Role`; roles without files are left out.
  public var roles: [RoleCount] = []

  /// One language.
  public struct LanguageCount: Sendable, Equatable {
    /// The language.
    public var language: Language
    /// Its files and lines.
    public var files = 0, codeLines = 0, commentLines = 0
    /// Functions found in it.
    public var functions = 0
  }

  /// One role.
  public struct RoleCount: Sendable, Equatable {
    /// The role.
    public var role: SourceFile.Role
    /// Its files and lines.
    public var files = 0, lines = 0, bytes = 0
  }
}

/// A file that is complex and changes often.
public struct HotSpot: Sendable, Equatable {
  /// The file.
  public var file: FileID
  /// complexity × commits, scaled so that the hottest file has 1.
  public var score: Double
  /// Its most complex functions, at most three, most complex first: where the heat comes from.
  public var functions: [SymbolID]
  /// Whether a test is linked to it; true for tests themselves.
  public var isTested: Bool
}

/// The same code in several places.
public struct DuplicateSummary: Sendable, Equatable {
  /// Indices into `CodeMap.duplicates` of the groups in own code, most repeated code first.
  public var groups: [Int] = []
  /// Lines of own code that lie in at least one duplicate block, all copies counted.
  public var lines = 0
  /// `lines` as a share of all lines of own code, 0–1.
  public var share: Double = 0
}

/// Comments that ask for work.
public struct MarkerSummary: Sendable, Equatable {
  /// How many of each kind, in the order of `Marker.Kind`; kinds without markers are left out.
  public var counts: [Count] = []
  /// Indices into `CodeMap.markers`, those in the hottest files first. Vendored and generated files
  /// do not count.
  public var ranked: [Int] = []

  /// One kind.
  public struct Count: Sendable, Equatable {
    /// The word.
    public var kind: Marker.Kind
    /// How often it occurs.
    public var count: Int
  }
}

/// Which code has tests.
public struct TestSummary: Sendable, Equatable {
  /// Test files, and code lines in them.
  public var testFiles = 0, testCodeLines = 0
  /// Source files of analysed languages that hold functions, and code lines in them.
  public var sourceFiles = 0, sourceCodeLines = 0
  /// How many of the source files have at least one test linked.
  public var linkedSourceFiles = 0
  /// Source files without a link, the hottest (without history: the most complex) first.
  public var untested: [FileID] = []

  /// Test code lines for each source code line; nil without source.
  public var ratio: Double? { sourceCodeLines > 0 ? Double(testCodeLines) / Double(sourceCodeLines) : nil }
}

/// Who writes the code.
public struct Authorship: Sendable, Equatable {
  /// How many people together made more than half of the commits: the fewer, the riskier.
  public var halfOfCommits: Int
  /// The share of the person with most commits, 0–1.
  public var topShare: Double
  /// Hot spots that only one person changed within the window, hottest first.
  public var singleAuthorHotSpots: [FileID]
}
