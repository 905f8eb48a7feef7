import MemfunCore

/// A promise of the contract that was broken in a run.
public struct Violation: Sendable, CustomStringConvertible {
  /// Which promise.
  public enum Invariant: String, Sendable, CaseIterable {
    case storeTimeForward = "the store's time never goes back"
    case fenceStrict = "a task's fence goes up with every claim"
    case oneHolder = "at most one lease of a task is valid"
    case fenceDecides = "whoever has not the current lease changes nothing, and whoever has it is heard"
    case terminalFinal = "an ended task is never worked on again"
    case oneSuccess = "a task succeeds once, with one event and the result of its holder"
    case attemptsCounted = "every claim counts as an attempt, up to the limit"
    case notEarly = "no task is claimed before its time or after its deadline"
    case claimOrder = "tasks are claimed by priority, time and id"
    case cancelEnds = "a cancelled task ends"
    case uniqueKey = "at most one live task has a key"
    case payloadKept = "payload and progress reach the holder unchanged"
    case conservation = "every acknowledged task is there, and all of them end"
    case promptness = "whoever waits is served within a second"
    case acknowledgedPublish = "an acknowledged message stays in its place"
    case dedupe = "a repeated publish stores nothing for 120 s"
    case groupDelivery = "each group gets each message of its pattern, in order, from its start"
    case staleDelivery = "only the last delivery of a message settles it"
    case deadLetterOnce = "a message that is given up is put once with the dead letters"
    case revisionStrict = "revisions go up and are never used again"
    case timeToLive = "a value is never seen after its end"
    case linearizable = "calls on a key have an order"
    case liveness = "when the faults stop, everything gets done"
  }

  /// Which promise.
  public let invariant: Invariant
  /// What happened, and to what.
  public let detail: String

  /// `a task's fence goes up with every claim: …`
  public var description: String { "\(invariant.rawValue): \(detail)" }
}
