import MemfunCore
import MemfunRuntime

extension StoreCommand {
  /// The form in the log.
  func encode(into encoder: inout LogEncoder) {
    switch self {
    case .opened: encoder.number(0)
    case .tick: encoder.number(1)
    case .enqueue(let queue, let task, let id):
      encoder.number(2)
      encoder.text(queue)
      task.encode(into: &encoder)
      encoder.id(id)
    case .claim(let queue, let maximum, let owner):
      encoder.number(3)
      encoder.text(queue)
      encoder.number(maximum)
      encoder.text(owner)
    case .heartbeat(let id, let fence, let progress):
      encoder.number(4)
      encoder.id(id)
      encoder.number(fence)
      encoder.optional(progress) { $0.block($1) }
    case .complete(let id, let fence, let result):
      encoder.number(5)
      encoder.id(id)
      encoder.number(fence)
      encoder.block(result)
    case .fail(let id, let fence, let retryable, let jitter):
      encoder.number(6)
      encoder.id(id)
      encoder.number(fence)
      encoder.number(retryable ? 1 : 0)
      encoder.number(jitter)
    case .release(let id, let fence, let delay):
      encoder.number(7)
      encoder.id(id)
      encoder.number(fence)
      encoder.duration(delay)
    case .cancel(let id):
      encoder.number(8)
      encoder.id(id)
    case .requeue(let id):
      encoder.number(9)
      encoder.id(id)
    case .publish(let subject, let payload, let key):
      encoder.number(10)
      encoder.text(subject)
      encoder.block(payload)
      encoder.optional(key) { $0.text($1) }
    case .attach(let group, let shape):
      encoder.number(11)
      encoder.text(group)
      encoder.text(shape.topic)
      encoder.text(shape.pattern)
      encoder.number(shape.fromFirst ? 1 : 0)
      encoder.duration(shape.acknowledgeWithin)
      encoder.number(shape.maximumDeliveries)
    case .fetch(let group):
      encoder.number(12)
      encoder.text(group)
    case .settle(let group, let seq, let delivery, let settlement):
      encoder.number(13)
      encoder.text(group)
      encoder.number(seq)
      encoder.number(delivery)
      settlement.encode(into: &encoder)
    case .get(let key):
      encoder.number(14)
      encoder.text(key)
    case .put(let key, let value, let timeToLive):
      encoder.number(15)
      encoder.text(key)
      encoder.block(value)
      encoder.optional(timeToLive) { $0.duration($1) }
    case .create(let key, let value):
      encoder.number(16)
      encoder.text(key)
      encoder.block(value)
    case .update(let key, let value, let revision):
      encoder.number(17)
      encoder.text(key)
      encoder.block(value)
      encoder.number(revision)
    case .delete(let key, let revision):
      encoder.number(18)
      encoder.text(key)
      encoder.optional(revision) { $0.number($1) }
    }
  }

  /// - Throws: `LogDamage`.
  init(from decoder: inout LogDecoder) throws {
    switch try decoder.integer() {
    case 0: self = .opened
    case 1: self = .tick
    case 2: self = .enqueue(queue: try decoder.text(), try SimTask(from: &decoder), id: try decoder.id())
    case 3:
      self = .claim(queue: try decoder.text(), maximum: try decoder.integer(), owner: try decoder.text())
    case 4:
      self = .heartbeat(
        try decoder.id(), fence: try decoder.unsigned(), progress: try decoder.optional { try $0.block() })
    case 5:
      self = .complete(try decoder.id(), fence: try decoder.unsigned(), result: try decoder.block())
    case 6:
      self = .fail(
        try decoder.id(), fence: try decoder.unsigned(), retryable: try decoder.integer() == 1,
        jitter: try decoder.real())
    case 7:
      self = .release(try decoder.id(), fence: try decoder.unsigned(), delay: try decoder.duration())
    case 8: self = .cancel(try decoder.id())
    case 9: self = .requeue(try decoder.id())
    case 10:
      self = .publish(
        subject: try decoder.text(), try decoder.block(), dedupeKey: try decoder.optional { try $0.text() })
    case 11:
      let group = try decoder.text()
      self = .attach(
        group: group,
        GroupShape(
          topic: try decoder.text(), pattern: try decoder.text(), fromFirst: try decoder.integer() == 1,
          acknowledgeWithin: try decoder.duration(), maximumDeliveries: try decoder.integer()))
    case 12: self = .fetch(group: try decoder.text())
    case 13:
      self = .settle(
        group: try decoder.text(), seq: try decoder.unsigned(), delivery: try decoder.integer(),
        try Settlement(from: &decoder))
    case 14: self = .get(try decoder.text())
    case 15:
      self = .put(
        try decoder.text(), try decoder.block(), timeToLive: try decoder.optional { try $0.duration() })
    case 16: self = .create(try decoder.text(), try decoder.block())
    case 17: self = .update(try decoder.text(), try decoder.block(), revision: try decoder.unsigned())
    case 18: self = .delete(try decoder.text(), revision: try decoder.optional { try $0.unsigned() })
    default: throw LogDamage()
    }
  }
}

extension StoreCommand.Settlement {
  fileprivate func encode(into encoder: inout LogEncoder) {
    switch self {
    case .acknowledge: encoder.number(0)
    case .inProgress: encoder.number(1)
    case .reject(let delay):
      encoder.number(2)
      encoder.duration(delay)
    case .terminate: encoder.number(3)
    }
  }

  fileprivate init(from decoder: inout LogDecoder) throws {
    switch try decoder.integer() {
    case 0: self = .acknowledge
    case 1: self = .inProgress
    case 2: self = .reject(delay: try decoder.duration())
    case 3: self = .terminate
    default: throw LogDamage()
    }
  }
}

extension SimTask {
  fileprivate func encode(into encoder: inout LogEncoder) {
    encoder.block(payload)
    encoder.optional(key) { $0.text($1) }
    encoder.number(priority)
    encoder.optional(notBefore) { $0.time($1) }
    encoder.optional(deadline) { $0.time($1) }
    encoder.duration(lease)
    encoder.number(maximumAttempts)
    encoder.duration(backoffBase)
    encoder.duration(cancelGrace)
  }

  fileprivate init(from decoder: inout LogDecoder) throws {
    payload = try decoder.block()
    key = try decoder.optional { try $0.text() }
    priority = try decoder.integer()
    notBefore = try decoder.optional { try $0.time() }
    deadline = try decoder.optional { try $0.time() }
    lease = try decoder.duration()
    maximumAttempts = try decoder.integer()
    backoffBase = try decoder.duration()
    cancelGrace = try decoder.duration()
  }
}
