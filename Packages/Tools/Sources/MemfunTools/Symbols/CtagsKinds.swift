/// How universal-ctags names languages and kinds, and what they are here.
enum CtagsKinds {
  /// The name for `--language-force`; nil when universal-ctags 5.9 has no parser for it.
  static func name(of language: Language) -> String? {
    switch language {
    case .python: "Python"
    case .javascript: "JavaScript"
    case .typescript: "TypeScript"
    case .go: "Go"
    case .rust: "Rust"
    case .java: "Java"
    case .c: "C"
    case .cpp: "C++"
    default: nil
    }
  }

  /// The kind behind a letter; nil for what is no definition or is not kept.
  static func kind(_ letter: UInt8, _ language: Language) -> Symbol.Kind? {
    let letter = Character(Unicode.Scalar(letter))
    switch language {
    case .c, .cpp:
      switch letter {
      case "d": return .macro
      case "e": return .enumCase
      case "f": return .function
      case "g": return .enum
      case "m": return .field
      case "s", "u": return .struct
      case "t": return .typeAlias
      case "v": return .variable
      case "c": return language == .cpp ? .class : nil
      case "n": return language == .cpp ? .module : nil
      default: return nil
      }
    case .python:
      switch letter {
      case "c": return .class
      case "f": return .function
      case "m": return .method
      case "v": return .variable
      default: return nil
      }
    case .go:
      switch letter {
      case "f": return .function
      case "c": return .constant
      case "t": return .type
      case "v": return .variable
      case "s": return .struct
      case "i": return .interface
      case "m", "M": return .field
      case "n": return .method
      case "a": return .typeAlias
      default: return nil
      }
    case .rust:
      switch letter {
      case "M": return .macro
      case "P": return .method
      case "c": return .extension
      case "C": return .constant
      case "e": return .enumCase
      case "f": return .function
      case "g": return .enum
      case "i": return .trait
      case "m": return .field
      case "n": return .module
      case "s": return .struct
      case "t": return .typeAlias
      case "v": return .variable
      default: return nil
      }
    case .java:
      switch letter {
      case "a", "i": return .interface
      case "c": return .class
      case "e": return .enumCase
      case "f": return .field
      case "g": return .enum
      case "m": return .method
      default: return nil
      }
    case .javascript:
      switch letter {
      case "C": return .constant
      case "G", "S", "p": return .property
      case "M": return .field
      case "c": return .class
      case "f", "g": return .function
      case "m": return .method
      case "v": return .variable
      default: return nil
      }
    case .typescript:
      switch letter {
      case "C": return .constant
      case "G", "f": return .function
      case "a": return .typeAlias
      case "c": return .class
      case "e": return .enumCase
      case "g": return .enum
      case "i": return .interface
      case "m": return .method
      case "n": return .module
      case "p": return .property
      case "v": return .variable
      default: return nil
      }
    default: return nil
    }
  }
}
