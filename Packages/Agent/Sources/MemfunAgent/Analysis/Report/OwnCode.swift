import MemfunTools

extension SourceFile {
  /// Whether rules and rankings look at it: source or test of a language whose code is analysed.
  /// What others wrote (vendored) or what a program wrote (generated) is counted but not judged.
  public var isOwnCode: Bool {
    (role == .source || role == .test) && language?.isAnalysed == true
  }
}

extension Symbol {
  /// The name with its scope: `Parser.parse`.
  public var qualifiedName: String { scope.isEmpty ? name : scope + "." + name }
  /// Lines from the first to the last, inclusive.
  public var lineCount: Int { max(1, Int(endLine) - Int(startLine) + 1) }
}

extension CodeMap {
  /// The place of a symbol's first line.
  public func place(ofSymbol symbol: SymbolID) -> Place {
    let symbol = symbols[Int(symbol)]
    return Place(files[Int(symbol.file)].path, line: Int(symbol.startLine))
  }

  /// The place of a file as a whole.
  public func place(ofFile file: FileID) -> Place { Place(files[Int(file)].path) }

  /// The place of a copy of a duplicate.
  public func place(of copy: DuplicateGroup.Place) -> Place {
    Place(files[Int(copy.file)].path, line: Int(copy.startLine), endLine: Int(copy.endLine))
  }
}
