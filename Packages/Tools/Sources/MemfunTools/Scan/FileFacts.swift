/// All that the bytes of one file tell without looking at any other file.
///
/// Depends on the bytes and the language alone, so it can be kept under the hash of the content.
/// Lines count from 1. Everything that carries lines is sorted by line.
public struct FileFacts: Sendable, Equatable {
  /// All lines; a last line without a line feed counts, an empty file has none.
  public var lines: Int32 = 0
  /// Lines with at least one token of code. Lines inside a string literal are code.
  public var codeLines: Int32 = 0
  /// Lines with a comment and no code. A Python docstring is a comment.
  public var commentLines: Int32 = 0
  /// Lines with white space only, also inside comments.
  public var blankLines: Int32 = 0
  /// What the file imports, as written.
  public var imports: [RawImport] = []
  /// TODO and its kin in comments.
  public var markers: [RawMarker] = []
  /// The line of every decision point, sorted; a line with two of them appears twice.
  public var decisionLines: [Int32] = []
  /// Blocks that span lines, in the order in which they open.
  public var blocks: [Block] = []
  /// One entry for each line of code, for the search for duplicates.
  public var fingerprints: [LineFingerprint] = []
  /// The package the file says it belongs to (Go, Java); empty otherwise.
  public var module = ""
  /// Hashes (`NameHash`) of the names declared at file level that others can refer to, sorted, unique.
  public var definedNames: [UInt64] = []
  /// Hashes of the names the file mentions and that may be defined elsewhere, sorted, unique.
  public var referencedNames: [UInt64] = []
  /// What else was seen.
  public var traits: Traits = []

  /// Facts of an empty file.
  public init() {}

  /// The cyclomatic complexity (McCabe 1976, counted by tokens) of a range of lines: 1 + decision points.
  ///
  /// A function inside the range counts towards it. Decision points are what the language's scanner
  /// documents; languages that are not analysed have none.
  public func complexity(ofLines range: ClosedRange<Int32>) -> Int32 {
    1 + Int32(clamping: lowerBound(range.upperBound &+ 1) - lowerBound(range.lowerBound))
  }

  /// The first index in `decisionLines` whose line is at least `line`.
  private func lowerBound(_ line: Int32) -> Int {
    var low = 0
    var high = decisionLines.count
    while low < high {
      let middle = (low + high) / 2
      if decisionLines[middle] < line { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The last line of the declaration that starts at, or whose head contains, a line.
  ///
  /// It is the end of the block whose head (from the first token of the statement to the opening brace,
  /// or to the colon in Python) contains the line. Without such a block the declaration has no body and
  /// ends where it starts.
  public func endLine(ofDeclarationAt line: Int32) -> Int32 {
    let low = firstBlock(openingFrom: line)
    // Closures among the parameters open before the body: the outermost block that fits is the longest.
    var end = line
    var index = low
    while index < blocks.count, index < low + 32 {
      let block = blocks[index]
      if block.openLine > line, block.headLine > line { break }
      if block.headLine <= line { end = max(end, block.closeLine) }
      index += 1
    }
    return end
  }

  /// Whether a range that is said to be one declaration holds several: after its first block has closed, the
  /// statement of another begins.
  ///
  /// - Parameter isBranch: whether a block that closes on this line was closed by `#else`. The next block is
  ///   then the same one again.
  func holdsSeveralDeclarations(_ range: ClosedRange<Int32>, isBranch: (Int32) -> Bool) -> Bool {
    var outer: Block?
    var index = firstBlock(openingFrom: range.lowerBound)
    while index < blocks.count, blocks[index].openLine <= range.upperBound {
      let block = blocks[index]
      index += 1
      guard block.closeLine <= range.upperBound else { continue }
      guard let last = outer else {
        outer = block
        continue
      }
      if block.closeLine <= last.closeLine { continue }
      if block.headLine > last.closeLine, !isBranch(last.closeLine) { return true }
      outer = block
    }
    return false
  }

  /// The first index in `blocks` of one that opens on a line or after it.
  private func firstBlock(openingFrom line: Int32) -> Int {
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].openLine < line { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension FileFacts {
  /// A block of code and the statement it belongs to.
  public struct Block: Sendable, Equatable {
    /// Where the statement begins, where its block opens, and where that closes.
    public var headLine: Int32, openLine: Int32, closeLine: Int32

    /// - Parameters:
    ///   - headLine: line of the first token of the statement.
    ///   - openLine: line of the opening brace or of the colon.
    ///   - closeLine: line of the closing brace or of the last indented line.
    public init(headLine: Int32, openLine: Int32, closeLine: Int32) {
      self.headLine = headLine
      self.openLine = openLine
      self.closeLine = closeLine
    }
  }

  /// The tokens of one line of code, without white space and comments, as a hash.
  public struct LineFingerprint: Sendable, Equatable {
    /// Equal lines have equal hashes; different lines differ but for one case in 2⁶⁴.
    public var hash: UInt64
    /// The line.
    public var line: Int32
    /// Number of tokens, at most 65,535; 0 for lines that say nothing by themselves: braces and other
    /// punctuation only, imports, package clauses.
    public var tokens: UInt16

    /// - Parameters:
    ///   - hash: of the tokens.
    ///   - line: from 1.
    ///   - tokens: their number, 0 for a trivial line.
    public init(hash: UInt64, line: Int32, tokens: UInt16) {
      self.hash = hash
      self.line = line
      self.tokens = tokens
    }
  }

  /// What else was seen in a file.
  public struct Traits: OptionSet, Sendable {
    /// The bits.
    public var rawValue: UInt8
    /// From bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Tests stand beside the code they test: Rust's `#[cfg(test)]` or `#[test]`.
    public static let inlineTests = Traits(rawValue: 1)
  }
}

/// An import as it stands in the file, before anything is looked up.
public struct RawImport: Sendable, Equatable {
  /// Line of the first token.
  public var line: Int32
  /// Which construct.
  public var kind: Kind
  /// How far the import stands inside inline modules (Rust), or the number of leading dots (Python).
  public var level: UInt8
  /// The path as written: `../a.js`, `a.b`, `..a`, `std::fmt::{self, Display}`, `stdio.h`.
  public var text: String
  /// Names taken from it: after Python's `from x import`; Rust's use tree as full paths.
  public var members: [String]

  /// The constructs of all languages.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// Python `import a.b` and `from a import b`.
    case pythonImport, pythonFrom
    /// JavaScript and TypeScript: `import`/`export … from`, `import type`, `require()`, `import()`.
    case module, moduleType, require, dynamicImport
    /// Go `import`.
    case goImport
    /// Rust `use`, `mod name;` and `extern crate`.
    case rustUse, rustMod, rustExternCrate
    /// Java `import` and `import static`.
    case javaImport, javaStaticImport
    /// C and C++ `#include "x"` and `#include <x>`.
    case quotedInclude, angleInclude
    /// Swift `import`, also of one declaration (`import struct A.B`).
    case swiftImport
    /// Rust: a path in an expression or type (`crate::a::f()`), each once a file. No import of its own, but
    /// it makes its file depend on another just the same.
    case rustPath
  }

  /// Made by the scanners.
  public init(line: Int32, kind: Kind, text: String, level: UInt8 = 0, members: [String] = []) {
    self.line = line
    self.kind = kind
    self.level = level
    self.text = text
    self.members = members
  }
}

/// A marker comment of one file.
public struct RawMarker: Sendable, Equatable {
  /// Its line.
  public var line: Int32
  /// Which word.
  public var kind: Marker.Kind
  /// The rest of the comment's line without the colon after the word, at most 200 characters.
  public var text: String

  /// Made by the scanners.
  public init(line: Int32, kind: Marker.Kind, text: String) {
    self.line = line
    self.kind = kind
    self.text = text
  }
}
