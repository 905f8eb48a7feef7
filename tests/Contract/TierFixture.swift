import MemfunCore
import MemfunRuntime
import Testing

/// The tiers that run the suite. A new tier is a new case and its way of being opened.
enum TierUnderTest: String, CaseIterable, CustomTestStringConvertible {
  case t0

  var testDescription: String { rawValue.uppercased() }
}

/// A fresh runtime of a tier, and its time in the test's hand.
struct TierFixture {
  let runtime: Runtime
  let time: ManualTimeSource

  init(_ tier: TierUnderTest) async throws {
    time = ManualTimeSource()
    switch tier {
    case .t0: runtime = .inProcess(time: time, random: SeededRandomSource(seed: 1))
    }
  }

  /// Lets time pass in steps, so that what is due on the way happens on the way.
  func pass(_ duration: Duration) async {
    let steps = 10
    for _ in 0..<steps {
      time.advance(by: duration / steps)
      for _ in 0..<10 { await Task.yield() }
    }
  }
}

/// Opens a tier, runs a case, closes the tier.
func onTier(_ tier: TierUnderTest, _ body: (TierFixture) async throws -> Void) async throws {
  let fixture = try await TierFixture(tier)
  do { try await body(fixture) } catch {
    await fixture.runtime.close()
    throw error
  }
  await fixture.runtime.close()
}

extension EventBus {
  @discardableResult
  func send(
    _ subject: String, _ payload: [UInt8] = [], key: String? = nil, headers: [String: String] = [:]
  ) async throws -> PublishReceipt {
    try await publish(Subject(subject), payload, dedupeKey: key, headers: headers)
  }

  func listen(_ pattern: String, from start: StartPosition = .now) async throws -> any Subscription {
    try await subscribe(SubjectPattern(pattern), from: start)
  }

  func join(
    _ group: String, _ pattern: String, _ configuration: GroupConfiguration = GroupConfiguration(start: .all)
  ) async throws -> any GroupMember {
    try await self.group(group, SubjectPattern(pattern), configuration: configuration)
  }
}

extension Subscription {
  /// The next message; anything else fails the test.
  func message() async throws -> Message {
    let event = try await next()
    guard case .message(let message)? = event else {
      throw UnexpectedEvent(description: "a message was expected, not \(String(describing: event))")
    }
    return message
  }

  /// The next `count` messages.
  func messages(_ count: Int) async throws -> [Message] {
    var messages: [Message] = []
    for _ in 0..<count { messages.append(try await message()) }
    return messages
  }
}

extension GroupMember {
  /// The next delivery; anything else fails the test.
  func delivery() async throws -> Delivery {
    let event = try await next()
    guard case .delivery(let delivery)? = event else {
      throw UnexpectedEvent(description: "a delivery was expected, not \(String(describing: event))")
    }
    return delivery
  }
}

struct UnexpectedEvent: Error, CustomStringConvertible {
  let description: String
}
