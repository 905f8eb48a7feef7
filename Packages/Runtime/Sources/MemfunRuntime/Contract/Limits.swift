/// Sizes and times that are the same on every tier.
public enum RuntimeLimits {
  /// The largest payload or value: 900 KiB. (NATS' default message limit is 1 MiB with headers, and
  /// exceeding it costs the connection.) What is larger goes into the blob store.
  public static let payloadBytes = 900 * 1024
  /// The longest subject or key in bytes.
  public static let nameBytes = 200
  /// The most tokens of a subject.
  public static let subjectTokens = 16
  /// How long a publish is remembered by its dedupe key, at least.
  public static let dedupeWindow: Duration = .seconds(120)
  /// How many messages a live subscriber may fall behind before its stream ends with `lagged`.
  public static let subscriberMessages = 1024
  /// How many bytes of payload a live subscriber may fall behind.
  public static let subscriberBytes = 8 << 20
  /// The shortest time to live of a key.
  public static let minimumTimeToLive: Duration = .seconds(1)
}
