/// Says hello in a language.
public struct Greeter {
  /// The language, as a two-letter code.
  public let language: String

  /// Makes a greeter.
  public init(language: String) { self.language = language }

  /// The greeting for a name.
  public func greeting(for name: String) -> String {
    switch language {
    case "de": return "Hallo, \(name)!"
    case "fr": return "Bonjour, \(name) !"
    case "es": return "¡Hola, \(name)!"
    default: return name.isEmpty ? "Hello!" : "Hello, \(name)!"
    }
  }
}
