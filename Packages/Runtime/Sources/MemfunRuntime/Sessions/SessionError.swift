import MemfunCore

/// Why a session cannot be written to or made.
public enum SessionError: MemfunError, Equatable {
  /// A session of this id exists.
  case exists(session: UUIDv7)
  /// Another writer holds the session and is alive.
  case heldByAnother(session: UUIDv7, owner: String)
  /// Another writer took the session over; nothing was written.
  case fenced(session: UUIDv7, epoch: UInt64)
  /// The log's last event is not the one that the caller knows; nothing was written.
  case sequenceConflict(session: UUIDv7, expected: UInt64, actual: UInt64)
  /// The session has ended; nothing was written.
  case ended(session: UUIDv7)
  /// An event of this kind cannot be appended.
  case illegalKind(String, reason: String)
  /// Text that is no export of a session.
  case badExport(line: Int, reason: String)

  public var kind: String {
    switch self {
    case .exists: "session.exists"
    case .heldByAnother: "session.held_by_another"
    case .fenced: "session.fenced"
    case .sequenceConflict: "session.sequence_conflict"
    case .ended: "session.ended"
    case .illegalKind: "session.illegal_kind"
    case .badExport: "session.bad_export"
    }
  }

  public var what: String {
    switch self {
    case .exists: "a session with this id exists already"
    case .heldByAnother(_, let owner): "another writer holds the session: \(owner)"
    case .fenced(_, let epoch): "another writer took the session over (epoch \(epoch)); nothing was written"
    case .sequenceConflict(_, let expected, let actual):
      "the session's last event is \(actual), not \(expected); nothing was written"
    case .ended: "the session has ended"
    case .illegalKind(let kind, let reason): "an event of kind \"\(kind)\" cannot be appended: \(reason)"
    case .badExport(_, let reason): "this is no export of a session: \(reason)"
    }
  }

  public var location: String? {
    switch self {
    case .exists(let session), .heldByAnother(let session, _), .fenced(let session, _),
      .sequenceConflict(let session, _, _), .ended(let session):
      "session \(session)"
    case .illegalKind: nil
    case .badExport(let line, _): "line \(line)"
    }
  }

  public var remedy: String? {
    switch self {
    case .exists: "open it, or choose another id"
    case .heldByAnother: "end the other program, or wait until its lease runs out, or take over"
    case .fenced: "stop: whoever holds the session now goes on with it"
    case .sequenceConflict: "read the events that are new to you, then decide again"
    case .ended: "start a new session"
    case .illegalKind: "use 1 to 4 words of A-Z a-z 0-9 _ - joined by '.'"
    case .badExport: "export the session again"
    }
  }

  public var exitCode: ExitCode {
    switch self {
    case .illegalKind, .badExport, .exists: .usage
    default: .taskFailed
    }
  }
}
