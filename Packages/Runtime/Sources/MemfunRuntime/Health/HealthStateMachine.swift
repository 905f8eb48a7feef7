import MemfunCore

/// How an agent's instance is doing.
public enum HealthState: String, Sendable, CaseIterable {
  /// It showed itself within its time to live.
  case healthy
  /// Silent for one time to live.
  case suspect
  /// Silent for three.
  case dead
}

/// A change that others are told of.
public struct HealthTransition: Sendable, Hashable {
  /// Which instance of which agent, and its epoch.
  public let agent: String, instance: String, epoch: UInt64
  /// What it is now.
  public let state: HealthState
  /// The revision of the last heartbeat before the silence that this change is about; 0 for the first.
  let silence: UInt64

  /// Equal for all monitors that see this change, different for every change.
  public var dedupeKey: String { "\(agent).\(instance).\(epoch).\(state.rawValue).\(silence)" }

  var json: JSONValue {
    [
      "agent": .string(agent), "instance": .string(instance), "epoch": .integer(Int64(clamping: epoch)),
      "state": .string(state.rawValue),
    ]
  }
}

/// What a monitor knows about every agent: healthy < 1 ttl ≤ suspect < 3 ttl ≤ dead.
///
/// Pure. That a registration ran out is told by the store (its clock decides, not the monitor's: a
/// monitor that was paused must not declare everybody dead before it has read what happened
/// meanwhile); only the way from suspect to dead is measured here.
struct HealthStateMachine: Sendable {
  private struct Subject: Sendable {
    var registration: Registration
    var state: HealthState
    var lastHeartbeat: UInt64
    var silence: UInt64 = 0
    var deadAt: Duration?
  }

  private var subjects: [String: Subject] = [:]

  /// A registration or a heartbeat was seen.
  mutating func alive(_ registration: Registration, revision: UInt64) -> HealthTransition? {
    guard var subject = subjects[registration.agent], subject.registration.epoch == registration.epoch,
      subject.registration.instance == registration.instance
    else {
      if let known = subjects[registration.agent], known.registration.epoch > registration.epoch {
        return nil
      }
      let subject = Subject(registration: registration, state: .healthy, lastHeartbeat: revision)
      subjects[registration.agent] = subject
      return transition(subject)
    }
    let wasSilent = subject.state != .healthy
    subject.registration = registration
    subject.lastHeartbeat = revision
    subject.state = .healthy
    subject.deadAt = nil
    subjects[registration.agent] = subject
    return wasSilent ? transition(subject) : nil
  }

  /// The registration ran out.
  mutating func expired(agent: String, now: Duration) -> HealthTransition? {
    guard var subject = subjects[agent], subject.state == .healthy else { return nil }
    subject.state = .suspect
    subject.silence = subject.lastHeartbeat
    subject.deadAt = now + subject.registration.timeToLive * 2
    subjects[agent] = subject
    return transition(subject)
  }

  /// The agent deregistered: there is nobody to watch over.
  mutating func left(agent: String) { subjects[agent] = nil }

  /// Time has passed.
  mutating func tick(now: Duration) -> [HealthTransition] {
    var changes: [HealthTransition] = []
    for (agent, var subject) in subjects.sorted(by: { $0.key < $1.key }) {
      guard subject.state == .suspect, let deadAt = subject.deadAt, deadAt <= now else { continue }
      subject.state = .dead
      subject.deadAt = nil
      subjects[agent] = subject
      changes.append(transition(subject))
    }
    return changes
  }

  /// When `tick` next has something to do; nil: never.
  var nextDue: Duration? { subjects.values.compactMap(\.deadAt).min() }

  /// The state of every agent that is known.
  var states: [String: HealthState] { subjects.mapValues(\.state) }

  private func transition(_ subject: Subject) -> HealthTransition {
    HealthTransition(
      agent: subject.registration.agent, instance: subject.registration.instance,
      epoch: subject.registration.epoch, state: subject.state, silence: subject.silence)
  }
}
