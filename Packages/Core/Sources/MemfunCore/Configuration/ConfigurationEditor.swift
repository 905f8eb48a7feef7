/// Changes single values in the text of a TOML file and leaves everything else as it is: comments,
/// order, blank lines, line ends.
///
/// Pure: text in, text out. The new text is parsed again and must mean exactly the old document with
/// the one change, or the edit is refused.
public struct ConfigurationEditor: Sendable {
  /// The text as edited so far.
  public private(set) var text: [UInt8]
  private let path: String

  /// - Parameters:
  ///   - text: the file's bytes; empty for a new file.
  ///   - path: its name for errors.
  /// - Throws: `ConfigurationProblem.syntax` when it is broken already.
  public init(_ text: [UInt8], path: String) throws(ConfigurationProblem) {
    _ = try TOMLDocument(text, source: path)
    self.text = text
    self.path = path
  }

  /// Sets `section.name` to `value`, in place when it is there already.
  ///
  /// - Throws: `ConfigurationProblem.editFailed`; the text is unchanged.
  public mutating func set(_ key: String, to value: ConfigurationScalar) throws(ConfigurationProblem) {
    let (section, name) = Self.split(key)
    let document = try TOMLDocument(text, source: path)
    var lines = SourceLines(text)
    if let table = document.root[section]?.node.table {
      if let member = table[name] {
        lines.replace(member.node.region, with: value.toml)
      } else if table.isInline, let region = document.root[section]?.node.region {
        insert("\(TOMLText.key(name)) = \(value.toml)", intoInline: table, region, &lines)
      } else {
        insert(name, value, into: section, table, document, &lines)
      }
    } else if document.root[section] == nil {
      lines.append(section: section, line: "\(TOMLText.key(name)) = \(value.toml)")
    } else {
      throw .editFailed(key: key, path: path)
    }
    let wanted = Self.flat(document).merging([[section, name]: value.toml]) { _, new in new }
    try accept(lines.bytes, meaning: wanted, key: key)
  }

  /// Removes `section.name` with its line. Removing what is not there changes nothing.
  ///
  /// - Throws: `ConfigurationProblem.editFailed`; the text is unchanged.
  public mutating func unset(_ key: String) throws(ConfigurationProblem) {
    let (section, name) = Self.split(key)
    let document = try TOMLDocument(text, source: path)
    guard let table = document.root[section]?.node.table, let member = table[name] else { return }
    var lines = SourceLines(text)
    if table.isInline {
      lines.removeInline(member, of: table)
    } else {
      lines.removeLines(from: member.keyRegion.beginLine, through: member.node.region.endLine)
    }
    var wanted = Self.flat(document)
    wanted[[section, name]] = nil
    try accept(lines.bytes, meaning: wanted, key: key)
  }

  private static func split(_ key: String) -> (String, String) {
    let section = key.prefix { $0 != "." }
    return (String(section), String(key.dropFirst(section.count + 1)))
  }

  private func insert(
    _ member: String, intoInline table: TOMLTable, _ region: SourceRegion, _ lines: inout SourceLines
  ) {
    if let last = table.members.last {
      lines.insert(", " + member, line: last.node.region.endLine, column: last.node.region.endColumn)
    } else {
      lines.replace(region, with: "{ \(member) }")
    }
  }

  private func insert(
    _ name: String, _ value: ConfigurationScalar, into section: String, _ table: TOMLTable,
    _ document: TOMLDocument,
    _ lines: inout SourceLines
  ) {
    let line = "\(TOMLText.key(name)) = \(value.toml)"
    // The direct values of the section; tables below it have headers of their own.
    let last = table.members.filter { $0.node.table == nil || $0.node.table?.isInline == true }
      .max { $0.node.region.endLine < $1.node.region.endLine }
    if let last {
      let isDotted = lines.isDotted(last.keyRegion)
      lines.insertLine(isDotted ? "\(TOMLText.key(section)).\(line)" : line, after: last.node.region.endLine)
    } else if let header = document.root[section]?.node.region, lines.isHeader(of: section, header.beginLine)
    {
      lines.insertLine(line, after: header.beginLine)
    } else {
      lines.append(section: section, line: line)
    }
  }

  private mutating func accept(
    _ edited: [UInt8], meaning wanted: [[String]: String], key: String
  ) throws(ConfigurationProblem) {
    guard let document = try? TOMLDocument(edited, source: path), Self.flat(document) == wanted else {
      throw .editFailed(key: key, path: path)
    }
    text = edited
  }

  /// The document as path → source-independent text of the value, for comparing meanings.
  private static func flat(_ document: TOMLDocument) -> [[String]: String] {
    var values: [[String]: String] = [:]
    func walk(_ node: TOMLNode, _ path: [String]) {
      if let table = node.table {
        // Empty tables count too, or removing one would go unnoticed; sections may come and go.
        if table.members.isEmpty, path.count > 1 { values[path] = "{}" }
        for member in table.members { walk(member.node, path + [member.key]) }
      } else {
        values[path] = canonical(node.value)
      }
    }
    for member in document.root.members { walk(member.node, [member.key]) }
    return values
  }

  private static func canonical(_ value: TOMLNode.Value) -> String {
    switch value {
    case .string(let text): TOMLText.quoted(text)
    case .integer(let value): String(value)
    case .float(let value): ConfigurationScalar.float(value).toml
    case .bool(let value): String(value)
    case .date(let text): text
    case .array(let nodes): "[" + nodes.map { canonical($0.value) }.joined(separator: ", ") + "]"
    case .table(let table):
      "{"
        + table.members.map { "\(TOMLText.quoted($0.key)): \(canonical($0.node.value))" }.sorted()
        .joined(separator: ", ") + "}"
    }
  }
}

/// A text by lines, addressed as toml++ addresses it: lines and columns from 1, columns in code points.
private struct SourceLines {
  private(set) var bytes: [UInt8]
  private var starts: [Int] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    index()
  }

  private mutating func index() {
    starts = [bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0]
    for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(place + 1) }
  }

  private var lineEnd: [UInt8] {
    let first = bytes.firstIndex(of: UInt8(ascii: "\n"))
    return first.map { $0 > 0 && bytes[$0 - 1] == UInt8(ascii: "\r") } == true ? [0x0D, 0x0A] : [0x0A]
  }

  private func offset(line: Int, column: Int) -> Int {
    guard line - 1 < starts.count else { return bytes.count }
    var place = starts[line - 1]
    for _ in 1..<max(column, 1) where place < bytes.count {
      place += 1
      while place < bytes.count, bytes[place] & 0xC0 == 0x80 { place += 1 }
    }
    return place
  }

  /// The end of a line, its line end included.
  private func end(ofLine line: Int) -> Int { line < starts.count ? starts[line] : bytes.count }

  mutating func replace(_ region: SourceRegion, with text: String) {
    let range =
      offset(
        line: region.beginLine, column: region.beginColumn)..<offset(
        line: region.endLine, column: region.endColumn)
    bytes.replaceSubrange(range, with: Array(text.utf8))
    index()
  }

  mutating func insert(_ text: String, line: Int, column: Int) {
    bytes.insert(contentsOf: Array(text.utf8), at: offset(line: line, column: column))
    index()
  }

  mutating func insertLine(_ text: String, after line: Int) {
    var place = end(ofLine: line)
    var inserted = Array(text.utf8) + lineEnd
    if place == bytes.count, bytes.last != UInt8(ascii: "\n") {
      inserted = lineEnd + inserted
      place = bytes.count
    }
    bytes.insert(contentsOf: inserted, at: place)
    index()
  }

  mutating func append(section: String, line: String) {
    if !bytes.isEmpty, bytes.last != UInt8(ascii: "\n") { bytes += lineEnd }
    if bytes.count > 3 { bytes += lineEnd }
    bytes += Array("[\(TOMLText.key(section))]".utf8) + lineEnd + Array(line.utf8) + lineEnd
    index()
  }

  mutating func removeLines(from first: Int, through last: Int) {
    bytes.removeSubrange(offset(line: first, column: 1)..<end(ofLine: last))
    index()
  }

  mutating func removeInline(_ member: TOMLTable.Member, of table: TOMLTable) {
    guard let place = table.members.firstIndex(of: member) else { return }
    var start = offset(line: member.keyRegion.beginLine, column: member.keyRegion.beginColumn)
    var end = offset(line: member.node.region.endLine, column: member.node.region.endColumn)
    if place + 1 < table.members.count {
      let next = table.members[place + 1].keyRegion
      end = offset(line: next.beginLine, column: next.beginColumn)
    } else if place > 0 {
      let before = table.members[place - 1].node.region
      start = offset(line: before.endLine, column: before.endColumn)
    }
    bytes.removeSubrange(start..<end)
    index()
  }

  /// Whether a key is written `section.key` on its line.
  func isDotted(_ region: SourceRegion) -> Bool {
    var place = offset(line: region.beginLine, column: region.beginColumn)
    let lineStart = starts[region.beginLine - 1]
    while place > lineStart {
      place -= 1
      if bytes[place] == UInt8(ascii: ".") { return true }
      if bytes[place] != 0x20, bytes[place] != 0x09 { return false }
    }
    return false
  }

  /// Whether a line is the header `[section]` itself, not that of a table below it.
  func isHeader(of section: String, _ line: Int) -> Bool {
    let text = String(decoding: bytes[offset(line: line, column: 1)..<end(ofLine: line)], as: UTF8.self)
    let bare = text.prefix { $0 != "]" }.filter { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "'" }
    return bare == "[\(section)"
  }
}
