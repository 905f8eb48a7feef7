/// Puts what was found about single files together into a map.
enum MapAssembly {
  /// Fills files, symbols, markers and skipped files.
  ///
  /// - Parameters:
  ///   - files: the walk's files, in the map's order.
  ///   - analyses: one for each of them.
  static func fill(_ map: inout CodeMap, files: [WalkedFile], analyses: [FileAnalysis]) {
    map.files.reserveCapacity(files.count)
    map.symbols.reserveCapacity(analyses.reduce(0) { $0 + $1.symbols.count })
    for (index, walked) in files.enumerated() {
      let analysis = analyses[index]
      let id = FileID(index)
      var file = SourceFile(
        path: walked.path, language: analysis.language, role: analysis.role, bytes: Int(walked.stamp.size))
      file.lines = analysis.facts.lines
      file.codeLines = analysis.facts.codeLines
      file.commentLines = analysis.facts.commentLines
      file.blankLines = analysis.facts.blankLines
      file.complexity = complexity(of: analysis)
      map.files.append(file)
      for var symbol in analysis.symbols {
        symbol.file = id
        map.symbols.append(symbol)
      }
      for marker in analysis.facts.markers {
        map.markers.append(Marker(file: id, line: marker.line, kind: marker.kind, text: marker.text))
      }
      if let problem = analysis.problem {
        map.skipped.append(SkippedFile(path: walked.path, reason: problem))
      }
    }
    map.skipped.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// Decision points, 1 for each function, and 1 for the code outside functions.
  private static func complexity(of analysis: FileAnalysis) -> Int32 {
    guard FileAnalysis.isDeep(analysis.role, analysis.language), analysis.facts.codeLines > 0 else {
      return 0
    }
    let functions = analysis.symbols.reduce(0) { $0 + ($1.kind.isFunction ? 1 : 0) }
    return Int32(clamping: 1 + functions + analysis.facts.decisionLines.count)
  }
}

extension CodeMap {
  /// Enters what follows from looking at all files together.
  mutating func apply(_ links: TreeLinks) {
    imports = links.imports
    dependencies = links.dependencies
    cycles = links.cycles
    duplicates = links.duplicates
    testLinks = links.testLinks
    notes += links.notes
  }
}
