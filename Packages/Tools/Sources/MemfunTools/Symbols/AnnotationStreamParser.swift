import Glibc

/// Reads what `ast-grep scan --format github` prints, as it arrives.
///
/// A line is `::notice file=F,line=A,endLine=B,title=RULE::MESSAGE` with `%0A` and its kin escaped. It is
/// used because ast-grep's JSON repeats the whole text of every match, nested ones again and again;
/// these lines hold just what a map needs.
struct AnnotationStreamParser: ~Copyable {
  private let language: Language
  private let indexOfFile: [String: Int]
  private var partialLine: [UInt8] = []
  /// What was read so far, by `ToolFile.index`.
  private(set) var tags: [Int: [RawTag]] = [:]

  init(language: Language, files: [ToolFile]) {
    self.language = language
    indexOfFile = Dictionary(
      files.map { (Self.plain($0.argument), $0.index) }, uniquingKeysWith: { first, _ in first })
  }

  /// Takes the next piece of output; lines may be cut anywhere.
  mutating func consume(_ chunk: UnsafeRawBufferPointer) {
    var start = 0
    while start < chunk.count {
      let rest = UnsafeRawBufferPointer(rebasing: chunk[start...])
      guard let found = memchr(rest.baseAddress!, 0x0A, rest.count) else {
        if partialLine.count + rest.count < 1 << 20 { partialLine += rest }
        return
      }
      let count = UnsafeRawPointer(found) - rest.baseAddress!
      partialLine += rest[..<count]
      read(line: partialLine)
      partialLine.removeAll(keepingCapacity: true)
      start += count + 1
    }
  }

  private mutating func read(line: [UInt8]) {
    guard line.starts(with: "::".utf8), let head = Self.find("::", in: line, from: 2) else { return }
    var file: String?
    var kind: Symbol.Kind?
    var first: Int32 = 0
    var last: Int32 = 0
    guard let blank = line[..<head].firstIndex(of: UInt8(ascii: " ")) else { return }
    for field in line[(blank + 1)..<head].split(separator: UInt8(ascii: ",")) {
      guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let value = Self.unescaped(field[(equals + 1)...])
      switch String(decoding: field[..<equals], as: UTF8.self) {
      case "file": file = value
      case "line": first = Int32(value) ?? 0
      case "endLine": last = Int32(value) ?? 0
      case "title": kind = Symbol.Kind(rawValue: value)
      default: break
      }
    }
    guard let file, let index = indexOfFile[Self.plain(file)], let kind, first > 0 else { return }
    let name = Self.unescaped(line[(head + 2)...])
    tags[index, default: []].append(
      RawTag(name: name, scope: "", kind: kind, line: first, endLine: max(first, last), isInType: false))
  }

  /// The name without a leading `./`, which ast-grep may drop.
  private static func plain(_ path: String) -> String {
    path.hasPrefix("./") ? String(path.dropFirst(2)) : path
  }

  private static func find(_ mark: StaticString, in line: [UInt8], from start: Int) -> Int? {
    let mark = mark.withUTF8Buffer { Array($0) }
    var at = start
    while at + mark.count <= line.count {
      if line[at..<at + mark.count].elementsEqual(mark) { return at }
      at += 1
    }
    return nil
  }

  /// Undoes the escapes of GitHub's workflow commands.
  private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.contains(UInt8(ascii: "%")) else { return String(decoding: bytes, as: UTF8.self) }
    var plain: [UInt8] = []
    var at = bytes.startIndex
    while at < bytes.endIndex {
      if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.endIndex,
        let high = Character(Unicode.Scalar(bytes[at + 1])).hexDigitValue,
        let low = Character(Unicode.Scalar(bytes[at + 2])).hexDigitValue
      {
        plain.append(UInt8(high * 16 + low))
        at += 3
      } else {
        plain.append(bytes[at])
        at += 1
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }
}
