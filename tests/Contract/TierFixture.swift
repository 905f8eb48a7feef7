import Glibc
import MemfunCore
import MemfunRuntime
import MemfunSQLite
import Testing

/// The tiers that run the suite. A new tier is a new case and its way of being opened.
enum TierUnderTest: String, CaseIterable, CustomTestStringConvertible {
  case t0, t1

  var testDescription: String { rawValue.uppercased() }
}

/// A fresh runtime of a tier, and its time in the test's hand.
struct TierFixture {
  let runtime: Runtime
  let time: ManualTimeSource
  private let tier: TierUnderTest
  private let folder: TemporaryFolder?

  init(_ tier: TierUnderTest) async throws {
    time = ManualTimeSource()
    self.tier = tier
    switch tier {
    case .t0:
      folder = nil
      runtime = .inProcess(time: time, random: SeededRandomSource(seed: 1))
    case .t1:
      let folder = try TemporaryFolder()
      self.folder = folder
      runtime = try await .sqlite(
        path: folder.path + "/runtime.db", time: time, random: SeededRandomSource(seed: 1))
    }
  }

  /// Lets time pass in steps, so that what is due on the way happens on the way.
  func pass(_ duration: Duration) async {
    let steps = 10
    for _ in 0..<steps {
      time.advance(by: duration / steps)
      for _ in 0..<10 { await Task.yield() }
      // Where the tier has threads of its own, the consequences need real time, too.
      if tier != .t0 { try? await Task.sleep(for: .milliseconds(5)) }
    }
  }
}

/// A folder that goes away with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("\(environment("TMPDIR") ?? "/tmp")/memfun-contract-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    // What cannot be removed stays in the system's folder for temporary files, which is cleaned.
    Self.delete(path)
  }

  private static func delete(_ path: String) {
    if let listing = opendir(path) {
      while let entry = readdir(listing) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { delete(path + "/" + name) }
      }
      closedir(listing)
    }
    _ = remove(path)
  }
}

private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

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
