import MemfunCore

/// Sessions as text: one line of JSON for the state, then one for each record.
extension SessionStore {
  /// Hands out the lines of a session, each with its line end.
  ///
  /// - Throws: `RuntimeError.notFound`, `.corrupted`, and what `emit` throws.
  public func export(_ id: UUIDv7, to emit: ([UInt8]) async throws -> Void) async throws {
    guard let info = try await info(id) else { throw RuntimeError.notFound("session \(id)") }
    try await emit(JSONSerializer.bytes(of: ["memfun_session": info.json]) + [UInt8(ascii: "\n")])
    for key in try await recordKeys(id) {
      guard let record = try await record(at: key) else { throw RuntimeError.notFound("session \(id)") }
      try await emit(JSONSerializer.bytes(of: record.json) + [UInt8(ascii: "\n")])
    }
  }

  /// Brings an exported session in, with its ids, numbers and epochs. Nobody sees it before it is
  /// complete; an interrupted import is repeated.
  ///
  /// - Parameter lines: what `export` handed out, with or without line ends.
  /// - Throws: `SessionError.exists`, `.badExport`.
  /// - Returns: the session's id.
  @discardableResult
  public func `import`<Lines: AsyncSequence>(_ lines: Lines) async throws -> UUIDv7
  where Lines.Element == [UInt8] {
    var number = 0
    var info: SessionInfo?
    var log = SessionLogStateMachine()
    for try await line in lines {
      number += 1
      let json: JSONValue
      do { json = try JSONParser.parse(line) } catch {
        throw SessionError.badExport(line: number, reason: error.what)
      }
      guard let id = info?.id else {
        guard let found = json["memfun_session"].flatMap({ SessionInfo(json: $0) }) else {
          throw SessionError.badExport(line: number, reason: "the first line is no state of a session")
        }
        try await begin(found)
        info = found
        continue
      }
      do {
        let record = try SessionRecord(json: json)
        try log.replay(record)
        try await store.put(
          SessionKey.record(id, first: record.first), JSONSerializer.bytes(of: record.json), timeToLive: nil)
      } catch let error as EventFormatError {
        throw SessionError.badExport(line: number, reason: error.what)
      } catch let error as SessionLogStateMachine.Damage {
        throw SessionError.badExport(line: number, reason: "\(error)")
      }
    }
    guard let info else { throw SessionError.badExport(line: 1, reason: "there is nothing") }
    try await store.put(SessionKey.header(info.id), JSONSerializer.bytes(of: info.json), timeToLive: nil)
    return info.id
  }

  private func begin(_ info: SessionInfo) async throws {
    var begun = info
    begun.state = .importing
    do {
      try await store.create(
        SessionKey.header(info.id), JSONSerializer.bytes(of: begun.json), timeToLive: nil)
    } catch RuntimeError.conflict {
      guard try await self.info(info.id)?.state == .importing else {
        throw SessionError.exists(session: info.id)
      }
    }
  }
}
