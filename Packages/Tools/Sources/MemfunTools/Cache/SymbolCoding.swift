/// The symbols of one file as bytes. `file` is not kept: it is the place in some map.
enum SymbolCoding {
  static func encode(_ symbols: [Symbol], into writer: inout BinaryWriter) {
    // Neighbours share their scope, so each scope is written once.
    var scopes: [String: Int] = [:]
    var order: [String] = []
    for symbol in symbols where scopes[symbol.scope] == nil {
      scopes[symbol.scope] = order.count
      order.append(symbol.scope)
    }
    writer.number(order.count)
    for scope in order { writer.string(scope) }
    writer.number(symbols.count)
    for symbol in symbols {
      writer.string(symbol.name)
      writer.number(scopes[symbol.scope] ?? 0)
      writer.byte(symbol.kind.code)
      writer.string(symbol.signature)
      writer.number(max(0, symbol.startLine))
      writer.number(max(0, symbol.endLine &- symbol.startLine))
      writer.number(max(0, symbol.complexity))
    }
  }

  /// Nil when the bytes are damaged in a way that shows.
  static func decode(_ reader: inout BinaryReader) -> [Symbol]? {
    let scopeCount = reader.count()
    var scopes: [String] = []
    scopes.reserveCapacity(scopeCount)
    for _ in 0..<scopeCount { scopes.append(reader.string()) }
    let count = reader.count()
    var symbols: [Symbol] = []
    symbols.reserveCapacity(count)
    for _ in 0..<count {
      let name = reader.string()
      let scope = Int(reader.number32())
      let kind = Symbol.Kind(code: reader.byte())
      let signature = reader.string()
      let start = reader.number32()
      let length = reader.number32()
      let complexity = reader.number32()
      guard reader.isIntact, scope < scopes.count, let kind else { return nil }
      symbols.append(
        Symbol(
          file: 0, name: name, scope: scopes[scope], kind: kind, signature: signature, startLine: start,
          endLine: start &+ length, complexity: complexity))
    }
    return symbols
  }
}

extension Symbol.Kind {
  private static let codes = Array(Symbol.Kind.allCases)
  private static let numbers = Dictionary(uniqueKeysWithValues: codes.enumerated().map { ($1, UInt8($0)) })

  /// Its place among all cases; the cache's version changes when these do.
  var code: UInt8 { Self.numbers[self] ?? 0 }

  init?(code: UInt8) {
    guard Int(code) < Self.codes.count else { return nil }
    self = Self.codes[Int(code)]
  }
}
