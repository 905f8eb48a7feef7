import MemfunCore

/// What a list of sessions shows: the state key of one.
public struct SessionInfo: Sendable, Hashable {
  /// Where a session stands.
  public enum State: String, Sendable {
    case active, ended
    /// Its log is being removed or brought in; an interrupted removal or import is repeated.
    case deleting, importing
  }

  /// Its id.
  public let id: UUIDv7
  /// When it was made.
  public let created: Timestamp
  /// Where it stands.
  public var state: State = .active
  /// Goes up with every writer.
  public var epoch: UInt64
  /// Who writes or last wrote.
  public var owner: String
  /// When it ended, and why.
  public var ended: Timestamp?, reason: String?
  /// Free data: title, folder, model.
  public var metadata: JSONObject

  init(id: UUIDv7, created: Timestamp, epoch: UInt64, owner: String, metadata: JSONObject) {
    self.id = id
    self.created = created
    self.epoch = epoch
    self.owner = owner
    self.metadata = metadata
  }

  var json: JSONValue {
    [
      "v": 1, "id": .string(id.description), "created": .integer(created.nanoseconds),
      "state": .string(state.rawValue), "epoch": .integer(Int64(clamping: epoch)), "owner": .string(owner),
      "ended": ended.map { .integer($0.nanoseconds) } ?? .null,
      "reason": reason.map(JSONValue.string) ?? .null, "metadata": .object(metadata),
    ]
  }

  init?(json: JSONValue) {
    guard json["v"]?.intValue == 1, let id = json["id"]?.stringValue.flatMap({ UUIDv7($0) }),
      let created = json["created"]?.intValue,
      let state = json["state"]?.stringValue.flatMap(State.init(rawValue:)),
      let epoch = json["epoch"]?.intValue, epoch >= 0, let owner = json["owner"]?.stringValue,
      let metadata = json["metadata"]?.objectValue
    else { return nil }
    self.id = id
    self.created = Timestamp(nanoseconds: Int64(created))
    self.state = state
    self.epoch = UInt64(epoch)
    self.owner = owner
    ended = json["ended"]?.intValue.map { Timestamp(nanoseconds: Int64($0)) }
    reason = json["reason"]?.stringValue
    self.metadata = metadata
  }
}

/// What is stored under one key of a log: events that were appended together.
struct SessionRecord: Sendable, Equatable {
  /// The writer's epoch.
  let epoch: UInt64
  /// At least one, numbered without gaps.
  let events: [SessionEvent]

  var first: UInt64 { events[0].seq }
  var last: UInt64 { events[events.count - 1].seq }

  var json: JSONValue {
    ["v": 1, "epoch": .integer(Int64(clamping: epoch)), "events": .array(events.map(\.json))]
  }

  init(epoch: UInt64, events: [SessionEvent]) {
    precondition(!events.isEmpty, "a record holds at least one event")
    self.epoch = epoch
    self.events = events
  }

  /// - Throws: `EventFormatError`, for what is no record.
  init(json: JSONValue) throws(EventFormatError) {
    guard json["v"]?.intValue == 1, let epoch = json["epoch"]?.intValue, epoch > 0,
      let list = json["events"]?.arrayValue, !list.isEmpty
    else { throw EventFormatError(member: "events", found: json.typeName) }
    var events: [SessionEvent] = []
    for value in list {
      let event = try SessionEvent(json: value)
      if let last = events.last, event.seq != last.seq + 1 {
        throw EventFormatError(member: "seq", found: "\(event.seq) after \(last.seq)")
      }
      events.append(event)
    }
    self.init(epoch: UInt64(epoch), events: events)
  }
}

/// The keys of sessions.
enum SessionKey {
  static let headers = "sessions/"

  static func header(_ id: UUIDv7) throws(RuntimeError) -> StoreKey { try StoreKey("\(headers)\(id)") }
  static func writer(_ id: UUIDv7) throws(RuntimeError) -> StoreKey { try StoreKey("session-writers/\(id)") }
  static func log(_ id: UUIDv7) -> String { "session-logs/\(id)/" }

  /// Numbers have twenty digits, so that keys sort as numbers do.
  static func record(_ id: UUIDv7, first: UInt64) throws(RuntimeError) -> StoreKey {
    let digits = String(first)
    return try StoreKey(log(id) + String(repeating: "0", count: 20 - digits.count) + digits)
  }

  static func first(of key: StoreKey) -> UInt64? { UInt64(key.description.suffix(20)) }
}
