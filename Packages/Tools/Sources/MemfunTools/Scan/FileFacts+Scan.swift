extension FileFacts {
  /// Reads the facts of one file.
  ///
  /// One pass over the bytes, in time linear in their number whatever they are: hostile or broken input
  /// gives odd facts, never a trap. Text need not be valid UTF-8.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - language: what to read them as. Languages that are not analysed get line counts, markers and
  ///     fingerprints only.
  public static func scan(_ bytes: UnsafeRawBufferPointer, language: Language) -> FileFacts {
    bytes.withMemoryRebound(to: UInt8.self) { bytes in
      ByteTable.flags.withUnsafeBufferPointer { table in
        // The table has 256 entries, so its buffer has an address.
        let flags = table.baseAddress!
        switch language {
        case .swift, .javascript, .typescript, .go, .rust, .java, .c, .cpp:
          return BraceScanner.scan(bytes, language: language, flags: flags)
        case .python:
          return PythonScanner.scan(bytes, flags: flags)
        default:
          return CommentScanner.scan(bytes, language: language, flags: flags)
        }
      }
    }
  }
}
