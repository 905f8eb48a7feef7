import CToml

/// A place in a text: lines and columns from 1, columns in code points, the end exclusive.
public struct SourceRegion: Sendable, Hashable {
  /// Where it begins and ends.
  public var beginLine: Int, beginColumn: Int, endLine: Int, endColumn: Int

  /// For values that stand in no file.
  static let nowhere = SourceRegion(beginLine: 0, beginColumn: 0, endLine: 0, endColumn: 0)

  /// `line:column` of the beginning.
  public var start: String { "\(beginLine):\(beginColumn)" }
}

/// A value of a TOML document and where it stands.
public struct TOMLNode: Sendable, Equatable {
  /// The value.
  public enum Value: Sendable, Equatable {
    case string(String)
    case integer(Int64)
    case float(Double)
    case bool(Bool)
    /// A date, a time or both, as text.
    case date(String)
    case array([TOMLNode])
    case table(TOMLTable)

    /// The name of the type for messages.
    public var typeName: String {
      switch self {
      case .string: "a string"
      case .integer: "an integer"
      case .float: "a float"
      case .bool: "a boolean"
      case .date: "a date"
      case .array: "an array"
      case .table: "a table"
      }
    }
  }

  /// The value.
  public let value: Value
  /// Where it stands; of a table the place of its header or braces.
  public let region: SourceRegion

  /// The table, if it is one.
  public var table: TOMLTable? { if case .table(let table) = value { table } else { nil } }
}

/// A table: its members in the order of their names in the source.
public struct TOMLTable: Sendable, Equatable {
  /// One member.
  public struct Member: Sendable, Equatable {
    /// Its name, without quotes.
    public let key: String
    /// Where the name stands.
    public let keyRegion: SourceRegion
    /// Its value.
    public let node: TOMLNode
  }

  /// The members.
  public let members: [Member]
  /// Whether it is written as `{…}`.
  public let isInline: Bool

  /// The member named `key`.
  public subscript(key: String) -> Member? { members.first { $0.key == key } }
}

/// A TOML document (v1.0), read by toml++.
public struct TOMLDocument: Sendable, Equatable {
  /// Documents larger than this are refused: a configuration is read by people.
  public static let maximumBytes = 1 << 20

  /// The top table.
  public let root: TOMLTable

  /// - Parameter source: the file's name for errors.
  /// - Throws: `ConfigurationProblem.syntax`.
  public init(_ text: [UInt8], source: String) throws(ConfigurationProblem) {
    func refuse(_ reason: String, line: Int = 1, column: Int = 1) -> ConfigurationProblem {
      .syntax(place: "\(source):\(line):\(column)", reason: reason)
    }
    if text.count > Self.maximumBytes {
      throw refuse("the file has \(text.count) bytes; the limit is \(Self.maximumBytes)")
    }
    if let bad = Self.firstInvalidUTF8(text) {
      let (line, column) = Self.position(of: bad, in: text)
      throw refuse("the text is not valid UTF-8", line: line, column: column)
    }
    if let place = TOMLNesting.firstTooDeepOffset(in: text) {
      let (line, column) = Self.position(of: place, in: text)
      throw refuse(
        "a key has more than \(TOMLNesting.maximumKeyParts) parts, or values are nested deeper than "
          + "\(TOMLNesting.maximumDepth)", line: line, column: column)
    }
    if text.isEmpty {
      root = TOMLTable(members: [], isInline: false)
      return
    }
    var problem = memfun_toml_error()
    let parsed = text.withUnsafeBytes { bytes in
      bytes.bindMemory(to: CChar.self).baseAddress.flatMap { memfun_toml_parse($0, bytes.count, &problem) }
    }
    guard let parsed else {
      let message = withUnsafeBytes(of: problem.message) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw refuse(message, line: Int(problem.line), column: Int(problem.column))
    }
    defer { memfun_toml_free(parsed) }
    root = Self.tree(of: parsed)
  }

  private static func tree(of document: OpaquePointer) -> TOMLTable {
    let nodes = (0..<memfun_toml_count(document)).map { memfun_toml_node_at(document, $0) }
    var children = [[Int]](repeating: [], count: nodes.count)
    for (place, node) in nodes.enumerated() where node.parent >= 0 {
      children[Int(node.parent)].append(place)
    }

    func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
      String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }
    func value(_ place: Int) -> TOMLNode {
      let node = nodes[place]
      let value: TOMLNode.Value =
        switch node.kind {
        case MEMFUN_TOML_TABLE: .table(table(place))
        case MEMFUN_TOML_ARRAY: .array(children[place].map(value))
        case MEMFUN_TOML_STRING: .string(text(node.text, node.text_length))
        case MEMFUN_TOML_INTEGER: .integer(node.integer)
        case MEMFUN_TOML_FLOAT: .float(node.number)
        case MEMFUN_TOML_BOOLEAN: .bool(node.boolean != 0)
        default: .date(text(node.text, node.text_length))
        }
      return TOMLNode(value: value, region: SourceRegion(node.region))
    }
    func table(_ place: Int) -> TOMLTable {
      let members = children[place].map { child in
        TOMLTable.Member(
          key: text(nodes[child].key, nodes[child].key_length),
          keyRegion: SourceRegion(nodes[child].key_region),
          node: value(child))
      }
      .sorted {
        ($0.keyRegion.beginLine, $0.keyRegion.beginColumn) < (
          $1.keyRegion.beginLine, $1.keyRegion.beginColumn
        )
      }
      return TOMLTable(members: members, isInline: nodes[place].is_inline != 0)
    }
    return table(0)
  }

  private static func firstInvalidUTF8(_ bytes: [UInt8]) -> Int? {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): offset += UTF8.width(scalar)
      case .emptyInput: return nil
      case .error: return offset
      }
    }
  }

  private static func position(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
    let before = bytes[..<offset]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let lineStart = (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
    return (line, String(decoding: bytes[lineStart..<offset], as: UTF8.self).unicodeScalars.count + 1)
  }
}

extension SourceRegion {
  fileprivate init(_ region: memfun_toml_region) {
    self.init(
      beginLine: Int(region.begin_line), beginColumn: Int(region.begin_column), endLine: Int(region.end_line),
      endColumn: Int(region.end_column))
  }
}
