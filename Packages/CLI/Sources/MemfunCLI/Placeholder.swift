import MemfunCore

/// Entry.
public func placeholder() -> Int32 { ExitCode.done.rawValue }
