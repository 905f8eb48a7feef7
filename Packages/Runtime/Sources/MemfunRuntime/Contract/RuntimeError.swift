import MemfunCore

/// What can go wrong at the runtime's edge; the same on every tier.
public enum RuntimeError: MemfunError, Equatable {
  /// A subject or pattern breaks the rules of names.
  case illegalSubject(String, reason: String)
  /// A key breaks the rules of names.
  case illegalKey(String, reason: String)
  /// A group, queue, bucket or owner name breaks the rules of names.
  case illegalName(String, reason: String)
  /// A payload or value over `RuntimeLimits.payloadBytes`. Nothing was sent.
  case payloadTooLarge(bytes: Int, limit: Int)
  /// A parameter is outside its range.
  case illegalArgument(name: String, reason: String)
  /// The revision is not the current one; nothing changed. Nil: the key does not exist.
  case conflict(key: String, currentRevision: UInt64?)
  /// The delivery token is of an earlier delivery; nothing changed.
  case staleDelivery(topic: String, group: String, seq: UInt64)
  /// The fence is not the current one; nothing changed.
  case leaseLost(task: String)
  /// A group exists with another configuration.
  case configConflict(group: String, difference: String)
  /// The queue holds as many live tasks as its policy allows; nothing was stored.
  case queueFull(queue: String, depth: Int)
  /// No such task, group, topic, session or blob.
  case notFound(String)
  /// Another live instance holds the registration.
  case alreadyRegistered(agent: String, instance: String)
  /// The task is in a state from which the action is not possible.
  case illegalTransition(task: String, from: String, action: String)
  /// The store cannot be reached or refused. It is not known to be damaged. Nothing was changed.
  case unavailable(reason: String)
  /// A write was sent and its outcome is not known; a `get` or a repeat with the same dedupe key
  /// settles it.
  case unknownOutcome(reason: String)
  /// The disk is full. Reads go on.
  case storageFull(path: String)
  /// Stored bytes do not match their checksum or structure.
  case corrupted(path: String, detail: String)
  /// The data was written by a newer version of the program.
  case schemaNewer(path: String, found: Int, supported: Int)
  /// The file lies on a file system without the locking that is needed.
  case unsupportedFileSystem(path: String, type: String)
  /// The runtime was shut down.
  case closed

  public var kind: String {
    switch self {
    case .illegalSubject: "runtime.illegal_subject"
    case .illegalKey: "runtime.illegal_key"
    case .illegalName: "runtime.illegal_name"
    case .payloadTooLarge: "runtime.payload_too_large"
    case .illegalArgument: "runtime.illegal_argument"
    case .conflict: "runtime.conflict"
    case .staleDelivery: "runtime.stale_delivery"
    case .leaseLost: "runtime.lease_lost"
    case .configConflict: "runtime.config_conflict"
    case .queueFull: "runtime.queue_full"
    case .notFound: "runtime.not_found"
    case .alreadyRegistered: "runtime.already_registered"
    case .illegalTransition: "runtime.illegal_transition"
    case .unavailable: "runtime.unavailable"
    case .unknownOutcome: "runtime.unknown_outcome"
    case .storageFull: "runtime.storage_full"
    case .corrupted: "runtime.corrupted"
    case .schemaNewer: "runtime.schema_newer"
    case .unsupportedFileSystem: "runtime.unsupported_file_system"
    case .closed: "runtime.closed"
    }
  }

  public var what: String {
    switch self {
    case .illegalSubject(_, let reason): "the subject is not allowed: \(reason)"
    case .illegalKey(_, let reason): "the key is not allowed: \(reason)"
    case .illegalName(_, let reason): "the name is not allowed: \(reason)"
    case .payloadTooLarge(let bytes, let limit): "the payload of \(bytes) bytes is over the limit of \(limit)"
    case .illegalArgument(let name, let reason): "\(name) is out of range: \(reason)"
    case .conflict(_, let current?): "the value was changed by somebody else: its revision is \(current)"
    case .conflict(_, nil): "the key does not exist"
    case .staleDelivery: "the message was delivered again since; this delivery no longer counts"
    case .leaseLost: "the lease is no longer held; nothing was changed"
    case .configConflict(_, let difference): "the group exists with another configuration: \(difference)"
    case .queueFull(_, let depth): "the queue is full (\(depth) tasks)"
    case .notFound(let thing): "\(thing) does not exist"
    case .alreadyRegistered(_, let instance): "another live instance holds the registration: \(instance)"
    case .illegalTransition(_, let from, let action): "a task that is \(from) cannot be \(action)"
    case .unavailable(let reason): "the store is not available: \(reason)"
    case .unknownOutcome(let reason): "it is not known whether the write happened: \(reason)"
    case .storageFull: "the disk is full"
    case .corrupted(_, let detail): "stored data is damaged: \(detail)"
    case .schemaNewer(_, let found, let supported):
      "the data has schema \(found); this program knows schemas up to \(supported)"
    case .unsupportedFileSystem(_, let type): "the file system \(type) has no reliable locks"
    case .closed: "the runtime was shut down"
    }
  }

  public var location: String? {
    switch self {
    case .illegalSubject(let text, _), .illegalKey(let text, _), .illegalName(let text, _): "\"\(text)\""
    case .conflict(let key, _): "key \(key)"
    case .staleDelivery(let topic, let group, let seq): "topic \(topic), group \(group), message \(seq)"
    case .leaseLost(let task), .illegalTransition(let task, _, _): "task \(task)"
    case .configConflict(let group, _): "group \(group)"
    case .queueFull(let queue, _): "queue \(queue)"
    case .alreadyRegistered(let agent, _): "agent \(agent)"
    case .storageFull(let path), .corrupted(let path, _), .schemaNewer(let path, _, _),
      .unsupportedFileSystem(let path, _):
      path
    case .payloadTooLarge, .illegalArgument, .notFound, .unavailable, .unknownOutcome, .closed: nil
    }
  }

  public var remedy: String? {
    switch self {
    case .illegalSubject: "use 1 to 16 tokens of A-Z a-z 0-9 _ - joined by '.', at most 200 bytes"
    case .illegalKey: "use at most 200 bytes, without leading or trailing '.' or '/', and without '..'"
    case .illegalName: "use A-Z a-z 0-9 _ -, at most 64 bytes"
    case .payloadTooLarge: "put the bytes into the blob store and send the reference"
    case .illegalArgument: "correct the argument"
    case .conflict: "read the value again, decide again, and repeat the update"
    case .staleDelivery, .leaseLost: "drop the work; whoever holds it now will finish it"
    case .configConflict: "attach with the group's configuration, or use another name"
    case .queueFull: "wait for workers, or raise the queue's maximum depth"
    case .notFound: "check the name"
    case .alreadyRegistered: "stop the other instance, or wait for its registration to end"
    case .illegalTransition: "look at the task's state first (memfun queue inspect)"
    case .unavailable: "try again; if it lasts, look at the store's own log"
    case .unknownOutcome: "read the value, or repeat with the same dedupe key"
    case .storageFull: "free some disk space; work goes on by itself"
    case .corrupted: "restore the last backup (memfun db restore)"
    case .schemaNewer: "use the newer program"
    case .unsupportedFileSystem: "put the file on a local disk"
    case .closed: "make a new runtime"
    }
  }

  public var exitCode: ExitCode {
    switch self {
    case .illegalSubject, .illegalKey, .illegalName, .illegalArgument, .schemaNewer, .unsupportedFileSystem:
      .usage
    case .unavailable: .provider
    default: .taskFailed
    }
  }

  public var isRetryable: Bool {
    switch self {
    case .conflict, .queueFull, .unavailable, .unknownOutcome, .storageFull: true
    default: false
    }
  }
}
