/// The JSON Schema of the `result` of `memfun analyze --json`.
public enum AnalysisSchema {
  /// JSON Schema 2020-12, as text.
  public static var text: String { String(decoding: PackageResources.analyze_schema_json, as: UTF8.self) }
}
