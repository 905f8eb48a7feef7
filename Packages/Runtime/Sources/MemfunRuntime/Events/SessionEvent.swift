import MemfunCore

/// One event of a session's log: a versioned envelope around a payload.
///
/// JSON: `{"v":1,"id":"…","session":"…","seq":7,"time":1700000000000000000,"kind":"turn.started",
/// "payload":…}`; `time` is in nanoseconds since 1970, so that nothing is lost. Unknown kinds, newer
/// versions and additional members survive a round trip.
public struct SessionEvent: Sendable, Hashable {
  /// The envelope's version that this program writes.
  public static let currentVersion = 1

  /// The envelope's version.
  public let version: Int
  /// Unique; ordered by time.
  public let id: UUIDv7
  /// Whose log it is in.
  public let session: UUIDv7
  /// Its place in the log, from 1, without gaps; 0 for ephemeral events.
  public let seq: UInt64
  /// When it happened, by the writer's clock.
  public let time: Timestamp
  /// What happened.
  public let kind: EventKind
  /// The data of the kind.
  public let payload: JSONValue
  /// Members of the envelope that this version does not know.
  public let additional: JSONObject

  /// An event of the current version.
  public init(
    id: UUIDv7, session: UUIDv7, seq: UInt64, time: Timestamp, kind: EventKind, payload: JSONValue = .null
  ) {
    version = Self.currentVersion
    self.id = id
    self.session = session
    self.seq = seq
    self.time = time
    self.kind = kind
    self.payload = payload
    additional = JSONObject()
  }

  private static let members: Set<String> = ["v", "id", "session", "seq", "time", "kind", "payload"]

  /// Reads an envelope.
  ///
  /// - Throws: `EventFormatError` which names the member that is wrong.
  public init(json: JSONValue) throws(EventFormatError) {
    guard case .object(let object) = json else { throw EventFormatError(member: nil, found: json.typeName) }
    func wrong(_ member: String) -> EventFormatError {
      EventFormatError(member: member, found: object[member]?.typeName ?? "nothing")
    }
    guard let version = object["v"]?.intValue, version >= 1 else { throw wrong("v") }
    guard let id = object["id"]?.stringValue.flatMap({ UUIDv7($0) }) else { throw wrong("id") }
    guard let session = object["session"]?.stringValue.flatMap({ UUIDv7($0) }) else { throw wrong("session") }
    guard let seq = object["seq"]?.intValue, seq >= 0 else { throw wrong("seq") }
    guard let time = object["time"]?.intValue else { throw wrong("time") }
    guard let kind = object["kind"]?.stringValue else { throw wrong("kind") }
    self.version = version
    self.id = id
    self.session = session
    self.seq = UInt64(seq)
    self.time = Timestamp(nanoseconds: Int64(time))
    self.kind = EventKind(rawValue: kind)
    payload = object["payload"] ?? .null
    additional = JSONObject(object.filter { !Self.members.contains($0.key) }.map { ($0.key, $0.value) })
  }

  /// Reads an envelope from JSON text.
  ///
  /// - Throws: `JSONParseError`, `EventFormatError`.
  public init(parsing bytes: some Sequence<UInt8>) throws {
    try self.init(json: JSONParser.parse(bytes))
  }

  /// The envelope; additional members come last.
  public var json: JSONValue {
    var object: JSONObject = [
      "v": .int(version), "id": .string(id.description), "session": .string(session.description),
      "seq": .integer(Int64(clamping: seq)), "time": .integer(time.nanoseconds),
      "kind": .string(kind.rawValue), "payload": payload,
    ]
    for (key, value) in additional { object[key] = value }
    return .object(object)
  }

  /// The envelope as one line of JSON without its end.
  public var line: [UInt8] { JSONSerializer.bytes(of: json) }
}

/// JSON that is no event.
public struct EventFormatError: MemfunError, Equatable {
  /// The member that is missing or wrong; nil when it is no object at all.
  public let member: String?
  /// What is there instead.
  public let found: String

  public var kind: String { "event.format" }
  public var what: String {
    if let member {
      "this is no event: member \"\(member)\" is wrong or missing (found \(found))"
    } else {
      "this is no event: an object is needed, not \(found)"
    }
  }
  public var remedy: String? { "restore the session from an export or a backup" }
}
