/// Writes JSON text piece by piece, for documents that are too large to build as a `JSONValue` first.
///
/// The caller opens and closes objects and arrays; commas and quotes are the writer's business. Text
/// goes to the sink in blocks of about 64 KiB.
///
/// ```swift
/// var writer = JSONStreamWriter { bytes in … }
/// try writer.object { writer in
///   try writer.member("files", 3)
/// }
/// try writer.finish()
/// ```
public struct JSONStreamWriter {
  private var buffer: [UInt8] = []
  private var needsComma = false
  private let sink: ([UInt8]) throws -> Void
  private static let blockSize = 64 << 10

  /// - Parameter sink: gets the UTF-8 bytes in order; what it throws comes out of the call that
  ///   filled the block.
  public init(sink: @escaping ([UInt8]) throws -> Void) {
    self.sink = sink
    buffer.reserveCapacity(Self.blockSize + 1024)
  }

  /// Hands the rest to the sink. Call it once, at the end.
  public mutating func finish() throws {
    try sink(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  /// An object whose members `body` writes.
  public mutating func object(_ body: (inout JSONStreamWriter) throws -> Void) throws {
    try nest(open: UInt8(ascii: "{"), close: UInt8(ascii: "}"), body)
  }

  /// An array whose elements `body` writes.
  public mutating func array(_ body: (inout JSONStreamWriter) throws -> Void) throws {
    try nest(open: UInt8(ascii: "["), close: UInt8(ascii: "]"), body)
  }

  /// An array with one element for each item.
  public mutating func array<Items: Sequence>(
    of items: Items, _ element: (inout JSONStreamWriter, Items.Element) throws -> Void
  ) throws {
    try array { writer in
      for item in items { try element(&writer, item) }
    }
  }

  /// The name of a member; its value must follow.
  public mutating func key(_ name: String) throws {
    try begin()
    JSONSerializer.appendQuoted(name, to: &buffer)
    buffer.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// A string value.
  public mutating func value(_ text: String) throws {
    try begin()
    JSONSerializer.appendQuoted(text, to: &buffer)
  }

  /// A whole number.
  public mutating func value(_ number: some BinaryInteger) throws {
    try begin()
    buffer += Array(String(number).utf8)
  }

  /// A number; `null` when it is infinite or not a number, which JSON cannot say.
  public mutating func value(_ number: Double) throws { try value(JSONValue.number(number)) }

  /// A truth value.
  public mutating func value(_ flag: Bool) throws { try value(JSONValue.bool(flag)) }

  /// `null`.
  public mutating func null() throws { try value(JSONValue.null) }

  /// A value that exists already.
  public mutating func value(_ value: JSONValue) throws {
    try begin()
    buffer += JSONSerializer.bytes(of: value)
  }

  /// A member with a string, or `null` for nil.
  public mutating func member(_ name: String, _ text: String?) throws {
    try key(name)
    if let text { try value(text) } else { try null() }
  }

  /// A member with a whole number.
  public mutating func member(_ name: String, _ number: some BinaryInteger) throws {
    try key(name)
    try value(number)
  }

  /// A member with a number, or `null` for nil.
  public mutating func member(_ name: String, _ number: Double?) throws {
    try key(name)
    if let number { try value(number) } else { try null() }
  }

  /// A member with a truth value.
  public mutating func member(_ name: String, _ flag: Bool) throws {
    try key(name)
    try value(flag)
  }

  /// A member with an array, one element for each item.
  public mutating func member<Items: Sequence>(
    _ name: String, of items: Items, _ element: (inout JSONStreamWriter, Items.Element) throws -> Void
  ) throws {
    try key(name)
    try array(of: items, element)
  }

  /// A member whose value `body` writes.
  public mutating func member(
    _ name: String, _ body: (inout JSONStreamWriter) throws -> Void
  ) throws {
    try key(name)
    try body(&self)
  }

  private mutating func nest(
    open: UInt8, close: UInt8, _ body: (inout JSONStreamWriter) throws -> Void
  ) throws {
    try begin()
    buffer.append(open)
    needsComma = false
    try body(&self)
    buffer.append(close)
    needsComma = true
  }

  /// Writes the comma before a value that is not the first, and empties a full buffer.
  private mutating func begin() throws {
    if buffer.count >= Self.blockSize {
      try sink(buffer)
      buffer.removeAll(keepingCapacity: true)
    }
    if needsComma { buffer.append(UInt8(ascii: ",")) }
    needsComma = true
  }
}
