import MemfunCore

/// The JSON Schema of the `result` of `memfun analyze --json`.
public enum AnalysisSchema {
  /// JSON Schema 2020-12, as text.
  public static var text: String { String(decoding: PackageResources.analyze_schema_json, as: UTF8.self) }

  /// The same as a value.
  public static let value: JSONValue = {
    do { return try JSONParser.parse(PackageResources.analyze_schema_json) } catch {
      // The text is part of the program, and a test parses it.
      preconditionFailure("analyze.schema.json: \(error)")
    }
  }()
}
