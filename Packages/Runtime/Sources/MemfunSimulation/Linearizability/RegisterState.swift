/// The sequential specification of one key: a register with compare-and-set on revisions.
///
/// A write whose outcome is unknown has an unknown revision. It is known to be larger than the one
/// before, and the first answer that names it fixes it; so the state stays one value and no guess has
/// to be tried.
struct RegisterState: Hashable {
  /// Nil: there is no value.
  private(set) var value: [UInt8]?
  /// The revision of the last change, or the least that it can be.
  private(set) var revision: UInt64 = 0
  private(set) var isExact = true

  /// The state after `call`, when it may have been answered like this; nil: it cannot have been.
  ///
  /// - Parameter answer: nil when the outcome is unknown. Then nil is returned when the call would
  ///   have changed nothing: that is the same as never having happened.
  func after(_ call: RegisterCall, _ answer: RegisterAnswer?) -> RegisterState? {
    switch (call, answer) {
    case (.get, .found(let seen, let revision)?):
      value == seen ? fixed(at: revision) : nil
    case (.get, .absent?):
      value == nil ? self : nil
    case (.put(let new), .written(let revision)?):
      writing(new, revision)
    case (.put(let new), nil):
      writing(new)
    case (.create(let new), .written(let revision)?):
      value == nil ? writing(new, revision) : nil
    case (.create, .conflict(let current?)?):
      value == nil ? nil : fixed(at: current)
    case (.create(let new), nil):
      value == nil ? writing(new) : nil
    case (.update(let new, let expected), .written(let revision)?):
      value == nil ? nil : fixed(at: expected)?.writing(new, revision)
    case (.update(let new, let expected), nil):
      value == nil ? nil : fixed(at: expected)?.writing(new)
    case (.update(_, let expected), .conflict(let current)?):
      conflicting(current, expected: expected)
    case (.delete(let expected), .written(let revision)?):
      value == nil ? nil : (expected.map { fixed(at: $0) } ?? self)?.writing(nil, revision)
    case (.delete(nil), .absent?):
      value == nil ? self : nil
    case (.delete(let expected?), .conflict(let current)?):
      conflicting(current, expected: expected)
    case (.delete(let expected), nil):
      value == nil ? nil : (expected.map { fixed(at: $0) } ?? self)?.writing(nil)
    default:
      nil
    }
  }

  private func fixed(at revision: UInt64) -> RegisterState? {
    guard isExact ? self.revision == revision : self.revision <= revision else { return nil }
    var state = self
    state.revision = revision
    state.isExact = true
    return state
  }

  private func writing(_ value: [UInt8]?, _ revision: UInt64) -> RegisterState? {
    guard revision > self.revision else { return nil }
    var state = self
    (state.value, state.revision, state.isExact) = (value, revision, true)
    return state
  }

  private func writing(_ value: [UInt8]?) -> RegisterState {
    var state = self
    (state.value, state.revision, state.isExact) = (value, revision + 1, false)
    return state
  }

  private func conflicting(_ current: UInt64?, expected: UInt64) -> RegisterState? {
    guard let current else { return value == nil ? self : nil }
    return value == nil || current == expected ? nil : fixed(at: current)
  }
}

extension RegisterState: CustomStringConvertible {
  var description: String {
    let number = isExact ? "revision \(revision)" : "a revision from \(revision) on"
    return value.map { "\(String(decoding: $0, as: UTF8.self)) of \(number)" } ?? "no value, \(number)"
  }
}
