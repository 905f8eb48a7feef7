import CXXHash

/// Keeps what follows from looking at all files together, for as long as no file differs.
enum LinksCache {
  /// The state of a whole tree: every path with its role, language and content.
  static func key(
    files: [SourceFile], analyses: [FileAnalysis], minimumDuplicateLines: Int
  ) -> ContentHash {
    var writer = BinaryWriter()
    writer.number(max(0, minimumDuplicateLines))
    writer.reserve(files.count * 64)
    for (file, analysis) in zip(files, analyses) {
      writer.string(file.path)
      writer.string(file.role.rawValue)
      writer.string(file.language?.rawValue ?? "")
      writer.fixed(analysis.hash.low)
      writer.fixed(analysis.hash.high)
      // A file that was read before and cannot be read now has other facts under the same path.
      writer.number(max(0, analysis.facts.lines))
    }
    return FileInspector.hash(writer.bytes)
  }

  static func encode(_ links: TreeLinks, key: ContentHash) -> [UInt8] {
    var writer = BinaryWriter()
    writer.fixed(key.low)
    writer.fixed(key.high)
    writer.number(links.imports.count)
    for item in links.imports {
      writer.number(item.file)
      writer.number(item.line)
      writer.string(item.name)
      switch item.target {
      case .files(let targets):
        writer.byte(0)
        ids(targets, &writer)
      case .external(let name):
        writer.byte(1)
        writer.string(name)
      case .unresolved: writer.byte(2)
      }
    }
    writer.number(links.dependencies.count)
    for edge in links.dependencies {
      writer.number(edge.from)
      writer.number(edge.to)
    }
    writer.number(links.cycles.count)
    for cycle in links.cycles { ids(cycle, &writer) }
    writer.number(links.duplicates.count)
    for group in links.duplicates {
      writer.number(group.codeLines)
      writer.number(group.places.count)
      for place in group.places {
        writer.number(place.file)
        writer.number(place.startLine)
        writer.number(place.endLine)
      }
    }
    writer.number(links.testLinks.count)
    for link in links.testLinks {
      writer.number(link.test)
      writer.number(link.code)
      writer.flag(link.evidence == .imports)
    }
    writer.number(links.notes.count)
    for note in links.notes {
      writer.string(note.kind)
      writer.string(note.message)
      writer.flag(note.remedy != nil)
      writer.string(note.remedy ?? "")
    }
    return writer.bytes
  }

  /// Nil when the bytes belong to another state of the tree or are damaged in a way that shows.
  static func decode(_ bytes: [UInt8], key: ContentHash, fileCount: Int) -> TreeLinks? {
    bytes.withUnsafeBytes { buffer in
      var reader = BinaryReader(buffer)
      guard ContentHash(low: reader.fixed(), high: reader.fixed()) == key else { return nil }
      var links = TreeLinks()
      var isValid = true
      func file(_ reader: inout BinaryReader) -> FileID {
        let id = reader.number32()
        if Int(id) >= fileCount { isValid = false }
        return id
      }
      func files(_ reader: inout BinaryReader) -> [FileID] { (0..<reader.count()).map { _ in file(&reader) } }
      let imports = reader.count()
      links.imports.reserveCapacity(imports)
      for _ in 0..<imports {
        let from = file(&reader)
        let line = reader.number32()
        let name = reader.string()
        let target: Import.Target
        switch reader.byte() {
        case 0: target = .files(files(&reader))
        case 1: target = .external(reader.string())
        default: target = .unresolved
        }
        links.imports.append(Import(file: from, line: line, name: name, target: target))
      }
      links.dependencies = (0..<reader.count()).map { _ in
        Dependency(from: file(&reader), to: file(&reader))
      }
      links.cycles = (0..<reader.count()).map { _ in files(&reader) }
      links.duplicates = (0..<reader.count()).map { _ in
        let lines = reader.number32()
        let places = (0..<reader.count()).map { _ in
          DuplicateGroup.Place(
            file: file(&reader), startLine: reader.number32(), endLine: reader.number32())
        }
        return DuplicateGroup(places: places, codeLines: lines)
      }
      links.testLinks = (0..<reader.count()).map { _ in
        TestLink(
          test: file(&reader), code: file(&reader), evidence: reader.flag() ? .imports : .name)
      }
      links.notes = (0..<reader.count()).map { _ in
        let (kind, message) = (reader.string(), reader.string())
        let hasRemedy = reader.flag()
        let remedy = reader.string()
        return Note(kind: kind, message: message, remedy: hasRemedy ? remedy : nil)
      }
      guard reader.isIntact, reader.isAtEnd, isValid else { return nil }
      return links
    }
  }

  private static func ids(_ files: [FileID], _ writer: inout BinaryWriter) {
    writer.number(files.count)
    for file in files { writer.number(file) }
  }
}
