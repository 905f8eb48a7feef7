import MemfunCore

/// A version of a skill in the registry.
public struct SkillVersion: Sendable, Hashable {
  /// 1–64 bytes of `[A-Za-z0-9_-]`.
  public let name: String
  /// 1–64 bytes of `[A-Za-z0-9._+-]`, for example `1.4.0`.
  public let version: String
  /// The digest and the size of its content, which is a blob.
  public let content: BlobReference
  /// Free data: description, author.
  public let metadata: JSONObject
  /// When it was published, by the publisher's clock.
  public let published: Timestamp

  var json: JSONValue {
    [
      "v": 1, "name": .string(name), "version": .string(version), "content": content.json,
      "metadata": .object(metadata), "published": .integer(published.nanoseconds),
    ]
  }

  init(name: String, version: String, content: BlobReference, metadata: JSONObject, published: Timestamp) {
    self.name = name
    self.version = version
    self.content = content
    self.metadata = metadata
    self.published = published
  }

  /// - Throws: `RuntimeError.corrupted`.
  init(entry: StoreEntry) throws(RuntimeError) {
    let json: JSONValue
    do { json = try JSONParser.parse(entry.value) } catch {
      throw .corrupted(path: entry.key.description, detail: error.what)
    }
    guard json["v"]?.intValue == 1, let name = json["name"]?.stringValue,
      let version = json["version"]?.stringValue,
      let content = json["content"].flatMap({ BlobReference(json: $0) }),
      let metadata = json["metadata"]?.objectValue, let published = json["published"]?.intValue
    else { throw .corrupted(path: entry.key.description, detail: "it is no version of a skill") }
    self.init(
      name: name, version: version, content: content, metadata: metadata,
      published: Timestamp(nanoseconds: Int64(published)))
  }
}

/// Why a skill cannot be published or made the latest.
public enum SkillError: MemfunError, Equatable {
  /// This version exists with other content.
  case immutable(name: String, version: String, stored: BlobID, offered: BlobID)
  /// `latest` is not what the caller believes it to be; nothing changed.
  case latestMoved(name: String, expected: String?, actual: String?)
  /// A version's name breaks the rules.
  case illegalVersion(String)

  public var kind: String {
    switch self {
    case .immutable: "skill.immutable"
    case .latestMoved: "skill.latest_moved"
    case .illegalVersion: "skill.illegal_version"
    }
  }

  public var what: String {
    switch self {
    case .immutable(let name, let version, let stored, let offered):
      "\(name) \(version) was published with other content (\(stored)); \(offered) cannot replace it"
    case .latestMoved(_, let expected, let actual):
      "the latest version is \(actual ?? "not set"), not \(expected ?? "unset"); nothing was changed"
    case .illegalVersion: "the version is not allowed"
    }
  }

  public var location: String? {
    switch self {
    case .immutable(let name, _, _, _), .latestMoved(let name, _, _): "skill \(name)"
    case .illegalVersion(let version): "\"\(version)\""
    }
  }

  public var remedy: String? {
    switch self {
    case .immutable: "publish it under a new version"
    case .latestMoved: "look at the latest version again and repeat"
    case .illegalVersion: "use 1 to 64 of A-Z a-z 0-9 . _ + -, without '..' or '.' at an edge"
    }
  }

  public var exitCode: ExitCode { if case .latestMoved = self { .taskFailed } else { .usage } }
}

/// Skills by name and version. A version never changes once published; `latest` moves.
public struct SkillRegistry: Sendable {
  private let store: any StateStore
  private let blobs: any BlobStore
  private let time: any TimeSource

  /// - Parameters:
  ///   - store: where versions are kept.
  ///   - blobs: where their content is kept.
  ///   - time: stamps.
  public init(store: any StateStore, blobs: any BlobStore, time: any TimeSource = SystemTimeSource()) {
    self.store = store
    self.blobs = blobs
    self.time = time
  }

  /// Publishes a version. Publishing the same content again changes nothing and gives the first
  /// publication.
  ///
  /// - Throws: `SkillError.immutable` when the version exists with other content.
  @discardableResult
  public func publish(
    name: String, version: String, content: [UInt8], metadata: JSONObject = [:]
  ) async throws -> SkillVersion {
    let key = try Self.key(name, version)
    let reference = try await blobs.put(content)
    let skill = SkillVersion(
      name: name, version: version, content: reference, metadata: metadata, published: time.now())
    do {
      try await store.create(key, JSONSerializer.bytes(of: skill.json), timeToLive: nil)
      return skill
    } catch RuntimeError.conflict {
      guard let entry = try await store.get(key) else {
        throw RuntimeError.notFound("skill \(name) \(version)")
      }
      let stored = try SkillVersion(entry: entry)
      if stored.content == reference { return stored }
      throw SkillError.immutable(
        name: name, version: version, stored: stored.content.id, offered: reference.id)
    }
  }

  /// A published version; nil when there is none.
  public func version(_ version: String, of name: String) async throws -> SkillVersion? {
    guard let entry = try await store.get(Self.key(name, version)) else { return nil }
    return try SkillVersion(entry: entry)
  }

  /// The content of a version, checked against its digest.
  ///
  /// - Throws: `RuntimeError.notFound`, `.corrupted`.
  public func content(of skill: SkillVersion) async throws -> [UInt8] {
    try await blobs.get(skill.content.id, maximumBytes: skill.content.size)
  }

  /// All versions of a skill, in the order of their names.
  public func versions(of name: String) async throws -> [SkillVersion] {
    try NameSyntax.check(name)
    return try await all(prefix: "skills/\(name)/")
  }

  /// All versions of all skills.
  public func list() async throws -> [SkillVersion] { try await all(prefix: "skills/") }

  /// The name of the latest version; nil when none was named.
  public func latest(of name: String) async throws -> String? {
    try NameSyntax.check(name)
    return try await store.get(StoreKey("skills-latest/\(name)")).map {
      String(decoding: $0.value, as: UTF8.self)
    }
  }

  /// Makes a published version the latest, if the latest is what the caller believes.
  ///
  /// - Parameter expected: the latest version that the caller knows; nil: none.
  /// - Throws: `SkillError.latestMoved`; `RuntimeError.notFound` for a version that is not published.
  public func setLatest(of name: String, to version: String, expected: String?) async throws {
    guard try await self.version(version, of: name) != nil else {
      throw RuntimeError.notFound("skill \(name) \(version)")
    }
    let key = try StoreKey("skills-latest/\(name)")
    let current = try await store.get(key)
    let actual = current.map { String(decoding: $0.value, as: UTF8.self) }
    guard actual == expected else {
      throw SkillError.latestMoved(name: name, expected: expected, actual: actual)
    }
    do {
      if let current {
        try await store.update(key, Array(version.utf8), revision: current.revision, timeToLive: nil)
      } else {
        try await store.create(key, Array(version.utf8), timeToLive: nil)
      }
    } catch RuntimeError.conflict {
      throw SkillError.latestMoved(name: name, expected: expected, actual: try await latest(of: name))
    }
  }

  /// The blobs that published versions need, for garbage collection.
  public func reachableBlobs() async throws -> Set<BlobID> {
    Set(try await list().map(\.content.id))
  }

  private func all(prefix: String) async throws -> [SkillVersion] {
    var found: [SkillVersion] = []
    for key in try await store.list(prefix: prefix) {
      if let entry = try await store.get(key) { found.append(try SkillVersion(entry: entry)) }
    }
    return found
  }

  private static func key(_ name: String, _ version: String) throws -> StoreKey {
    try NameSyntax.check(name)
    let legal = version.utf8.allSatisfy {
      NameSyntax.isNameByte($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "+")
    }
    guard legal, (1...64).contains(version.utf8.count), !version.contains(".."), !version.hasPrefix("."),
      !version.hasSuffix(".")
    else { throw SkillError.illegalVersion(version) }
    return try StoreKey("skills/\(name)/\(version)")
  }
}
