import MemfunCore

/// One thing that was looked at, and what to do when it is not well.
struct DoctorFinding: Sendable, Equatable {
  enum Status: String, Sendable {
    /// It is well.
    case ok
    /// Memfun works, with less; or it was not looked at and why.
    case warning
    /// Something that was asked for cannot work.
    case failed
  }

  /// A stable name: `program.git`.
  let name: String
  let status: Status
  /// What was found, in a few words.
  let detail: String
  /// How to mend it; always there unless the status is ok.
  let remedy: String?
  /// Numbers and names for programs.
  let facts: JSONObject

  static func ok(_ name: String, _ detail: String, facts: JSONObject = [:]) -> DoctorFinding {
    DoctorFinding(name: name, status: .ok, detail: detail, remedy: nil, facts: facts)
  }

  static func warning(
    _ name: String, _ detail: String, remedy: String, facts: JSONObject = [:]
  ) -> DoctorFinding {
    DoctorFinding(name: name, status: .warning, detail: detail, remedy: remedy, facts: facts)
  }

  static func failed(
    _ name: String, _ detail: String, remedy: String, facts: JSONObject = [:]
  ) -> DoctorFinding {
    DoctorFinding(name: name, status: .failed, detail: detail, remedy: remedy, facts: facts)
  }

  var json: JSONValue {
    [
      "name": .string(name), "status": .string(status.rawValue), "detail": .string(detail),
      "remedy": remedy.map(JSONValue.string) ?? .null, "facts": .object(facts),
    ]
  }
}

/// `memfun doctor` found something broken.
struct DoctorFailure: MemfunError, Equatable {
  let names: [String]

  var kind: String { "doctor.failed" }
  var what: String {
    var unique: [String] = []
    for name in names where !unique.contains(name) { unique.append(name) }
    return "\(names.count) \(names.count == 1 ? "check" : "checks") failed: \(unique.joined(separator: ", "))"
  }
  var remedy: String? { "do what stands below each failed check, then run 'memfun doctor' again" }
}
