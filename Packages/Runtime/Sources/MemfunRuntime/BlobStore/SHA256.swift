import CCrypto

/// SHA-256 (FIPS 180-4) of bytes that come in pieces.
public final class SHA256 {
  // Owned by this object alone; it is not Sendable, so one task at a time uses the pointer.
  private let context: UnsafeMutableRawPointer

  /// - Throws: `RuntimeError.unavailable` when OpenSSL's libcrypto is not installed.
  public init() throws(RuntimeError) {
    if let reason = ccrypto_load() {
      throw .unavailable(reason: "SHA-256 needs OpenSSL's libcrypto: \(String(cString: reason))")
    }
    guard let context = ccrypto_sha256_new() else { throw .unavailable(reason: "no memory for SHA-256") }
    self.context = context
  }

  deinit { ccrypto_sha256_free(context) }

  /// Hashes more bytes.
  public func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    // The library's only failure is a context without algorithm, and ours has one.
    let code = ccrypto_sha256_update(context, base, bytes.count)
    precondition(code == 1, "libcrypto refused to hash")
  }

  /// Hashes more bytes.
  public func update(_ bytes: some Sequence<UInt8>) {
    if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
      ContiguousArray(bytes).withUnsafeBytes { update($0) }
    }
  }

  /// The digest of everything. Call it once, last.
  public consuming func finish() -> BlobID {
    var digest = [UInt8](repeating: 0, count: Int(CCRYPTO_SHA256_BYTES))
    let code = ccrypto_sha256_final(context, &digest)
    precondition(code == 1, "libcrypto refused to finish a hash")
    return BlobID(digest: digest)
  }

  /// The digest of `bytes`.
  ///
  /// - Throws: `RuntimeError.unavailable` when OpenSSL's libcrypto is not installed.
  public static func digest(of bytes: some Sequence<UInt8>) throws(RuntimeError) -> BlobID {
    let hash = try SHA256()
    hash.update(bytes)
    return hash.finish()
  }
}
