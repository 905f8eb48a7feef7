/// A value that must not appear anywhere by accident: a key, a password, a token.
///
/// Whatever is made of it without asking for it (interpolation, `print`, `dump`, reflection, JSON) says
/// `«redacted»`. Only `reveal()` gives the value, so a search for that word finds every use.
public struct Secret: Sendable, Equatable {
  /// What is shown in place of secrets.
  public static let placeholder = "«redacted»"

  // A class hides the value from reflection of containers that hold a Secret, too.
  private final class Box: Sendable {
    let value: String
    init(_ value: String) { self.value = value }
  }

  private let box: Box

  /// - Parameter value: kept in memory as it is.
  public init(_ value: String) { box = Box(value) }

  /// The value. Call it only where it leaves for its destination.
  public func reveal() -> String { box.value }

  /// Whether there is any value.
  public var isEmpty: Bool { box.value.isEmpty }

  public static func == (left: Secret, right: Secret) -> Bool { left.box.value == right.box.value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { Self.placeholder }
  public var debugDescription: String { Self.placeholder }
  public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }

  /// The placeholder as a JSON string.
  public var json: JSONValue { .string(Self.placeholder) }
}
