import MemfunCore

/// Who is alive and what it can do: the value of a leased key.
public struct Registration: Sendable, Hashable {
  /// The agent's name; one live instance holds it.
  public let agent: String
  /// Which process or thread of it.
  public let instance: String
  /// Goes up with every instance that registers; the fencing token.
  public let epoch: UInt64
  /// What it can be asked to do, sorted.
  public let capabilities: [String]
  /// How long it counts as alive without a heartbeat.
  public let timeToLive: Duration

  init(agent: String, instance: String, epoch: UInt64, capabilities: [String], timeToLive: Duration) {
    self.agent = agent
    self.instance = instance
    self.epoch = epoch
    self.capabilities = Set(capabilities).sorted()
    self.timeToLive = timeToLive
  }

  var json: JSONValue {
    [
      "v": 1, "agent": .string(agent), "instance": .string(instance),
      "epoch": .integer(Int64(clamping: epoch)),
      "capabilities": .array(capabilities.map(JSONValue.string)),
      "ttl": .integer(timeToLive.wholeNanoseconds),
    ]
  }

  init?(json: JSONValue) {
    guard json["v"]?.intValue == 1, let agent = json["agent"]?.stringValue,
      let instance = json["instance"]?.stringValue, let epoch = json["epoch"]?.intValue, epoch > 0,
      let capabilities = json["capabilities"]?.arrayValue?.compactMap(\.stringValue),
      let nanoseconds = json["ttl"]?.intValue, nanoseconds > 0
    else { return nil }
    self.init(
      agent: agent, instance: instance, epoch: UInt64(epoch), capabilities: capabilities,
      timeToLive: .nanoseconds(Int64(nanoseconds)))
  }

  /// - Throws: `RuntimeError.corrupted` when the value is no registration.
  init(entry: StoreEntry) throws(RuntimeError) {
    let json: JSONValue
    do { json = try JSONParser.parse(entry.value) } catch {
      throw .corrupted(path: entry.key.description, detail: error.what)
    }
    guard let registration = Registration(json: json) else {
      throw .corrupted(path: entry.key.description, detail: "it is no registration")
    }
    self = registration
  }
}

/// What a registered instance is told when it shows that it lives.
public enum RegistrationAnswer: Sendable, Equatable {
  /// It holds the name for another time to live.
  case held
  /// Another instance took the name over, or it was deregistered: stop.
  case lost
}
